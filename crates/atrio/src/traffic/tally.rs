//! The tally of one live people counter: who came in, who will leave and when, and the periods
//! that have closed. It reads no clock and sends nothing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;

use super::draws::{draw_dwell, draw_passages};
use super::observation::Observation;

/// Most periods closed at one look at the clock; a counter further behind was off, and the
/// missing periods show as a gap in `seq`.
const MOST_PERIODS_AT_ONCE: i64 = 15;

/// A counter between two messages.
#[derive(Debug)]
pub(super) struct Tally {
    period_seconds: i64,
    period_start: Timestamp,
    cumulative: u64,
    /// People the counter has seen come in and not yet seen leave.
    inside: u32,
    entering: Vec<(Timestamp, u32)>,
    leaving: BinaryHeap<Reverse<(Timestamp, u32)>>,
}

impl Tally {
    /// Starts counting in the period that holds `now`, after `cumulative` earlier passages.
    pub(super) fn new(period_seconds: u32, cumulative: u64, now: Timestamp) -> Self {
        let period_seconds = i64::from(period_seconds.max(1));
        Self {
            period_seconds,
            period_start: floor(now, period_seconds),
            cumulative,
            inside: 0,
            entering: Vec::new(),
            leaving: BinaryHeap::new(),
        }
    }

    /// Passages counted since the counter was installed, up to the last closed period.
    pub(super) fn cumulative(&self) -> u64 {
        self.cumulative
    }

    /// Lets `people` in at `at`; each leaves after a stay of their own, and the counter errs a
    /// little in both directions.
    pub(super) fn admit(&mut self, at: Timestamp, people: u32, rng: &mut StdRng) {
        for _ in 0..people {
            self.entering.push((at, draw_passages(rng)));
            let stay = SignedDuration::try_from(draw_dwell(rng)).unwrap_or(SignedDuration::ZERO);
            self.leaving.push(Reverse((
                at.saturating_add(stay).unwrap_or(Timestamp::MAX),
                draw_passages(rng),
            )));
        }
    }

    /// Closes every period that ended by `now`, oldest first. What is admitted late, after its
    /// period closed, is counted in the next one.
    pub(super) fn close(&mut self, now: Timestamp) -> Vec<Observation> {
        let current = floor(now, self.period_seconds);
        let due = (current.as_second() - self.period_start.as_second()) / self.period_seconds;
        if !(0..=MOST_PERIODS_AT_ONCE).contains(&due) {
            self.period_start = current;
            return Vec::new();
        }
        (0..due).filter_map(|_| self.close_one()).collect()
    }

    fn close_one(&mut self) -> Option<Observation> {
        let from = self.period_start;
        let to = Timestamp::from_second(from.as_second() + self.period_seconds).ok()?;
        let mut towards = 0;
        self.entering.retain(|(at, passages)| {
            let counted = *at < to;
            if counted {
                towards += passages;
            }
            !counted
        });
        let mut left = 0;
        while let Some(Reverse((at, passages))) = self.leaving.peek().copied() {
            if at >= to {
                break;
            }
            left += passages;
            self.leaving.pop();
        }
        // A passage out that the counter doubled must not empty the venue below zero.
        let away = left.min(self.inside + towards);
        self.inside = self.inside + towards - away;
        self.cumulative += u64::from(towards) + u64::from(away);
        self.period_start = to;
        let seq = from.as_second() / self.period_seconds;
        Some(Observation { from, to, towards, away, seq, cumulative: self.cumulative })
    }
}

fn floor(at: Timestamp, period_seconds: i64) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(period_seconds)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use rand::SeedableRng;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn at_any_time_more_people_came_in_than_went_out_and_nearly_all_leave() {
        let mut rng = StdRng::seed_from_u64(7);
        let start = at("2026-11-24T08:00:20Z");
        let mut tally = Tally::new(60, 1_000, start);
        let (mut came, mut went, mut messages) = (0_u32, 0_u32, 0);
        let mut cumulative = 1_000;
        for minute in 0..600 {
            let now = start + minute.minutes();
            if minute < 400 {
                tally.admit(now, 3, &mut rng);
            }
            for seen in tally.close(now) {
                came += seen.towards;
                went += seen.away;
                messages += 1;
                assert!(went <= came, "{seen:?}");
                assert_eq!(seen.to.duration_since(seen.from).as_secs(), 60);
                cumulative += u64::from(seen.towards + seen.away);
                assert_eq!(seen.cumulative, cumulative);
            }
        }
        assert_eq!(messages, 599);
        assert!((1_150..1_250).contains(&came), "{came}");
        assert!(came - went < 40, "{came} {went}");
    }

    #[test]
    fn periods_are_aligned_numbered_without_a_gap_and_empty_ones_are_sent_too() {
        let mut tally = Tally::new(60, 0, at("2026-11-24T09:00:42Z"));
        assert!(tally.close(at("2026-11-24T09:00:59Z")).is_empty());
        let closed = tally.close(at("2026-11-24T09:03:05Z"));
        let seqs: Vec<i64> = closed.iter().map(|seen| seen.seq).collect();
        assert_eq!(seqs, [29_925_180, 29_925_181, 29_925_182]);
        assert_eq!(closed[0].from, at("2026-11-24T09:00:00Z"));
        assert!(closed.iter().all(|seen| seen.towards == 0 && seen.away == 0));
    }

    #[test]
    fn a_clock_that_jumps_leaves_a_gap_instead_of_a_flood() {
        let mut tally = Tally::new(60, 0, at("2026-11-24T09:00:00Z"));
        assert!(tally.close(at("2026-11-26T09:00:30Z")).is_empty());
        assert_eq!(tally.close(at("2026-11-26T09:01:30Z")).len(), 1);
        assert!(tally.close(at("2026-11-20T09:00:00Z")).is_empty());
        assert_eq!(tally.close(at("2026-11-20T09:01:00Z")).len(), 1);
    }
}
