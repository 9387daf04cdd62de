//! Hourly counts of a table: `date`, `hour` such as `6:00-6:59`, then a column for each sensor, empty where one said
//! nothing. A day of the table goes from six in the morning to six; hours are those of the wall clock there.

use std::path::Path;

use atrio_domain::device::fault::{DayKind, Hour};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use crate::Failure;

/// Before this hour, a row is of the night after its date.
const DAY_BEGINS: i64 = 6;

/// Public holidays of Auckland in the years of the table.
const HOLIDAYS: [Date; 25] = [
    date(2023, 1, 1),
    date(2023, 1, 2),
    date(2023, 1, 3),
    date(2023, 1, 30),
    date(2023, 2, 6),
    date(2023, 4, 7),
    date(2023, 4, 10),
    date(2023, 4, 25),
    date(2023, 6, 5),
    date(2023, 7, 14),
    date(2023, 10, 23),
    date(2023, 12, 25),
    date(2023, 12, 26),
    date(2024, 1, 1),
    date(2024, 1, 2),
    date(2024, 1, 29),
    date(2024, 2, 6),
    date(2024, 3, 29),
    date(2024, 4, 1),
    date(2024, 4, 25),
    date(2024, 6, 3),
    date(2024, 6, 28),
    date(2024, 10, 28),
    date(2024, 12, 25),
    date(2024, 12, 26),
];

/// The counts of all sensors.
#[derive(Debug)]
pub(crate) struct Counts {
    /// Their names.
    pub(crate) sensors: Vec<String>,
    /// The first hour, since 1970, by the wall clock.
    pub(crate) from: i64,
    /// By sensor and hour.
    people: Vec<Vec<Option<u32>>>,
}

/// Reads the table.
pub(crate) fn read(file: &Path) -> Result<Counts, Failure> {
    let mut reader = csv::Reader::from_path(file)?;
    let sensors: Vec<String> = reader.headers()?.iter().skip(2).map(str::to_owned).collect();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row?;
        let field = |index| row.get(index).ok_or("a row without a date and an hour");
        let day: Date = field(0)?.parse()?;
        let hour: i64 = field(1)?.split(':').next().unwrap_or("").parse()?;
        let at = day_number(day) * 24 + hour + if hour < DAY_BEGINS { 24 } else { 0 };
        let people: Result<Vec<Option<u32>>, Failure> = row.iter().skip(2).map(people).collect();
        rows.push((at, people?));
    }
    let from = rows.iter().map(|(at, _)| *at).min().ok_or("a table without rows")?;
    let until = rows.iter().map(|(at, _)| *at).max().unwrap_or(from);
    let mut people = vec![vec![None; usize::try_from(until - from + 1)?]; sensors.len()];
    for (at, row) in rows {
        for (sensor, count) in people.iter_mut().zip(row) {
            sensor[usize::try_from(at - from)?] = count;
        }
    }
    Ok(Counts { sensors, from, people })
}

fn people(field: &str) -> Result<Option<u32>, Failure> {
    let whole = field.trim().strip_suffix(".0").unwrap_or(field.trim());
    Ok(if whole.is_empty() { None } else { Some(whole.parse()?) })
}

/// Days since 1970.
fn day_number(day: Date) -> i64 {
    date(1970, 1, 1).until(day).map_or(0, |span| i64::from(span.get_days()))
}

impl Counts {
    /// The hours of a year that the table holds, the last one not included.
    pub(crate) fn year(&self, year: i16) -> Result<(i64, i64), Failure> {
        let length = self.people.first().map_or(0, Vec::len);
        let until = self.from + i64::try_from(length)?;
        let begin = |year| -> Result<i64, Failure> { Ok(day_number(Date::new(year, 1, 1)?) * 24) };
        let span = (begin(year)?.max(self.from), begin(year + 1)?.min(until));
        if span.0 < span.1 { Ok(span) } else { Err(format!("no counts of {year}").into()) }
    }

    /// Weeks of all sensors in which something was counted.
    pub(crate) fn sensor_weeks(&self, (from, to): (i64, i64)) -> f64 {
        let heard =
            |sensor| (from..to).filter(move |at| self.people(sensor, *at).is_some()).count();
        super::of((0..self.sensors.len()).map(heard).sum()) / 168.0
    }

    /// What a sensor counted in an hour.
    pub(crate) fn people(&self, sensor: usize, at: i64) -> Option<u32> {
        let index = usize::try_from(at - self.from).ok()?;
        *self.people.get(sensor)?.get(index)?
    }

    /// The same as the rules take it.
    pub(crate) fn hour(&self, sensor: usize, at: i64) -> Hour {
        // 1 January 1970 was a Thursday.
        let week_hour = u8::try_from((at + 72).rem_euclid(168)).unwrap_or(0);
        let day = date(1970, 1, 1).saturating_add(at.div_euclid(24).days());
        let is_holiday = HOLIDAYS.contains(&day);
        let day = if is_holiday { DayKind::Unusual } else { DayKind::Usual };
        Hour { at, week_hour, people: self.people(sensor, at), day }
    }
}
