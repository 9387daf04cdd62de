//! Order items: `ORDER#uuid` / `ORDER`, which names the bookings that were bought in one go. It is
//! written once, with their holds; where the order stands, its bookings say. It names no person.

use atrio_domain::booking::Booking;
use atrio_domain::id::CallerUuid;
use atrio_domain::order::Order;
use atrio_domain::quota::Pools;
use atrio_domain::retention::Record;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, json, time_to_live};
use crate::booking;
use crate::finding::{FEW_OTHERS, Found, Seen};
use crate::person::{OverLimit, over_limit, over_limit_alone};
use crate::resource::{Exhausted, exhausted, overdrawn};
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, Store, key};

/// How often a hold looks again for pools with places: each time, others took some meanwhile.
const ATTEMPTS: u32 = 12;

/// What became of an order. Lines are counted from 0.
#[derive(Debug)]
pub enum OrderHeld {
    /// All places of all its bookings are taken now.
    New,
    /// An order stands under its uuid; whether the same was asked for, its bookings say.
    Before(Order),
    /// Another request came under the uuid of this line before.
    UuidReused {
        /// The line.
        line: usize,
    },
    /// Too few people came together in time for this line: its visit does not take place.
    TooFew {
        /// The line.
        line: usize,
    },
    /// Something that a line needs is occupied at that time, so nothing of the order was taken.
    Exhausted(Exhausted),
    /// A person would take more than they may, so nothing of the order was taken.
    OverLimit(OverLimit),
    /// The discount code of this line has no use left, so nothing of the order was taken.
    VoucherUsedUp {
        /// The line.
        line: usize,
    },
    /// There are not so many places left for this line, so nothing of the order was taken.
    SoldOut {
        /// The line.
        line: usize,
        /// Places that are left, for its channel.
        vacancies: u32,
        /// When more are open to it.
        more_at: Option<Timestamp>,
    },
}

fn order_key(uuid: CallerUuid) -> Item {
    key(format!("ORDER#{uuid}"), "ORDER")
}

fn item(order: &Order, bookings: &[Booking]) -> Result<Item, Error> {
    let mut item = order_key(order.uuid);
    item.insert("bookings".to_owned(), json("bookings", &order.bookings)?);
    item.insert("created_at".to_owned(), instant(order.created_at));
    let last = bookings.iter().map(|booking| booking.slot.end).max().unwrap_or(order.created_at);
    item.insert(TTL.to_owned(), time_to_live(Record::Order.until(last)));
    Ok(item)
}

fn order(item: &Item) -> Result<Order, Error> {
    let read = Attributes::of(item);
    let uuid = read
        .text(PK)?
        .strip_prefix("ORDER#")
        .and_then(|uuid| uuid.parse().ok())
        .ok_or_else(|| read.malformed(PK, "is no order's"))?;
    let bookings = read.json("bookings")?;
    Ok(Order { uuid, bookings, created_at: read.parsed("created_at")? })
}

impl Store {
    /// One order.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn order(&self, uuid: CallerUuid) -> Result<Option<Order>, Error> {
        self.get(order_key(uuid)).await?.as_ref().map(order).transpose()
    }

    /// Takes the places of all bookings of an order, each from the pools open to it, and stores them
    /// with the order, or does nothing at all.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn hold_order(
        &self,
        held: &Order,
        bookings: &mut [Booking],
        pools: &[Pools],
        now: Timestamp,
    ) -> Result<OrderHeld, Error> {
        if let Some(exhausted) = overdrawn(&bookings.iter().collect::<Vec<_>>()) {
            return Ok(OrderHeld::Exhausted(exhausted));
        }
        if let Some(over) = over_limit_alone(&bookings.iter().collect::<Vec<_>>()) {
            return Ok(OrderHeld::OverLimit(over));
        }
        let mut seen = vec![Seen::Nothing; bookings.len()];
        for _ in 0..ATTEMPTS {
            let mut slots = Vec::with_capacity(bookings.len());
            for (line, booking) in bookings.iter_mut().enumerate() {
                let (pools, seen) = (&pools[line], &mut seen[line]);
                match self.find_places(booking, None, pools, seen, FEW_OTHERS, now).await? {
                    Found::Places(writes) => slots.push(writes),
                    Found::SoldOut { vacancies, more_at } => {
                        return Ok(OrderHeld::SoldOut { line, vacancies, more_at });
                    }
                    Found::TooFew => return Ok(OrderHeld::TooFew { line }),
                }
            }
            let mut writes = vec![self.put(item(held, bookings)?, Condition::absent())?];
            for booking in &*bookings {
                writes.push(self.put(booking::item(booking, 1, &[])?, Condition::absent())?);
            }
            let of_slots: Vec<usize> = slots.iter().map(Vec::len).collect();
            writes.extend(slots.into_iter().flatten());
            let together: Vec<&Booking> = bookings.iter().collect();
            let resources = writes.len();
            writes.extend(self.occupy(&together)?);
            let persons = writes.len();
            writes.extend(self.count_persons(&together)?);
            let vouchers = writes.len();
            for booking in &*bookings {
                writes.extend(self.use_voucher(booking)?);
            }
            let refused = match self.transact(writes).await? {
                Written::All => return Ok(OrderHeld::New),
                Written::Refused(refused) => refused,
            };
            if let Some(told) = told(&together, &refused, (resources, persons, vouchers))? {
                return Ok(told);
            }
            let mut slots = &refused[1 + together.len()..resources];
            for (line, of_slot) in of_slots.into_iter().enumerate() {
                let (slot, rest) = slots.split_at(of_slot);
                slots = rest;
                if slot.iter().any(Option::is_some) {
                    seen[line] = self.see_again(together[line], slot).await?;
                }
            }
        }
        Err(Error::Stale { key: format!("ORDER#{}", held.uuid) })
    }
}

/// What the refused writes of an order say, those of its resources, persons and vouchers from these places on;
/// none where places may be found in other pools or shards.
fn told(
    bookings: &[&Booking],
    refused: &[Option<Item>],
    (resources, persons, vouchers): (usize, usize, usize),
) -> Result<Option<OrderHeld>, Error> {
    // A repeat of an order whose places are all sold fails on all of them: the order counts first.
    if let Some(Some(before)) = refused.first() {
        return Ok(Some(OrderHeld::Before(order(before)?)));
    }
    let (refused, vouchers) = refused.split_at(vouchers);
    let (refused, persons) = refused.split_at(persons);
    let (refused, resources) = refused.split_at(resources);
    let (stored, slots) = refused[1..].split_at(bookings.len());
    if let Some(line) = stored.iter().position(Option::is_some) {
        return Ok(Some(OrderHeld::UuidReused { line }));
    }
    if let Some(exhausted) = exhausted(bookings, resources)? {
        return Ok(Some(OrderHeld::Exhausted(exhausted)));
    }
    // A line that finds no places is told so first, in the next round.
    if slots.iter().any(Option::is_some) {
        return Ok(None);
    }
    if let Some(over) = over_limit(bookings, persons)? {
        return Ok(Some(OrderHeld::OverLimit(over)));
    }
    let with_code = bookings.iter().enumerate().filter(|(_, booking)| booking.voucher.is_some());
    let used_up = with_code.zip(vouchers).find(|(_, found)| found.is_some());
    Ok(used_up.map(|((line, _), _)| OrderHeld::VoucherUsedUp { line }))
}
