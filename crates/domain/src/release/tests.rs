use jiff::civil::{Date, date};

use super::*;

const DAY: Date = date(2026, 11, 24);

/// Chance that repeats itself: `SplitMix64`.
fn chance(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The interval of Clopper and Pearson for a share of which `hits` of `runs` were seen, each side with
/// this risk.
fn clopper_pearson(hits: usize, runs: usize, risk: f64) -> (f64, f64) {
    let mut log_factorial = vec![0.0; runs + 1];
    for n in 1..=runs {
        log_factorial[n] = log_factorial[n - 1] + f64::from(u32::try_from(n).unwrap()).ln();
    }
    let at_most = |hits: usize, share: f64| -> f64 {
        let term = |n: usize| {
            let (some, rest) = (small(n), small(runs - n));
            let ways = log_factorial[runs] - log_factorial[n] - log_factorial[runs - n];
            (ways + some * share.ln() + rest * (1.0 - share).ln()).exp()
        };
        (0..=hits).map(term).sum()
    };
    let search = |is_too_low: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (1e-9, 1.0 - 1e-9);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if is_too_low(middle) { low = middle } else { high = middle }
        }
        low
    };
    let lower = search(&|share| hits == 0 || 1.0 - at_most(hits - 1, share) < risk);
    let upper = search(&|share| at_most(hits, share) > risk);
    (lower, upper)
}

fn small(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

/// A lower bound, wrong once in ten thousand times, on what a mechanism told about one unit: how much more
/// often it gave an answer with the unit than without.
fn told(mut with: impl FnMut() -> bool, mut without: impl FnMut() -> bool) -> f64 {
    const RUNS: usize = 20_000;
    let hits = |answer: &mut dyn FnMut() -> bool| (0..RUNS).filter(|_| answer()).count();
    let (least, _) = clopper_pearson(hits(&mut with), RUNS, 5e-5);
    let (_, most) = clopper_pearson(hits(&mut without), RUNS, 5e-5);
    (least / most).ln()
}

#[test]
fn the_noise_has_the_distribution_of_its_scale() {
    let scale = Scale::of(2, Stage::Final.cost());
    let mut random = chance(1);
    let draws: Vec<i64> = (0..40_000).map(|_| discrete_laplace(scale, &mut random)).collect();
    let ratio = (-1.0 / scale.value()).exp();
    let mut statistic = 0.0;
    for value in -8..=8_i32 {
        let expected = 40_000.0 * (1.0 - ratio) / (1.0 + ratio) * ratio.powi(value.abs());
        let seen = small(draws.iter().filter(|drawn| **drawn == i64::from(value)).count());
        statistic += (seen - expected).powi(2) / expected;
    }
    // Chi squared with 17 degrees of freedom is above 44 once in two thousand times.
    assert!(statistic < 44.0, "{statistic}");
    let within = draws.iter().filter(|drawn| drawn.abs() <= i64::from(scale.half_width())).count();
    assert!(within >= 38_000, "{within} of 40000 within the half width");
}

#[test]
fn a_published_number_stands_on_the_threshold_for_certain() {
    let mut random = chance(2);
    for grid in Grid::ALL {
        let few = i64::from(grid.threshold()) - 1;
        let cell: Vec<i64> = grid.measures().iter().map(|_| few).collect();
        for _ in 0..2_000 {
            assert_eq!(publish(grid, Stage::Final.cost(), &cell, &mut random), None);
        }
    }
}

#[test]
fn the_certain_threshold_decides_less_often_than_promised() {
    for grid in Grid::ALL {
        for stage in Stage::ALL {
            let scale = grid.scale(grid.measures()[0], stage.cost());
            let above = noisy_threshold(grid, stage.cost()) - i64::from(grid.threshold());
            let risk = scale.tail(u32::try_from(above).unwrap());
            assert!(risk <= ONE_CELL_RISK, "{grid:?} {stage:?}: {risk}");
        }
    }
}

#[test]
fn inference_the_empirical_epsilon_stays_below_the_claimed_one() {
    let claimed = f64::from(Stage::Final.cost().as_thousandths()) / 1_000.0;
    // All of a cell are known but one: a sale of a full party. Both numbers of the cell are looked at.
    let looks_like_it = |epsilon: Epsilon, exact: [i64; 2], seed: u64| {
        let mut random = chance(seed);
        move || {
            publish(Grid::Sales, epsilon, &exact, &mut random)
                .is_some_and(|cell| cell[0].value >= 80 && cell[1].value >= 200)
        }
    };
    let (with, without) = ([80, 200], [79, 200 - i64::from(PARTY)]);
    let cost = Stage::Final.cost();
    let seen = told(looks_like_it(cost, with, 3), looks_like_it(cost, without, 4));
    assert!(seen <= claimed, "{seen} told, {claimed} claimed");
    // The measurement sees a mechanism that tells twice as much.
    let loud = cost.and(cost);
    let seen = told(looks_like_it(loud, with, 5), looks_like_it(loud, without, 6));
    assert!(seen > claimed, "{seen} told at twice the loss");
}

#[test]
fn inference_that_a_cell_is_shown_tells_no_more_than_a_number() {
    // At the edge of being shown, where the decision itself could speak.
    let claimed = f64::from(Stage::Final.cost().as_thousandths()) / 1_000.0;
    let edge = noisy_threshold(Grid::Admissions, Stage::Final.cost());
    let is_shown = |exact: i64, seed: u64| {
        let mut random = chance(seed);
        move || publish(Grid::Admissions, Stage::Final.cost(), &[exact], &mut random).is_some()
    };
    let seen = told(is_shown(edge, 7), is_shown(edge - 1, 8));
    assert!(seen <= claimed && seen > 0.0, "{seen} told, {claimed} claimed");
}

#[test]
fn numbers_stay_useful_hourly_counts_of_a_hundred_are_off_by_less_than_two_percent() {
    let mut random = chance(9);
    let mut median_error = |people: std::ops::RangeInclusive<i64>| {
        let mut errors: Vec<f64> = people
            .cycle()
            .take(20_001)
            .map(|exact| {
                let cell = publish(Grid::Counts, Stage::Final.cost(), &[exact], &mut random);
                let off = cell.unwrap()[0].value.abs_diff(exact);
                f64::from(u32::try_from(off).unwrap()) / f64::from(u32::try_from(exact).unwrap())
            })
            .collect();
        errors.sort_by(f64::total_cmp);
        errors[10_000]
    };
    // Of exactly a hundred the median error is two people.
    let measured = [median_error(100..=100), median_error(100..=200), median_error(100..=1_000)];
    assert!(measured[0] <= 0.02, "{measured:?}");
    assert!(measured[1] < 0.015 && measured[2] < 0.005, "{measured:?}");
}

#[test]
fn a_period_is_released_once_in_each_stage_and_never_over_its_budget() {
    let mut ledger = Ledger::default();
    let period = Period { grid: Grid::Sales, day: DAY };
    let first = ledger.enter(period, Stage::Provisional).unwrap();
    assert_eq!((first.number, first.epsilon.as_thousandths()), (1, 250));
    let again = ledger.enter(period, Stage::Provisional);
    assert_eq!(again, Err(LedgerError::Released { period, stage: Stage::Provisional }));
    let other = Period { grid: Grid::Counts, day: DAY };
    assert_eq!(ledger.enter(other, Stage::Final).unwrap().number, 1);
    assert_eq!(ledger.enter(period, Stage::Final).unwrap().number, 2);
    assert_eq!(ledger.spent(period), BUDGET);
    // A ledger in which somebody spent by other means leaves nothing to spend.
    let entry = Entry { number: 1, period, stage: Stage::Provisional, epsilon: BUDGET };
    let mut spent = Ledger::of(vec![entry]);
    let refused = spent.enter(period, Stage::Final).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "sales of 2026-11-24 have spent 1000 thousandths of epsilon; 750 more are over the budget"
    );
}

#[test]
fn a_day_is_due_some_hours_after_it_and_again_when_nothing_late_is_taken_any_more() {
    let rome = TimeZone::get(crate::venue::TIME_ZONE).unwrap();
    let due = |stage: Stage, now: &str| stage.is_due(DAY, now.parse().unwrap(), &rome);
    assert!(!due(Stage::Provisional, "2026-11-25T02:59:00+01:00"));
    assert!(due(Stage::Provisional, "2026-11-25T03:00:00+01:00"));
    assert!(!due(Stage::Final, "2026-11-28T00:59:00+01:00"));
    assert!(due(Stage::Final, "2026-11-28T01:00:00+01:00"));
}

#[test]
fn a_day_is_settled_when_its_final_release_is_due() {
    let rome = TimeZone::get(crate::venue::TIME_ZONE).unwrap();
    for now in ["2026-11-28T00:30:00+01:00", "2026-11-28T01:00:00+01:00"] {
        let now: Timestamp = now.parse().unwrap();
        let last = last_settled_day(now, &rome).unwrap();
        assert!(Stage::Final.is_due(last, now, &rome), "{now}");
        assert!(!Stage::Final.is_due(last.tomorrow().unwrap(), now, &rome), "{now}");
    }
}

#[test]
fn every_price_has_a_band() {
    for (cents, band) in [(0, "0"), (1, "0-5"), (500, "0-5"), (501, "5-10"), (2_001, "20+")] {
        assert_eq!(price_band(cents), band);
    }
}
