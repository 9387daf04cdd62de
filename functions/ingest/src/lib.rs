//! Takes messages of devices: reads them, lets the domain decide, and makes the result durable
//! before anything is acknowledged, with the people present that it moves where a venue's limit is counted so. On AWS an IoT rule puts them on a Kinesis stream that calls
//! [`handle`]; on one machine the embedded broker calls [`accept`] with the same messages. It never
//! judges who may publish (the IoT policy and the broker do), but counts nothing of a device that
//! is not enrolled at the topic's venue.
//!
//! A record of the stream is the JSON object that this rule writes:
//!
//! ```sql
//! SELECT encode(*, 'base64') AS payload, topic() AS topic, clientid() AS clientId,
//!        timestamp() AS receivedAt
//! FROM 'dt/atrio/+/+/+'
//! ```
//!
//! ```json
//! {"topic": "dt/atrio/uffizi/door-1/CrowdFlowObserved", "clientId": "door-1",
//!  "receivedAt": 1777633200000, "payload": "eyJpZCI6InVybjo…"}
//! ```
//!
//! `receivedAt` is in milliseconds since 1970 and decides what is late, so that a stream replayed a
//! day later is judged as it was the first time.

mod envelope;

use std::time::Duration;

use atrio_domain::device::{self, DeadLetter, Decision, Message, Refusal, Topic};
use atrio_dynamo::count::{BATCH_WRITES, Committed, CountBatch, writes_of};
use atrio_dynamo::{Error, Store};
use aws_lambda_events::event::kinesis::KinesisEvent;
use aws_lambda_events::event::streams::KinesisEventResponse;
use jiff::Timestamp;

/// How often a batch is decided anew when another writer was faster.
const ATTEMPTS: u32 = 5;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
}

/// A message as a broker received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceMessage {
    /// Where it was published.
    pub topic: String,
    /// The client that published it; the broker has proven that it is this client.
    pub client_id: String,
    /// What was published.
    pub payload: Vec<u8>,
    /// When the broker received it.
    pub received_at: Timestamp,
}

/// What became of a message. All but [`Outcome::Failed`] may be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Taken, durably.
    Stored {
        /// 1 for the first observation of a period, more for a correction; of several, the highest. 0
        /// where the device spoke of itself only.
        version: u32,
    },
    /// Nothing new: counted before, or corrected since.
    Unchanged,
    /// Not counted; the message and the reason are kept, durably.
    DeadLettered {
        /// Why.
        refusal: Refusal,
    },
    /// Nothing was written: do not acknowledge.
    Failed {
        /// Why, for the log.
        reason: String,
    },
}

/// A message with its content, or why it has none.
struct Read {
    message: DeviceMessage,
    content: Result<Message, Refusal>,
}

/// Serves one batch of the stream. Records that could not be written are reported one by one, and
/// Lambda comes back with them.
pub async fn handle(context: &Context, event: KinesisEvent) -> KinesisEventResponse {
    let mut sequence_numbers = Vec::with_capacity(event.records.len());
    let mut messages = Vec::with_capacity(event.records.len());
    for record in event.records {
        sequence_numbers.push(record.kinesis.sequence_number.clone());
        messages.push(envelope::open(&record.kinesis));
    }
    let outcomes = accept_read(context, &messages).await;
    let mut response = KinesisEventResponse::default();
    for (sequence_number, outcome) in sequence_numbers.into_iter().zip(outcomes) {
        if let Outcome::Failed { reason } = outcome {
            tracing::error!(sequence_number, reason, "message not written");
            response.add_failure(sequence_number);
        }
    }
    response
}

/// Makes messages durable, in order. The answer has one outcome a message, in the same order.
pub async fn accept(context: &Context, messages: Vec<DeviceMessage>) -> Vec<Outcome> {
    let messages: Vec<Read> = messages.into_iter().map(Read::from).collect();
    accept_read(context, &messages).await
}

impl From<DeviceMessage> for Read {
    fn from(message: DeviceMessage) -> Self {
        let content = content(&message);
        Self { message, content }
    }
}

fn content(message: &DeviceMessage) -> Result<Message, Refusal> {
    let topic: Topic = message.topic.parse()?;
    if message.client_id != topic.device.as_str() {
        let client = message.client_id.chars().take(64).collect();
        return Err(Refusal::AnotherDevice { client, device: topic.device });
    }
    device::read(&topic, &message.payload, message.received_at)
}

async fn accept_read(context: &Context, messages: &[Read]) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(messages.len());
    let mut rest = messages;
    while !rest.is_empty() {
        let (some, behind) = rest.split_at(fitting(rest));
        outcomes.extend(accept_some(&context.store, some).await);
        rest = behind;
    }
    outcomes
}

/// How many of these messages fit one transaction.
fn fitting(messages: &[Read]) -> usize {
    let mut writes = 0;
    for (index, read) in messages.iter().enumerate() {
        writes += read.content.as_ref().map_or(1, writes_of);
        if writes > BATCH_WRITES && index > 0 {
            return index;
        }
    }
    messages.len()
}

/// Accepts what fits one transaction. A malformed item of one device must not hold up the others,
/// so a batch that meets one is halved until that message stands alone; so is one that moves more counts
/// of people present than fit beside it.
async fn accept_some(store: &Store, messages: &[Read]) -> Vec<Outcome> {
    // Boxed: the futures of the client nest deeper than the compiler follows.
    let error = match Box::pin(try_batch(store, messages)).await {
        Ok(outcomes) => return outcomes,
        Err(error) => error,
    };
    let is_of_some = match &error {
        NotWritten::TooMany => true,
        NotWritten::Table(error) => matches!(error, Error::Malformed { .. }),
    };
    if is_of_some && messages.len() > 1 {
        let (first, second) = messages.split_at(messages.len() / 2);
        let mut outcomes = Box::pin(accept_some(store, first)).await;
        outcomes.extend(Box::pin(accept_some(store, second)).await);
        return outcomes;
    }
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause:?}"));
    let reason = format!("{error}{}", cause.unwrap_or_default());
    messages.iter().map(|_| Outcome::Failed { reason: reason.clone() }).collect()
}

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
enum NotWritten {
    /// It moves too many counts for one transaction.
    #[error("the batch takes more writes than one transaction has")]
    TooMany,
    /// The table refused.
    #[error(transparent)]
    Table(#[from] Error),
}

async fn try_batch(store: &Store, messages: &[Read]) -> Result<Vec<Outcome>, NotWritten> {
    let mut attempt = 0;
    loop {
        let contents = messages.iter().filter_map(|read| read.content.as_ref().ok());
        let mut batch = store.load_counts(contents).await?;
        let outcomes = messages.iter().map(|read| decide(&mut batch, read)).collect();
        match store.commit_counts(&batch).await? {
            Committed::Done => return Ok(outcomes),
            Committed::Contended if attempt + 1 < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
                attempt += 1;
            }
            Committed::Contended => {
                return Err(Error::Stale { key: "counts of a batch".to_owned() }.into());
            }
            Committed::TooMany => return Err(NotWritten::TooMany),
        }
    }
}

fn decide(batch: &mut CountBatch, read: &Read) -> Outcome {
    let message = &read.message;
    let decided = match &read.content {
        Ok(content) => {
            let registered = batch.registered(&content.device);
            let state = batch.state(&content.device);
            let stored = |observation: &_| batch.stored(observation);
            device::decide(registered, state, stored, content, message.received_at)
                .map(|decision| (content, decision))
        }
        Err(refusal) => Err(refusal.clone()),
    };
    match decided {
        Ok((content, Decision::Changed { observations, state })) => {
            let version = observations.iter().map(|stored| stored.version).max().unwrap_or(0);
            batch.put(content.device.clone(), observations, *state);
            Outcome::Stored { version }
        }
        Ok((_, Decision::Unchanged)) => Outcome::Unchanged,
        Err(refusal) => {
            let DeviceMessage { topic, client_id, payload, received_at } = message;
            batch.refuse(DeadLetter::new(topic, client_id, payload, *received_at, &refusal));
            Outcome::DeadLettered { refusal }
        }
    }
}
