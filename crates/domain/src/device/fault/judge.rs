//! The rules: which fault the latest hours show, since when, and whether one is over. What no day explains comes
//! first (nobody counted, the same number again and again), then the clock, then how many. The figures were set on
//! counts of 2023 of 21 sensors and tried on those of 2024 (`docs/benchmarks.md`).

use super::finding::{Fault, Finding};
use super::watch::{Kept, Watch};
use super::window::{Sums, View};
use super::{DayKind, USUAL_AFTER_DAYS, WEEK_HOURS};

pub(super) const HALF_DAY: u32 = 12;
pub(super) const DAY: u32 = 24;
pub(super) const WEEK: u32 = 168;

/// So many people expected while nobody is counted are a fault, whatever the counter.
const BLIND_EXPECTED: f64 = 25.0;
/// And so many for each measure of how its hours stray.
const BLIND_EXPECTED_PER_STRAY: f64 = 8.0;
/// And such a share of a day's people: one hour of them may have found the door shut.
const BLIND_SHARE_OF_A_DAY: f64 = 0.12;
/// Others who count so much less than usual say that nobody came.
const NOBODY_CAME: f64 = -1.5;
/// The same number in a row is a fault when chance gives it less often than about once in e to this power.
const STUCK_SURPRISE: f64 = 13.0;
/// A counter whose day is so far from usual, by itself or beside others.
const LEVEL_ALONE: f64 = 0.47;
const LEVEL_BESIDE: f64 = 0.36;
/// More, while what is usual rests on few weeks.
const LEVEL_MORE_AT_FIRST: f64 = 0.08;
/// What chance alone does to a day's sum, so many times.
const LEVEL_DEVIATIONS: f64 = 4.0;
/// The last half day must be so much of that, too: a storm in the morning is no fault.
const HALF_DAY_SHARE: f64 = 0.6;
/// A fault of how many is over within this of what is usual.
const LEVEL_OVER: f64 = 0.25;
/// A counter whose week is so far from usual, though no day of it is.
const DRIFT_ALONE: f64 = 0.30;
const DRIFT_BESIDE: f64 = 0.22;
/// The hours by which a clock may be off.
const SHIFTS: [i8; 14] = [-12, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 12];
/// How much worse the hours fit as they are than once they are moved.
const CLOCK_RATIO: f64 = 2.3;
/// How much worse they fit than this counter's hours do usually.
const CLOCK_STRAY: f64 = 1.5;
/// The clock is judged by a day of which so much is known: much less may be a day's end that fits anything.
const CLOCK_SHARE_OF_A_DAY: f64 = 0.6;
/// A counter that counts somebody, and nobody again within so many hours, is blind at some hours.
const BLIND_AGAIN_WITHIN: i64 = 48;
/// Another fault that comes again within so many hours never was over.
const AGAIN_WITHIN: i64 = 168;

impl Watch {
    /// Judges the latest hour, whose view this is, beside what the day was like for others.
    pub(super) fn judge(&mut self, own: &View, others: &View) {
        let Some(now) = self.until() else { return };
        // What became usual is judged by what is usual now.
        let after = self.end_findings(now, own, others).then(|| self.view());
        let own = after.as_ref().unwrap_or(own);
        let open = |watch: &Self, these: fn(Fault) -> bool| {
            watch.findings.iter().any(|finding| finding.over.is_none() && these(finding.fault))
        };
        if !open(self, |fault| fault.is_blind() || fault == Fault::Stuck) {
            if let Some(found) = self.blind(now, others).or_else(|| self.stuck(now)) {
                self.keep(found);
                return;
            }
            let (fit, fits_moved) = self.fits();
            let is_new_day = now.rem_euclid(i64::from(DAY)) == 0;
            if is_new_day
                && self.findings.iter().all(|finding| finding.over.is_some())
                && let Some(stray) = fit.filter(|_| self.has_learned())
            {
                self.learn_stray(stray);
            }
            if !open(self, |fault| fault == Fault::ClockShift) {
                if let Some(found) = self.clock(now, fit, fits_moved) {
                    self.keep(found);
                } else if !open(self, Fault::is_of_level)
                    && let Some(found) = self.level(now, own, others)
                {
                    self.keep(found);
                }
            }
        }
        self.forget_old_findings();
    }

    fn keep(&mut self, found: Finding) {
        let again = self.findings.iter_mut().rev().find(|before| {
            let gap = if found.fault.is_blind() { BLIND_AGAIN_WITHIN } else { AGAIN_WITHIN };
            let of_late = |over| found.since - over <= gap;
            before.over.is_some_and(of_late) && !before.became_usual && found.is_again(before)
        });
        if let Some(before) = again {
            let fault = if found.fault.is_blind() { Fault::BlindHours } else { found.fault };
            *before = Finding { fault, since: before.since, found: before.found, ..found };
            return;
        }
        // What began with it is explained by it: too few where nobody was counted, nobody where hours are moved.
        let is_shift = found.fault == Fault::ClockShift;
        self.findings.retain(|before| {
            let began_with_it = found.since - before.since <= i64::from(DAY);
            let of_level = before.fault.is_of_level() && before.over.is_none();
            !(began_with_it && (of_level || is_shift && before.fault.is_blind()))
        });
        self.findings.push(found);
    }

    /// Nobody was counted, hour after hour, where people come.
    fn blind(&self, now: i64, others: &View) -> Option<Finding> {
        if others.half_day.is_some_and(|others| others < NOBODY_CAME) {
            return None;
        }
        let mut sums = Sums::default();
        let mut since = now;
        for at in (self.from..=now).rev() {
            let Some(Kept(week_hour, Some(0), day)) = self.kept(at) else { break };
            if day == DayKind::Closed {
                continue;
            }
            let expected = self.expected(week_hour).unwrap_or(0.0);
            // On a holiday few may come.
            sums.expected += if day == DayKind::Usual { expected } else { expected / 4.0 };
            sums.hours += 1;
            if expected >= 1.0 {
                since = at;
            }
        }
        let enough = BLIND_EXPECTED.max(BLIND_EXPECTED_PER_STRAY * self.stray);
        // A clock that is off makes hours of nobody by itself.
        let is_shifted = |f: &Finding| f.fault == Fault::ClockShift && f.over.is_none();
        let share = if self.findings.iter().any(is_shifted) { 0.8 } else { BLIND_SHARE_OF_A_DAY };
        let enough = enough.max(share * self.mean_day());
        let found = sums.hours >= 2 && sums.expected >= enough && self.has_learned();
        found.then(|| self.finding(Fault::Blind, since, now, sums, false))
    }

    /// The same number hour after hour.
    fn stuck(&self, now: i64) -> Option<Finding> {
        let Some(Kept(_, Some(people), _)) = self.kept(now) else { return None };
        if people == 0 {
            return None;
        }
        let mut sums = Sums::default();
        let mut since = now;
        let mut surprise = 0.0;
        for at in (self.from..=now).rev() {
            let Some(Kept(week_hour, Some(same), _)) = self.kept(at) else { break };
            if same != people {
                break;
            }
            if at < now {
                // Chance hits one given number at best once in the root of 2 pi times the mean.
                surprise += 0.5 * (std::f64::consts::TAU * (f64::from(people) + 0.5)).ln();
            }
            sums.counted += u64::from(same);
            sums.expected += self.expected(week_hour).unwrap_or(0.0);
            sums.hours += 1;
            since = at;
        }
        (surprise >= STUCK_SURPRISE).then(|| self.finding(Fault::Stuck, since, now, sums, false))
    }

    /// How badly the last day's hours fit as they are, for an hour, and the same for the best way to move them.
    fn fits(&self) -> (Option<f64>, Option<(i8, f64)>) {
        let last = self.until().unwrap_or(self.from - 1);
        let hours: Vec<(u8, f64)> = (last + 1 - i64::from(DAY)..=last)
            .filter_map(|at| match self.kept(at)? {
                Kept(week_hour, Some(people), DayKind::Usual) => {
                    Some((week_hour, f64::from(people)))
                }
                Kept(..) => None,
            })
            .collect();
        // An hour of the week at which the counter never spoke is one at which nobody comes.
        let usual = |week_hour: u8| self.expected(week_hour).unwrap_or(0.0);
        let expected: f64 = hours.iter().map(|(week_hour, _)| usual(*week_hour)).sum();
        if expected < CLOCK_SHARE_OF_A_DAY * self.mean_day() || expected < 1.0 {
            return (None, None);
        }
        let fit = |late: i8| {
            let moved = |week_hour: u8| {
                let back = i16::from(WEEK_HOURS) + i16::from(week_hour) - i16::from(late);
                u8::try_from(back % i16::from(WEEK_HOURS)).map_or(0.0, usual)
            };
            let pairs: Vec<(f64, f64)> =
                hours.iter().map(|(week_hour, people)| (*people, moved(*week_hour))).collect();
            deviance(&pairs) / f64::from(DAY)
        };
        let moved = SHIFTS.into_iter().map(|late| (late, fit(late)));
        (Some(fit(0)), moved.min_by(|a, b| a.1.total_cmp(&b.1)))
    }

    /// The hours of the day fit once they are moved.
    fn clock(&self, now: i64, fit: Option<f64>, moved: Option<(i8, f64)>) -> Option<Finding> {
        let (fit, (hours_late, fit_moved)) = (fit?, moved?);
        let worse = fit > CLOCK_RATIO * (fit_moved + 0.5) && fit > CLOCK_STRAY * self.stray;
        let well = fit_moved < CLOCK_STRAY * self.stray;
        (self.has_learned() && worse && well).then(|| {
            let sums = self.sums(DAY, |_| false);
            let since = now + 1 - i64::from(DAY);
            Finding { hours_late, ..self.finding(Fault::ClockShift, since, now, sums, false) }
        })
    }

    /// How many people a day or a week brought, against what is usual and what others saw.
    fn level(&self, now: i64, own: &View, others: &View) -> Option<Finding> {
        let apart = Apart::of(own, others);
        let chance = LEVEL_DEVIATIONS * (self.stray / own.day_expected.max(1.0)).sqrt();
        let least = self.level_least(others.day.is_some()).max(chance);
        if let (Some(day), Some(half_day)) = (apart.day, apart.half_day) {
            let agrees = half_day * day.signum() > HALF_DAY_SHARE * least;
            if day.abs() > least && agrees {
                let fault = if day < 0.0 { Fault::TooFew } else { Fault::TooMany };
                let sums = self.sums(DAY, |_| false);
                let since = self.onset(now, day);
                return Some(self.finding(fault, since, now, sums, others.day.is_some()));
            }
        }
        let (week, day) = (apart.week?, apart.day?);
        let least = if others.week.is_some() { DRIFT_BESIDE } else { DRIFT_ALONE };
        let drifts = week.abs() > least && day * week.signum() > least && self.weeks() >= 3;
        drifts.then(|| {
            let fault = if week < 0.0 { Fault::LosesSlowly } else { Fault::GainsSlowly };
            let sums = self.sums(WEEK, |_| false);
            let since = now + 1 - i64::from(WEEK);
            self.finding(fault, since, now, sums, others.week.is_some())
        })
    }

    fn level_least(&self, is_beside: bool) -> f64 {
        let least = if is_beside { LEVEL_BESIDE } else { LEVEL_ALONE };
        if self.weeks() < 3 { least + LEVEL_MORE_AT_FIRST } else { least }
    }

    /// Weeks that the hours of the week were learned from, as most were.
    fn weeks(&self) -> u16 {
        let mut weeks: Vec<u16> = self.usual.iter().map(|usual| usual.1).collect();
        weeks.retain(|weeks| *weeks > 0);
        weeks.sort_unstable();
        weeks.get(weeks.len() / 2).copied().unwrap_or(0)
    }

    /// The hour from which on the counts fit that much more or less best (the change point of a Poisson
    /// likelihood).
    fn onset(&self, now: i64, log_ratio: f64) -> i64 {
        let (mut best, mut since, mut sum) = (0.0, now, 0.0);
        let mut hours: Vec<_> = self.judged(WEEK / 7 * 4).collect();
        hours.reverse();
        for (at, people, expected) in hours {
            sum += f64::from(people) * log_ratio - expected * (log_ratio.exp() - 1.0);
            if sum > best {
                (best, since) = (sum, at);
            }
        }
        since
    }

    fn finding(&self, fault: Fault, since: i64, found: i64, sums: Sums, beside: bool) -> Finding {
        Finding {
            fault,
            since,
            found,
            over: None,
            became_usual: false,
            counted: sums.counted,
            expected: sums.expected.round(),
            hours: sums.hours,
            hours_late: 0,
            beside_others: beside,
        }
    }

    /// Ends what is over; answers whether what is usual moved by it.
    fn end_findings(&mut self, now: i64, own: &View, others: &View) -> bool {
        let mut moved = false;
        let open: Vec<usize> =
            (0..self.findings.len()).filter(|index| self.findings[*index].over.is_none()).collect();
        for index in open {
            let finding = &self.findings[index];
            let over = match finding.fault {
                Fault::Blind | Fault::BlindHours => {
                    matches!(self.kept(now), Some(Kept(_, Some(people), _)) if people > 0)
                }
                Fault::Stuck => match (self.kept(now - 1), self.kept(now)) {
                    (Some(Kept(_, Some(before), _)), Some(Kept(_, Some(people), _))) => {
                        before != people
                    }
                    _ => false,
                },
                Fault::ClockShift => {
                    let (fit, moved) = self.fits();
                    matches!((fit, moved), (Some(fit), Some((_, moved))) if fit <= 1.3 * (moved + 0.5))
                }
                Fault::TooFew | Fault::TooMany => {
                    Apart::of(own, others).day.is_some_and(|day| day.abs() < LEVEL_OVER)
                }
                Fault::LosesSlowly | Fault::GainsSlowly => {
                    Apart::of(own, others).week.is_some_and(|week| week.abs() < DRIFT_BESIDE / 2.0)
                }
            };
            let lasts = now - finding.since >= USUAL_AFTER_DAYS * i64::from(DAY);
            let becomes_usual = !over && lasts && finding.fault.is_of_level();
            if becomes_usual && let Some(week) = self.sums(WEEK, |_| false).log_ratio(DAY, 1.0) {
                self.accept_level(week.exp());
                moved = true;
            }
            if over || becomes_usual {
                let finding = &mut self.findings[index];
                finding.over = Some(now);
                finding.became_usual = becomes_usual;
            }
        }
        moved
    }
}

/// How far a counter stands from what is usual, once what is so for all others is taken off.
struct Apart {
    half_day: Option<f64>,
    day: Option<f64>,
    week: Option<f64>,
}

impl Apart {
    fn of(own: &View, others: &View) -> Self {
        let apart = |own: Option<f64>, others: Option<f64>| Some(own? - others.unwrap_or(0.0));
        Self {
            half_day: apart(own.half_day, others.half_day),
            day: apart(own.day, others.day),
            week: apart(own.week, others.week),
        }
    }
}

/// Twice the logarithm of how much likelier the counts are as they are than as expected, at their own level.
fn deviance(pairs: &[(f64, f64)]) -> f64 {
    let (counted, expected) =
        pairs.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
    let level = counted / f64::max(expected, 1e-9);
    pairs
        .iter()
        .map(|(people, usual)| {
            let (people, usual) = (people + 0.5, level * usual + 0.5);
            2.0 * (people * (people / usual).ln() - (people - usual))
        })
        .sum()
}
