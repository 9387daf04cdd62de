//! Redemption items: `REDEMPTION#uuid` / `REDEMPTION`, one per entry or exit, written together with the
//! tickets it changed: one, or several of a booking that went through together. An entry that was taken
//! back is kept and says so.

use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{AreaId, CallerUuid, GateId, ProductId, TicketId, UnitId, VenueId};
use atrio_domain::pass::Used;
use atrio_domain::premises::Full;
use atrio_domain::redemption::{Direction, Redemption, Undo};
use atrio_domain::retention::Record;
use atrio_domain::ticket::{Ticket, TicketState};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attributes::{Attributes, instant, json, text, time_to_live};
use crate::presence::{Counting, LimitRule};
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, Store, key};

/// An entry or exit as stored: what the lake needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The gate's nonce.
    pub uuid: CallerUuid,
    /// Which way the visitor went.
    pub direction: Direction,
    /// Who went through, at least one.
    pub passed: Vec<Passed>,
    /// Where.
    pub venue: VenueId,
    /// To what.
    pub product: ProductId,
    /// For which slot.
    pub slot: SlotTimes,
    /// Through which gate.
    pub gate: GateId,
    /// When.
    pub redeemed_at: Timestamp,
    /// That it was taken back, if it was.
    pub undone: Option<Undo>,
}

/// A ticket that went through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// The ticket.
    pub ticket: TicketId,
    /// As whom.
    pub unit: UnitId,
    /// The area entered or left, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
    /// The nonce of the ticket's exit or entry before it; none for its first entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<CallerUuid>,
    /// What a pass was used for before; none for a ticket of a visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_before: Option<Used>,
}

impl Passed {
    fn by(redemption: &Redemption) -> Self {
        let entitlement = &redemption.ticket.entitlement;
        Self {
            ticket: entitlement.ticket,
            unit: entitlement.unit.clone(),
            area: redemption.area.clone(),
            after: redemption.after,
            pass_before: redemption.pass_before.clone(),
        }
    }
}

impl Entry {
    /// Whether it is of this ticket alone.
    #[must_use]
    pub fn is_of(&self, ticket: TicketId) -> bool {
        matches!(self.passed.as_slice(), [only] if only.ticket == ticket)
    }
}

/// What became of a redemption, or of taking one back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// It is stored.
    Done,
    /// The ticket changed meanwhile, or the nonce was used: read again.
    Stale,
    /// There is no room inside for all.
    Full(Full),
}

fn entry_key(uuid: CallerUuid) -> Item {
    key(format!("REDEMPTION#{uuid}"), "REDEMPTION")
}

/// The item of an entry or exit of all these, of whom this is the first.
fn item(first: &Redemption, all: &[Redemption]) -> Result<Item, Error> {
    let entitlement = &first.ticket.entitlement;
    let mut item = entry_key(first.uuid);
    let mut set = |name: &str, value: AttributeValue| {
        item.insert(name.to_owned(), value);
    };
    set("direction", text(first.direction.name()));
    set("venue_id", text(first.venue.as_str()));
    set("product_id", text(entitlement.product.as_str()));
    set("slot", json("slot", &first.slot())?);
    set("gate", text(first.gate.as_str()));
    set("redeemed_at", instant(first.redeemed_at));
    set(TTL, time_to_live(Record::Admission.until(first.redeemed_at)));
    if let [_] = all {
        set("ticket", text(entitlement.ticket.to_string()));
        set("unit_id", text(entitlement.unit.as_str()));
        if let Some(area) = &first.area {
            set("area", text(area.as_str()));
        }
        if let Some(after) = first.after {
            set("after", text(after.to_string()));
        }
        if let Some(before) = &first.pass_before {
            set("pass_before", json("pass_before", before)?);
        }
    } else {
        let passed: Vec<Passed> = all.iter().map(Passed::by).collect();
        set("passed", json("passed", &passed)?);
    }
    Ok(item)
}

impl TryFrom<&Item> for Entry {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let uuid = read
            .text(PK)?
            .strip_prefix("REDEMPTION#")
            .and_then(|uuid| uuid.parse().ok())
            .ok_or_else(|| read.malformed(PK, "is no redemption's"))?;
        Ok(Self {
            uuid,
            // Before exits were recorded, all were entries.
            direction: match read.optional_text("direction")? {
                Some(name) => Direction::named(name)
                    .ok_or_else(|| read.malformed("direction", format!("is `{name}`")))?,
                None => Direction::Entry,
            },
            passed: match read.optional_text("passed")? {
                Some(_) => read.json("passed")?,
                // Of one alone, as all were before parties.
                None => vec![Passed {
                    ticket: read.parsed("ticket")?,
                    unit: read.parsed("unit_id")?,
                    area: read.optional_parsed("area")?,
                    after: read.optional_parsed("after")?,
                    pass_before: read.json_or_usual("pass_before")?,
                }],
            },
            venue: read.parsed("venue_id")?,
            product: read.parsed("product_id")?,
            slot: read.json("slot")?,
            gate: read.parsed("gate")?,
            redeemed_at: read.parsed("redeemed_at")?,
            undone: match read.optional_instant("undone_at")? {
                Some(at) => Some(Undo { at, reason: read.text("undo_reason")?.to_owned() }),
                None => None,
            },
        })
    }
}

/// That the ticket stands as it did when the scan was judged.
fn stood_before(redemption: &Redemption) -> Condition {
    if let Some(unchanged) = crate::ticket::pass_unchanged_before(&redemption.ticket) {
        return unchanged;
    }
    let ticket = &redemption.ticket;
    match (redemption.direction, redemption.after) {
        (Direction::Entry, None) => {
            let unused = Ticket { state: TicketState::Valid, ..ticket.clone() };
            crate::ticket::unsold_as_read(&unused)
        }
        (Direction::Entry, Some(exit)) => {
            as_sold("#status = :redeemed AND left_under = :exit", ticket)
                .value(":redeemed", text("REDEEMED"))
                .value(":exit", text(exit.to_string()))
        }
        // An exit always follows an entry; without one, nothing stands under its own nonce yet.
        (Direction::Exit, entry) => inside_by(entry.unwrap_or(redemption.uuid), ticket),
    }
}

/// That this holds, and that the ticket's sale has come in, or not, as when it was read.
fn as_sold(holds: &str, ticket: &Ticket) -> Condition {
    let (lease, value) = crate::ticket::same_lease(ticket);
    let condition = Condition::when(&format!("{holds} AND {lease}")).name("#status", "status");
    match value {
        Some(value) => condition.value(":lease", value),
        None => condition,
    }
}

/// That the visitor of a ticket is inside by that entry.
fn inside_by(entry: CallerUuid, ticket: &Ticket) -> Condition {
    let inside = "#status = :redeemed AND redemption = :entry AND attribute_not_exists(left_under)";
    as_sold(inside, ticket)
        .value(":redeemed", text("REDEEMED"))
        .value(":entry", text(entry.to_string()))
}

/// Where only counts of people refused a transaction, what was found there; behind the writes of the
/// tickets and of the scan itself.
fn counts_only(found: &[Option<Item>], tickets: usize) -> Option<&[Option<Item>]> {
    let (own, counts) = found.split_at_checked(tickets + 1)?;
    (own.iter().all(Option::is_none) && counts.iter().any(Option::is_some)).then_some(counts)
}

impl Store {
    /// Changes tickets by an entry or exit, records it and counts the people present, or does none of
    /// it. They are of one booking, go through under one nonce, and are at most ninety.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn redeem(
        &self,
        redemptions: &[Redemption],
        counting: Counting,
    ) -> Result<Redeemed, Error> {
        let Some(first) = redemptions.first() else { return Ok(Redeemed::Done) };
        let made = item(first, redemptions)?;
        let venue = &first.venue;
        let Redemption { direction, redeemed_at, .. } = *first;
        let mut counting = match direction {
            Direction::Entry => counting,
            Direction::Exit => counting.by_gates(),
        };
        loop {
            let mut writes = Vec::with_capacity(redemptions.len() + 1);
            for one in redemptions {
                writes.push(self.put(crate::ticket::item(&one.ticket)?, stood_before(one))?);
            }
            writes.push(self.put(made.clone(), Condition::absent())?);
            writes.extend(self.count_people(venue, &counting, direction, redeemed_at)?);
            let found = match self.transact(writes).await? {
                Written::All => return Ok(Redeemed::Done),
                Written::Refused(found) => found,
            };
            let Some(counts) = counts_only(&found, redemptions.len()) else {
                return Ok(Redeemed::Stale);
            };
            match direction {
                Direction::Entry => match counting.full(counts)? {
                    Some(full) => return Ok(Redeemed::Full(full)),
                    None => return Ok(Redeemed::Stale),
                },
                // Whoever entered before there was a limit was not counted.
                Direction::Exit => counting = counting.within(counts)?,
            }
        }
    }

    /// Records an entry that its gate took back before it was sent in: it never used the ticket.
    ///
    /// # Errors
    /// The service's own.
    pub async fn record_undone(
        &self,
        redemption: &Redemption,
        undo: &Undo,
    ) -> Result<Redeemed, Error> {
        let mut item = item(redemption, std::slice::from_ref(redemption))?;
        item.insert("undone_at".to_owned(), instant(undo.at));
        item.insert("undo_reason".to_owned(), text(&undo.reason));
        Ok(match self.transact(vec![self.put(item, Condition::absent())?]).await? {
            Written::All => Redeemed::Done,
            Written::Refused(_) => Redeemed::Stale,
        })
    }

    /// Takes an entry back: its tickets stand as before it, the entry says so and they are counted out
    /// again, or none of it.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn undo(
        &self,
        entry: &Entry,
        tickets_before: &[Ticket],
        undo: &Undo,
        counting: Counting,
    ) -> Result<Redeemed, Error> {
        let mut counting = Counting { rule: LimitRule::Past, ..counting }.by_gates();
        loop {
            let stands =
                Condition::when("attribute_exists(pk) AND attribute_not_exists(undone_at)")
                    .value(":at", instant(undo.at))
                    .value(":reason", text(&undo.reason));
            let set = "SET undone_at = :at, undo_reason = :reason";
            let mut writes = Vec::with_capacity(tickets_before.len() + 1);
            for before in tickets_before {
                writes.push(self.put(crate::ticket::item(before)?, inside_by(entry.uuid, before))?);
            }
            writes.push(self.update(entry_key(entry.uuid), set, stands)?);
            writes.extend(self.count_people(&entry.venue, &counting, Direction::Exit, undo.at)?);
            let found = match self.transact(writes).await? {
                Written::All => return Ok(Redeemed::Done),
                Written::Refused(found) => found,
            };
            let Some(counts) = counts_only(&found, tickets_before.len()) else {
                return Ok(Redeemed::Stale);
            };
            counting = counting.within(counts)?;
        }
    }

    /// The entry recorded under a gate's nonce.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn entry(&self, uuid: CallerUuid) -> Result<Option<Entry>, Error> {
        self.get(entry_key(uuid)).await?.as_ref().map(Entry::try_from).transpose()
    }
}
