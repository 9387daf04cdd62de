//! What a reseller sells: the products that venues within its scope opened to resellers, each under one id
//! for the whole platform.

use atrio_domain::booking::Channel;
use atrio_domain::calendar::{BOOKING_HORIZON_DAYS, Day, SlotTimes};
use atrio_domain::id::{OptionId, ProductId, SlotId, VenueId};
use atrio_domain::reseller::Reseller;
use atrio_domain::venue::{AvailabilityType, Product, ProductOption, Venue};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A product of a venue, which holds it.
#[derive(Debug)]
pub struct Sold {
    /// The venue.
    pub venue: Venue,
    index: usize,
}

/// Why a request names no option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// It names none.
    #[error("`optionId` is missing")]
    Missing,
    /// The product has none of that id.
    #[error("the product has no option `{0}`")]
    Unknown(String),
}

impl Sold {
    /// A product of a venue, whether or not it is open to resellers; none where the venue has none of that id.
    #[must_use]
    pub fn of(venue: Venue, product: &ProductId) -> Option<Self> {
        let index = venue.products.iter().position(|known| known.id == *product)?;
        Some(Self { venue, index })
    }

    /// The product.
    #[must_use]
    pub fn product(&self) -> &Product {
        &self.venue.products[self.index]
    }

    /// One of its options.
    ///
    /// # Errors
    /// No id, or that of none.
    pub fn option(&self, id: Option<&str>) -> Result<&ProductOption, OptionError> {
        let id = id.ok_or(OptionError::Missing)?;
        let unknown = || OptionError::Unknown(id.to_owned());
        let option = OptionId::new(id).map_err(|_| unknown())?;
        self.product().option(&option).ok_or_else(unknown)
    }
}

/// The id of a product among those of all venues. No id of ours holds a dot.
#[must_use]
pub fn product_id(venue: &VenueId, product: &ProductId) -> String {
    format!("{venue}.{product}")
}

/// The products of a reseller, those with the most places first: whoever connects a client begins with them.
#[must_use]
pub fn products<'v>(venues: &'v [Venue], reseller: &Reseller) -> Vec<(&'v Venue, &'v Product)> {
    let all = venues.iter().flat_map(|venue| venue.products.iter().map(move |one| (venue, one)));
    let mut sold: Vec<_> = all.filter(|(venue, product)| reseller.sells(venue, product)).collect();
    sold.sort_by_key(|(_, product)| std::cmp::Reverse(product.capacity));
    sold
}

/// What a day offers to resellers.
#[derive(Debug)]
pub enum Offered {
    /// Nothing.
    Closed,
    /// Slots, in order of time; those that are over among them.
    Open(Vec<SlotTimes>),
}

/// The last day that may be sold now.
#[must_use]
pub fn last_on_sale(venue: &Venue, now: Timestamp) -> Date {
    venue.day_at(now).saturating_add(BOOKING_HORIZON_DAYS.days())
}

/// What a product's option offers on a day.
#[must_use]
pub fn day(
    venue: &Venue,
    product: &Product,
    option: &ProductOption,
    day: Date,
    now: Timestamp,
) -> Offered {
    let is_at_the_door =
        product.free_day(day).is_some_and(|free| !free.takes_booking(Channel::Reseller));
    let is_early = product.on_sale_of(day).is_some_and(|sale| now < sale.opens_at);
    if day > last_on_sale(venue, now)
        || option.tariff_on(day).is_none()
        || is_at_the_door
        || is_early
    {
        return Offered::Closed;
    }
    match venue.opening.day(product, day, &venue.time_zone()) {
        Day::Open { slots } => Offered::Open(slots),
        Day::Closed { .. } => Offered::Closed,
    }
}

/// The moment at which an availability starts, as OCTO writes it: a whole day at midnight.
#[must_use]
pub fn local_start(product: &Product, slot: SlotId) -> DateTime {
    match product.availability_type {
        AvailabilityType::StartTime => slot.local_start(),
        AvailabilityType::OpeningHours => slot.day().to_datetime(jiff::civil::Time::midnight()),
    }
}

/// A local time with its offset, to the second: the id of the availability that starts then.
#[must_use]
pub fn with_offset(local: DateTime, zone: &TimeZone) -> String {
    local.to_zoned_datetime(zone.clone()).map_or_else(
        |_| format!("{local}Z"),
        |zoned| zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    )
}

/// The local time that an id names, where it is written as ours are.
#[must_use]
pub fn local_time_of(id: &str, zone: &TimeZone) -> Option<DateTime> {
    let local: DateTime = id.get(..19)?.parse().ok()?;
    (with_offset(local, zone) == id).then_some(local)
}

/// The availability of an id: a slot, or a day on which nothing is offered.
#[derive(Debug, Clone, Copy)]
pub enum Named {
    /// A slot.
    Slot(SlotTimes),
    /// A day on which nothing is offered.
    ClosedDay,
}

/// What an availability's id names of a product's option.
#[must_use]
pub fn named(
    venue: &Venue,
    product: &Product,
    option: &ProductOption,
    id: &str,
    now: Timestamp,
) -> Option<Named> {
    let local = local_time_of(id, &venue.time_zone())?;
    match day(venue, product, option, local.date(), now) {
        Offered::Closed => {
            (local.time() == jiff::civil::Time::midnight()).then_some(Named::ClosedDay)
        }
        Offered::Open(slots) => {
            let starts = |slot: &&SlotTimes| local_start(product, slot.id) == local;
            slots.iter().find(starts).copied().map(Named::Slot)
        }
    }
}
