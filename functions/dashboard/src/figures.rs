//! Cells of the lake folded into hours, days and venues.

use std::collections::BTreeMap;

use atrio_domain::calendar::Day;
use atrio_domain::venue::Venue;
use atrio_lake_query::{AdmittedCell, BookedCell, CountedCell, UnitCell};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What the lake answered.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) booked: Vec<BookedCell>,
    pub(crate) admitted: Vec<AdmittedCell>,
    pub(crate) counted: Vec<CountedCell>,
    pub(crate) units: Vec<UnitCell>,
}

/// What happened in an hour, on a day or at a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) capacity: i64,
    pub(crate) visitors: i64,
    pub(crate) admissions: i64,
    pub(crate) people_in: i64,
    pub(crate) people_out: i64,
    /// People inside at its end; only hours have it.
    pub(crate) occupancy: i64,
}

impl Figures {
    /// The hours of a day that have slots or in which something happened, with the places of the
    /// venue's rules. An hour that the clocks repeat in October is one hour.
    pub(crate) fn hours(
        &self,
        venue: &Venue,
        day: Date,
        zone: &TimeZone,
        now: Timestamp,
    ) -> BTreeMap<i8, Tally> {
        let mut hours: BTreeMap<i8, Tally> = BTreeMap::new();
        // Of a pass nobody knows the hour before it is used.
        for product in venue.products.iter().filter(|product| product.pass.is_none()) {
            if let Day::Open { slots } = venue.opening.day(product, day, zone) {
                for slot in slots {
                    let hour = slot.id.local_start().hour();
                    hours.entry(hour).or_default().capacity += i64::from(product.capacity);
                }
            }
        }
        let local = |at: Timestamp| zone.to_datetime(at);
        for cell in self.booked.iter().filter(|cell| cell.slot_day == day) {
            hours.entry(local(cell.slot_start).hour()).or_default().visitors += cell.visitors;
        }
        // A ticket of this day opens the gate on this day: gates close an hour after the slot.
        for cell in self.admitted.iter().filter(|cell| cell.slot_day == day) {
            hours.entry(local(cell.hour).hour()).or_default().admissions += cell.admissions;
        }
        for cell in self.counted.iter().filter(|cell| local(cell.hour).date() == day) {
            let tally = hours.entry(local(cell.hour).hour()).or_default();
            tally.people_in += cell.people_in;
            tally.people_out += cell.people_out;
        }
        let mut inside = 0;
        for (hour, tally) in &mut hours {
            if day.at(*hour, 0, 0, 0) > local(now) {
                break;
            }
            // Counters miss people; nobody is inside less than nobody.
            inside = (inside + tally.people_in - tally.people_out).max(0);
            tally.occupancy = inside;
        }
        hours
    }

    /// Every day from `first` to `last`, also those on which nothing happened.
    pub(crate) fn days(&self, first: Date, last: Date, zone: &TimeZone) -> BTreeMap<Date, Tally> {
        let mut days = BTreeMap::new();
        let mut day = first;
        while day <= last {
            days.insert(day, Tally::default());
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        for cell in &self.booked {
            days.entry(cell.slot_day).or_default().visitors += cell.visitors;
        }
        for cell in &self.admitted {
            days.entry(cell.slot_day).or_default().admissions += cell.admissions;
        }
        for cell in &self.counted {
            let day = zone.to_datetime(cell.hour).date();
            days.entry(day).or_default().people_in += cell.people_in;
        }
        days
    }

    /// Every venue at which something happened.
    pub(crate) fn venues(&self) -> BTreeMap<&str, Tally> {
        let mut venues: BTreeMap<&str, Tally> = BTreeMap::new();
        for cell in &self.booked {
            venues.entry(&cell.venue_id).or_default().visitors += cell.visitors;
        }
        for cell in &self.admitted {
            venues.entry(&cell.venue_id).or_default().admissions += cell.admissions;
        }
        for cell in &self.counted {
            venues.entry(&cell.venue_id).or_default().people_in += cell.people_in;
        }
        venues
    }
}

#[cfg(test)]
mod tests;
