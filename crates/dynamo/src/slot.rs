//! Slot items: `SLOTS#venue#product#month` / local start, with `capacity` and `taken`. Only slots
//! that someone touched are stored.

use std::collections::HashMap;

use atrio_domain::booking::Booking;
use atrio_domain::id::{ProductId, SlotId, VenueId};
use atrio_domain::pseudonym::month_of;
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

/// Reads the places of a slot item.
///
/// # Errors
/// A malformed item.
pub fn places(item: &Item) -> Result<Places, Error> {
    let read = Attributes::of(item);
    Ok(Places { capacity: read.number("capacity")?, taken: read.number("taken")? })
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
    ) -> Result<HashMap<SlotId, Places>, Error> {
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
                    slots.insert(Attributes::of(item).parsed(SK)?, places(item)?);
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

    /// The write that takes a booking's places, refused when they are no longer there. The caller
    /// has checked that the party is not larger than `capacity`.
    pub(crate) fn take_places(
        &self,
        booking: &Booking,
        capacity: u32,
    ) -> Result<TransactWriteItem, Error> {
        let places = booking.places();
        let condition = Condition::when("attribute_not_exists(taken) OR taken <= :room")
            .name("#capacity", "capacity")
            .value(":room", number(capacity.saturating_sub(places)))
            .value(":places", number(places))
            .value(":none", number(0))
            .value(":capacity", number(capacity));
        self.update(
            slot_key(booking),
            "SET taken = if_not_exists(taken, :none) + :places, #capacity = :capacity",
            condition,
        )
    }

    /// The write that gives a booking's places back.
    pub(crate) fn return_places(&self, booking: &Booking) -> Result<TransactWriteItem, Error> {
        let condition =
            Condition::when("taken >= :places").value(":places", number(booking.places()));
        self.update(slot_key(booking), "SET taken = taken - :places", condition)
    }
}
