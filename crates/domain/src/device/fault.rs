//! Faults of people counters, found from what they count. A counter that speaks on time may still be blind,
//! stuck, half blind, slowly losing people, or an hour off; nobody sees that in its battery or its signal. A
//! [`Watch`] learns how many people each hour of the week brings a counter, and judges the latest hours against
//! that. It is small, knows no person, no clock and no zone, and the same hours always lead to the same findings.
//!
//! Late data: the last [`RING_HOURS`] hours are kept as they are known and may be given again, corrected or late;
//! each judgement is made from all of them. Nothing is learned of an hour before [`SETTLED_HOURS`] have passed,
//! which is past the horizon of late data, and nothing of hours that a finding covers: a fault never becomes what
//! is usual before it was looked at.

mod finding;
mod hours;
mod judge;
mod watch;
mod window;

use serde::{Deserialize, Serialize};

pub use finding::{Fault, Finding};
pub use hours::{day_kind, hour_at, hours_of, instant_of_hour};
pub use watch::Watch;
pub use window::View;

/// How many of the latest hours a watch keeps: a week.
pub const RING_HOURS: usize = 168;
/// After so many hours an hour is learned: by then nothing of it comes late any more.
pub const SETTLED_HOURS: i64 = 96;
/// So many days of one level are no fault any more but what is usual now.
pub const USUAL_AFTER_DAYS: i64 = 28;
/// Findings that are over and still shown.
pub const KEPT_FINDINGS: usize = 10;
/// Hours of a week.
pub(crate) const WEEK_HOURS: u8 = 168;
/// The fewest counters beside one that say what the day was like for all.
const FEWEST_NEIGHBOURS: usize = 3;

/// What a day is like, as far as a calendar knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DayKind {
    /// Like others of its weekday.
    #[default]
    #[serde(rename = "u")]
    Usual,
    /// A public holiday, a free day: nobody knows how many come. Only what no day explains is judged.
    #[serde(rename = "x")]
    Unusual,
    /// Closed for once: nothing is judged.
    #[serde(rename = "c")]
    Closed,
}

/// What a counter counted in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// Which hour: whole hours since 1970 (UTC).
    pub at: i64,
    /// Its hour of the week where the counter stands, from 0 on Monday at midnight to 167.
    pub week_hour: u8,
    /// People counted; `None` where the counter said nothing, or too little of the hour.
    pub people: Option<u32>,
    /// What its day is like.
    pub day: DayKind,
}

/// Takes the hours of counters that stand at one place and judges each counter, hour by hour in order of time,
/// beside the others where there are enough of them. Hours known before may be among them, corrected.
pub fn advance(counters: &mut [(&mut Watch, Vec<Hour>)]) {
    for (watch, hours) in counters.iter_mut() {
        let until = watch.until();
        hours.sort_by_key(|hour| hour.at);
        for hour in hours.iter().filter(|hour| until.is_some_and(|until| hour.at <= until)) {
            watch.correct(*hour);
        }
        hours.retain(|hour| until.is_none_or(|until| hour.at > until));
    }
    let instants = counters.iter().flat_map(|(_, hours)| hours.iter().map(|hour| hour.at));
    let instants: std::collections::BTreeSet<i64> = instants.collect();
    let mut next = vec![0_usize; counters.len()];
    for at in instants {
        let mut views: Vec<Option<View>> = vec![None; counters.len()];
        for (index, (watch, hours)) in counters.iter_mut().enumerate() {
            let Some(hour) = next.get(index).and_then(|next| hours.get(*next)) else { continue };
            if hour.at == at {
                watch.push(*hour);
                views[index] = Some(watch.view());
                next[index] += 1;
            }
        }
        for (index, (watch, _)) in counters.iter_mut().enumerate() {
            let Some(view) = views[index] else { continue };
            let others = views.iter().enumerate().filter(|(other, _)| *other != index);
            let others: Vec<&View> = others.filter_map(|(_, view)| view.as_ref()).collect();
            watch.judge(&view, &around(&others));
        }
    }
}

/// What the day was like for the others: the median of each of their figures.
fn around(others: &[&View]) -> View {
    let median = |figure: fn(&View) -> Option<f64>| {
        let mut known: Vec<f64> = others.iter().copied().filter_map(figure).collect();
        known.sort_by(f64::total_cmp);
        (known.len() >= FEWEST_NEIGHBOURS).then(|| {
            let middle = known.len() / 2;
            if known.len() % 2 == 1 {
                known[middle]
            } else {
                f64::midpoint(known[middle - 1], known[middle])
            }
        })
    };
    View {
        half_day: median(|view| view.half_day),
        day: median(|view| view.day),
        week: median(|view| view.week),
        day_expected: 0.0,
    }
}

#[cfg(test)]
mod tests;
