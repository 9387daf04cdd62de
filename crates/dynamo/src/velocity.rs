//! Velocity items: `VELOCITY#kind#key` / start of a ten-minute window, with sums; and one marker
//! per counted event, so that an event that arrives twice counts once.

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

    /// Counts an event once, however often it is reported, and files the decision that goes with it in
    /// the same commit; false when it was counted before.
    ///
    /// # Errors
    /// The service's own.
    pub async fn count_event(
        &self,
        booking: CallerUuid,
        keys: &RiskKeys,
        event: Event,
        figures: Velocity,
        decision: Option<&DecisionRecord>,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let expires = time_to_live(Record::Velocity.until(at));
        let name = match event {
            Event::Hold => "HOLD".to_owned(),
            Event::Decline { attempt } => format!("DECLINE#{attempt}"),
        };
        let mut marker = key(format!("VELOCITY#SEEN#{booking}"), name);
        marker.insert(TTL.to_owned(), expires.clone());
        let mut writes = vec![self.put(marker, Condition::absent())?];
        if let Some(record) = decision {
            writes.push(self.put(crate::decision::item(record)?, Condition::none())?);
        }
        for partition in of_contact(keys).into_iter().chain(of_client(keys)) {
            let values = Condition::none()
                .name("#ttl", TTL)
                .value(":holds", number(figures.holds))
                .value(":places", number(figures.places))
                .value(":declines", number(figures.declines))
                .value(":ttl", expires.clone());
            writes.push(self.update(
                key(partition, instant_text(window(at))),
                "ADD holds :holds, places :places, declines :declines SET #ttl = :ttl",
                values,
            )?);
        }
        Ok(matches!(self.transact(writes).await?, Written::All))
    }
}
