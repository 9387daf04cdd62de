use atrio_domain::calendar::Opening;
use atrio_domain::id::VenueId;
use atrio_domain::premises::Premises;
use atrio_domain::tariff::Cents;
use atrio_domain::venue::{HoursSource, TIME_ZONE, VenueKind, shipped_product};
use jiff::civil::date;

use super::*;

const DAY: Date = date(2026, 11, 24);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rome() -> TimeZone {
    TimeZone::get(TIME_ZONE).unwrap()
}

fn venue() -> Venue {
    Venue {
        id: VenueId::new("20240").unwrap(),
        name: "Museo".into(),
        kind: VenueKind::Museum,
        category: None,
        municipality: "Firenze".into(),
        region: "Toscana".into(),
        latitude: 43.77,
        longitude: 11.26,
        full_price_cents: Cents(800),
        annual_visitors: None,
        website: None,
        hours: HoursSource::DefaultWeek,
        opening: Opening::default_week(),
        resources: Vec::new(),
        premises: Premises::default(),
        products: vec![shipped_product(VenueKind::Museum, Cents(800), None).unwrap()],
        campaigns: Vec::new(),
        honoured_passes: Vec::new(),
        follows: atrio_domain::template::Follows::Undecided,
        supplied_by: atrio_domain::supplier::SuppliedBy::default(),
    }
}

fn counted(hour: &str, people_in: i64, people_out: i64) -> CountedCell {
    CountedCell { venue_id: "20240".into(), hour: at(hour), people_in, people_out }
}

fn figures() -> Figures {
    Figures {
        booked: vec![BookedCell {
            venue_id: "20240".into(),
            slot_day: DAY,
            slot_start: at("2026-11-24T09:00:00Z"),
            channel: "WEB".into(),
            bookings: 1,
            visitors: 4,
            revenue_cents: 3_200,
        }],
        admitted: vec![AdmittedCell {
            venue_id: "20240".into(),
            slot_day: DAY,
            hour: at("2026-11-24T08:00:00Z"),
            admissions: 3,
        }],
        counted: vec![
            counted("2026-11-23T15:00:00Z", 99, 0),
            counted("2026-11-24T08:00:00Z", 5, 9),
            counted("2026-11-24T09:00:00Z", 8, 2),
            counted("2026-11-24T10:00:00Z", 0, 1),
        ],
        units: Vec::new(),
    }
}

#[test]
fn an_hour_is_the_venues_own_and_nobody_is_inside_less_than_nobody() {
    let hours = figures().hours(&venue(), DAY, &rome(), at("2026-11-24T22:00:00Z"));
    assert_eq!(hours.len(), 10);
    assert!(hours.values().all(|tally| tally.capacity == 10));
    assert_eq!((hours[&9].admissions, hours[&9].occupancy), (3, 0));
    assert_eq!((hours[&10].visitors, hours[&10].people_in, hours[&10].occupancy), (4, 8, 6));
    assert_eq!((hours[&11].occupancy, hours[&18].occupancy), (5, 5));
}

#[test]
fn an_hour_that_has_not_begun_holds_nobody() {
    let hours = figures().hours(&venue(), DAY, &rome(), at("2026-11-24T10:59:00Z"));
    assert_eq!((hours[&11].occupancy, hours[&12].occupancy), (5, 0));
}

#[test]
fn a_day_ends_at_midnight_in_rome_and_a_quiet_day_is_listed() {
    let mut figures = figures();
    figures.counted.push(counted("2026-11-22T23:00:00Z", 1, 0));
    let days = figures.days(date(2026, 11, 21), DAY, &rome());
    let people: Vec<_> = days.values().map(|tally| tally.people_in).collect();
    assert_eq!(people, [0, 0, 100, 13]);
    assert_eq!((days[&DAY].visitors, days[&DAY].admissions), (4, 3));
}

#[test]
fn the_two_equal_hours_of_an_october_night_are_one() {
    let night = [counted("2026-10-25T00:00:00Z", 1, 0), counted("2026-10-25T01:00:00Z", 2, 0)];
    let figures = Figures { counted: night.to_vec(), ..Figures::default() };
    let hours = figures.hours(&venue(), date(2026, 10, 25), &rome(), at("2026-10-26T00:00:00Z"));
    assert_eq!(hours[&2].people_in, 3);
}
