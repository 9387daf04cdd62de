//! How soon faults of people counters are found, and how often a healthy counter is called faulty: real hourly
//! counts, of which the years before are only learned from, and faults put into one year with a fixed seed. The
//! rules are the platform's own (`atrio_domain::device::fault`); a rule of thumb stands beside them, *last week*.

mod counts;
mod inject;
mod last_week;

use std::collections::BTreeMap;
use std::path::Path;

use atrio_domain::device::fault::{Finding, Hour, Watch, advance};

use self::counts::Counts;
use self::inject::Injection;
use crate::{Failure, report};

/// A fault is looked for so long.
const WITHIN_HOURS: i64 = 48;
/// Faults of each kind put into each sensor's year.
const EACH: usize = 12;

/// What a way to find faults did with one kind of them.
#[derive(Debug, Default)]
struct Score {
    delays: Vec<i64>,
    named: usize,
    tried: usize,
}

impl Score {
    /// Counts a fault that was found at an hour, if at all.
    fn add(&mut self, begin: i64, found: Option<(i64, bool)>) {
        self.tried += 1;
        let Some((at, is_named)) = found.filter(|(at, _)| at - begin < WITHIN_HOURS) else {
            return;
        };
        self.delays.push((at + 1 - begin).max(0));
        self.named += usize::from(is_named);
    }

    fn line(mut self) -> String {
        self.delays.sort_unstable();
        let last = self.delays.len().saturating_sub(1);
        let hours = |share: usize| {
            let at = self.delays.get((self.delays.len() * share / 100).min(last));
            at.map_or_else(|| "-".to_owned(), |hours| format!("{hours} h"))
        };
        let share = |n: usize| format!("{:.1} %", of(n) / of(self.tried.max(1)) * 100.0);
        let (found, named) = (share(self.delays.len()), share(self.named));
        format!("{} | {found} | {named} | {} | {}", self.tried, hours(50), hours(95))
    }
}

/// A number to reckon with.
fn of(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

const HEAD: &str = "| fault | tried | found in 48 h | with its name | median | p95 |\n\
                    | --- | --- | --- | --- | --- | --- |";

/// Reads the table, puts faults into a year of it, and prints how they were found.
pub(crate) fn measure(file: &Path, year: i16, seed: u64) -> Result<(), Failure> {
    let counts = counts::read(file)?;
    let span = counts.year(year)?;
    let weeks = counts.sensor_weeks(span);
    let sensors = counts.sensors.len();
    report::line(&format!("{sensors} sensors, {year}, {weeks:.0} sensor-weeks, seed {seed}"));
    let begins = inject::begins(&counts, span, EACH, seed);
    for beside in [false, true] {
        let how = if beside { "beside the others" } else { "each sensor by itself" };
        report::line(&format!("\n{how}:\n\n{HEAD}"));
        let healthy = Healthy::of(&counts, span, &begins, beside);
        for injection in Injection::ALL {
            let mut score = Score::default();
            for (sensor, begin) in &begins {
                healthy.tries(&counts, injection, (*sensor, *begin, seed), &mut score);
            }
            report::line(&format!("| {} | {} |", injection.name(), score.line()));
        }
        report::line(&false_alarms(&counts, &healthy.findings, weeks));
    }
    report::line(&format!("\nlast week:\n\n{HEAD}"));
    last_week::measure(&counts, span, &begins, seed);
    Ok(())
}

/// The counts as they are, watched once.
struct Healthy {
    /// What was found of them in the year, by sensor.
    findings: Vec<(usize, Finding)>,
    /// All sensors as they were known at each hour at which a fault begins.
    at: BTreeMap<i64, Vec<Watch>>,
    beside: bool,
}

impl Healthy {
    fn of(counts: &Counts, span: (i64, i64), begins: &[(usize, i64)], beside: bool) -> Self {
        let hours: std::collections::BTreeSet<i64> = begins.iter().map(|(_, at)| *at).collect();
        let mut watches = vec![Watch::default(); counts.sensors.len()];
        let mut known: BTreeMap<(usize, i64), Finding> = BTreeMap::new();
        let mut at = BTreeMap::new();
        for hour in counts.from..span.1 {
            if hours.contains(&hour) {
                at.insert(hour, watches.clone());
            }
            step(watches.iter_mut().enumerate().map(|(n, w)| (w, counts.hour(n, hour))), beside);
            for (sensor, watch) in watches.iter().enumerate() {
                let new = watch.findings().iter().filter(|f| f.found == hour && hour >= span.0);
                known.extend(new.map(|finding| ((sensor, hour), finding.clone())));
            }
        }
        let findings = known.into_iter().map(|((sensor, _), finding)| (sensor, finding)).collect();
        Self { findings, at, beside }
    }

    /// Puts a fault into a sensor's counts at an hour, and lets it be found.
    fn tries(
        &self,
        counts: &Counts,
        injection: Injection,
        at: (usize, i64, u64),
        score: &mut Score,
    ) {
        let (sensor, begin, seed) = at;
        let Some(watches) = self.at.get(&begin) else { return };
        // What is called faulty already cannot be found.
        if watches[sensor].findings().iter().any(|finding| finding.over.is_none()) {
            return;
        }
        let mut watches = if self.beside { watches.clone() } else { vec![watches[sensor].clone()] };
        let index = if self.beside { sensor } else { 0 };
        let counted_from = begin + injection.grows_for_hours();
        let mut found: Option<(i64, bool)> = None;
        for hour in begin..counted_from + WITHIN_HOURS {
            let faulty = injection.hour(counts, sensor, begin, hour, seed);
            let hours = watches
                .iter_mut()
                .enumerate()
                .map(|(n, watch)| (watch, if n == index { faulty } else { counts.hour(n, hour) }));
            step(hours, self.beside);
            for finding in watches[index].findings().iter().filter(|finding| finding.found >= begin)
            {
                let (_, is_named) = found.get_or_insert((hour, false));
                *is_named |= injection.is_called(finding.fault);
            }
            // Sooner is not better than with its name.
            if found.is_some_and(|(_, is_named)| is_named) {
                break;
            }
        }
        score.add(counted_from, found);
    }
}

fn step<'w>(hours: impl Iterator<Item = (&'w mut Watch, Hour)>, beside: bool) {
    let mut all: Vec<(&mut Watch, Vec<Hour>)> =
        hours.map(|(watch, hour)| (watch, vec![hour])).collect();
    if beside {
        advance(&mut all);
    } else {
        all.into_iter().for_each(|one| advance(&mut [one]));
    }
}

fn false_alarms(counts: &Counts, findings: &[(usize, Finding)], weeks: f64) -> String {
    let mut by_fault: BTreeMap<String, usize> = BTreeMap::new();
    let mut by_sensor: BTreeMap<&str, usize> = BTreeMap::new();
    for (sensor, finding) in findings {
        *by_fault.entry(format!("{:?}", finding.fault)).or_default() += 1;
        *by_sensor.entry(&counts.sensors[*sensor]).or_default() += 1;
    }
    let mut most: Vec<(&str, usize)> = by_sensor.into_iter().collect();
    most.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let number = findings.len();
    format!(
        "\nfound in the counts as they are: {number}, {:.3} a sensor-week; {by_fault:?}; most at {:?}",
        of(number) / weeks,
        &most[..most.len().min(4)]
    )
}
