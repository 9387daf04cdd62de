//! Carries the table's stream to the functions that hear it, as the event source mappings of AWS
//! do: in order, again after a failure, from where each left off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use atrio_lake_write::SequenceNumber;
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use tokio::sync::watch;

use crate::data_dir::DataDir;
use crate::tail::{LOOK, Tail, position_of};

/// How often an idle stream is looked at. It is also how long the lake's commits are apart.
const SINK_EVERY: Duration = Duration::from_millis(700);
const WATCH_EVERY: Duration = Duration::from_millis(150);

/// How long to wait after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Batches between which the lake is told of positions without rows.
const SETTLE_EVERY: Duration = Duration::from_mins(1);

/// Why the stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PumpError {
    /// The database refused.
    #[error("the table's stream cannot be read: {0}")]
    Stream(String),
    /// The lake does not take a batch.
    #[error("the lake did not take a batch")]
    Sink(#[from] atrio_sink::SinkError),
    /// The lake does not say how far it is.
    #[error("the lake does not say how far it is")]
    Position(#[from] atrio_lake_write::WriteError),
    /// A position cannot be kept.
    #[error("a position cannot be kept")]
    File(#[from] crate::data_dir::DataDirError),
}

/// How the consumers are doing.
#[derive(Debug, Default)]
pub struct Progress {
    /// Records that the sink has taken.
    pub sunk_records: AtomicU64,
    /// Rows that are new in the lake since the start.
    pub sunk_rows: AtomicU64,
    /// Batches that failed and were tried again.
    pub failures: AtomicU64,
}

/// Waits, or returns true when it is time to stop.
async fn paused(stop: &mut watch::Receiver<bool>, pause: Duration) -> bool {
    // An error means that nobody is left who could say stop, which is a stop as well.
    tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await.is_ok()
}

/// Carries the stream into the lake until told to stop; then what is left of it, too.
pub(crate) async fn into_lake(
    tail: Arc<Tail>,
    sink: Arc<atrio_sink::Context>,
    progress: Arc<Progress>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        match sink_until_stopped(&tail, &sink, &progress, &mut stop).await {
            Ok(()) => return,
            Err(error) => {
                progress.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(error = chain(&error), "the sink will try again");
                if paused(&mut stop, RETRY_AFTER).await {
                    return;
                }
            }
        }
    }
}

/// The records behind a position, as many as one commit of the lake takes.
async fn batch_behind(
    tail: &Tail,
    position: &mut Option<SequenceNumber>,
) -> Result<Vec<EventRecord>, PumpError> {
    let mut batch = Vec::new();
    while batch.len() < LOOK {
        let heard = tail.behind(*position).await?;
        let Some(last) = heard.last() else { break };
        *position = Some(position_of(last)?);
        batch.extend_from_slice(&heard);
    }
    Ok(batch)
}

async fn sink_until_stopped(
    tail: &Tail,
    sink: &atrio_sink::Context,
    progress: &Progress,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), PumpError> {
    let shard = tail.shard_id().await?;
    let stream = sink.stream(shard);
    let mut position = sink.lake().resume_position(&stream).await?;
    let mut unsettled = None;
    let mut settled_at = tokio::time::Instant::now();
    loop {
        let records = batch_behind(tail, &mut position).await?;
        let full = records.len() >= LOOK;
        if !records.is_empty() {
            progress.sunk_records.fetch_add(records.len() as u64, Ordering::Relaxed);
            let mut event = Event::default();
            event.records = records;
            let sunk = atrio_sink::handle(sink, shard, event).await?;
            progress.sunk_rows.fetch_add(sunk.rows as u64, Ordering::Relaxed);
            unsettled = sunk.through.or(unsettled);
        }
        let stopping = *stop.borrow();
        if let Some(through) = unsettled
            && !full
            && (stopping || settled_at.elapsed() > SETTLE_EVERY)
        {
            sink.lake().settle(&stream, through).await?;
            unsettled = None;
            settled_at = tokio::time::Instant::now();
        }
        if stopping && !full {
            return Ok(());
        }
        if !full {
            paused(stop, SINK_EVERY).await;
        }
    }
}

/// Who hears the stream beside the sink. On AWS a bus brings each its changes; here each keeps a
/// position of its own, so that none waits for another there or here.
#[derive(Debug)]
pub enum Watcher {
    /// Counts behaviour.
    Fraud(atrio_fraud::Context),
    /// Writes mail.
    Notify(atrio_notify::Context),
    /// Keeps the logs of events that webhooks are told.
    Webhook(atrio_webhook::Context),
}

impl Watcher {
    /// Where it left off.
    fn file(&self) -> &'static str {
        match self {
            Self::Fraud(_) => "fraud-position.json",
            Self::Notify(_) => "notify-position.json",
            Self::Webhook(_) => "webhook-position.json",
        }
    }

    /// Records at a time: drawing and filing a mail takes as long as counting many bookings, and who
    /// stops the platform waits for a batch.
    fn batch(&self) -> usize {
        match self {
            Self::Fraud(_) => LOOK,
            Self::Notify(_) => LOOK / 20,
            Self::Webhook(_) => LOOK / 10,
        }
    }

    async fn handle(&self, records: &[EventRecord]) -> DynamoDbEventResponse {
        match self {
            Self::Fraud(context) => atrio_fraud::handle(context, records).await,
            Self::Notify(context) => atrio_notify::handle(context, records).await,
            Self::Webhook(context) => atrio_webhook::handle(context, records).await,
        }
    }
}

/// Carries the stream to a watcher until told to stop.
pub(crate) async fn into_watcher(
    tail: Arc<Tail>,
    watcher: Watcher,
    data: DataDir,
    progress: Arc<Progress>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        match watch_until_stopped(&tail, &watcher, &data, &mut stop).await {
            Ok(()) => return,
            Err(error) => {
                progress.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(error = chain(&error), "a watcher of the stream will try again");
                if paused(&mut stop, RETRY_AFTER).await {
                    return;
                }
            }
        }
    }
}

async fn watch_until_stopped(
    tail: &Tail,
    watcher: &Watcher,
    data: &DataDir,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), PumpError> {
    let left_off: Option<String> = data.read_json(watcher.file())?;
    let parsed = left_off.map(|text| text.parse()).transpose();
    let mut position: Option<SequenceNumber> =
        parsed.map_err(|error: atrio_lake_write::InvalidSequenceNumber| {
            PumpError::Stream(format!("`{}`: {error}", watcher.file()))
        })?;
    loop {
        let heard = tail.behind(position).await?;
        if heard.is_empty() && paused(stop, WATCH_EVERY).await {
            return Ok(());
        }
        for batch in heard.chunks(watcher.batch()) {
            let answer = watcher.handle(batch).await;
            if let Some(failure) = answer.batch_item_failures.first() {
                let at = failure.item_identifier.clone().unwrap_or_default();
                return Err(PumpError::Stream(format!("record {at} was not taken")));
            }
            let Some(last) = batch.last() else { continue };
            let through = position_of(last)?;
            data.write_json(watcher.file(), &through.to_string(), 0o600)?;
            position = Some(through);
            if *stop.borrow() {
                return Ok(());
            }
        }
        if *stop.borrow() {
            return Ok(());
        }
    }
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
