//! Slot items: `SLOTS#venue#product#month` / local start, with `capacity`, `taken`, and one count for
//! each pool where channels share the places. Only slots that someone touched are stored.

use std::collections::HashMap;
use std::fmt::Write as _;

use atrio_domain::booking::Booking;
use atrio_domain::id::{PoolName, ProductId, SlotId, VenueId};
use atrio_domain::minimum::Verdict;
use atrio_domain::pseudonym::month_of;
use atrio_domain::quota::{Counts, Draw, Pools};
use atrio_domain::slot::Places;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::attributes::{Attributes, instant, number, text};
use crate::table::{DUE_PK, DUE_SK};
use crate::transaction::Condition;
use crate::{Error, Item, PK, SK, Store, key};

fn partition(venue: &VenueId, product: &ProductId, day: Date) -> String {
    format!("SLOTS#{venue}#{product}#{}", month_of(day))
}

fn slot_key(booking: &Booking) -> Item {
    let slot = booking.slot.id;
    key(partition(&booking.venue_id, &booking.product_id, slot.day()), slot.to_string())
}

/// Places of a slot that are taken, or were.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taking<'a> {
    pub(crate) venue: &'a VenueId,
    pub(crate) product: &'a ProductId,
    pub(crate) slot: SlotId,
    pub(crate) places: u32,
    pub(crate) draws: &'a [Draw],
    pub(crate) at: Timestamp,
}

impl<'a> Taking<'a> {
    fn of(booking: &'a Booking) -> Self {
        Self {
            venue: &booking.venue_id,
            product: &booking.product_id,
            slot: booking.slot.id,
            places: booking.places(),
            draws: &booking.draws,
            at: booking.created_at,
        }
    }

    fn key(&self) -> Item {
        key(partition(self.venue, self.product, self.slot.day()), self.slot.to_string())
    }
}

/// What a slot item counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSlot {
    /// Places in all.
    pub places: Places,
    /// Places given, by pool.
    pub counts: Counts,
}

/// Attributes that count a pool begin with it.
const POOL: &str = "pool_";

/// There where it was decided that the slot takes place.
const GOES_AHEAD: &str = "goes_ahead";

/// What of a slot is due that may not take place.
const MINIMUM: &str = "MINIMUM";

/// A slot of which it is to be decided whether it takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// Where.
    pub venue: VenueId,
    /// Of which product.
    pub product: ProductId,
    /// Which slot.
    pub slot: SlotId,
}

impl TryFrom<&Item> for Undecided {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let fault = |what: &str| read.malformed(PK, what);
        let [_, venue, product, _] = read.text(PK)?.split('#').collect::<Vec<_>>()[..] else {
            return Err(fault("is no slot's"));
        };
        Ok(Self {
            venue: venue.parse().map_err(|_| fault("names no venue"))?,
            product: product.parse().map_err(|_| fault("names no product"))?,
            slot: read.parsed(SK)?,
        })
    }
}

impl TryFrom<&Item> for StoredSlot {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let places = Places { capacity: read.number("capacity")?, taken: read.number("taken")? };
        let goes_ahead = item.contains_key(GOES_AHEAD);
        let mut counts = Counts { taken: places.taken, goes_ahead, ..Counts::default() };
        for attribute in item.keys() {
            if let Some(name) = attribute.strip_prefix(POOL) {
                let name = PoolName::new(name).map_err(|error| read.malformed(attribute, error))?;
                counts.pools.insert(name, read.number(attribute)?);
            }
        }
        Ok(Self { places, counts })
    }
}

impl Store {
    /// The touched slots of a product from one day to another, both included.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn slots(
        &self,
        venue: &VenueId,
        product: &ProductId,
        from: Date,
        to: Date,
    ) -> Result<HashMap<SlotId, StoredSlot>, Error> {
        let mut slots = HashMap::new();
        let mut month = from.first_of_month();
        while month <= to {
            let mut start = None;
            loop {
                let page = self
                    .client
                    .query()
                    .table_name(&self.table)
                    .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                    .expression_attribute_values(":pk", text(partition(venue, product, month)))
                    .expression_attribute_values(":from", text(format!("{from}T00:00")))
                    .expression_attribute_values(":to", text(format!("{to}T99:99")))
                    .consistent_read(true)
                    .set_exclusive_start_key(start)
                    .send()
                    .await
                    .map_err(Error::service("Query"))?;
                for item in page.items() {
                    slots.insert(Attributes::of(item).parsed(SK)?, StoredSlot::try_from(item)?);
                }
                start = page.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
            month = month.saturating_add(1.month());
        }
        Ok(slots)
    }

    /// The write that takes a booking's places, see [`Store::take`].
    pub(crate) fn take_places(
        &self,
        booking: &Booking,
        pools: &Pools,
    ) -> Result<TransactWriteItem, Error> {
        self.take(&Taking::of(booking), pools)
    }

    /// The write that takes places, from the pools they are drawn on, refused when they are no longer
    /// there. The caller has checked that they are not more than the capacity, and no draw larger than
    /// its pool.
    pub(crate) fn take(
        &self,
        taking: &Taking<'_>,
        pools: &Pools,
    ) -> Result<TransactWriteItem, Error> {
        let places = taking.places;
        let mut update =
            "SET taken = if_not_exists(taken, :none) + :places, #capacity = :capacity".to_owned();
        let mut room = "(attribute_not_exists(taken) OR taken <= :room)".to_owned();
        let mut condition = Condition::none()
            .name("#capacity", "capacity")
            .value(":room", number(pools.capacity.saturating_sub(places)))
            .value(":places", number(places))
            .value(":none", number(0))
            .value(":capacity", number(pools.capacity));
        match pools.decided_at {
            // Whoever books later must find that it was decided.
            Some(_) if pools.is_decided(taking.at) => {
                let _ = write!(room, " AND attribute_exists({GOES_AHEAD})");
            }
            Some(at) => {
                let _ = write!(update, ", {DUE_PK} = :due, {DUE_SK} = :decided_at");
                condition =
                    condition.value(":due", text(MINIMUM)).value(":decided_at", instant(at));
            }
            None => {}
        }
        for (at, draw) in taking.draws.iter().enumerate() {
            let size = pools.pools.iter().find(|pool| pool.name == draw.pool).map_or(0, |p| p.size);
            // Writing to a string cannot fail.
            let _ = write!(update, ", #p{at} = if_not_exists(#p{at}, :none) + :d{at}");
            let _ = write!(room, " AND (attribute_not_exists(#p{at}) OR #p{at} <= :r{at})");
            condition = condition
                .name(&format!("#p{at}"), &format!("{POOL}{}", draw.pool))
                .value(&format!(":d{at}"), number(draw.places))
                .value(&format!(":r{at}"), number(size.saturating_sub(draw.places)));
        }
        self.update(taking.key(), &update, condition.holding(room))
    }

    /// The write that takes places of a slot that is over: they were taken until then, and nobody can have
    /// taken them since.
    pub(crate) fn take_anew(&self, taking: &Taking<'_>) -> Result<TransactWriteItem, Error> {
        let condition = Condition::none().value(":places", number(taking.places));
        self.update(taking.key(), "SET taken = taken + :places", condition)
    }

    /// What a hold takes a slot to have given at first: nothing, for who is refused learns what was given
    /// meanwhile; but whether a visit goes ahead is read.
    pub(crate) async fn first_counts(
        &self,
        booking: &Booking,
        pools: &Pools,
        now: Timestamp,
    ) -> Result<Counts, Error> {
        if !pools.is_decided(now) {
            return Ok(Counts::default());
        }
        let item = self.get(slot_key(booking)).await?;
        let stored = item.as_ref().map(StoredSlot::try_from).transpose()?;
        Ok(stored.map(|stored| stored.counts).unwrap_or_default())
    }

    /// The places of a booking's slot, as they are.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn places_of(&self, booking: &Booking) -> Result<Option<Places>, Error> {
        let item = self.get(slot_key(booking)).await?;
        Ok(item.as_ref().map(StoredSlot::try_from).transpose()?.map(|stored| stored.places))
    }

    /// Slots of which it was to be decided before `now` whether they take place, at most `limit`. A
    /// malformed one does not hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn undecided(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<Undecided, Error>>, Error> {
        Ok(self.due(MINIMUM, now, limit).await?.iter().map(Undecided::try_from).collect())
    }

    /// Notes that a slot is decided. One that takes place can be booked on; of the other nothing is due
    /// any more.
    ///
    /// # Errors
    /// The service's own.
    pub async fn decide(&self, slot: &Undecided, verdict: Verdict) -> Result<(), Error> {
        let forget = format!("REMOVE {DUE_PK}, {DUE_SK}");
        let (update, values) = match verdict {
            Verdict::GoesAhead => {
                let values = Condition::none().value(":yes", AttributeValue::Bool(true));
                (format!("SET {GOES_AHEAD} = :yes {forget}"), values)
            }
            Verdict::CalledOff => (forget, Condition::none()),
        };
        let key =
            key(partition(&slot.venue, &slot.product, slot.slot.day()), slot.slot.to_string());
        self.transact(vec![self.update(key, &update, values)?]).await?;
        Ok(())
    }

    /// The write that gives a booking's places back to where they came from.
    pub(crate) fn return_places(&self, booking: &Booking) -> Result<TransactWriteItem, Error> {
        self.return_taken(&Taking::of(booking))
    }

    /// The write that gives places back to where they came from.
    pub(crate) fn return_taken(&self, taken: &Taking<'_>) -> Result<TransactWriteItem, Error> {
        let mut update = "SET taken = taken - :places".to_owned();
        let mut there = "taken >= :places".to_owned();
        let mut condition = Condition::none().value(":places", number(taken.places));
        for (at, draw) in taken.draws.iter().enumerate() {
            let _ = write!(update, ", #p{at} = #p{at} - :d{at}");
            let _ = write!(there, " AND #p{at} >= :d{at}");
            condition = condition
                .name(&format!("#p{at}"), &format!("{POOL}{}", draw.pool))
                .value(&format!(":d{at}"), number(draw.places));
        }
        self.update(taken.key(), &update, condition.holding(there))
    }

    /// The writes that take the places of `to` and give back those of `from`, refused when the new ones are
    /// not there. Of one slot they are one write, for a transaction takes no two of one item.
    pub(crate) fn move_places(
        &self,
        from: &Booking,
        to: &Booking,
        pools: &Pools,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        if !crate::resale::is_same_slot(from, to) {
            return Ok(vec![self.take_places(to, pools)?, self.return_places(from)?]);
        }
        let more = i64::from(to.places()) - i64::from(from.places());
        let mut update = "SET taken = taken + :more".to_owned();
        let mut room = "taken >= :before AND taken <= :room".to_owned();
        let room_left = i64::from(pools.capacity) - more.max(0);
        let mut condition = Condition::none()
            .value(":more", number(more))
            .value(":before", number(from.places()))
            // Whoever gives places back may do so also where a capacity was lowered below what is taken.
            .value(":room", number(if more > 0 { room_left } else { i64::from(u32::MAX) }));
        let drawn = |booking: &Booking, pool: &PoolName| {
            let of_pool = booking.draws.iter().filter(|draw| draw.pool == *pool);
            of_pool.map(|draw| i64::from(draw.places)).sum::<i64>()
        };
        for (at, pool) in pools.pools.iter().enumerate() {
            let more = drawn(to, &pool.name) - drawn(from, &pool.name);
            if more == 0 {
                continue;
            }
            let bound = if more > 0 { i64::from(pool.size) - more } else { i64::from(u32::MAX) };
            let _ = write!(update, ", #p{at} = if_not_exists(#p{at}, :none) + :d{at}");
            let _ = write!(room, " AND (attribute_not_exists(#p{at}) OR #p{at} <= :r{at})");
            condition = condition
                .name(&format!("#p{at}"), &format!("{POOL}{}", pool.name))
                .value(":none", number(0))
                .value(&format!(":d{at}"), number(more))
                .value(&format!(":r{at}"), number(bound));
        }
        Ok(vec![self.update(slot_key(to), &update, condition.holding(room))?])
    }
}
