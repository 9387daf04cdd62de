//! Carries the table's stream to the functions that hear it, as the event source mappings of AWS
//! do: in order, again after a failure, from where each left off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use atrio_lake_write::SequenceNumber;
use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType, StreamDescription};
use tokio::sync::watch;

use crate::data_dir::DataDir;
use crate::database::TableStream;

/// Records in one batch.
const BATCH: i32 = 1_000;

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

/// The one shard of the stream.
#[derive(Debug, Clone)]
struct Shard {
    stream_arn: String,
    id: String,
    /// Digits of its first sequence number.
    digits: usize,
}

impl Shard {
    /// A position as the database writes it: DynamoDB writes no zeros in front, others fill them up.
    fn sequence_number(&self, position: SequenceNumber) -> String {
        format!("{:0>digits$}", position.to_string(), digits = self.digits)
    }
}

async fn shard(stream: &TableStream) -> Result<Shard, PumpError> {
    let refuse = |error: &dyn std::fmt::Display| PumpError::Stream(error.to_string());
    let TableStream { client, table } = stream;
    let streams = client.list_streams().table_name(table).send().await.map_err(|e| refuse(&e))?;
    let arn = streams
        .streams()
        .iter()
        .find_map(|stream| stream.stream_arn())
        .ok_or_else(|| refuse(&"the table has no stream"))?;
    let described =
        client.describe_stream().stream_arn(arn).send().await.map_err(|error| refuse(&error))?;
    let shards = described.stream_description().map(StreamDescription::shards).unwrap_or_default();
    // Readers of several must follow splits; on AWS the event source mappings do.
    let [shard] = shards else {
        let count = shards.len();
        return Err(refuse(&format!("the stream has {count} shards, one machine reads one")));
    };
    let id = shard.shard_id().ok_or_else(|| refuse(&"the shard has no name"))?;
    let first = shard.sequence_number_range().and_then(|range| range.starting_sequence_number());
    let digits = first.map_or(0, str::len);
    Ok(Shard { stream_arn: arn.to_owned(), id: id.to_owned(), digits })
}

/// Reads a shard from behind a position on.
struct Reader {
    client: Client,
    shard: Shard,
    iterator: Option<String>,
    batch: i32,
}

impl Reader {
    async fn behind(
        client: &Client,
        shard: &Shard,
        position: Option<String>,
        batch: i32,
    ) -> Result<Self, PumpError> {
        let kind = if position.is_some() {
            ShardIteratorType::AfterSequenceNumber
        } else {
            ShardIteratorType::TrimHorizon
        };
        let answer = client
            .get_shard_iterator()
            .stream_arn(&shard.stream_arn)
            .shard_id(&shard.id)
            .shard_iterator_type(kind)
            .set_sequence_number(position)
            .send()
            .await
            .map_err(|error| PumpError::Stream(chain(&error)))?;
        let iterator = answer.shard_iterator;
        Ok(Self { client: client.clone(), shard: shard.clone(), iterator, batch })
    }

    async fn next(&mut self) -> Result<Vec<EventRecord>, PumpError> {
        let answer = self
            .client
            .get_records()
            .set_shard_iterator(self.iterator.clone())
            .limit(self.batch)
            .send()
            .await
            .map_err(|error| PumpError::Stream(chain(&error)))?;
        self.iterator = answer.next_shard_iterator;
        let arn = &self.shard.stream_arn;
        Ok(answer
            .records
            .unwrap_or_default()
            .into_iter()
            .map(|record| event(record, arn))
            .collect())
    }
}

/// A record in the form in which Lambda hands it to a function.
fn event(record: Record, arn: &str) -> EventRecord {
    let mut event = EventRecord::default();
    event.event_id = record.event_id.unwrap_or_default();
    event.event_name = record.event_name.map(|name| name.as_str().to_owned()).unwrap_or_default();
    event.event_source_arn = Some(arn.to_owned());
    if let Some(change) = record.dynamodb {
        event.change.sequence_number = change.sequence_number;
        event.change.keys = change.keys.unwrap_or_default().into();
        event.change.new_image = change.new_image.unwrap_or_default().into();
        event.change.old_image = change.old_image.unwrap_or_default().into();
    }
    event
}

fn last_sequence(records: &[EventRecord]) -> Option<String> {
    records.last().and_then(|record| record.change.sequence_number.clone())
}

/// Waits, or returns true when it is time to stop.
async fn paused(stop: &mut watch::Receiver<bool>, pause: Duration) -> bool {
    // An error means that nobody is left who could say stop, which is a stop as well.
    tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await.is_ok()
}

/// Carries the stream into the lake until told to stop; then what is left of it, too.
pub async fn into_lake(
    stream: TableStream,
    sink: Arc<atrio_sink::Context>,
    progress: Arc<Progress>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        match sink_until_stopped(&stream, &sink, &progress, &mut stop).await {
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

async fn sink_until_stopped(
    table_stream: &TableStream,
    sink: &atrio_sink::Context,
    progress: &Progress,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), PumpError> {
    let shard = shard(table_stream).await?;
    let stream = sink.stream(&shard.id);
    let position = sink.lake().resume_position(&stream).await?;
    let client = &table_stream.client;
    let mut reader =
        Reader::behind(client, &shard, position.map(|at| shard.sequence_number(at)), BATCH).await?;
    let mut unsettled = None;
    let mut settled_at = tokio::time::Instant::now();
    loop {
        let records = reader.next().await?;
        let full = records.len() == BATCH as usize;
        if !records.is_empty() {
            progress.sunk_records.fetch_add(records.len() as u64, Ordering::Relaxed);
            let mut event = Event::default();
            event.records = records;
            let sunk = atrio_sink::handle(sink, &shard.id, event).await?;
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

/// Who hears the stream beside the sink. On AWS a bus brings each its changes; here each reads by
/// itself, so that none waits for another there or here.
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
    fn batch(&self) -> i32 {
        match self {
            Self::Fraud(_) => BATCH,
            Self::Notify(_) => BATCH / 20,
            Self::Webhook(_) => BATCH / 10,
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
pub async fn into_watcher(
    stream: TableStream,
    watcher: Watcher,
    data: DataDir,
    progress: Arc<Progress>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        match watch_until_stopped(&stream, &watcher, &data, &mut stop).await {
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
    stream: &TableStream,
    watcher: &Watcher,
    data: &DataDir,
    stop: &mut watch::Receiver<bool>,
) -> Result<(), PumpError> {
    let shard = shard(stream).await?;
    let position: Option<String> = data.read_json(watcher.file())?;
    let mut reader = Reader::behind(&stream.client, &shard, position, watcher.batch()).await?;
    loop {
        let records = reader.next().await?;
        if !records.is_empty() {
            let answer = watcher.handle(&records).await;
            if let Some(failure) = answer.batch_item_failures.first() {
                let at = failure.item_identifier.clone().unwrap_or_default();
                return Err(PumpError::Stream(format!("record {at} was not taken")));
            }
            if let Some(position) = last_sequence(&records) {
                data.write_json(watcher.file(), &position, 0o600)?;
            }
        } else if paused(stop, WATCH_EVERY).await {
            return Ok(());
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
