//! What a desk remembers, durable before anyone sees "sold": its leases with their tickets, its sales and
//! what the platform made of each, and its shifts. Each is a line of a book; the last line under a uuid
//! counts.

use std::collections::HashSet;
use std::io;

use atrio_domain::id::{CallerUuid, OptionId, ProductId, SlotId, TicketId};
use atrio_domain::lease::{Pack, SoldTicket};
use atrio_domain::retention;
use atrio_domain::shift::Method;
use atrio_domain::tariff::Cents;
use atrio_domain::text::Locale;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::data_dir::DataDir;
use crate::payment_book::Book;

/// A lease.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LeaseRecord {
    pub(super) uuid: CallerUuid,
    pub(super) product_id: ProductId,
    pub(super) option_id: OptionId,
    pub(super) slot_id: SlotId,
    pub(super) places: u32,
    pub(super) asked_at: Timestamp,
    pub(super) stage: Stage,
}

/// Where a lease stands at its desk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// The platform is asked for it.
    Asked,
    /// The desk sells from it.
    Open(Box<Pack>),
    /// The desk sells from it no more and gives back what is left once all its sales are in.
    Returning(Box<Pack>),
    /// It is over. The pack stays: what was printed may have to be printed again.
    Closed {
        /// Why, in the platform's word for it.
        why: String,
        pack: Option<Box<Pack>>,
    },
    /// The platform did not give it.
    Refused {
        /// Its problem document.
        problem: Value,
    },
}

impl LeaseRecord {
    /// What it needs to sell; none where it was never given.
    pub(super) fn pack(&self) -> Option<&Pack> {
        match &self.stage {
            Stage::Open(pack) | Stage::Returning(pack) => Some(pack),
            Stage::Closed { pack, .. } => pack.as_deref(),
            Stage::Asked | Stage::Refused { .. } => None,
        }
    }

    fn is_concluded(&self) -> bool {
        matches!(self.stage, Stage::Closed { .. } | Stage::Refused { .. })
    }
}

/// A sale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SaleRecord {
    pub(super) uuid: CallerUuid,
    pub(super) lease: CallerUuid,
    /// None at a totem.
    pub(super) shift: Option<CallerUuid>,
    pub(super) places: Vec<SoldTicket>,
    pub(super) method: Method,
    pub(super) amount_cents: Cents,
    pub(super) given_cents: Option<Cents>,
    pub(super) locale: Locale,
    pub(super) sold_at: Timestamp,
    /// What was asked, for a repeat whose answer was lost.
    pub(super) asked: String,
    /// What the platform made of it; none while it does not know of it.
    pub(super) outcome: Option<Outcome>,
}

/// What became of a sale that was sent in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// It is filed.
    Done,
    /// It does not stand.
    Refused {
        /// The platform's problem document.
        problem: Value,
    },
}

/// A shift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ShiftRecord {
    pub(super) uuid: CallerUuid,
    pub(super) float_cents: Cents,
    pub(super) opened_at: Timestamp,
    /// The platform knows of it.
    pub(super) is_known: bool,
    /// What was counted, where its drawer was.
    pub(super) counted_cents: Option<Cents>,
    /// The platform knows of that too, or has a count of its own.
    pub(super) is_closed: bool,
    /// Why the platform does not take it, as it said last.
    pub(super) problem: Option<Value>,
}

impl ShiftRecord {
    /// Whether it sells.
    pub(super) fn is_open(&self) -> bool {
        self.counted_cents.is_none() && !self.is_closed
    }
}

/// The journal of a desk.
pub(super) struct Journal {
    leases: Book<LeaseRecord>,
    sales: Book<SaleRecord>,
    shifts: Book<ShiftRecord>,
}

impl Journal {
    /// Opens the journal; what is old and known to the platform is dropped.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub(super) fn open(folder: &DataDir, now: Timestamp) -> io::Result<Self> {
        let is_young = |at: Timestamp| retention::Record::DeskJournal.until(at) > now;
        let path = |name: &str| folder.join(name);
        let sales: Book<SaleRecord> =
            Book::open_keeping(&path("sales.jsonl"), |sale: &SaleRecord| {
                sale.outcome.is_none() || is_young(sale.sold_at)
            })?;
        // A lease outlives its sales: they are printed from it.
        let needed: HashSet<CallerUuid> = sales.entries().map(|sale| sale.lease).collect();
        let leases = Book::open_keeping(&path("leases.jsonl"), |lease: &LeaseRecord| {
            !lease.is_concluded() || needed.contains(&lease.uuid) || is_young(lease.asked_at)
        })?;
        let shifts = Book::open_keeping(&path("shifts.jsonl"), |shift: &ShiftRecord| {
            !shift.is_closed || is_young(shift.opened_at)
        })?;
        Ok(Self { leases, sales, shifts })
    }

    /// Writes a lease down; durable when this returns.
    pub(super) fn put_lease(&mut self, lease: LeaseRecord) -> io::Result<()> {
        self.leases.put(&lease.uuid.to_string(), lease)
    }

    /// Writes a sale down; durable when this returns.
    pub(super) fn put_sale(&mut self, sale: SaleRecord) -> io::Result<()> {
        self.sales.put(&sale.uuid.to_string(), sale)
    }

    /// Writes a shift down; durable when this returns.
    pub(super) fn put_shift(&mut self, shift: ShiftRecord) -> io::Result<()> {
        self.shifts.put(&shift.uuid.to_string(), shift)
    }

    pub(super) fn lease(&self, uuid: CallerUuid) -> Option<&LeaseRecord> {
        self.leases.get(&uuid.to_string())
    }

    pub(super) fn sale(&self, uuid: CallerUuid) -> Option<&SaleRecord> {
        self.sales.get(&uuid.to_string())
    }

    pub(super) fn shift(&self, uuid: CallerUuid) -> Option<&ShiftRecord> {
        self.shifts.get(&uuid.to_string())
    }

    /// All leases, in order of slot.
    pub(super) fn leases(&self) -> Vec<&LeaseRecord> {
        let mut leases: Vec<_> = self.leases.entries().collect();
        leases.sort_by_key(|lease| (lease.slot_id, lease.asked_at, lease.uuid));
        leases
    }

    /// All sales, in order of time.
    pub(super) fn sales(&self) -> Vec<&SaleRecord> {
        let mut sales: Vec<_> = self.sales.entries().collect();
        sales.sort_by_key(|sale| (sale.sold_at, sale.uuid));
        sales
    }

    /// All shifts, in order of time.
    pub(super) fn shifts(&self) -> Vec<&ShiftRecord> {
        let mut shifts: Vec<_> = self.shifts.entries().collect();
        shifts.sort_by_key(|shift| (shift.opened_at, shift.uuid));
        shifts
    }

    /// The shift that sells, the newest where there are several.
    pub(super) fn open_shift(&self) -> Option<&ShiftRecord> {
        self.shifts().into_iter().rev().find(|shift| shift.is_open())
    }

    /// Sales that the platform does not know of, in order of time.
    pub(super) fn waiting(&self) -> Vec<SaleRecord> {
        self.sales().into_iter().filter(|sale| sale.outcome.is_none()).cloned().collect()
    }

    /// Places of a lease that were sold, whatever became of the sales.
    pub(super) fn sold(&self, lease: CallerUuid) -> HashSet<TicketId> {
        let of_lease = self.sales.entries().filter(|sale| sale.lease == lease);
        of_lease.flat_map(|sale| &sale.places).map(|place| place.ticket).collect()
    }

    /// Places of a lease whose sales the platform has filed; none while one waits.
    pub(super) fn filed(&self, lease: CallerUuid) -> Option<usize> {
        let mut filed = 0;
        for sale in self.sales.entries().filter(|sale| sale.lease == lease) {
            match sale.outcome {
                None => return None,
                Some(Outcome::Done) => filed += sale.places.len(),
                Some(Outcome::Refused { .. }) => {}
            }
        }
        Some(filed)
    }

    /// Whether a sale of a shift waits.
    pub(super) fn has_waiting(&self, shift: CallerUuid) -> bool {
        self.sales.entries().any(|sale| sale.shift == Some(shift) && sale.outcome.is_none())
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use uuid::Uuid;

    use super::*;

    fn at() -> Timestamp {
        "2026-11-24T09:10:00Z".parse().unwrap()
    }

    fn sale(number: u8, outcome: Option<Outcome>) -> SaleRecord {
        let places = vec![SoldTicket {
            ticket: TicketId::from_bytes([number; 10]),
            unit: atrio_domain::id::UnitId::new("adult").unwrap(),
        }];
        SaleRecord {
            uuid: Uuid::from_u128(number.into()).into(),
            lease: Uuid::from_u128(99).into(),
            shift: None,
            places,
            method: Method::Cash,
            amount_cents: Cents(1_000),
            given_cents: None,
            locale: Locale::It,
            sold_at: at(),
            asked: String::new(),
            outcome,
        }
    }

    #[test]
    fn a_desk_that_was_killed_sells_no_place_twice_and_still_has_its_sales_to_send_in() {
        let folder = tempfile::tempdir().unwrap();
        let folder = DataDir::open(folder.path()).unwrap();
        let lease: CallerUuid = Uuid::from_u128(99).into();
        let mut journal = Journal::open(&folder, at()).unwrap();
        journal.put_sale(sale(1, None)).unwrap();
        journal.put_sale(sale(2, Some(Outcome::Done))).unwrap();
        drop(journal);
        let mut journal = Journal::open(&folder, at()).unwrap();
        assert_eq!(journal.sold(lease).len(), 2);
        assert_eq!(journal.waiting(), [sale(1, None)]);
        assert_eq!(journal.filed(lease), None, "not all of it is in");
        journal.put_sale(sale(1, Some(Outcome::Done))).unwrap();
        assert_eq!(journal.filed(lease), Some(2));
        let problem = Value::Null;
        journal.put_sale(sale(3, Some(Outcome::Refused { problem }))).unwrap();
        assert_eq!(journal.filed(lease), Some(2), "what does not stand was not sold");
        assert_eq!(journal.sold(lease).len(), 3, "and is sold to nobody else");
        drop(journal);
        let later = at() + (31 * 24).hours();
        let mut journal = Journal::open(&folder, later).unwrap();
        assert_eq!(journal.sales().len(), 0);
        journal.put_sale(sale(1, None)).unwrap();
        drop(journal);
        let journal = Journal::open(&folder, later).unwrap();
        assert_eq!(journal.waiting().len(), 1, "what was never sent in is kept");
    }
}
