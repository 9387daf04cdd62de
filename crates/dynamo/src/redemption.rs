//! Redemption items: `REDEMPTION#uuid` / `REDEMPTION`, one per entry, written together with the
//! ticket it used up.

use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{CallerUuid, GateId, ProductId, TicketId, UnitId, VenueId};
use atrio_domain::redemption::Redemption;
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
}

/// What became of a redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// The visitor is in.
    Done,
    /// The ticket changed meanwhile, or the nonce was used: read again.
    Stale,
}

fn item(redemption: &Redemption) -> Result<Item, Error> {
    let entitlement = &redemption.ticket.entitlement;
    let mut item = key(format!("REDEMPTION#{}", redemption.uuid), "REDEMPTION");
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

    /// The entry recorded under a gate's nonce.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn entry(&self, uuid: CallerUuid) -> Result<Option<Entry>, Error> {
        let key = key(format!("REDEMPTION#{uuid}"), "REDEMPTION");
        self.get(key).await?.as_ref().map(Entry::try_from).transpose()
    }
}
