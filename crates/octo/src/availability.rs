//! Availabilities: slots, whole days and the days of a calendar.

use atrio_domain::booking::Channel;
use atrio_domain::calendar::SlotTimes;
use atrio_domain::quota::max_units;
use atrio_domain::slot::{Places, SlotStatus, day_status};
use atrio_domain::tariff::price;
use atrio_domain::venue::{AvailabilityType, Product, ProductOption, Venue};
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::{local_start, with_offset};
use crate::content::OctoAvailabilityContent;
use crate::pricing::{Amounts, OctoPricing, OctoUnitPricing};
use crate::viewer::Caller;
use crate::{clock, utc};

/// From when to when a place is open.
#[derive(Debug, Serialize, ToSchema)]
pub struct OctoOpeningHours {
    from: String,
    to: String,
}

/// Places at a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoAvailability {
    id: String,
    local_date_time_start: String,
    local_date_time_end: String,
    all_day: bool,
    available: bool,
    #[schema(value_type = String)]
    status: SlotStatus,
    vacancies: Option<u32>,
    capacity: Option<u32>,
    max_units: Option<u32>,
    utc_cutoff_at: String,
    opening_hours: Vec<OctoOpeningHours>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_pricing: Option<Vec<OctoUnitPricing>>,
    /// Of all who would come, where the request says who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<OctoPricing>,
    #[serde(flatten)]
    content: Option<OctoAvailabilityContent>,
}

/// Places of a day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoCalendarDay {
    #[schema(value_type = String, format = Date)]
    local_date: Date,
    available: bool,
    #[schema(value_type = String)]
    status: SlotStatus,
    vacancies: Option<u32>,
    capacity: Option<u32>,
    opening_hours: Vec<OctoOpeningHours>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_pricing_from: Option<Vec<OctoUnitPricing>>,
}

/// When a booking's visit is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoBookedAvailability {
    id: String,
    local_date_time_start: String,
    local_date_time_end: String,
    all_day: bool,
    opening_hours: Vec<OctoOpeningHours>,
}

impl OctoAvailability {
    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What is asked of which option, by whom.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Where.
    pub venue: &'a Venue,
    /// What.
    pub product: &'a Product,
    /// Which way to take it.
    pub option: &'a ProductOption,
    /// By whom.
    pub caller: &'a Caller,
    /// Who would come, by unit; empty where the request does not say.
    pub party: &'a [(String, u32)],
    /// When.
    pub now: Timestamp,
}

impl Asked<'_> {
    /// A slot with its places.
    #[must_use]
    pub fn slot(&self, slot: &SlotTimes, places: Places) -> OctoAvailability {
        let vacancies = places.vacancies();
        let wanted: u32 = self.party.iter().map(|(_, quantity)| *quantity).sum();
        let status = match places.status(slot, self.now) {
            SlotStatus::Available | SlotStatus::Limited if wanted > vacancies => {
                SlotStatus::SoldOut
            }
            status => status,
        };
        let is_closed = status == SlotStatus::Closed;
        let left = if is_closed { 0 } else { vacancies };
        let most = max_units(&self.product.quotas, Channel::Reseller, self.product.max_units);
        let BookedTimes { start, end } = booked_times(self.venue, self.product, slot);
        let day = slot.id.day();
        OctoAvailability {
            id: start.clone(),
            local_date_time_start: start,
            local_date_time_end: end,
            all_day: is_all_day(self.product),
            available: is_on_sale(status),
            status,
            vacancies: Some(left),
            capacity: Some(self.product.capacity),
            max_units: Some(most.min(left)),
            utc_cutoff_at: utc(slot.end),
            opening_hours: opening_hours(self.venue, self.product, day),
            unit_pricing: self.unit_pricing(day),
            pricing: self.party_pricing(day),
            content: self.content(day),
        }
    }

    /// A day on which nothing is offered.
    #[must_use]
    pub fn closed(&self, day: Date) -> OctoAvailability {
        let zone = self.venue.time_zone();
        let midnight = |day: Date| with_offset(day.to_datetime(Time::midnight()), &zone);
        let (start, end) = (midnight(day), midnight(day.saturating_add(1.day())));
        let cutoff = day.to_datetime(Time::midnight()).to_zoned_datetime(zone.clone());
        OctoAvailability {
            id: start.clone(),
            local_date_time_start: start,
            local_date_time_end: end,
            all_day: is_all_day(self.product),
            available: false,
            status: SlotStatus::Closed,
            vacancies: Some(0),
            capacity: Some(0),
            max_units: Some(0),
            utc_cutoff_at: utc(cutoff.map_or(self.now, |zoned| zoned.timestamp())),
            opening_hours: opening_hours(self.venue, self.product, day),
            unit_pricing: self.unit_pricing(day),
            pricing: self.party_pricing(day),
            content: self.content(day),
        }
    }

    /// A day with the places of its slots; none on a closed one.
    #[must_use]
    pub fn day(&self, day: Date, slots: &[(SlotTimes, Places)]) -> OctoCalendarDay {
        let statuses: Vec<SlotStatus> =
            slots.iter().map(|(slot, places)| places.status(slot, self.now)).collect();
        let status = day_status(&statuses);
        let open = || slots.iter().zip(&statuses).filter(|(_, status)| is_on_sale(**status));
        let vacancies = open().map(|((_, places), _)| places.vacancies()).sum();
        let capacity = slots.iter().map(|(_, places)| places.capacity).sum();
        OctoCalendarDay {
            local_date: day,
            available: is_on_sale(status),
            status,
            vacancies: Some(vacancies),
            capacity: Some(capacity),
            opening_hours: opening_hours(self.venue, self.product, day),
            unit_pricing_from: self.unit_pricing(day),
        }
    }

    fn prices(&self, day: Date) -> Vec<(String, Amounts)> {
        let units = crate::product::units(self.option, day);
        let priced = |unit: &atrio_domain::tariff::Unit| {
            let components = price(self.product, unit, day).components;
            let sold = (self.venue, self.product);
            (unit.id.to_string(), Amounts::of_unit(self.caller, sold, unit, &components))
        };
        units.iter().map(priced).collect()
    }

    fn unit_pricing(&self, day: Date) -> Option<Vec<OctoUnitPricing>> {
        let prices = || self.prices(day).iter().map(|(u, c)| OctoUnitPricing::of(u, *c)).collect();
        self.caller.capabilities.pricing.then(prices)
    }

    fn party_pricing(&self, day: Date) -> Option<OctoPricing> {
        if !self.caller.capabilities.pricing || self.party.is_empty() {
            return None;
        }
        let prices = self.prices(day);
        let of = |(unit, quantity): &(String, u32)| {
            let price = prices.iter().find(|(known, _)| known == unit);
            price.map(|(_, amounts)| amounts.times(*quantity))
        };
        Some(OctoPricing::of(Amounts::sum(self.party.iter().filter_map(of), self.caller)))
    }

    fn content(&self, day: Date) -> Option<OctoAvailabilityContent> {
        let note = || {
            let free = self.product.free_day(day);
            free.map(|free| free.reason.in_locale(self.caller.locale).to_owned())
        };
        self.caller.capabilities.content.then(|| OctoAvailabilityContent::of(note()))
    }
}

impl OctoBookedAvailability {
    /// The visit of a slot as it was booked.
    #[must_use]
    pub fn of(venue: &Venue, product: &Product, slot: &SlotTimes) -> Self {
        let BookedTimes { start, end } = booked_times(venue, product, slot);
        Self {
            id: start.clone(),
            local_date_time_start: start,
            local_date_time_end: end,
            all_day: is_all_day(product),
            opening_hours: opening_hours(venue, product, slot.id.day()),
        }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

struct BookedTimes {
    start: String,
    end: String,
}

/// Start and end of a slot, as OCTO writes them: a whole day from midnight to midnight.
fn booked_times(venue: &Venue, product: &Product, slot: &SlotTimes) -> BookedTimes {
    let zone = venue.time_zone();
    let start = with_offset(local_start(product, slot.id), &zone);
    let end = match product.availability_type {
        AvailabilityType::StartTime => slot.end.to_zoned_datetime(zone.clone()).datetime(),
        AvailabilityType::OpeningHours => {
            slot.id.day().saturating_add(1.day()).to_datetime(Time::midnight())
        }
    };
    BookedTimes { start, end: with_offset(end, &zone) }
}

fn is_all_day(product: &Product) -> bool {
    product.availability_type == AvailabilityType::OpeningHours
}

fn is_on_sale(status: SlotStatus) -> bool {
    matches!(status, SlotStatus::Available | SlotStatus::Limited)
}

/// The hours of a day, which only visits by opening hours have. OCTO wants some on a closed day, too: from
/// midnight to midnight nobody enters.
fn opening_hours(venue: &Venue, product: &Product, day: Date) -> Vec<OctoOpeningHours> {
    if !is_all_day(product) {
        return Vec::new();
    }
    let mut hours = venue.opening.hours(day);
    if hours.is_empty() {
        hours.push((Time::midnight(), Time::midnight()));
    }
    let written = |(from, to)| OctoOpeningHours { from: clock(from), to: clock(to) };
    hours.into_iter().map(written).collect()
}
