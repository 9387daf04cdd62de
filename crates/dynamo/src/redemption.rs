//! Redemption items: `REDEMPTION#uuid` / `REDEMPTION`, one per entry or exit, written together with the
//! ticket it changed. An entry that was taken back is kept and says so.

use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{AreaId, CallerUuid, GateId, ProductId, TicketId, UnitId, VenueId};
use atrio_domain::premises::Full;
use atrio_domain::redemption::{Direction, Redemption, Undo};
use atrio_domain::ticket::Ticket;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{Timestamp, ToSpan};

use crate::attributes::{Attributes, instant, json, text, time_to_live};
use crate::presence::{Counting, LimitRule};
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, Store, key};

/// Days that an entry is kept in the table; the lake keeps its history.
const KEPT_DAYS: i64 = 30;

/// Writes of a scan before those of the people counted: the ticket and the scan itself.
const OWN_WRITES: usize = 2;

/// An entry or exit as stored: what the lake needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The gate's nonce.
    pub uuid: CallerUuid,
    /// Which way the visitor went.
    pub direction: Direction,
    /// The area entered or left, where one was named.
    pub area: Option<AreaId>,
    /// The nonce of the ticket's exit or entry before it; none for its first entry.
    pub after: Option<CallerUuid>,
    /// The ticket that was shown.
    pub ticket: TicketId,
    /// Where.
    pub venue: VenueId,
    /// To what.
    pub product: ProductId,
    /// As whom.
    pub unit: UnitId,
    /// For which slot.
    pub slot: SlotTimes,
    /// Through which gate.
    pub gate: GateId,
    /// When.
    pub redeemed_at: Timestamp,
    /// That it was taken back, if it was.
    pub undone: Option<Undo>,
}

/// What became of a redemption, or of taking one back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// It is stored.
    Done,
    /// The ticket changed meanwhile, or the nonce was used: read again.
    Stale,
    /// There is no room inside.
    Full(Full),
}

fn entry_key(uuid: CallerUuid) -> Item {
    key(format!("REDEMPTION#{uuid}"), "REDEMPTION")
}

fn item(redemption: &Redemption) -> Result<Item, Error> {
    let entitlement = &redemption.ticket.entitlement;
    let mut item = entry_key(redemption.uuid);
    let mut set = |name: &str, value: AttributeValue| {
        item.insert(name.to_owned(), value);
    };
    set("direction", text(redemption.direction.name()));
    if let Some(area) = &redemption.area {
        set("area", text(area.as_str()));
    }
    if let Some(after) = redemption.after {
        set("after", text(after.to_string()));
    }
    set("venue_id", text(entitlement.venue.as_str()));
    set("product_id", text(entitlement.product.as_str()));
    set("unit_id", text(entitlement.unit.as_str()));
    set("slot", json("slot", &entitlement.slot)?);
    set("gate", text(redemption.gate.as_str()));
    set("ticket", text(entitlement.ticket.to_string()));
    set("redeemed_at", instant(redemption.redeemed_at));
    set(TTL, time_to_live(redemption.redeemed_at + (KEPT_DAYS * 24).hours()));
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
            area: read.optional_parsed("area")?,
            after: read.optional_parsed("after")?,
            ticket: read.parsed("ticket")?,
            venue: read.parsed("venue_id")?,
            product: read.parsed("product_id")?,
            unit: read.parsed("unit_id")?,
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
    match (redemption.direction, redemption.after) {
        (Direction::Entry, None) => Condition::when("#status = :valid")
            .name("#status", "status")
            .value(":valid", text("VALID")),
        (Direction::Entry, Some(exit)) => {
            Condition::when("#status = :redeemed AND left_under = :exit")
                .name("#status", "status")
                .value(":redeemed", text("REDEEMED"))
                .value(":exit", text(exit.to_string()))
        }
        // An exit always follows an entry; without one, nothing stands under its own nonce yet.
        (Direction::Exit, entry) => inside_by(entry.unwrap_or(redemption.uuid)),
    }
}

/// That the visitor is inside by that entry.
fn inside_by(entry: CallerUuid) -> Condition {
    Condition::when(
        "#status = :redeemed AND redemption = :entry AND attribute_not_exists(left_under)",
    )
    .name("#status", "status")
    .value(":redeemed", text("REDEEMED"))
    .value(":entry", text(entry.to_string()))
}

/// Where only counts of people refused a transaction, what was found there.
fn counts_only(found: &[Option<Item>]) -> Option<&[Option<Item>]> {
    let (own, counts) = found.split_at_checked(OWN_WRITES)?;
    (own.iter().all(Option::is_none) && counts.iter().any(Option::is_some)).then_some(counts)
}

impl Store {
    /// Changes a ticket by an entry or exit, records it and counts the people present, or does none of
    /// it.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn redeem(
        &self,
        redemption: &Redemption,
        counting: Counting,
    ) -> Result<Redeemed, Error> {
        let venue = &redemption.ticket.entitlement.venue;
        let Redemption { direction, redeemed_at, .. } = *redemption;
        let mut counting = counting;
        loop {
            let mut writes = vec![
                self.put(crate::ticket::item(&redemption.ticket)?, stood_before(redemption))?,
                self.put(item(redemption)?, Condition::absent())?,
            ];
            writes.extend(self.count_people(venue, &counting, direction, redeemed_at)?);
            let found = match self.transact(writes).await? {
                Written::All => return Ok(Redeemed::Done),
                Written::Refused(found) => found,
            };
            let Some(counts) = counts_only(&found) else { return Ok(Redeemed::Stale) };
            match direction {
                Direction::Entry => match counting.full(counts)? {
                    Some(full) => return Ok(Redeemed::Full(full)),
                    None => return Ok(Redeemed::Stale),
                },
                // Whoever entered before there was a limit was not counted.
                Direction::Exit => counting = counting.without(counts),
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
        let mut item = item(redemption)?;
        item.insert("undone_at".to_owned(), instant(undo.at));
        item.insert("undo_reason".to_owned(), text(&undo.reason));
        Ok(match self.transact(vec![self.put(item, Condition::absent())?]).await? {
            Written::All => Redeemed::Done,
            Written::Refused(_) => Redeemed::Stale,
        })
    }

    /// Takes an entry back: its ticket stands as before it, the entry says so and one less is counted
    /// inside, or none of it.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn undo(
        &self,
        uuid: CallerUuid,
        ticket_before: &Ticket,
        undo: &Undo,
        counting: Counting,
    ) -> Result<Redeemed, Error> {
        let venue = &ticket_before.entitlement.venue;
        let mut counting = Counting { rule: LimitRule::Past, ..counting };
        loop {
            let stands =
                Condition::when("attribute_exists(pk) AND attribute_not_exists(undone_at)")
                    .value(":at", instant(undo.at))
                    .value(":reason", text(&undo.reason));
            let set = "SET undone_at = :at, undo_reason = :reason";
            let mut writes = vec![
                self.put(crate::ticket::item(ticket_before)?, inside_by(uuid))?,
                self.update(entry_key(uuid), set, stands)?,
            ];
            writes.extend(self.count_people(venue, &counting, Direction::Exit, undo.at)?);
            let found = match self.transact(writes).await? {
                Written::All => return Ok(Redeemed::Done),
                Written::Refused(found) => found,
            };
            let Some(counts) = counts_only(&found) else { return Ok(Redeemed::Stale) };
            counting = counting.without(counts);
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
