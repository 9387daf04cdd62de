//! The latest hours of a watch, summed up.

use super::DayKind;
use super::finding::whole;
use super::judge::{DAY, HALF_DAY, WEEK};
use super::watch::{Kept, Watch};

/// How a counter's latest hours stand to what is usual: natural logarithms of counted over expected, so that half
/// is -0.69 and double 0.69. None where too little is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct View {
    /// Of the last twelve hours.
    pub half_day: Option<f64>,
    /// Of the last day.
    pub day: Option<f64>,
    /// Of the last week.
    pub week: Option<f64>,
    /// People expected in the last day's hours that are judged.
    pub day_expected: f64,
}

/// A window that expects less than such a share of a day's people, as at night or on a closed weekday, says nothing of
/// how many.
const SHARE_OF_HALF_A_DAY: f64 = 0.05;
const SHARE_OF_A_DAY: f64 = 0.4;
const SHARE_OF_A_WEEK: f64 = 3.5;

/// Counted and expected of some hours.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) counted: u64,
    pub(super) expected: f64,
    pub(super) hours: u32,
}

impl Sums {
    /// Where at least so many hours are judged and so many people expected.
    pub(super) fn log_ratio(&self, hours_min: u32, expected_min: f64) -> Option<f64> {
        let known = self.hours >= hours_min && self.expected >= expected_min;
        known.then(|| ((whole(self.counted) + 1.0) / (self.expected + 1.0)).ln())
    }
}

impl Watch {
    /// How the latest hours stand.
    #[must_use]
    pub fn view(&self) -> View {
        if !self.has_learned() {
            return View::default();
        }
        let sums = |hours: u32| self.sums(hours, |at| self.is_explained(at));
        let (half_day, day, week) = (sums(HALF_DAY), sums(DAY), sums(WEEK));
        let mean = self.mean_day();
        View {
            half_day: half_day.log_ratio(2, (SHARE_OF_HALF_A_DAY * mean).max(6.0)),
            day: day.log_ratio(4, (SHARE_OF_A_DAY * mean).max(12.0)),
            week: week.log_ratio(DAY, (SHARE_OF_A_WEEK * mean).max(80.0)),
            day_expected: day.expected,
        }
    }

    /// People that a day brings, over the week.
    pub(super) fn mean_day(&self) -> f64 {
        self.usual.iter().map(|usual| usual.0).sum::<f64>() / 7.0
    }

    /// Whether another finding than one of how many explains an hour, or one that is over.
    fn is_explained(&self, at: i64) -> bool {
        let explains =
            |finding: &super::Finding| finding.over.is_some() || !finding.fault.is_of_level();
        self.findings.iter().any(|finding| explains(finding) && finding.covers(at))
    }

    /// The last so many hours that were heard, are of usual days and are not left out.
    pub(super) fn sums(&self, hours: u32, left_out: impl Fn(i64) -> bool) -> Sums {
        let mut sums = Sums::default();
        for (at, people, expected) in self.judged(hours) {
            if left_out(at) {
                continue;
            }
            sums.counted = sums.counted.saturating_add(u64::from(people));
            sums.expected += expected;
            sums.hours += 1;
        }
        sums
    }

    /// The last so many hours, the oldest first, with what was counted and expected: those heard, of usual days, and
    /// known.
    pub(super) fn judged(&self, hours: u32) -> impl Iterator<Item = (i64, u32, f64)> {
        let last = self.until().unwrap_or(self.from - 1);
        (last + 1 - i64::from(hours)..=last).filter_map(|at| {
            let Kept(week_hour, people, day) = self.kept(at)?;
            let expected = self.expected(week_hour)?;
            (day == DayKind::Usual).then_some((at, people?, expected))
        })
    }
}
