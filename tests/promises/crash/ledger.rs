//! What is written down: every item of the table, the book of the payment provider, and the lake as
//! another program reads it. The promises are checked on these, not on what the platform says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use atrio::{payment_book, sandbox};
use atrio_domain::booking::BookingState;
use atrio_domain::slot::Places;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::{Item, Store};
use atrio_tests::readers_python;
use serde_json::Value;

/// Everything the table holds that a promise speaks of.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) bookings: BTreeMap<String, Stored>,
    /// Payment → booking.
    pub(super) payments: BTreeMap<String, String>,
    /// Ticket → booking and status.
    pub(super) tickets: BTreeMap<String, (String, String)>,
    /// Slot → its places.
    pub(super) slots: BTreeMap<String, Places>,
    /// Device and start of the period, with the version.
    pub(super) periods: BTreeMap<String, u32>,
    /// People in all counts.
    pub(super) people: i64,
    /// Messages that were not counted.
    pub(super) dead_letters: usize,
}

fn part<'i>(item: &'i Item, name: &str) -> &'i str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

impl Ledger {
    /// Reads the whole table.
    pub(super) async fn read(store: &Store) -> Self {
        let mut ledger = Self::default();
        let mut from = None;
        loop {
            let page = store
                .client
                .scan()
                .table_name(&store.table)
                .consistent_read(true)
                .set_exclusive_start_key(from)
                .send()
                .await
                .unwrap();
            for item in page.items() {
                ledger.take(item);
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return ledger;
            }
        }
    }

    fn take(&mut self, item: &Item) {
        let (pk, sk) = (part(item, "pk"), part(item, "sk"));
        if sk == "BOOKING" {
            let stored = Stored::try_from(item).unwrap();
            self.bookings.insert(stored.booking.uuid.to_string(), stored);
        } else if let Some(payment) = sk.strip_prefix("PAYMENT#") {
            let uuid = pk.strip_prefix("BOOKING#").unwrap();
            self.payments.insert(payment.to_owned(), uuid.to_owned());
        } else if let Some(ticket) = pk.strip_prefix("TICKET#") {
            let facts = (part(item, "booking").to_owned(), part(item, "status").to_owned());
            self.tickets.insert(ticket.to_owned(), facts);
        } else if pk.starts_with("SLOTS#") {
            let stored = atrio_dynamo::slot::StoredSlot::try_from(item).unwrap();
            self.slots.insert(sk.to_owned(), stored.places);
        } else if sk.starts_with("COUNT#") {
            let count = atrio_dynamo::count::stored_observation(item).unwrap();
            let record = &count.record;
            self.people += i64::try_from(record.people().unwrap().count).unwrap();
            let key = format!("{} {}", record.device, record.period_start);
            self.periods.insert(key, count.version);
        } else if pk.starts_with("DEADLETTER#") {
            self.dead_letters += 1;
        }
    }

    pub(super) fn state(&self, uuid: &str) -> Option<&BookingState> {
        self.bookings.get(uuid).map(|stored| &stored.booking.state)
    }

    pub(super) fn confirmed(&self) -> impl Iterator<Item = &Stored> {
        self.bookings
            .values()
            .filter(|stored| matches!(stored.booking.state, BookingState::Confirmed { .. }))
    }

    /// Places of a slot by its bookings: of the confirmed ones, and of all that take places.
    pub(super) fn places_of(&self, slot: &str) -> (u32, u32) {
        let of_slot =
            || self.bookings.values().filter(|stored| stored.booking.slot.id.to_string() == slot);
        let all = of_slot().filter(|stored| stored.booking.takes_places());
        let confirmed = of_slot()
            .filter(|stored| matches!(stored.booking.state, BookingState::Confirmed { .. }));
        (
            confirmed.map(|stored| stored.booking.places()).sum(),
            all.map(|stored| stored.booking.places()).sum(),
        )
    }

    /// P1: no slot holds more than its capacity, and each counts exactly its bookings.
    pub(super) fn oversold(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (slot, places) in &self.slots {
            let (confirmed, taking) = self.places_of(slot);
            if places.taken > places.capacity || confirmed > places.capacity {
                wrong.push(format!(
                    "P1: slot {slot} is oversold: {places:?}, {confirmed} confirmed"
                ));
            }
            if places.taken != taking {
                wrong.push(format!(
                    "P1: slot {slot} counts {}, its bookings take {taking}",
                    places.taken
                ));
            }
        }
        wrong
    }

    /// P1, once every hold has ended: what is taken is what is confirmed.
    pub(super) fn leaked(&self) -> Vec<String> {
        let leaking = self.slots.iter().filter_map(|(slot, places)| {
            let (confirmed, _) = self.places_of(slot);
            (places.taken != confirmed).then(|| {
                format!("P1: slot {slot} leaks: {} taken, {confirmed} confirmed", places.taken)
            })
        });
        leaking.collect()
    }

    /// P2: tickets exist for confirmed bookings only, one for each place.
    pub(super) fn stray_tickets(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (ticket, (booking, status)) in &self.tickets {
            let listed = self.bookings.get(booking).is_some_and(|stored| {
                matches!(stored.booking.state, BookingState::Confirmed { .. })
                    && stored.tickets.iter().any(|id| &id.to_string() == ticket)
            });
            if !listed || status != "VALID" {
                wrong.push(format!(
                    "P2: ticket {ticket} is {status}, booking {booking} does not list it"
                ));
            }
        }
        for stored in self.confirmed() {
            let uuid = stored.booking.uuid;
            if stored.tickets.len() != stored.booking.places() as usize {
                wrong.push(format!("P2: booking {uuid} has {} tickets", stored.tickets.len()));
            }
            for id in &stored.tickets {
                if !self.tickets.contains_key(&id.to_string()) {
                    wrong.push(format!("P2: ticket {id} of booking {uuid} is not there"));
                }
            }
        }
        wrong
    }

    /// P2: the provider's book and the table say the same.
    pub(super) fn unlike(&self, book: &Book) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut paid: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, cents) in book.kept() {
            let uuid = self.payments.get(id).map_or(id, String::as_str);
            paid.entry(uuid).or_default().push(id);
            let stored = self.bookings.get(uuid);
            let bought = stored.is_some_and(|stored| {
                let by = match &stored.booking.state {
                    BookingState::Confirmed { payment, .. } => payment.as_ref(),
                    _ => None,
                };
                by.is_some_and(|by| by.as_str() == id) && stored.booking.total().0 == cents
            });
            if !bought {
                let state = self.state(uuid);
                wrong
                    .push(format!("P2: {cents} cents of {id} were kept, the booking is {state:?}"));
            }
        }
        for stored in self.confirmed() {
            let uuid = stored.booking.uuid.to_string();
            let payments = paid.get(uuid.as_str()).map_or(0, Vec::len);
            if payments != 1 {
                wrong.push(format!("P2: confirmed booking {uuid} was paid {payments} times"));
            }
        }
        wrong
    }

    /// P6 and P4: the counts are those of the acknowledged messages, none of them corrected.
    pub(super) fn unlike_acknowledged(&self, acknowledged: &BTreeSet<String>) -> Vec<String> {
        let lost = acknowledged.iter().filter(|period| !self.periods.contains_key(*period));
        let mut wrong: Vec<String> =
            lost.map(|period| format!("P6: {period} was acknowledged and is lost")).collect();
        for (period, version) in &self.periods {
            if !acknowledged.contains(period) || *version != 1 {
                wrong.push(format!("P4: {period} is in the table in version {version}"));
            }
        }
        if self.dead_letters > 0 {
            wrong.push(format!("P4: {} messages were not counted", self.dead_letters));
        }
        wrong
    }

    /// Bookings that something is still to happen to.
    pub(super) fn open(&self) -> Vec<String> {
        let open = self.bookings.values().filter(|stored| {
            matches!(
                stored.booking.state,
                BookingState::OnHold { .. } | BookingState::Paying { .. }
            )
        });
        open.map(|stored| format!("{} is {}", stored.booking.uuid, stored.booking.state.name()))
            .collect()
    }
}

/// The provider's book, as it lies on the disk.
#[derive(Debug)]
pub(super) struct Book(HashMap<String, Value>);

impl Book {
    pub(super) fn read(data: &Path) -> Self {
        Self(payment_book::read(&data.join(sandbox::FILE)).unwrap())
    }

    /// Payments that were made and not paid back, with their cents.
    pub(super) fn kept(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0
            .iter()
            .filter(|(_, payment)| payment["outcome"] == "PAID" && payment["refunded"] == false)
            .map(|(id, payment)| (id.as_str(), payment["amount_cents"].as_i64().unwrap()))
    }

    /// How many payments stand in it, and how many of them were paid back.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.0.len(), self.0.values().filter(|payment| payment["refunded"] == true).count())
    }
}

/// The lake, as the independent reader finds it.
#[derive(Debug)]
pub(super) struct Reading(Value);

impl Reading {
    /// Runs `tests/reader.py`.
    ///
    /// # Panics
    /// When the reader is not installed: an unread lake is not a verified one.
    pub(super) fn of(lake: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("reader.py");
        let output =
            std::process::Command::new(readers_python()).arg(script).arg(lake).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(serde_json::from_slice(&output.stdout).unwrap())
    }

    pub(super) fn number(&self, name: &str) -> i64 {
        self.0[name].as_i64().unwrap()
    }

    pub(super) fn periods(&self) -> BTreeSet<String> {
        let periods = self.0["periods"].as_array().unwrap().iter();
        periods.map(|period| period.as_str().unwrap().to_owned()).collect()
    }

    /// P4: every figure is that of the table.
    pub(super) fn unlike(&self, ledger: &Ledger) -> Vec<String> {
        let sold = ledger.confirmed().count();
        let party: u32 = ledger.confirmed().map(|stored| stored.booking.places()).sum();
        let cents: i64 = ledger.confirmed().map(|stored| stored.booking.total().0).sum();
        let units: usize = ledger.confirmed().map(|stored| stored.booking.units.len()).sum();
        let whole = |number: usize| i64::try_from(number).unwrap();
        let expected = [
            ("bookings_rows", whole(sold)),
            ("confirmed", whole(sold)),
            ("confirmed_distinct", whole(sold)),
            ("party", i64::from(party)),
            ("cents", cents),
            ("unit_items_confirmed", whole(units)),
            ("admissions", 0),
            ("admissions_distinct", 0),
            ("counts_rows", whole(ledger.periods.len())),
            ("counts_distinct", whole(ledger.periods.len())),
            ("people", ledger.people),
        ];
        let differing = expected.into_iter().filter(|(name, table)| self.number(name) != *table);
        differing
            .map(|(name, table)| format!("P4: {name}: table {table}, lake {}", self.number(name)))
            .collect()
    }
}
