//! People present: `PRESENCE#venue#day` / place, one count for the venue and for each of its areas that has
//! a limit, changed in the transaction of the entry or exit that changes it, or of the counter's message.
//! Beside them stand the entries that a steward let in over a limit, `OVER#instant#uuid`, and the counts
//! that a manager set by hand, `SET#uuid`.

use std::collections::BTreeMap;

use atrio_domain::id::{CallerUuid, GateId, VenueId};
use atrio_domain::premises::{Full, Limited, Place, Source};
use atrio_domain::redemption::Direction;
use atrio_domain::retention::Record;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::attributes::{Attributes, instant, instant_text, number, text, time_to_live};
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, SK, Store, key};

/// What stands before the instant of an entry over a limit.
const OVER: &str = "OVER#";

/// What stands before the uuid of a count set by hand.
const SET: &str = "SET#";

/// The places whose counts an entry or exit changes, and by how many people.
#[derive(Debug, Clone)]
pub struct Counting {
    /// The day at the venue.
    pub day: Date,
    /// The places with a limit that are entered or left.
    pub limits: Vec<Limited>,
    /// What a limit means for it.
    pub rule: LimitRule,
}

/// What a limit means for an entry.
#[derive(Debug, Clone)]
pub enum LimitRule {
    /// Nobody enters a full place.
    Kept,
    /// A steward lets in all the same, and says why.
    Overruled(Overruling),
    /// The visitor is inside already: a gate let in by itself.
    Past,
}

/// An entry over a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overruling {
    /// The nonce of the entry.
    pub uuid: CallerUuid,
    /// When.
    pub at: Timestamp,
    /// The gate.
    pub gate: GateId,
    /// Whom the token names.
    pub actor: String,
    /// The steward's words.
    pub reason: String,
    /// How full which place was.
    pub full: Full,
}

/// A count that a manager set by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// The manager's uuid of it.
    pub uuid: CallerUuid,
    /// When.
    pub at: Timestamp,
    /// Whom the token names.
    pub actor: String,
    /// The manager's words.
    pub reason: String,
    /// Where people were counted.
    pub place: Place,
    /// How many were inside.
    pub inside: u32,
}

/// A venue's day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// People inside, in each place that is counted.
    pub inside: BTreeMap<Place, u32>,
    /// Who was let in over a limit, in order of time.
    pub overrulings: Vec<Overruling>,
    /// Counts set by hand, in order of time.
    pub recounts: Vec<Recount>,
}

fn partition(venue: &VenueId, day: Date) -> String {
    format!("PRESENCE#{venue}#{day}")
}

fn kept_until(at: Timestamp) -> Timestamp {
    Record::Presence.until(at)
}

fn overruling_item(venue: &VenueId, day: Date, one: &Overruling) -> Item {
    let sk = format!("{OVER}{}#{}", instant_text(one.at), one.uuid);
    let mut item = key(partition(venue, day), sk);
    let mut set = |name: &str, value| item.insert(name.to_owned(), value);
    set("uuid", text(one.uuid.to_string()));
    set("at", instant(one.at));
    set("gate", text(one.gate.as_str()));
    set("actor", text(&one.actor));
    set("reason", text(&one.reason));
    set("place", text(String::from(one.full.place.clone())));
    set("people", number(one.full.people));
    set("inside", number(one.full.inside));
    set("limit", number(one.full.limit));
    set(TTL, time_to_live(kept_until(one.at)));
    item
}

fn recount_item(venue: &VenueId, day: Date, one: &Recount) -> Item {
    let mut item = key(partition(venue, day), format!("{SET}{}", one.uuid));
    let mut set = |name: &str, value| item.insert(name.to_owned(), value);
    set("uuid", text(one.uuid.to_string()));
    set("at", instant(one.at));
    set("actor", text(&one.actor));
    set("reason", text(&one.reason));
    set("place", text(String::from(one.place.clone())));
    set("inside", number(one.inside));
    set(TTL, time_to_live(kept_until(one.at)));
    item
}

fn recount(item: &Item) -> Result<Recount, Error> {
    let read = Attributes::of(item);
    Ok(Recount {
        uuid: read.parsed("uuid")?,
        at: read.parsed("at")?,
        actor: read.text("actor")?.to_owned(),
        reason: read.text("reason")?.to_owned(),
        place: read.parsed("place")?,
        inside: read.number("inside")?,
    })
}

fn overruling(item: &Item) -> Result<Overruling, Error> {
    let read = Attributes::of(item);
    Ok(Overruling {
        uuid: read.parsed("uuid")?,
        at: read.parsed("at")?,
        gate: read.parsed("gate")?,
        actor: read.text("actor")?.to_owned(),
        reason: read.text("reason")?.to_owned(),
        full: Full {
            place: read.parsed("place")?,
            // Before parties entered together, each was let in by themselves.
            people: read.optional_number("people")?.unwrap_or(1),
            inside: read.number("inside")?,
            limit: read.number("limit")?,
        },
    })
}

impl Counting {
    /// The first place that had no room for all, by the items found where conditions failed; an empty
    /// one where nobody is inside.
    pub(crate) fn full(&self, found: &[Option<Item>]) -> Result<Option<Full>, Error> {
        for (limited, item) in self.limits.iter().zip(found) {
            if let Some(item) = item {
                let inside = inside(item)?;
                let Limited { place, limit, people, .. } = limited.clone();
                return Ok(Some(Full { place, people, inside, limit }));
            }
        }
        Ok(None)
    }

    /// The same without the places whose people counters count: what goes out there, or is inside already,
    /// they have seen.
    pub(crate) fn by_gates(mut self) -> Self {
        self.limits.retain(|limited| limited.source == Source::Gates);
        self
    }

    /// The same with no more people than are counted inside where conditions failed, and without the
    /// places where nobody is.
    pub(crate) fn within(mut self, found: &[Option<Item>]) -> Result<Self, Error> {
        for (limited, item) in self.limits.iter_mut().zip(found) {
            if let Some(item) = item {
                limited.people = inside(item)?;
            }
        }
        self.limits.retain(|limited| limited.people > 0);
        Ok(self)
    }
}

/// The key of a place's count.
pub(crate) fn count_key(venue: &VenueId, day: Date, place: &Place) -> Item {
    key(partition(venue, day), String::from(place.clone()))
}

/// The people inside by a count.
pub(crate) fn inside(item: &Item) -> Result<u32, Error> {
    Ok(Attributes::of(item).optional_number("inside")?.unwrap_or(0))
}

impl Store {
    /// The writes that count people in or out of each place, and record what was overruled. One for
    /// each place comes first, in their order.
    pub(crate) fn count_people(
        &self,
        venue: &VenueId,
        counting: &Counting,
        direction: Direction,
        at: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let mut writes = Vec::with_capacity(counting.limits.len());
        for Limited { place, limit, source, people } in &counting.limits {
            let condition = match (direction, &counting.rule) {
                (Direction::Entry, LimitRule::Kept) => match limit.checked_sub(*people) {
                    Some(room) => {
                        Condition::when("attribute_not_exists(inside) OR inside <= :room")
                            .value(":room", number(room))
                    }
                    // So many never enter together: a condition that holds for no count.
                    None => Condition::when("inside < :nobody").value(":nobody", number(0)),
                },
                (Direction::Entry, _) => Condition::none(),
                (Direction::Exit, _) => {
                    Condition::when("inside >= :leaving").value(":leaving", number(people))
                }
            };
            let people = match (source, direction) {
                // Only looked at.
                (Source::Counters, _) => 0,
                (Source::Gates, Direction::Entry) => i64::from(*people),
                (Source::Gates, Direction::Exit) => -i64::from(*people),
            };
            let condition = condition
                .name("#ttl", TTL)
                .value(":ttl", time_to_live(kept_until(at)))
                .value(":people", number(people));
            let key = count_key(venue, counting.day, place);
            writes.push(self.update(key, "SET #ttl = :ttl ADD inside :people", condition)?);
        }
        if let LimitRule::Overruled(one) = &counting.rule {
            let item = overruling_item(venue, counting.day, one);
            writes.push(self.put(item, Condition::absent())?);
        }
        Ok(writes)
    }

    /// The write that a counter's message makes of a place's count, where it still is what was read.
    pub(crate) fn set_count(
        &self,
        (venue, day, place): (&VenueId, Date, &Place),
        (read, now): (Option<u32>, u32),
        at: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let unchanged = match read {
            None => Condition::when("attribute_not_exists(inside)"),
            Some(read) => Condition::when("inside = :read").value(":read", number(read)),
        };
        let condition = unchanged
            .name("#ttl", TTL)
            .value(":ttl", time_to_live(kept_until(at)))
            .value(":inside", number(now));
        let update = "SET #ttl = :ttl, inside = :inside";
        self.update(count_key(venue, day, place), update, condition)
    }

    /// Sets a place's count by hand, once, and keeps on record who said so and why. Answers what stands on
    /// record under that uuid.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn recount(
        &self,
        venue: &VenueId,
        day: Date,
        wanted: &Recount,
    ) -> Result<Recount, Error> {
        let record = recount_item(venue, day, wanted);
        let condition = Condition::none()
            .name("#ttl", TTL)
            .value(":ttl", time_to_live(kept_until(wanted.at)))
            .value(":inside", number(wanted.inside));
        let count = count_key(venue, day, &wanted.place);
        let writes = vec![
            self.put(record, Condition::absent())?,
            self.update(count, "SET #ttl = :ttl, inside = :inside", condition)?,
        ];
        match self.transact(writes).await? {
            Written::All => Ok(wanted.clone()),
            Written::Refused(found) => match found.first() {
                Some(Some(known)) => recount(known),
                _ => Err(Error::Stale { key: format!("{SET}{}", wanted.uuid) }),
            },
        }
    }

    /// How many are present in a venue on a day. Places that nobody entered since they have a limit are
    /// left out.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn presence(&self, venue: &VenueId, day: Date) -> Result<Presence, Error> {
        let items = self.between(partition(venue, day), "A".to_owned(), "W".to_owned()).await?;
        let mut presence = Presence::default();
        for item in &items {
            let read = Attributes::of(item);
            let sk = read.text(SK)?;
            if sk.starts_with(OVER) {
                presence.overrulings.push(overruling(item)?);
            } else if sk.starts_with(SET) {
                presence.recounts.push(recount(item)?);
            } else {
                presence.inside.insert(read.parsed(SK)?, inside(item)?);
            }
        }
        presence.recounts.sort_by_key(|one| one.at);
        Ok(presence)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_count_set_by_hand_reads_back() {
        let one = Recount {
            uuid: Uuid::from_u128(8).into(),
            at: "2026-11-24T09:10:00Z".parse().unwrap(),
            actor: "manager-1".to_owned(),
            reason: "counted by hand at noon".to_owned(),
            place: Place::Venue,
            inside: 12,
        };
        let venue = VenueId::new("20240").unwrap();
        let item = recount_item(&venue, "2026-11-24".parse().unwrap(), &one);
        assert_eq!(recount(&item).unwrap(), one);
    }

    #[test]
    fn an_entry_over_a_limit_reads_back() {
        let one = Overruling {
            uuid: Uuid::from_u128(7).into(),
            at: "2026-11-24T09:10:00Z".parse().unwrap(),
            gate: GateId::new("main").unwrap(),
            actor: "steward-1".to_owned(),
            reason: "a child whose mother is inside".to_owned(),
            full: Full { place: Place::Venue, people: 2, inside: 14, limit: 15 },
        };
        let venue = VenueId::new("20240").unwrap();
        let item = overruling_item(&venue, "2026-11-24".parse().unwrap(), &one);
        assert_eq!(overruling(&item).unwrap(), one);
    }
}
