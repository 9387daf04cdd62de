//! The log of a venue's events: `EVENTS#venue` / `EVENT#number`, numbered without gaps and kept for 30
//! days. `LAST` holds the newest number, `ID#event` says that an event is in, and `SLOT#product#slot` what
//! was last told of a slot's places. A reseller's mode, a dot and its id stand in the place of the venue where a reseller
//! is told; there what was told of a slot is noted for each endpoint. An event, its number and the waking of the endpoints are one
//! transaction, so whoever reads on from a number misses none.

use atrio_domain::booking::Booking;
use atrio_domain::id::{CallerUuid, OptionId};
use atrio_domain::retention::Record;
use atrio_domain::slot::SlotStatus;
use atrio_domain::webhook::event::{EventId, EventKind, News, ToldOfSlot};
use atrio_domain::webhook::resold::ToldOfPlaces;
use atrio_domain::webhook::{Endpoint, Owner};
use jiff::Timestamp;

use crate::attributes::{Attributes, json, number, text, time_to_live};
use crate::table::TTL;
use crate::transaction::{Condition, Written, pause};
use crate::webhook::StoredEndpoint;
use crate::{Error, Item, PK, SK, Store, key};

const NUMBERED: &str = "EVENT#";

/// How often an event is tried to be numbered when others are numbered at the same moment.
const ATTEMPTS: u32 = 20;

fn partition(owner: &Owner) -> String {
    format!("EVENTS#{owner}")
}

/// A number as text of fixed width, so that texts sort as numbers do.
pub(crate) fn sequence_key(sequence: u64) -> String {
    format!("{sequence:020}")
}

fn slot_key(booking: &Booking) -> Item {
    let sort = format!("SLOT#{}#{}", booking.product_id, booking.slot.id);
    key(partition(&booking.venue_id.clone().into()), sort)
}

fn places_key(endpoint: &Endpoint, booking: &Booking, option: &OptionId) -> Item {
    let Booking { venue_id, product_id, slot, .. } = booking;
    let sort = format!("SLOT#{}#{venue_id}.{product_id}#{option}#{}", endpoint.id, slot.id);
    key(partition(&endpoint.owner), sort)
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its number.
    pub sequence: u64,
    /// Its name.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// The endpoint that it is for; none where it is for all.
    pub only_for: Option<CallerUuid>,
    /// What is sent, to the byte.
    pub body: String,
}

impl TryFrom<&Item> for LoggedEvent {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let sequence = read.text(SK)?.strip_prefix(NUMBERED).and_then(|text| text.parse().ok());
        Ok(Self {
            sequence: sequence.ok_or_else(|| read.malformed(SK, "is no number"))?,
            id: read.parsed("id")?,
            kind: read.parsed("kind")?,
            only_for: read.optional_parsed("only_for")?,
            body: read.text("body")?.to_owned(),
        })
    }
}

/// What was told of a slot when the news of it was made, and what is told by it.
#[derive(Debug, Clone)]
pub struct OfSlot {
    key: Item,
    /// How often something was told before.
    before: u64,
    /// And by then.
    by_then: u64,
    /// How the places are told to stand, where more than two words are told of them.
    status: Option<SlotStatus>,
}

impl OfSlot {
    /// What a venue's servers are told of the slot of a booking.
    #[must_use]
    pub fn of_venue(booking: &Booking, before: ToldOfSlot, by_then: ToldOfSlot) -> Self {
        let (before, by_then) = (before.count, by_then.count);
        Self { key: slot_key(booking), before, by_then, status: None }
    }

    /// What an endpoint of a reseller is told of the slot of a booking.
    #[must_use]
    pub fn of_reseller(
        endpoint: &Endpoint,
        (booking, option): (&Booking, &OptionId),
        before: ToldOfPlaces,
        by_then: ToldOfPlaces,
    ) -> Self {
        let key = places_key(endpoint, booking, option);
        let status = Some(by_then.status);
        Self { key, before: before.count, by_then: by_then.count, status }
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// It is in the log, under this number.
    Under(u64),
    /// It was before.
    Known,
    /// Nobody listens: there is no endpoint.
    NobodyListens,
    /// Something else was told of the slot meanwhile.
    Overtaken,
}

impl Store {
    /// The number of the newest event of a venue or a reseller; 0 where there was none.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn newest_event(&self, owner: &Owner) -> Result<u64, Error> {
        match self.get(key(partition(owner), "LAST")).await? {
            Some(item) => Attributes::of(&item).number("sequence"),
            None => Ok(0),
        }
    }

    /// Their events behind a number and up to another, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn events(
        &self,
        owner: &Owner,
        (after, to): (u64, u64),
        limit: i32,
    ) -> Result<Vec<LoggedEvent>, Error> {
        if after >= to {
            return Ok(Vec::new());
        }
        let bound = |sequence| text(format!("{NUMBERED}{}", sequence_key(sequence)));
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", text(partition(owner)))
            .expression_attribute_values(":from", bound(after.saturating_add(1)))
            .expression_attribute_values(":to", bound(to))
            .consistent_read(true)
            .limit(limit)
            .send()
            .await
            .map_err(Error::service("Query"))?;
        page.items().iter().map(LoggedEvent::try_from).collect()
    }

    /// What was last told of the places of a booking's slot.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn told_of_slot(&self, booking: &Booking) -> Result<ToldOfSlot, Error> {
        let Some(item) = self.get(slot_key(booking)).await? else {
            return Ok(ToldOfSlot::default());
        };
        let count = Attributes::of(&item).number("told")?;
        // It is told in turns, beginning with that it is sold out.
        Ok(ToldOfSlot { is_sold_out: count % 2 == 1, count })
    }

    /// What was last told an endpoint of a reseller of the places of a booking's slot.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn told_of_places(
        &self,
        endpoint: &Endpoint,
        booking: &Booking,
        option: &OptionId,
    ) -> Result<ToldOfPlaces, Error> {
        let Some(item) = self.get(places_key(endpoint, booking, option)).await? else {
            return Ok(ToldOfPlaces::default());
        };
        let read = Attributes::of(&item);
        Ok(ToldOfPlaces { status: read.json("status")?, count: read.number("told")? })
    }

    /// Puts an event into the log of its venue or reseller, once, and wakes the endpoints that are told of it.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn log_event(
        &self,
        news: &News,
        of_slot: Option<OfSlot>,
        now: Timestamp,
    ) -> Result<Logged, Error> {
        for attempt in 0..ATTEMPTS {
            let endpoints = self.webhooks(&news.owner).await?;
            if endpoints.is_empty() {
                return Ok(Logged::NobodyListens);
            }
            let last = self.newest_event(&news.owner).await?;
            if let Some(logged) = self.log_as(news, last, &endpoints, of_slot.as_ref(), now).await?
            {
                return Ok(logged);
            }
            // All changes of a venue want its next number.
            pause(attempt).await;
        }
        Err(Error::Stale { key: format!("{}/LAST", partition(&news.owner)) })
    }

    /// Puts an event into the log behind the number `last`; none when that is not the newest any more.
    async fn log_as(
        &self,
        news: &News,
        last: u64,
        endpoints: &[StoredEndpoint],
        of_slot: Option<&OfSlot>,
        now: Timestamp,
    ) -> Result<Option<Logged>, Error> {
        let sequence = last + 1;
        let kept = time_to_live(Record::Event.until(now));
        let body = news.body(sequence).map_err(|error| Error::Malformed {
            key: news.id.to_string(),
            attribute: "body".to_owned(),
            problem: error.to_string(),
        })?;
        let pk = partition(&news.owner);
        let mut known = key(&pk, format!("ID#{}", news.id));
        known.insert(TTL.to_owned(), kept.clone());
        let mut counter = key(&pk, "LAST");
        counter.insert("sequence".to_owned(), number(sequence));
        let mut event = key(&pk, format!("{NUMBERED}{}", sequence_key(sequence)));
        event.insert("id".to_owned(), text(news.id.as_str()));
        event.insert("kind".to_owned(), text(news.kind.name()));
        event.insert("body".to_owned(), text(body));
        event.insert(TTL.to_owned(), kept);
        if let Some(only_for) = news.only_for {
            event.insert("only_for".to_owned(), text(only_for.to_string()));
        }
        let newest = match last {
            0 => Condition::absent(),
            last => Condition::when("#sequence = :last")
                .name("#sequence", "sequence")
                .value(":last", number(last)),
        };
        let mut writes = vec![
            self.put(known, Condition::absent())?,
            self.put(counter, newest)?,
            self.put(event, Condition::absent())?,
        ];
        if let Some(OfSlot { key, before, by_then, status }) = of_slot {
            let mut item = key.clone();
            item.insert("told".to_owned(), number(by_then));
            if let Some(status) = status {
                item.insert("status".to_owned(), json("status", status)?);
            }
            let unchanged = match *before {
                0 => Condition::absent(),
                count => Condition::when("told = :told").value(":told", number(count)),
            };
            writes.push(self.put(item, unchanged)?);
        }
        for stored in endpoints {
            let is_told = stored.endpoint.wants(news.kind, news.only_for);
            writes.push(self.waking_for(stored, is_told, sequence, now)?);
        }
        Ok(match self.transact(writes).await? {
            Written::All => Some(Logged::Under(sequence)),
            Written::Refused(found) if found.first().is_some_and(Option::is_some) => {
                Some(Logged::Known)
            }
            Written::Refused(found)
                if of_slot.is_some() && found.get(3).is_some_and(Option::is_some) =>
            {
                Some(Logged::Overtaken)
            }
            Written::Refused(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_texts() {
        assert!(sequence_key(9) < sequence_key(10));
        assert!(sequence_key(10) < sequence_key(u64::MAX));
    }
}
