//! What became of the events that an endpoint was sent: `DELIVERIES#venue#id` / number of the event, kept as
//! long as the event itself. Written with what follows for the endpoint, or not at all.

use atrio_domain::id::CallerUuid;
use atrio_domain::retention::Record;
use atrio_domain::webhook::{Endpoint, Owner};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes::{Attributes, instant, json, number, text, time_to_live};
use crate::event_log::sequence_key;
use crate::table::TTL;
use crate::{Error, Item, SK, Store, key};

fn deliveries(owner: &Owner, id: CallerUuid) -> String {
    format!("DELIVERIES#{owner}#{id}")
}

/// What became of the last attempt to send an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event's number in the log.
    pub sequence: u64,
    /// The event.
    pub event: String,
    /// Its kind.
    pub kind: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far, without those before a replay.
    pub attempts: u32,
    /// When the last one was.
    pub last_at: Timestamp,
    /// What came of it, in a few words.
    pub last_outcome: String,
    /// How long it took.
    pub last_millis: u64,
}

/// Where an event stands with an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryState {
    /// It was taken.
    Delivered,
    /// It is sent again.
    Waiting {
        /// When.
        next_at: Timestamp,
    },
    /// It was given up, and its endpoint disabled with it.
    GivenUp,
}

impl TryFrom<&Item> for Delivery {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        Ok(Self {
            sequence: read.parsed(SK)?,
            event: read.text("event")?.to_owned(),
            kind: read.text("kind")?.to_owned(),
            state: read.json("state")?,
            attempts: read.number("attempts")?,
            last_at: read.parsed("last_at")?,
            last_outcome: read.text("last_outcome")?.to_owned(),
            last_millis: read.number("last_millis")?,
        })
    }
}

pub(super) fn item(endpoint: &Endpoint, delivery: &Delivery) -> Result<Item, Error> {
    let mut item = key(deliveries(&endpoint.owner, endpoint.id), sequence_key(delivery.sequence));
    item.insert("event".to_owned(), text(&delivery.event));
    item.insert("kind".to_owned(), text(&delivery.kind));
    item.insert("state".to_owned(), json("state", &delivery.state)?);
    item.insert("attempts".to_owned(), number(delivery.attempts));
    item.insert("last_at".to_owned(), instant(delivery.last_at));
    item.insert("last_outcome".to_owned(), text(&delivery.last_outcome));
    item.insert("last_millis".to_owned(), number(delivery.last_millis));
    item.insert(TTL.to_owned(), time_to_live(Record::Event.until(delivery.last_at)));
    Ok(item)
}

impl Store {
    /// What became of the events of an endpoint, newest first, older than the cursor where one is given,
    /// at most `limit`; and the cursor of the next page.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn deliveries(
        &self,
        owner: &Owner,
        id: CallerUuid,
        cursor: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<Delivery>, Option<String>), Error> {
        self.newest_first(deliveries(owner, id), cursor, limit).await
    }
}
