//! Faults put into counts. What chance they need follows from the seed, the sensor and the hour alone.

use atrio_domain::device::fault::{Fault, Hour};

use super::counts::Counts;

/// What goes wrong with a counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Injection {
    /// Counts nobody.
    Nobody,
    /// Counts nobody from eleven to three, day after day.
    DeadZone,
    /// Repeats its last number.
    Stuck,
    /// Counts each person with this chance.
    Share(f64),
    /// Counts each person twice.
    Double,
    /// What it counts comes so many hours after it happened.
    Clock(i64),
    /// Counts more by so much each day, or less.
    Drift(f64),
}

/// A drift is looked for once it counts a third too few, or a half too many.
const DRIFTED: [f64; 2] = [2.0 / 3.0, 1.5];

impl Injection {
    /// Those that are tried.
    pub(crate) const ALL: [Self; 11] = [
        Self::Nobody,
        Self::DeadZone,
        Self::Stuck,
        Self::Share(0.5),
        Self::Double,
        Self::Share(0.65),
        Self::Clock(1),
        Self::Clock(-1),
        Self::Clock(3),
        Self::Drift(-0.03),
        Self::Drift(0.03),
    ];

    /// Its name in the table.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Nobody => "counts nobody".to_owned(),
            Self::DeadZone => "nobody from 11 to 15, daily".to_owned(),
            Self::Stuck => "stuck at its last number".to_owned(),
            Self::Share(share) => format!("counts {:.0} %", share * 100.0),
            Self::Double => "counts twice".to_owned(),
            Self::Clock(hours) => format!("clock {hours:+} h"),
            Self::Drift(daily) => format!("drifts {:+.0} % a day", daily * 100.0),
        }
    }

    /// Whether a finding says what it is.
    pub(crate) fn is_called(self, fault: Fault) -> bool {
        match self {
            Self::Nobody | Self::DeadZone => fault.is_blind(),
            Self::Stuck => fault == Fault::Stuck,
            Self::Share(_) => matches!(fault, Fault::TooFew | Fault::LosesSlowly),
            Self::Double => matches!(fault, Fault::TooMany | Fault::GainsSlowly),
            Self::Clock(_) => fault == Fault::ClockShift,
            Self::Drift(daily) if daily < 0.0 => {
                matches!(fault, Fault::LosesSlowly | Fault::TooFew)
            }
            Self::Drift(_) => matches!(fault, Fault::GainsSlowly | Fault::TooMany),
        }
    }

    /// Hours from its beginning until it is a fault that has to be found.
    pub(crate) fn grows_for_hours(self) -> i64 {
        let Self::Drift(daily) = self else { return 0 };
        let drifted = DRIFTED[usize::from(daily > 0.0)];
        (0..1000).find(|days| (drift(daily, *days) / drifted < 1.0) == (daily < 0.0)).unwrap_or(0)
            * 24
    }

    /// What the sensor says of an hour.
    pub(crate) fn hour(
        self,
        counts: &Counts,
        sensor: usize,
        begin: i64,
        at: i64,
        seed: u64,
    ) -> Hour {
        let hour = counts.hour(sensor, at);
        let days = (at - begin).div_euclid(24);
        let chance = Chance::of(seed, sensor, at);
        let people = match self {
            Self::Nobody => hour.people.map(|_| 0),
            Self::DeadZone if (11..15).contains(&at.rem_euclid(24)) => hour.people.map(|_| 0),
            Self::DeadZone => hour.people,
            Self::Stuck => hour.people.and(counts.people(sensor, begin - 1)),
            Self::Share(share) => hour.people.map(|people| chance.times(people, share)),
            Self::Double => hour.people.map(|people| people * 2),
            Self::Clock(hours) => counts.people(sensor, at - hours),
            Self::Drift(daily) => {
                hour.people.map(|people| chance.times(people, drift(daily, days)))
            }
        };
        Hour { people, ..hour }
    }
}

fn drift(daily: f64, days: i64) -> f64 {
    (1.0 + daily).powi(i32::try_from(days).unwrap_or(0))
}

/// Where faults begin: so many hours of a year for each sensor, away from its ends.
pub(crate) fn begins(
    counts: &Counts,
    (from, to): (i64, i64),
    each: usize,
    seed: u64,
) -> Vec<(usize, i64)> {
    let mut begins = Vec::new();
    for sensor in 0..counts.sensors.len() {
        let mut chance = Chance::of(seed, sensor, 0);
        let room = u64::try_from(to - from - 60 * 24).unwrap_or(1).max(1);
        for _ in 0..each {
            begins.push((sensor, from + 7 * 24 + i64::try_from(chance.next() % room).unwrap_or(0)));
        }
    }
    begins
}

/// Random numbers (SplitMix64).
struct Chance(u64);

impl Chance {
    fn of(seed: u64, sensor: usize, at: i64) -> Self {
        let sensor = u64::try_from(sensor).unwrap_or(0);
        Self(
            seed ^ sensor.wrapping_mul(0x9E37_79B9)
                ^ at.unsigned_abs().wrapping_mul(0x0100_0000_01B3),
        )
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// People counted of so many, each on average so often.
    fn times(mut self, people: u32, times: f64) -> u32 {
        let mut counted = 0;
        for _ in 0..people {
            let mut left = times;
            while left > 0.0 {
                let roll =
                    f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / 4_294_967_296.0;
                counted += u32::from(roll < left);
                left -= 1.0;
            }
        }
        counted
    }
}
