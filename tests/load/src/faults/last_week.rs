//! The rule of thumb that others are measured against: a day's people against the same day a week before, less than
//! 60 % or more than 167 % of it is a fault; so are six hours of nobody between eight and eight.

use super::counts::Counts;
use super::inject::Injection;
use super::{Score, WITHIN_HOURS, of};
use crate::report;

const WEEK: i64 = 168;
const FEWER: f64 = 0.6;
/// Alarms closer than this are one.
const ONE_ALARM_HOURS: i64 = 48;

/// Prints the same figures for it.
pub(super) fn measure(counts: &Counts, span: (i64, i64), begins: &[(usize, i64)], seed: u64) {
    for injection in Injection::ALL {
        let mut score = Score::default();
        for (sensor, begin) in begins {
            let people = |at| {
                let is_faulty = at >= *begin;
                if is_faulty {
                    injection.hour(counts, *sensor, *begin, at, seed).people
                } else {
                    counts.people(*sensor, at)
                }
            };
            if alarms(&people, *begin - 1) {
                continue;
            }
            let from = *begin + injection.grows_for_hours();
            let found = (*begin..from + WITHIN_HOURS).find(|at| alarms(&people, *at));
            score.add(from, found.map(|at| (at, false)));
        }
        report::line(&format!("| {} | {} |", injection.name(), score.line()));
    }
    let mut number = 0;
    for sensor in 0..counts.sensors.len() {
        let mut last = i64::MIN / 2;
        for at in span.0..span.1 {
            if alarms(&|at| counts.people(sensor, at), at) {
                number += usize::from(at - last > ONE_ALARM_HOURS);
                last = at;
            }
        }
    }
    let weekly = of(number) / counts.sensor_weeks(span);
    report::line(&format!(
        "\nfound in the counts as they are: {number}, {weekly:.3} a sensor-week"
    ));
}

fn alarms(people: &dyn Fn(i64) -> Option<u32>, at: i64) -> bool {
    let (mut now, mut before) = (0.0, 0.0);
    for hour in at - 23..=at {
        if let (Some(people), Some(week_ago)) = (people(hour), people(hour - WEEK)) {
            now += f64::from(people);
            before += f64::from(week_ago);
        }
    }
    let nobody =
        (at - 5..=at).all(|hour| (8..20).contains(&hour.rem_euclid(24)) && people(hour) == Some(0));
    nobody || (before > 0.0 && (now < FEWER * before || now * FEWER > before))
}
