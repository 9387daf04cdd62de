//! From the periods of messages to whole hours, and from a venue's calendar to what a day is like.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{DayKind, Hour};
use crate::venue::{Venue, time_zone};

const HOUR_SECONDS: i64 = 3600;
/// An hour of which at least this much was heard is taken, for as much as was heard.
const LEAST_HEARD_SECONDS: i64 = 2700;

/// The instant at which an hour begins.
#[must_use]
pub fn instant_of_hour(at: i64) -> Timestamp {
    at.checked_mul(HOUR_SECONDS).and_then(|s| Timestamp::from_second(s).ok()).unwrap_or_default()
}

/// The hour in which an instant is.
#[must_use]
pub fn hour_at(at: Timestamp) -> i64 {
    at.as_second().div_euclid(HOUR_SECONDS)
}

/// The hours from one to another, both included, of what a counter said of periods of at most an hour (start, end
/// and people), where a day is like `kind` says.
#[must_use]
pub fn hours_of(
    periods: impl IntoIterator<Item = (Timestamp, Timestamp, u64)>,
    (from, to): (i64, i64),
    kind: impl Fn(Date) -> DayKind,
) -> Vec<Hour> {
    let mut heard: BTreeMap<i64, (i64, u64)> = BTreeMap::new();
    for (start, end, people) in periods {
        let seconds = end.as_second() - start.as_second();
        // What is of several hours says nothing of any of them.
        if (1..=HOUR_SECONDS).contains(&seconds) {
            let (heard, sum) = heard.entry(hour_at(start)).or_default();
            *heard += seconds;
            *sum = sum.saturating_add(people);
        }
    }
    let hour = |at: i64| {
        let local = instant_of_hour(at).to_zoned_datetime(time_zone()).datetime();
        let people = heard.get(&at).filter(|(seconds, _)| *seconds >= LEAST_HEARD_SECONDS);
        let people = people.and_then(|(seconds, sum)| {
            let seconds = u64::try_from(*seconds).ok()?.min(3600);
            u32::try_from(sum.saturating_mul(3600).saturating_add(seconds / 2) / seconds).ok()
        });
        let day = u8::try_from(local.date().weekday().to_monday_zero_offset()).unwrap_or(0);
        let hour = u8::try_from(local.time().hour()).unwrap_or(0);
        Hour { at, week_hour: day * 24 + hour, people, day: kind(local.date()) }
    };
    (from..=to).map(hour).collect()
}

/// What a day is like at a venue: closed for once by its calendar, or unusual because it is a public holiday, the
/// eve of Christmas or of the new year, or a day on which everybody enters for nothing.
#[must_use]
pub fn day_kind(venue: &Venue, day: Date) -> DayKind {
    if venue.opening.closures.iter().any(|closure| closure.from <= day && day <= closure.to) {
        return DayKind::Closed;
    }
    let is_free = venue.products.iter().any(|product| product.free_day(day).is_some());
    if is_free || is_public_holiday(day) { DayKind::Unusual } else { DayKind::Usual }
}

/// Public holidays of Italy on fixed days (law 260/1949 as it stands), and the eves of Christmas and the new year.
const HOLIDAYS: [(i8, i8); 12] = [
    (1, 1),
    (1, 6),
    (4, 25),
    (5, 1),
    (6, 2),
    (8, 15),
    (11, 1),
    (12, 8),
    (12, 24),
    (12, 25),
    (12, 26),
    (12, 31),
];

fn is_public_holiday(day: Date) -> bool {
    let easter = easter(day.year());
    HOLIDAYS.contains(&(day.month(), day.day()))
        || easter.is_some_and(|easter| day == easter || easter.tomorrow().ok() == Some(day))
}

/// Easter Sunday (the anonymous Gregorian computus).
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let day = epact + weekday - 7 * late + 114;
    let part = |number: i32| i8::try_from(number).ok();
    Date::new(i16::try_from(year).ok()?, part(day / 31)?, part(day % 31 + 1)?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn easter_moves_and_its_monday_is_a_holiday() {
        for (year, month, day) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2038, 4, 25)] {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
        assert!(is_public_holiday(date(2026, 4, 6)));
        assert!(!is_public_holiday(date(2026, 4, 7)));
        assert!(is_public_holiday(date(2026, 8, 15)));
    }

    #[test]
    fn quarters_of_an_hour_make_hours_and_what_was_heard_of_half_an_hour_makes_none() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let quarter = |start: &str, end: &str, people| (at(start), at(end), people);
        let periods = [
            quarter("2026-11-24T09:00:00Z", "2026-11-24T09:15:00Z", 3),
            quarter("2026-11-24T09:15:00Z", "2026-11-24T09:30:00Z", 4),
            quarter("2026-11-24T09:30:00Z", "2026-11-24T09:45:00Z", 5),
            quarter("2026-11-24T10:00:00Z", "2026-11-24T10:30:00Z", 9),
            quarter("2026-11-24T00:00:00Z", "2026-11-24T12:00:00Z", 900),
        ];
        let from = hour_at(at("2026-11-24T09:00:00Z"));
        let hours = hours_of(periods, (from, from + 1), |_| DayKind::Usual);
        // Three quarters of an hour stand for the whole; ten o'clock at the venue, on a Tuesday.
        assert_eq!((hours[0].people, hours[0].week_hour), (Some(16), 34));
        assert_eq!(hours[1].people, None);
        assert_eq!(instant_of_hour(from), at("2026-11-24T09:00:00Z"));
    }
}
