//! Answers as they are written.

use std::collections::BTreeMap;

use atrio_domain::venue::Venue;
use atrio_lake_query::View;
use atrio_runtime::Clock;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use crate::FORTNIGHT_DAYS;
use crate::figures::Figures;

/// One venue on one day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DashboardView {
    /// The venue.
    venue_id: String,
    /// The day at the venue.
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// Up to when the lake knows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// Grows with every commit of the lake.
    lake_version: u64,
    /// Places of the day.
    capacity: i64,
    /// The whole day.
    totals: DayTotals,
    /// The hours that have slots or in which something happened.
    hours: Vec<HourView>,
    /// By channel.
    channels: Vec<ChannelView>,
    /// By kind of visitor.
    units: Vec<UnitFigures>,
    /// The fourteen days up to this one.
    days: Vec<DayFigures>,
}

/// Sums of a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayTotals {
    /// Bookings confirmed, less cancelled.
    bookings: i64,
    /// Their places.
    visitors: i64,
    /// Their amounts, in EUR cents.
    revenue_cents: i64,
    /// Tickets that opened a gate.
    admissions: i64,
    /// People counted going in.
    people_in: i64,
    /// People counted going out.
    people_out: i64,
    /// People inside after the last hour begun.
    occupancy: i64,
}

/// One hour of the day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HourView {
    /// Its start, such as `09:00`.
    hour: String,
    /// Booked for slots that start in it.
    visitors: i64,
    /// Places of those slots.
    capacity: i64,
    /// Tickets that opened a gate in it.
    admissions: i64,
    /// People counted going in.
    people_in: i64,
    /// People counted going out.
    people_out: i64,
    /// People inside at its end; 0 while it has not begun.
    occupancy: i64,
}

/// One channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelView {
    /// The channel.
    channel: String,
    /// Bookings.
    bookings: i64,
    /// Their places.
    visitors: i64,
}

/// One kind of visitor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnitFigures {
    /// The unit.
    unit_id: String,
    /// Visitors.
    visitors: i64,
}

/// One of fourteen days.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayFigures {
    /// The day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// Booked for it.
    visitors: i64,
    /// Tickets of it that opened a gate.
    admissions: i64,
    /// People counted going in.
    people_in: i64,
}

/// Venues on one day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OverviewView {
    /// The day at the venues.
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// Up to when the lake knows.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// Venues at which something happened.
    venues: Vec<VenueFigures>,
}

/// One venue of many.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VenueFigures {
    /// The venue.
    venue_id: String,
    /// Booked for the day.
    visitors: i64,
    /// Tickets that opened a gate.
    admissions: i64,
    /// People counted going in.
    people_in: i64,
}

impl DashboardView {
    pub(crate) fn of(
        venue: &Venue,
        day: Date,
        figures: &Figures,
        lake: &View,
        zone: &TimeZone,
        clock: &Clock,
    ) -> Self {
        let now = clock.now();
        let hours: Vec<HourView> = figures
            .hours(venue, day, zone, now)
            .into_iter()
            .map(|(hour, tally)| HourView {
                hour: format!("{hour:02}:00"),
                visitors: tally.visitors,
                capacity: tally.capacity,
                admissions: tally.admissions,
                people_in: tally.people_in,
                people_out: tally.people_out,
                occupancy: tally.occupancy,
            })
            .collect();
        let first = day.saturating_sub((FORTNIGHT_DAYS - 1).days());
        let days = figures.days(first, day, zone).into_iter().map(|(date, tally)| DayFigures {
            date,
            visitors: tally.visitors,
            admissions: tally.admissions,
            people_in: tally.people_in,
        });
        Self {
            venue_id: venue.id.to_string(),
            day,
            as_of: lake.as_of().map_or_else(|| clock.now(), |committed| clock.showing(committed)),
            lake_version: lake.version(),
            capacity: hours.iter().map(|hour| hour.capacity).sum(),
            totals: DayTotals::of(day, figures, &hours),
            days: days.collect(),
            channels: channels(day, figures),
            units: units(figures),
            hours,
        }
    }
}

impl DayTotals {
    fn of(day: Date, figures: &Figures, hours: &[HourView]) -> Self {
        let booked = || figures.booked.iter().filter(|cell| cell.slot_day == day);
        let sum = |field: fn(&HourView) -> i64| hours.iter().map(field).sum();
        let last_counted = hours
            .iter()
            .rev()
            .find(|hour| hour.occupancy != 0 || hour.people_in != 0 || hour.people_out != 0);
        Self {
            bookings: booked().map(|cell| cell.bookings).sum(),
            visitors: booked().map(|cell| cell.visitors).sum(),
            revenue_cents: booked().map(|cell| cell.revenue_cents).sum(),
            admissions: sum(|hour| hour.admissions),
            people_in: sum(|hour| hour.people_in),
            people_out: sum(|hour| hour.people_out),
            occupancy: last_counted.map_or(0, |hour| hour.occupancy),
        }
    }
}

fn channels(day: Date, figures: &Figures) -> Vec<ChannelView> {
    let mut channels: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for cell in figures.booked.iter().filter(|cell| cell.slot_day == day) {
        let sums = channels.entry(&cell.channel).or_default();
        sums.0 += cell.bookings;
        sums.1 += cell.visitors;
    }
    channels
        .into_iter()
        .map(|(channel, (bookings, visitors))| ChannelView {
            channel: channel.to_owned(),
            bookings,
            visitors,
        })
        .collect()
}

fn units(figures: &Figures) -> Vec<UnitFigures> {
    let unit = |cell: &atrio_lake_query::UnitCell| UnitFigures {
        unit_id: cell.unit_id.clone(),
        visitors: cell.visitors,
    };
    figures.units.iter().map(unit).collect()
}

impl OverviewView {
    pub(crate) fn of(day: Date, figures: &Figures, lake: &View, clock: &Clock) -> Self {
        let venue = |(venue_id, tally): (&str, crate::figures::Tally)| VenueFigures {
            venue_id: venue_id.to_owned(),
            visitors: tally.visitors,
            admissions: tally.admissions,
            people_in: tally.people_in,
        };
        Self {
            day,
            as_of: lake.as_of().map_or_else(|| clock.now(), |committed| clock.showing(committed)),
            venues: figures.venues().into_iter().map(venue).collect(),
        }
    }
}
