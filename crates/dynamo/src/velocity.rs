//! Velocity items: `VELOCITY#kind#key` / start of a ten-minute window, with sums; and one marker
//! per counted event, so that an event that arrives twice counts once.

use std::collections::{BTreeMap, HashSet};

use atrio_domain::id::CallerUuid;
use atrio_domain::retention::Record;
use atrio_domain::risk::{RiskKeys, Velocity};
use jiff::{Timestamp, ToSpan};

use crate::attributes::{Attributes, instant_text, number, text, time_to_live};
use crate::decision::DecisionRecord;
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Store, key};

/// Length of a window.
const WINDOW_SECONDS: i64 = 600;

/// How far back the rules look; windows and markers are kept for longer.
const HORIZON_SECONDS: i64 = 3_600;

/// Events in one transaction of at most a hundred writes: each has a marker, a decision and two windows.
pub const TOGETHER: usize = 25;

/// Something that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A booking was held.
    Hold,
    /// A payment was declined, the so-many-th attempt.
    Decline {
        /// The attempt.
        attempt: u32,
    },
}

/// An event to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedEvent {
    /// Of this booking, or of an order by its uuid.
    pub booking: CallerUuid,
    /// What happened.
    pub event: Event,
    /// Under whom it is counted.
    pub keys: RiskKeys,
    /// What it adds.
    pub figures: Velocity,
    /// What was decided, where that is filed with it.
    pub decision: Option<DecisionRecord>,
    /// When.
    pub at: Timestamp,
}

impl CountedEvent {
    /// The key of the item that says it was counted.
    fn marker(&self) -> (String, String) {
        let name = match self.event {
            Event::Hold => "HOLD".to_owned(),
            Event::Decline { attempt } => format!("DECLINE#{attempt}"),
        };
        (format!("VELOCITY#SEEN#{}", self.booking), name)
    }
}

fn window(at: Timestamp) -> Timestamp {
    let start = at.as_second().div_euclid(WINDOW_SECONDS) * WINDOW_SECONDS;
    Timestamp::from_second(start).unwrap_or(at)
}

fn of_contact(keys: &RiskKeys) -> Option<String> {
    keys.contact.as_ref().map(|contact| format!("VELOCITY#CONTACT#{contact}"))
}

fn of_client(keys: &RiskKeys) -> Option<String> {
    keys.client.as_ref().map(|client| format!("VELOCITY#CLIENT#{client}"))
}

impl Store {
    /// What the contact and the network address behind `keys` did in the hour before `now`.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn velocities(
        &self,
        keys: &RiskKeys,
        now: Timestamp,
    ) -> Result<(Velocity, Velocity), Error> {
        let contact = self.velocity(of_contact(keys), now);
        let client = self.velocity(of_client(keys), now);
        let (contact, client) = tokio::join!(contact, client);
        Ok((contact?, client?))
    }

    async fn velocity(&self, partition: Option<String>, now: Timestamp) -> Result<Velocity, Error> {
        let mut sum = Velocity::default();
        let Some(partition) = partition else { return Ok(sum) };
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk > :since")
            .expression_attribute_values(":pk", text(partition))
            .expression_attribute_values(
                ":since",
                text(instant_text(window(now - HORIZON_SECONDS.seconds()))),
            )
            .send()
            .await
            .map_err(Error::service("Query"))?;
        for item in page.items() {
            let read = Attributes::of(item);
            sum += Velocity {
                holds: read.number("holds")?,
                places: read.number("places")?,
                declines: read.number("declines")?,
            };
        }
        Ok(sum)
    }

    /// Counts events, each once however often it is reported, and files the decisions that go with them
    /// in the same commit. At most [`TOGETHER`] of them.
    ///
    /// # Errors
    /// The service's own; then each was counted with its decision, or not at all.
    pub async fn count_events(&self, events: &[CountedEvent]) -> Result<(), Error> {
        debug_assert!(events.len() <= TOGETHER, "a transaction takes no more");
        let markers: HashSet<_> = events.iter().map(CountedEvent::marker).collect();
        if markers.len() == events.len() && self.count_once(events).await? {
            return Ok(());
        }
        if events.len() == 1 {
            return Ok(());
        }
        // Some were counted before: the others must not miss for it.
        for event in events {
            self.count_once(std::slice::from_ref(event)).await?;
        }
        Ok(())
    }

    /// Counts all, or none where one was counted before.
    async fn count_once(&self, events: &[CountedEvent]) -> Result<bool, Error> {
        let mut writes = Vec::new();
        // A transaction takes no two writes of one item.
        let mut sums: BTreeMap<(String, String), (Velocity, Timestamp)> = BTreeMap::new();
        for event in events {
            let (pk, sk) = event.marker();
            let mut marker = key(pk, sk);
            marker.insert(TTL.to_owned(), time_to_live(Record::Velocity.until(event.at)));
            writes.push(self.put(marker, Condition::absent())?);
            if let Some(record) = &event.decision {
                writes.push(self.put(crate::decision::item(record)?, Condition::none())?);
            }
            let partitions = of_contact(&event.keys).into_iter().chain(of_client(&event.keys));
            for partition in partitions {
                let at = (partition, instant_text(window(event.at)));
                let (sum, latest) = sums.entry(at).or_insert((Velocity::default(), event.at));
                *sum += event.figures;
                *latest = event.at.max(*latest);
            }
        }
        for ((partition, start), (sum, latest)) in sums {
            let values = Condition::none()
                .name("#ttl", TTL)
                .value(":holds", number(sum.holds))
                .value(":places", number(sum.places))
                .value(":declines", number(sum.declines))
                .value(":ttl", time_to_live(Record::Velocity.until(latest)));
            writes.push(self.update(
                key(partition, start),
                "ADD holds :holds, places :places, declines :declines SET #ttl = :ttl",
                values,
            )?);
        }
        Ok(matches!(self.transact(writes).await?, Written::All))
    }
}
