//! What is remembered of a counter: how many people each hour of the week brings, the latest hours as they are
//! known, and what was found.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::{DayKind, Hour, KEPT_FINDINGS, RING_HOURS, SETTLED_HOURS, WEEK_HOURS};

/// Weight of a new week in what is usual, once enough of them were seen.
const NEW_WEEK: f64 = 0.2;
/// Weeks after which one odd hour moves what is usual by a bounded step only.
const WEEKS_UNTIL_BOUNDED: u16 = 3;

/// So many days of the week are learned before anything is judged, or so many weeks of a counter that is on for fewer.
const LEAST_WEEKDAYS: usize = 6;
const LEAST_WEEKS: u16 = 4;

/// How many people an hour of the week brings.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Usual(
    /// People, on average with newer weeks weighing more.
    pub(super) f64,
    /// Weeks it was learned from.
    pub(super) u16,
);

/// An hour as the ring keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept(pub(super) u8, pub(super) Option<u32>, pub(super) DayKind);

/// How a counter is watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// By hour of the week.
    pub(super) usual: Vec<Usual>,
    /// How far single hours stray from what is usual, as a multiple of what chance alone does.
    pub(super) stray: f64,
    /// Days that was learned from.
    pub(super) stray_days: u16,
    /// The hour of the ring's first entry.
    pub(super) from: i64,
    /// The latest hours without a gap, the oldest first.
    pub(super) ring: VecDeque<Kept>,
    /// Hours before this one were learned, or left out.
    pub(super) learned_before: i64,
    /// What was found, the newest last.
    pub(super) findings: Vec<Finding>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            usual: vec![Usual::default(); usize::from(WEEK_HOURS)],
            stray: 4.0,
            stray_days: 0,
            from: 0,
            ring: VecDeque::new(),
            learned_before: 0,
            findings: Vec::new(),
        }
    }
}

impl Watch {
    /// The latest hour it has taken.
    #[must_use]
    pub fn until(&self) -> Option<i64> {
        let length = i64::try_from(self.ring.len()).ok().filter(|length| *length > 0)?;
        Some(self.from + length - 1)
    }

    /// What was found, the newest last.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether enough was learned to judge how many people come.
    #[must_use]
    pub fn has_learned(&self) -> bool {
        let days = self.usual.chunks(24).filter(|day| day.iter().any(|usual| usual.1 > 0));
        days.count() >= LEAST_WEEKDAYS || self.usual.iter().any(|usual| usual.1 >= LEAST_WEEKS)
    }

    /// Puts another number in the place of one that was taken: it came late, or was corrected.
    pub(super) fn correct(&mut self, hour: Hour) {
        let index = usize::try_from(hour.at - self.from);
        if let Some(kept) = index.ok().and_then(|index| self.ring.get_mut(index)) {
            *kept = Kept(hour.week_hour % WEEK_HOURS, hour.people, hour.day);
        }
    }

    /// Takes the next hour; hours left out before it were not heard.
    pub(super) fn push(&mut self, hour: Hour) {
        match self.until() {
            None => {
                self.from = hour.at;
                self.learned_before = self.learned_before.max(hour.at);
            }
            Some(until) if hour.at - until > SETTLED_HOURS => {
                // So long a silence: what was before it is learned, and the ring begins anew.
                self.learn_before(hour.at);
                self.ring.clear();
                self.from = hour.at;
                self.learned_before = hour.at;
            }
            Some(until) => {
                let gap = until + 1..hour.at;
                let week_hour = |at: i64| {
                    let back = u8::try_from((hour.at - at).rem_euclid(i64::from(WEEK_HOURS)));
                    (hour.week_hour % WEEK_HOURS + WEEK_HOURS - back.unwrap_or(0)) % WEEK_HOURS
                };
                self.ring.extend(gap.map(|at| Kept(week_hour(at), None, DayKind::Usual)));
            }
        }
        self.ring.push_back(Kept(hour.week_hour % WEEK_HOURS, hour.people, hour.day));
        self.learn_before(hour.at - SETTLED_HOURS);
        while self.ring.len() > RING_HOURS {
            self.ring.pop_front();
            self.from += 1;
        }
    }

    fn learn_before(&mut self, end: i64) {
        while self.learned_before < end {
            let at = self.learned_before;
            self.learned_before += 1;
            let Some(Kept(week_hour, Some(people), DayKind::Usual)) = self.kept(at) else {
                continue;
            };
            if self.findings.iter().any(|finding| finding.covers(at)) {
                continue;
            }
            let Some(Usual(mean, weeks)) = self.usual.get_mut(usize::from(week_hour)) else {
                continue;
            };
            let mut people = f64::from(people);
            if *weeks >= WEEKS_UNTIL_BOUNDED {
                people = people.clamp(*mean * 0.3, *mean * 3.0 + 5.0);
            }
            *weeks = weeks.saturating_add(1);
            let weight = NEW_WEEK.max(1.0 / f64::from(*weeks));
            *mean = hundredths(*mean + weight * (people - *mean));
        }
    }

    /// An hour of the ring.
    pub(super) fn kept(&self, at: i64) -> Option<Kept> {
        usize::try_from(at - self.from).ok().and_then(|index| self.ring.get(index)).copied()
    }

    /// How many people an hour of the week usually brings; none where that is not known yet.
    pub(super) fn expected(&self, week_hour: u8) -> Option<f64> {
        let Usual(mean, weeks) = self.usual.get(usize::from(week_hour % WEEK_HOURS))?;
        (*weeks > 0).then_some(*mean)
    }

    /// Takes a level that lasted as what is usual.
    pub(super) fn accept_level(&mut self, ratio: f64) {
        for Usual(mean, _) in &mut self.usual {
            *mean = hundredths(*mean * ratio);
        }
    }

    /// Learns how far the hours of a day strayed.
    pub(super) fn learn_stray(&mut self, stray: f64) {
        let bounded = if self.stray_days >= 5 { stray.min(self.stray * 3.0) } else { stray };
        self.stray_days = self.stray_days.saturating_add(1);
        let weight = (1.0 / f64::from(self.stray_days)).max(0.05);
        self.stray = hundredths(self.stray + weight * (bounded - self.stray)).max(1.0);
    }

    /// Keeps what is open and the latest of what is over.
    pub(super) fn forget_old_findings(&mut self) {
        while self.findings.len() > KEPT_FINDINGS {
            let Some(oldest) = self.findings.iter().position(|finding| finding.over.is_some())
            else {
                return;
            };
            self.findings.remove(oldest);
        }
    }
}

/// Two places behind the point: the state stays small, and no machine's last bit counts.
pub(super) fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
