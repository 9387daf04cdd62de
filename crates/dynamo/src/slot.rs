//! Slot items: `SLOTS#venue#product#month` / local start, with `capacity`, `taken`, and one count for
//! each pool where channels share the places. Only slots that someone touched are stored.

use std::collections::HashMap;
use std::fmt::Write as _;

use atrio_domain::booking::Booking;
use atrio_domain::id::{PoolName, ProductId, SlotId, VenueId};
use atrio_domain::pseudonym::month_of;
use atrio_domain::quota::{Counts, Pools};
use atrio_domain::slot::Places;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::attributes::{Attributes, number, text};
use crate::transaction::Condition;
use crate::{Error, Item, SK, Store, key};

fn partition(venue: &VenueId, product: &ProductId, day: Date) -> String {
    format!("SLOTS#{venue}#{product}#{}", month_of(day))
}

fn slot_key(booking: &Booking) -> Item {
    let slot = booking.slot.id;
    key(partition(&booking.venue_id, &booking.product_id, slot.day()), slot.to_string())
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

impl TryFrom<&Item> for StoredSlot {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let places = Places { capacity: read.number("capacity")?, taken: read.number("taken")? };
        let mut counts = Counts { taken: places.taken, ..Counts::default() };
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

    /// The write that takes a booking's places, from the pools it draws on, refused when they are no
    /// longer there. The caller has checked that the party is not larger than the capacity, and no
    /// draw larger than its pool.
    pub(crate) fn take_places(
        &self,
        booking: &Booking,
        pools: &Pools,
    ) -> Result<TransactWriteItem, Error> {
        let places = booking.places();
        let mut update =
            "SET taken = if_not_exists(taken, :none) + :places, #capacity = :capacity".to_owned();
        let mut room = "(attribute_not_exists(taken) OR taken <= :room)".to_owned();
        let mut condition = Condition::none()
            .name("#capacity", "capacity")
            .value(":room", number(pools.capacity.saturating_sub(places)))
            .value(":places", number(places))
            .value(":none", number(0))
            .value(":capacity", number(pools.capacity));
        for (at, draw) in booking.draws.iter().enumerate() {
            let size = pools.pools.iter().find(|pool| pool.name == draw.pool).map_or(0, |p| p.size);
            // Writing to a string cannot fail.
            let _ = write!(update, ", #p{at} = if_not_exists(#p{at}, :none) + :d{at}");
            let _ = write!(room, " AND (attribute_not_exists(#p{at}) OR #p{at} <= :r{at})");
            condition = condition
                .name(&format!("#p{at}"), &format!("{POOL}{}", draw.pool))
                .value(&format!(":d{at}"), number(draw.places))
                .value(&format!(":r{at}"), number(size.saturating_sub(draw.places)));
        }
        self.update(slot_key(booking), &update, condition.holding(room))
    }

    /// The write that gives a booking's places back to where they came from.
    pub(crate) fn return_places(&self, booking: &Booking) -> Result<TransactWriteItem, Error> {
        let mut update = "SET taken = taken - :places".to_owned();
        let mut there = "taken >= :places".to_owned();
        let mut condition = Condition::none().value(":places", number(booking.places()));
        for (at, draw) in booking.draws.iter().enumerate() {
            let _ = write!(update, ", #p{at} = #p{at} - :d{at}");
            let _ = write!(there, " AND #p{at} >= :d{at}");
            condition = condition
                .name(&format!("#p{at}"), &format!("{POOL}{}", draw.pool))
                .value(&format!(":d{at}"), number(draw.places));
        }
        self.update(slot_key(booking), &update, condition.holding(there))
    }
}
