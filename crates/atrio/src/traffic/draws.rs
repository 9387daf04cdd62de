//! The draws of the sample visitors: how many come, who they are, when they book, how long they
//! stay. Every function takes the random generator, so a seed fixes the whole sequence. The
//! weights are assumptions stated in `samples/README.md`.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

/// Share of visitors who book online; the others buy at the door.
pub(super) const ONLINE_SHARE: f64 = 0.4;

/// Share of booked parties that never come.
const NO_SHOW_SHARE: f64 = 0.06;

/// Share of passages a counter misses, and share it counts twice.
const MISSED_SHARE: f64 = 0.015;
const DOUBLED_SHARE: f64 = 0.005;

/// Days between booking and visit, in hundredths.
const LEAD_DAYS: [u32; 13] = [30, 22, 14, 9, 7, 5, 5, 2, 2, 1, 1, 1, 1];

/// What is visited; it decides who the visitors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VisitKind {
    /// A museum, area or monument, with tariffs by age.
    Museum,
    /// The reading room of a library or archive.
    ReadingRoom,
}

/// People who come together, by tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Party {
    /// Unit identifiers and quantities, none of them zero.
    pub units: &'static [(&'static str, u32)],
}

/// What an online visitor does with the hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// Pays (or confirms, when free).
    Pay,
    /// Is declined once and pays at the second attempt.
    DeclineThenPay,
    /// Is declined and gives up.
    DeclineThenLeave,
    /// Leaves the hold to expire.
    Abandon,
    /// Cancels the hold.
    Cancel,
}

/// Parties of a museum with their weights in hundredths.
const MUSEUM_PARTIES: &[(u32, Party)] = &[
    (24, Party { units: &[("adult", 1)] }),
    (30, Party { units: &[("adult", 2)] }),
    (3, Party { units: &[("adult", 3)] }),
    (3, Party { units: &[("adult", 4)] }),
    (7, Party { units: &[("youth", 1)] }),
    (6, Party { units: &[("youth", 2)] }),
    (5, Party { units: &[("adult", 1), ("child", 1)] }),
    (8, Party { units: &[("adult", 2), ("child", 1)] }),
    (6, Party { units: &[("adult", 2), ("child", 2)] }),
    (3, Party { units: &[("adult", 1), ("minor", 1)] }),
    (5, Party { units: &[("adult", 2), ("minor", 1)] }),
];

/// Parties of a reading room with their weights in hundredths.
const READER_PARTIES: &[(u32, Party)] =
    &[(92, Party { units: &[("reader", 1)] }), (8, Party { units: &[("reader", 2)] })];

const INTENTS: &[(u32, Intent)] = &[
    (88, Intent::Pay),
    (2, Intent::DeclineThenPay),
    (2, Intent::DeclineThenLeave),
    (5, Intent::Abandon),
    (3, Intent::Cancel),
];

impl VisitKind {
    fn parties(self) -> &'static [(u32, Party)] {
        match self {
            Self::Museum => MUSEUM_PARTIES,
            Self::ReadingRoom => READER_PARTIES,
        }
    }

    /// Mean people in a party.
    pub(super) fn mean_party_size(self) -> f64 {
        let people: u32 = self.parties().iter().map(|(weight, party)| weight * party.size()).sum();
        let weights: u32 = self.parties().iter().map(|(weight, _)| weight).sum();
        f64::from(people) / f64::from(weights)
    }

    /// Draws who comes together.
    pub(super) fn draw_party(self, rng: &mut StdRng) -> Party {
        // The tables are never empty; the alternative keeps the function total.
        weighted(rng, self.parties()).unwrap_or(Party { units: &[("adult", 1)] })
    }
}

impl Party {
    /// People in the party.
    pub(super) fn size(&self) -> u32 {
        self.units.iter().map(|(_, quantity)| quantity).sum()
    }
}

/// Draws what an online visitor will do with the hold.
pub(super) fn draw_intent(rng: &mut StdRng) -> Intent {
    weighted(rng, INTENTS).unwrap_or(Intent::Pay)
}

/// Draws the days between booking and visit.
pub(super) fn draw_lead_days(rng: &mut StdRng) -> i64 {
    let mut left = rng.random_range(0..LEAD_DAYS.iter().sum());
    let mut days = 0;
    for weight in LEAD_DAYS {
        if left < weight {
            break;
        }
        left -= weight;
        days += 1;
    }
    days
}

/// Draws whether a party with a booking comes.
pub(super) fn comes(rng: &mut StdRng) -> bool {
    rng.random::<f64>() >= NO_SHOW_SHARE
}

/// Draws how long a visitor stays: 40 to 90 minutes.
pub(super) fn draw_dwell(rng: &mut StdRng) -> Duration {
    Duration::from_secs(rng.random_range(40 * 60..=90 * 60))
}

/// Draws how often a counter counts one passage: mostly once, seldom not at all or twice.
pub(super) fn draw_passages(rng: &mut StdRng) -> u32 {
    let draw: f64 = rng.random();
    if draw < MISSED_SHARE {
        0
    } else if draw < MISSED_SHARE + DOUBLED_SHARE {
        2
    } else {
        1
    }
}

/// Draws from a Poisson distribution by Knuth's product of uniforms, in steps of at most 30 so
/// that `exp(-mean)` stays far from zero.
pub(super) fn poisson(rng: &mut StdRng, mean: f64) -> u32 {
    let mut left = if mean.is_finite() { mean.max(0.0) } else { 0.0 };
    let mut count = 0;
    while left > 0.0 {
        let step = left.min(30.0);
        left -= step;
        let floor = (-step).exp();
        let mut product: f64 = rng.random();
        while product > floor {
            count += 1;
            product *= rng.random::<f64>();
        }
    }
    count
}

/// A seed for one venue's day, the same on every machine and every run (FNV-1a; the standard
/// hasher promises no such thing).
pub(super) fn day_seed(seed: u64, venue_id: &str, day: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ seed;
    venue_id
        .bytes()
        .chain([b'/'])
        .chain(day.bytes())
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn weighted<T: Copy>(rng: &mut StdRng, table: &[(u32, T)]) -> Option<T> {
    let sum: u32 = table.iter().map(|(weight, _)| weight).sum();
    if sum == 0 {
        return None;
    }
    let mut left = rng.random_range(0..sum);
    for (weight, value) in table {
        if left < *weight {
            return Some(*value);
        }
        left -= weight;
    }
    None
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn rng() -> StdRng {
        StdRng::seed_from_u64(42)
    }

    #[test]
    fn a_seed_fixes_the_sequence() {
        let draw = |mut rng: StdRng| {
            (0..50).map(|_| VisitKind::Museum.draw_party(&mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(draw(rng()), draw(rng()));
        assert_ne!(draw(rng()), draw(StdRng::seed_from_u64(43)));
    }

    #[test]
    fn poisson_counts_have_the_mean_and_the_variance_of_the_rate() {
        let mut rng = rng();
        for mean in [0.05, 3.0, 75.0] {
            let counts: Vec<f64> =
                (0..20_000).map(|_| f64::from(poisson(&mut rng, mean))).collect();
            let average = counts.iter().sum::<f64>() / 20_000.0;
            let variance =
                counts.iter().map(|count| (count - average).powi(2)).sum::<f64>() / 20_000.0;
            assert!((average / mean - 1.0).abs() < 0.08, "{mean} {average}");
            assert!((variance / mean - 1.0).abs() < 0.10, "{mean} {variance}");
        }
        assert_eq!(poisson(&mut rng, 0.0), 0);
        assert_eq!(poisson(&mut rng, -1.0), 0);
        assert_eq!(poisson(&mut rng, f64::NAN), 0);
    }

    #[test]
    fn no_child_comes_alone_and_no_party_is_over_the_booking_limit() {
        for (_, party) in MUSEUM_PARTIES.iter().chain(READER_PARTIES) {
            let has =
                |unit: &str| party.units.iter().any(|(id, quantity)| *id == unit && *quantity > 0);
            assert!(!has("child") || has("adult") || has("youth"), "{party:?}");
            assert!((1..=10).contains(&party.size()), "{party:?}");
            assert!(party.units.iter().all(|(_, quantity)| *quantity > 0), "{party:?}");
        }
        let mut rng = rng();
        let drawn: u32 = (0..20_000).map(|_| VisitKind::Museum.draw_party(&mut rng).size()).sum();
        assert!((f64::from(drawn) / 20_000.0 - VisitKind::Museum.mean_party_size()).abs() < 0.03);
    }

    #[test]
    fn the_weights_are_hundredths() {
        assert_eq!(MUSEUM_PARTIES.iter().map(|(weight, _)| weight).sum::<u32>(), 100);
        assert_eq!(READER_PARTIES.iter().map(|(weight, _)| weight).sum::<u32>(), 100);
        assert_eq!(INTENTS.iter().map(|(weight, _)| weight).sum::<u32>(), 100);
        assert_eq!(LEAD_DAYS.iter().sum::<u32>(), 100);
    }

    #[test]
    fn visitors_stay_forty_to_ninety_minutes_and_book_up_to_twelve_days_ahead() {
        let mut rng = rng();
        for _ in 0..2_000 {
            let dwell = draw_dwell(&mut rng).as_secs();
            assert!((2_400..=5_400).contains(&dwell));
            assert!((0..=12).contains(&draw_lead_days(&mut rng)));
        }
    }

    #[test]
    fn the_seed_of_a_day_differs_by_venue_day_and_seed() {
        let seeds = [
            day_seed(1, "20240", "2026-11-22"),
            day_seed(1, "20240", "2026-11-23"),
            day_seed(1, "20241", "2026-11-22"),
            day_seed(2, "20240", "2026-11-22"),
        ];
        let distinct: std::collections::BTreeSet<u64> = seeds.into_iter().collect();
        assert_eq!(distinct.len(), 4);
        assert_eq!(day_seed(1, "20240", "2026-11-22"), seeds[0]);
    }
}
