//! Redemption items: `REDEMPTION#uuid` / `REDEMPTION`, one per entry, written together with the
//! ticket it used up. An entry that was taken back is kept and says so.

use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{CallerUuid, GateId, ProductId, TicketId, UnitId, VenueId};
use atrio_domain::redemption::{Redemption, Undo};
use atrio_domain::ticket::{Ticket, TicketState};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{Timestamp, ToSpan};

use crate::attributes::{Attributes, instant, json, text, time_to_live};
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, Store, key};

/// Days that an entry is kept in the table; the lake keeps its history.
const KEPT_DAYS: i64 = 30;

/// An entry as stored: what the lake needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The gate's nonce.
    pub uuid: CallerUuid,
    /// The ticket that was used.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// It is stored.
    Done,
    /// The ticket changed meanwhile, or the nonce was used: read again.
    Stale,
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

impl Store {
    /// Uses a ticket up and records the entry, or does neither.
    ///
    /// # Errors
    /// The service's own.
    pub async fn redeem(&self, redemption: &Redemption) -> Result<Redeemed, Error> {
        let valid = Condition::when("#status = :valid")
            .name("#status", "status")
            .value(":valid", text("VALID"));
        let writes = vec![
            self.put(crate::ticket::item(&redemption.ticket)?, valid)?,
            self.put(item(redemption)?, Condition::absent())?,
        ];
        Ok(match self.transact(writes).await? {
            Written::All => Redeemed::Done,
            Written::Refused(_) => Redeemed::Stale,
        })
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

    /// Takes an entry back: its ticket admits again and the entry says so, or neither.
    ///
    /// # Errors
    /// The service's own.
    pub async fn undo(
        &self,
        uuid: CallerUuid,
        ticket: &Ticket,
        undo: &Undo,
    ) -> Result<Redeemed, Error> {
        let valid = Ticket { state: TicketState::Valid, ..ticket.clone() };
        let used_by_it = Condition::when("#status = :redeemed AND redemption = :uuid")
            .name("#status", "status")
            .value(":redeemed", text("REDEEMED"))
            .value(":uuid", text(uuid.to_string()));
        let stands = Condition::when("attribute_exists(pk) AND attribute_not_exists(undone_at)")
            .value(":at", instant(undo.at))
            .value(":reason", text(&undo.reason));
        let set = "SET undone_at = :at, undo_reason = :reason";
        let writes = vec![
            self.put(crate::ticket::item(&valid)?, used_by_it)?,
            self.update(entry_key(uuid), set, stands)?,
        ];
        Ok(match self.transact(writes).await? {
            Written::All => Redeemed::Done,
            Written::Refused(_) => Redeemed::Stale,
        })
    }

    /// The entry recorded under a gate's nonce.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn entry(&self, uuid: CallerUuid) -> Result<Option<Entry>, Error> {
        self.get(entry_key(uuid)).await?.as_ref().map(Entry::try_from).transpose()
    }
}
