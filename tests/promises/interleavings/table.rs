//! What the table holds between two writes, and what must be true of it at every such moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use atrio_domain::booking::{Booking, BookingState};
use atrio_domain::id::CallerUuid;
use atrio_domain::payment::share::Share;
use atrio_domain::quota::Pools;
use atrio_domain::resource::{Quarter, quarters};
use atrio_domain::shift::Totals;
use atrio_domain::tariff::Cents;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::redemption::Entry;
use atrio_dynamo::shard::StoredShard;
use atrio_dynamo::shift::StoredShift;
use atrio_dynamo::slot::StoredSlot;
use atrio_dynamo::{Item, Store};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use jiff::civil::Date;

use super::world::GUIDES;

/// An attempt to pay, as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attempt {
    pub(super) booking: CallerUuid,
    pub(super) status: String,
    /// The payment that this is a part of.
    pub(super) of: Option<String>,
    amount: i64,
    parted: i64,
}

impl Attempt {
    /// What did not go back in parts.
    pub(super) fn left(&self) -> i64 {
        self.amount - self.parted
    }
}

/// A ticket, as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Issued {
    pub(super) booking: CallerUuid,
    pub(super) status: String,
    pub(super) redemption: Option<CallerUuid>,
}

/// A sale at a desk, as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sold {
    pub(super) method: String,
    pub(super) amount: i64,
    pub(super) is_void: bool,
}

/// Everything that a promise speaks of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Table {
    pub(super) bookings: BTreeMap<CallerUuid, Stored>,
    pub(super) slots: BTreeMap<String, StoredSlot>,
    /// Slot and number → the shard.
    pub(super) shards: BTreeMap<(String, u8), StoredShard>,
    /// Day and quarter → how many guides are with a group.
    pub(super) guides: BTreeMap<(Date, Quarter), u32>,
    pub(super) attempts: BTreeMap<String, Attempt>,
    /// Attempts that can be found by what the provider calls them.
    pub(super) findable: BTreeSet<String>,
    pub(super) tickets: BTreeMap<String, Issued>,
    pub(super) entries: BTreeMap<CallerUuid, Entry>,
    /// Booking and request → what went back for the tickets that it gave back.
    pub(super) given_back: BTreeMap<(CallerUuid, CallerUuid), i64>,
    /// Request → the ticket it gave.
    pub(super) reissues: BTreeMap<CallerUuid, String>,
    pub(super) shifts: BTreeMap<CallerUuid, StoredShift>,
    /// Shift and booking → sale.
    pub(super) sales: BTreeMap<(CallerUuid, CallerUuid), Sold>,
}

fn part<'i>(item: &'i Item, name: &str) -> &'i str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

fn unquoted(item: &Item, name: &str) -> String {
    part(item, name).trim_matches('"').to_owned()
}

impl Table {
    /// Reads it whole. Nobody writes meanwhile: every writer waits at the line.
    pub(super) async fn read(store: &Store) -> Self {
        let mut table = Self::default();
        let mut from = None;
        loop {
            let page = store.client.scan().table_name(&store.table).consistent_read(true);
            let page = page.set_exclusive_start_key(from).send().await.unwrap();
            page.items().iter().for_each(|item| table.take(item));
            from = page.last_evaluated_key;
            if from.is_none() {
                return table;
            }
        }
    }

    /// Reads again what was written.
    pub(super) async fn read_again(&mut self, store: &Store, keys: Vec<Item>) {
        if keys.is_empty() {
            return;
        }
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let asked = store.client.batch_get_item().request_items(&store.table, keys.unwrap());
        let answer = asked.send().await.unwrap();
        let found = answer.responses().and_then(|tables| tables.get(&store.table));
        found.into_iter().flatten().for_each(|item| self.take(item));
        assert!(answer.unprocessed_keys().is_none_or(HashMap::is_empty), "all of them are read");
    }

    /// What went from an end on, or skipped a change.
    pub(super) fn moved_wrongly(&self, before: &Self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (uuid, was) in &before.bookings {
            let is = &self.bookings[uuid];
            let ended = matches!(
                was.booking.state,
                BookingState::Expired { .. } | BookingState::Cancelled { .. }
            );
            let is_step =
                is.version == was.version + 1 && !(ended && is.booking.state != was.booking.state);
            if is != was && !is_step {
                wrong.push(format!("P6: booking {uuid} went from {was:?} to {is:?}"));
            }
        }
        for (id, was) in &before.attempts {
            let is = self.attempts[id].status.as_str();
            let may = match was.status.as_str() {
                "STARTED" => ["PAID", "DECLINED", "REFUND_DUE"].contains(&is),
                "DECLINED" => is == "REFUND_DUE",
                "PAID" => went_back(is),
                "REFUND_DUE" => is == "REFUNDED",
                _ => false,
            };
            if is != was.status && !may {
                wrong.push(format!("P2: attempt {id} went from {} to {is}", was.status));
            }
        }
        for (id, was) in &before.tickets {
            let is = &self.tickets[id].status;
            if was.status == "REVOKED" && is != "REVOKED" {
                wrong.push(format!("P3: ticket {id} was REVOKED and is {is}"));
            }
        }
        for (uuid, was) in &before.entries {
            let is = &self.entries[uuid];
            if is != was && was.undone.is_some() {
                wrong.push(format!("P3: entry {uuid} was taken back and changed after it"));
            }
        }
        wrong
    }

    fn take(&mut self, item: &Item) {
        let (pk, sk) = (part(item, "pk"), part(item, "sk"));
        let uuid_in = |text: &str| text.split_once('#').unwrap().1.parse::<CallerUuid>().unwrap();
        let rest = |text: &str| text.split_once('#').unwrap().1.to_owned();
        match (pk.split_once('#').map_or(pk, |(kind, _)| kind), sk) {
            ("BOOKING", "BOOKING") => {
                self.bookings.insert(uuid_in(pk), Stored::try_from(item).unwrap());
            }
            ("BOOKING", sk) if sk.starts_with("PAYMENT#") => {
                let cents = |name: &str| {
                    let cents = item.get(name).map(|cents| cents.as_n().unwrap().parse().unwrap());
                    cents.unwrap_or(0)
                };
                let attempt = Attempt {
                    booking: uuid_in(pk),
                    status: unquoted(item, "status"),
                    of: item.get("part_of").map(|_| part(item, "part_of").to_owned()),
                    amount: cents("amount_cents"),
                    parted: cents("parted_cents"),
                };
                self.attempts.insert(rest(sk), attempt);
            }
            ("BOOKING", sk) if sk.starts_with("GIVEBACK#") => {
                let refund = item["refund_cents"].as_n().unwrap().parse().unwrap();
                self.given_back.insert((uuid_in(pk), uuid_in(sk)), refund);
            }
            ("BOOKING", sk) if sk.starts_with("REISSUE#") => {
                self.reissues.insert(uuid_in(sk), part(item, "new_ticket").to_owned());
            }
            ("PAYMENT", _) => {
                self.findable.insert(rest(pk));
            }
            ("SLOTS", sk) if StoredShard::has_key(pk) => {
                let shard = StoredShard::try_from(item).unwrap();
                self.shards.insert((sk.to_owned(), shard.number), shard);
            }
            ("SLOTS", sk) => {
                self.slots.insert(sk.to_owned(), StoredSlot::try_from(item).unwrap());
            }
            ("TICKET", _) => {
                let issued = Issued {
                    booking: part(item, "booking").parse().unwrap(),
                    status: part(item, "status").to_owned(),
                    redemption: part(item, "redemption").parse().ok(),
                };
                self.tickets.insert(rest(pk), issued);
            }
            ("RESOURCES", day) => {
                let quarters = item.iter().filter_map(|(name, count)| {
                    let quarter = name.strip_prefix('q')?.parse().ok()?;
                    Some(((day.parse().unwrap(), quarter), count.as_n().unwrap().parse().unwrap()))
                });
                self.guides.extend(quarters);
            }
            ("REDEMPTION", _) => {
                self.entries.insert(uuid_in(pk), Entry::try_from(item).unwrap());
            }
            ("SHIFT", "SHIFT") => {
                self.shifts.insert(uuid_in(pk), StoredShift::try_from(item).unwrap());
            }
            ("SHIFT", sk) => {
                let sold = Sold {
                    method: unquoted(item, "method"),
                    amount: item["amount_cents"].as_n().unwrap().parse().unwrap(),
                    is_void: part(item, "void") != "null",
                };
                self.sales.insert((uuid_in(pk), uuid_in(sk)), sold);
            }
            _ => {}
        }
    }

    /// Everything that is wrong with it, given the pools of its slots.
    pub(super) fn wrong(&self, pools: &Pools) -> Vec<String> {
        let mut wrong = Vec::new();
        self.check_places(pools, &mut wrong);
        self.check_guides(&mut wrong);
        self.check_money(&mut wrong);
        self.check_sums(&mut wrong);
        self.check_exchanges(&mut wrong);
        self.check_tickets(&mut wrong);
        self.check_entries(&mut wrong);
        self.check_drawers(&mut wrong);
        wrong
    }

    /// P1: a slot and each of its pools count what their bookings take and what shards have in stock, and never
    /// more than they hold.
    fn check_places(&self, pools: &Pools, wrong: &mut Vec<String>) {
        for (slot, stored) in &self.slots {
            let lent = stored.counts.taken;
            if lent > pools.capacity {
                let capacity = pools.capacity;
                wrong.push(format!("P1: slot {slot} gave or lent {lent} of {capacity}"));
            }
            let mut stored = stored.clone();
            let shards = self.shards.iter().filter(|((of, _), _)| of == slot);
            shards.for_each(|(_, shard)| stored.take_off(&shard.stock));
            let taking = || {
                self.bookings.values().map(|stored| &stored.booking).filter(|booking| {
                    booking.takes_places() && &booking.slot.id.to_string() == slot
                })
            };
            let (taken, sum) = (stored.counts.taken, taking().map(Booking::places).sum::<u32>());
            if taken != sum || taken > pools.capacity {
                wrong.push(format!(
                    "P1: slot {slot} counts {taken} of {}, {sum} are taken",
                    pools.capacity
                ));
            }
            for pool in &pools.pools {
                let counted = stored.counts.pools.get(&pool.name).copied().unwrap_or(0);
                let draws = taking().flat_map(|booking| &booking.draws);
                let sum: u32 = draws.filter(|draw| draw.pool == pool.name).map(|d| d.places).sum();
                if counted != sum || counted > pool.size {
                    wrong.push(format!(
                        "P1: pool {} of slot {slot} counts {counted} of {}, {sum} are taken",
                        pool.name, pool.size
                    ));
                }
            }
        }
        let known =
            |booking: &Stored| self.slots.contains_key(&booking.booking.slot.id.to_string());
        let lost = self.bookings.values().filter(|stored| stored.booking.takes_places());
        wrong.extend(
            lost.filter(|stored| !known(stored)).map(|stored| {
                format!("P1: booking {} takes places of no slot", stored.booking.uuid)
            }),
        );
    }

    /// P1: as many guides are counted as groups have one, in each quarter of an hour.
    fn check_guides(&self, wrong: &mut Vec<String>) {
        let mut needed = BTreeMap::new();
        let taking = self.bookings.values().map(|stored| &stored.booking);
        for booking in taking.filter(|booking| booking.takes_places()) {
            let guides: u32 = booking.uses.iter().map(|used| used.quantity).sum();
            for (day, touched) in quarters(&booking.slot) {
                for quarter in touched {
                    *needed.entry((day, quarter)).or_insert(0) += guides;
                }
            }
        }
        for at in self.guides.keys().chain(needed.keys()) {
            let counted = self.guides.get(at).copied().unwrap_or(0);
            let sum = needed.get(at).copied().unwrap_or(0);
            if counted != sum || counted > GUIDES {
                wrong.push(format!("P1: {at:?} counts {counted} guides of {GUIDES}, {sum} lead"));
            }
        }
    }

    /// P2: where a booking stands and where its money stands say the same.
    fn check_money(&self, wrong: &mut Vec<String>) {
        for (id, attempt) in &self.attempts {
            let stored = &self.bookings[&attempt.booking];
            let (state, uuid) = (&stored.booking.state, stored.booking.uuid);
            let status = attempt.status.as_str();
            let fits = match state {
                BookingState::Paying { payment, .. } if payment.as_str() == id => {
                    status == "STARTED"
                }
                BookingState::Confirmed { payment: Some(payment), .. }
                    if payment.as_str() == id =>
                {
                    status == "PAID"
                }
                BookingState::Cancelled {
                    payment: Some(payment), refund, exchanged_for, ..
                } if payment.as_str() == id => {
                    // Of one that stands on several payments parts go back: the sums tell.
                    let is_kept = *refund == Cents::ZERO || exchanged_for.is_some();
                    let has_parts = attempt.parted > 0;
                    status == "PAID" && (is_kept || has_parts) || !is_kept && went_back(status)
                }
                // Whatever came of it, no booking hangs on it.
                _ => status == "DECLINED" || went_back(status),
            };
            if !fits {
                wrong.push(format!("P2: attempt {id} is {status}, its booking {uuid} {state:?}"));
            }
            let is_sale = self.sales.keys().any(|(_, booking)| *booking == uuid);
            if !is_sale && !self.findable.contains(id) {
                wrong.push(format!("P2: attempt {id} of booking {uuid} cannot be found"));
            }
        }
        for stored in self.bookings.values() {
            let named = match &stored.booking.state {
                BookingState::Paying { payment, .. }
                | BookingState::Confirmed { payment: Some(payment), .. }
                | BookingState::Cancelled { payment: Some(payment), .. } => payment,
                _ => continue,
            };
            if !self.attempts.contains_key(named.as_str()) {
                wrong.push(format!("P2: booking {} names no attempt", stored.booking.uuid));
            }
        }
    }

    /// P2: what is left of the payments of a visit, through all its exchanges, is what it costs where it
    /// stands, and what the venue keeps by its rule. No cent of it stands for two, or goes back twice.
    fn check_sums(&self, wrong: &mut Vec<String>) {
        let mut left: BTreeMap<CallerUuid, (i64, i64)> = BTreeMap::new();
        for attempt in self.attempts.values() {
            if attempt.status == "PAID" && attempt.of.is_none() {
                left.entry(self.first_of(attempt.booking)).or_default().0 += attempt.left();
            }
        }
        for stored in self.bookings.values() {
            let booking = &stored.booking;
            left.entry(self.first_of(booking.uuid)).or_default().1 += kept(booking);
            let shares = booking.paid_by();
            let is_there = |share: &Share| {
                let paid = self.attempts.get(share.payment.as_str());
                paid.is_some_and(|paid| share.cents.0 <= paid.left())
            };
            let sum: Cents = shares.iter().map(|share| share.cents).sum();
            let is_paid = matches!(booking.state, BookingState::Confirmed { .. });
            if is_paid && (sum != booking.total() || !shares.iter().all(is_there)) {
                wrong.push(format!("P2: booking {} does not stand on {shares:?}", booking.uuid));
            }
        }
        for (uuid, (left, kept)) in left {
            if left != kept {
                wrong.push(format!(
                    "P2: of what was paid from {uuid} on {left} are left, not {kept}"
                ));
            }
        }
        for (id, attempt) in &self.attempts {
            let parts = self.attempts.values().filter(|part| part.of.as_ref() == Some(id));
            let sum: i64 = parts.map(|part| part.amount).sum();
            if sum != attempt.parted || attempt.left() < 0 {
                wrong.push(format!("P2: parts of {id} make {sum}, it says {}", attempt.parted));
            }
        }
    }

    /// The booking that a chain of exchanges began with.
    fn first_of(&self, uuid: CallerUuid) -> CallerUuid {
        let before =
            self.bookings[&uuid].booking.replaces.as_ref().map(|replaced| replaced.booking);
        match before.filter(|before| exchanged_for(&self.bookings[before].booking) == Some(uuid)) {
            Some(before) => self.first_of(before),
            None => uuid,
        }
    }

    /// P2: of an exchange both halves are there: the old booking is no more because the new one stands,
    /// or stood.
    fn check_exchanges(&self, wrong: &mut Vec<String>) {
        for stored in self.bookings.values() {
            let booking = &stored.booking;
            let Some(replaced) = &booking.replaces else { continue };
            let is_done =
                exchanged_for(&self.bookings[&replaced.booking].booking) == Some(booking.uuid);
            let fits = match &booking.state {
                BookingState::OnHold { .. }
                | BookingState::Paying { .. }
                | BookingState::Expired { .. } => !is_done,
                BookingState::Confirmed { .. } => is_done,
                BookingState::Cancelled { .. } => is_done || stored.tickets.is_empty(),
            };
            if !fits {
                let state = booking.state.name();
                wrong.push(format!(
                    "P2: booking {} is {state}, what it replaces is exchanged: {is_done}",
                    booking.uuid
                ));
            }
        }
    }

    /// Bookings in whose place another came.
    pub(super) fn exchanged(&self) -> usize {
        let all = self.bookings.values().map(|stored| &stored.booking);
        all.filter(|booking| exchanged_for(booking).is_some()).count()
    }

    /// P2: a confirmed booking has a ticket for each place, and nobody else has one.
    fn check_tickets(&self, wrong: &mut Vec<String>) {
        for (id, ticket) in &self.tickets {
            let stored = &self.bookings[&ticket.booking];
            let is_named = stored.tickets.iter().any(|named| &named.to_string() == id);
            let is_confirmed = matches!(stored.booking.state, BookingState::Confirmed { .. });
            let fits = match ticket.status.as_str() {
                "VALID" | "REDEEMED" => is_named && is_confirmed,
                _ => !is_named || !is_confirmed,
            };
            if !fits {
                let state = stored.booking.state.name();
                let status = &ticket.status;
                wrong.push(format!("P2: ticket {id} is {status}, its booking {state}"));
            }
        }
        for stored in self.bookings.values() {
            let booking = &stored.booking;
            let is_confirmed = matches!(booking.state, BookingState::Confirmed { .. });
            let named: BTreeSet<String> = stored.tickets.iter().map(ToString::to_string).collect();
            let there = named.iter().filter(|id| self.tickets.contains_key(*id)).count();
            if is_confirmed && (named.len() != booking.places() as usize || there != named.len()) {
                wrong.push(format!("P2: booking {} has {there} tickets", booking.uuid));
            }
        }
    }

    /// P3: a used ticket has one entry that stands, any other has none.
    fn check_entries(&self, wrong: &mut Vec<String>) {
        for (id, ticket) in &self.tickets {
            let standing = self.entries.values().filter(|entry| entry.undone.is_none());
            let standing: Vec<CallerUuid> = standing
                .filter(|entry| entry.passed.iter().any(|passed| &passed.ticket.to_string() == id))
                .map(|entry| entry.uuid)
                .collect();
            let fits = match ticket.status.as_str() {
                "REDEEMED" => standing.len() == 1 && ticket.redemption == Some(standing[0]),
                _ => standing.is_empty(),
            };
            if !fits {
                wrong.push(format!("P3: ticket {id} is {}, entries {standing:?}", ticket.status));
            }
        }
    }

    /// A drawer holds what its sales brought, and a sale stands as its booking does.
    fn check_drawers(&self, wrong: &mut Vec<String>) {
        for (uuid, stored) in &self.shifts {
            let Totals { sales, cash_cents, card_cents, voids, .. } = stored.shift.totals;
            let own = || self.sales.iter().filter(|((shift, _), _)| shift == uuid);
            let sum = |method: &str| -> i64 {
                let standing = own().filter(|(_, sold)| !sold.is_void && sold.method == method);
                standing.map(|(_, sold)| sold.amount).sum()
            };
            let voided = own().filter(|(_, sold)| sold.is_void).count();
            let counted = (sales as usize + voided, voids as usize, cash_cents.0, card_cents.0);
            let listed = (own().count(), voided, sum("CASH"), sum("CARD"));
            if counted != listed {
                wrong
                    .push(format!("P2: shift {uuid} counts {counted:?}, its sales are {listed:?}"));
            }
        }
        for ((_, booking), sold) in &self.sales {
            let is_confirmed =
                matches!(self.bookings[booking].booking.state, BookingState::Confirmed { .. });
            if is_confirmed == sold.is_void {
                wrong.push(format!("P2: the sale of booking {booking} and the booking disagree"));
            }
        }
    }

    /// Bookings and payments that something is still to happen to.
    pub(super) fn open(&self) -> Vec<String> {
        let held = self.bookings.values().filter(|stored| {
            let state = &stored.booking.state;
            matches!(state, BookingState::OnHold { .. } | BookingState::Paying { .. })
        });
        let held = held.map(|stored| format!("booking {}", stored.booking.uuid));
        let owed = self.attempts.iter().filter(|(_, attempt)| attempt.status == "REFUND_DUE");
        held.chain(owed.map(|(id, _)| format!("refund of {id}"))).collect()
    }
}

fn exchanged_for(booking: &Booking) -> Option<CallerUuid> {
    match booking.state {
        BookingState::Cancelled { exchanged_for, .. } => exchanged_for,
        _ => None,
    }
}

/// What of the money for a booking the venue has, or has for good.
fn kept(booking: &Booking) -> i64 {
    let price = match &booking.state {
        BookingState::Confirmed { .. } => booking.total().0,
        BookingState::Cancelled { payment, refund, exchanged_for: None, .. }
            if payment.is_some() || !booking.carried.is_empty() =>
        {
            booking.total().0 - refund.0
        }
        _ => 0,
    };
    price + booking.forfeited().0
}

fn went_back(status: &str) -> bool {
    status == "REFUND_DUE" || status == "REFUNDED"
}
