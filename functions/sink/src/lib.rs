//! Takes every change of the table into the lake, each exactly once and without the person: names,
//! mail, telephone, addresses and uuids end here. It never writes to the table, except a month's
//! pseudonym key at first use.
//!
//! **Shards.** Sequence numbers grow within one shard of the stream only, so the position of each
//! shard is kept under its own name. A plain stream event of Lambda does not name its shard; the
//! event of a tumbling window does. The event source mapping must therefore set
//! `TumblingWindowInSeconds` (any value: no state is kept over the window), and an event without a
//! shard is refused rather than guessed at. The embedded pump passes the shard it reads from.

mod anonymise;
mod observed;
mod rows;

use std::collections::HashMap;
use std::sync::Arc;

use atrio_domain::pseudonym::month_of;
use atrio_dynamo::change::Change;
use atrio_dynamo::{Item, Store};
use atrio_lake_schema::{FACTS, SchemaError};
use atrio_lake_write::{
    Appended, InvalidSequenceNumber, LakeWriter, NumberedRows, SequenceNumber, WriteError,
};
use atrio_runtime::environment::{self, EnvironmentError};
use aws_lambda_events::event::dynamodb::{
    Event, EventRecord, TimeWindowEvent, TimeWindowEventResponse,
};

use anonymise::{Unmapped, day_of};
use rows::Rows;

/// What the function works with.
#[derive(Debug)]
pub struct Context {
    store: Store,
    lake: Arc<LakeWriter>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sunk {
    /// Rows that are new in the lake.
    pub rows: usize,
    /// Records that could not be read and were left out.
    pub unmapped: usize,
    /// The last record of the batch; go on behind it.
    pub through: Option<SequenceNumber>,
}

/// Why a batch is not in the lake. All of it may be sent again.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The event does not say which shard it comes from.
    #[error("the event names no shard: the event source mapping has no tumbling window")]
    NoShard,
    /// A record has no usable number, so nothing behind it can be counted once.
    #[error("a record of shard `{shard}` has no usable sequence number")]
    NoSequence {
        /// The shard.
        shard: String,
        /// What is wrong with it, when there is one.
        #[source]
        source: Option<InvalidSequenceNumber>,
    },
    /// The table could not be asked for a pseudonym key.
    #[error("the pseudonym key of month `{month}` cannot be read")]
    Key {
        /// The month.
        month: String,
        /// What the table says.
        #[source]
        source: atrio_dynamo::Error,
    },
    /// Rows and tables disagree.
    #[error("rows do not fit their table")]
    Schema {
        /// Where.
        #[source]
        source: SchemaError,
    },
    /// The lake could not be written.
    #[error("the lake cannot be written")]
    Lake {
        /// Why.
        #[source]
        source: WriteError,
    },
}

/// Why the function refuses to start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or cannot be used.
    #[error("the configuration is incomplete")]
    Environment(#[source] EnvironmentError),
    /// The lake cannot be opened.
    #[error("the lake cannot be opened")]
    Lake(#[source] WriteError),
}

impl Context {
    /// Works with this table and this lake.
    #[must_use]
    pub fn new(store: Store, lake: Arc<LakeWriter>) -> Self {
        Self { store, lake }
    }

    /// Works with what the environment names.
    ///
    /// # Errors
    /// When a variable is missing, or the lake cannot be opened.
    pub async fn from_environment() -> Result<Self, StartError> {
        let store =
            atrio_runtime::aws::store_from_environment().map_err(StartError::Environment)?;
        let lake =
            environment::text("ATRIO_LAKE_URL", "the URL of the lake, such as s3://bucket/lake")
                .map_err(StartError::Environment)?;
        let lake = LakeWriter::open(lake).await.map_err(StartError::Lake)?;
        Ok(Self::new(store, Arc::new(lake)))
    }

    /// The name under which the lake keeps a shard's position.
    #[must_use]
    pub fn stream(&self, shard: &str) -> String {
        format!("{}/{shard}", self.store.table)
    }

    /// The lake it writes, for the pump's [`LakeWriter::settle`] and
    /// [`LakeWriter::resume_position`].
    #[must_use]
    pub fn lake(&self) -> &LakeWriter {
        &self.lake
    }
}

/// Takes the batch of a tumbling window into the lake.
///
/// # Errors
/// [`SinkError`]; Lambda sends the batch again.
pub async fn handle_window(
    context: &Context,
    event: TimeWindowEvent,
) -> Result<TimeWindowEventResponse, SinkError> {
    if !event.dynamo_db_event.records.is_empty() {
        let shard = event.time_window_properties.shard_id.ok_or(SinkError::NoShard)?;
        Box::pin(handle(context, &shard, event.dynamo_db_event)).await.inspect_err(|error| {
            let cause: &dyn std::error::Error = error;
            tracing::error!(shard, error = cause, "batch not taken into the lake");
        })?;
    }
    Ok(TimeWindowEventResponse::default())
}

/// Takes a batch of one shard into the lake. Repeating it, whole or in part, changes nothing.
///
/// # Errors
/// [`SinkError`]; the batch may be sent again.
pub async fn handle(context: &Context, shard: &str, event: Event) -> Result<Sunk, SinkError> {
    let mut records = Vec::with_capacity(event.records.len());
    for record in event.records {
        records.push((sequence(&record, shard)?, record));
    }
    records.sort_by_key(|(sequence, _)| *sequence);
    let Some(through) = records.last().map(|(sequence, _)| *sequence) else {
        return Ok(Sunk::default());
    };
    let mut keys = HashMap::new();
    let mut rows = Rows::default();
    let mut unmapped = 0;
    for (sequence, record) in records {
        let event_id = record.event_id.clone();
        if let Err(error) = map(context, sequence, record, &mut keys, &mut rows).await? {
            // The record's content stays out of the log: it may name a person.
            tracing::error!(shard, %sequence, event_id, error = %error, "dead letter: record left out of the lake");
            unmapped += 1;
        }
    }
    let rows = append(context, shard, through, &rows).await?;
    Ok(Sunk { rows, unmapped, through: Some(through) })
}

fn sequence(record: &EventRecord, shard: &str) -> Result<SequenceNumber, SinkError> {
    let refuse = |source| SinkError::NoSequence { shard: shard.to_owned(), source };
    let text = record.change.sequence_number.as_deref().ok_or_else(|| refuse(None))?;
    text.parse().map_err(|source| refuse(Some(source)))
}

/// Reads one record and adds its rows. The outer error stops the batch, the inner one is the
/// record's own.
async fn map(
    context: &Context,
    sequence: SequenceNumber,
    record: EventRecord,
    keys: &mut HashMap<String, [u8; 32]>,
    rows: &mut Rows,
) -> Result<Result<(), Unmapped>, SinkError> {
    let (old, new) = (image(record.change.old_image), image(record.change.new_image));
    let change = match Change::from_images(old.as_ref(), new.as_ref()) {
        Ok(change) => change,
        Err(source) => return Ok(Err(Unmapped::Malformed { source })),
    };
    let Some(day) = day_of(&change) else { return Ok(rows.add_observation(sequence, &change)) };
    let month = month_of(day);
    let key = match keys.get(&month) {
        Some(key) => *key,
        None => {
            let key = month_key(context, &month).await?;
            keys.insert(month, key);
            key
        }
    };
    Ok(rows.add(sequence, &change, &key))
}

fn image(image: serde_dynamo::Item) -> Option<Item> {
    let item = Item::from(image);
    (!item.is_empty()).then_some(item)
}

async fn month_key(context: &Context, month: &str) -> Result<[u8; 32], SinkError> {
    context
        .store
        .month_key(month, atrio_runtime::random::bytes())
        .await
        .map_err(|source| SinkError::Key { month: month.to_owned(), source })
}

async fn append(
    context: &Context,
    shard: &str,
    through: SequenceNumber,
    rows: &Rows,
) -> Result<usize, SinkError> {
    let stream = context.stream(shard);
    let mut appended = 0;
    for table in FACTS {
        let (batch, sequences) = rows.of(table).map_err(|source| SinkError::Schema { source })?;
        if sequences.is_empty() {
            continue;
        }
        let numbered = NumberedRows { batch: &batch, sequences: &sequences };
        let outcome = context
            .lake
            .append(table, numbered, &stream, through)
            .await
            .map_err(|source| SinkError::Lake { source })?;
        if let Appended::Rows(new) = outcome {
            appended += new;
        }
    }
    Ok(appended)
}

#[cfg(test)]
mod tests;
