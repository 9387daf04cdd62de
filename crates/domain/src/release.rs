//! What of the lake may be published, and how: fixed grids of cells, a least number of people behind
//! each, bounds on what one of them adds, exact noise, and a budget that is never overdrawn. Random
//! bits are an argument; nothing here knows a table or a query.
//!
//! A number is published when at least [`Grid::threshold`] privacy units stand behind its cell and the
//! noisy number of them is above the threshold by a margin. The second rule alone would make the
//! release differentially private; the first one is certain where the second is only nearly so, and
//! decides alone with a probability of at most [`ONE_CELL_RISK`], which is the δ of a cell.

mod ledger;
mod noise;

pub use ledger::{Entry, Ledger, LedgerError, Period};
pub use noise::{Scale, discrete_laplace};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Probability with which the certain threshold decides a cell that the noisy one would have published.
pub const ONE_CELL_RISK: f64 = 1e-6;

/// What the releases of one grid and period may cost in all.
pub const BUDGET: Epsilon = Epsilon::thousandths(1_000);

/// A loss of privacy, in thousandths of ε: whole, so that a ledger adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Epsilon(u32);

impl Epsilon {
    /// So many thousandths of ε.
    #[must_use]
    pub const fn thousandths(thousandths: u32) -> Self {
        Self(thousandths)
    }

    /// The loss in thousandths of ε.
    #[must_use]
    pub const fn as_thousandths(self) -> u32 {
        self.0
    }

    /// Both losses one after the other.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// An equal share of it for each of several numbers.
    fn shared(self, among: u32) -> Self {
        Self(self.0 / among.max(1))
    }
}

/// A number of each cell of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Its column.
    pub name: &'static str,
    /// The most that one privacy unit adds to it, over all cells of a period together.
    pub bound: u32,
}

/// A fixed grid of cells: its dimensions do not depend on who came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grid {
    /// Venue × day × channel × price band. The unit is a sale; it counts in one cell.
    Sales,
    /// Venue × hour of a slot's day. The unit is an entry through a gate.
    Admissions,
    /// Venue × hour × direction. The unit is a visit, which passes a counter once on the way in and once
    /// on the way out.
    Counts,
}

impl Grid {
    /// Every grid.
    pub const ALL: [Self; 3] = [Self::Sales, Self::Admissions, Self::Counts];

    /// Its name in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Admissions => "admissions",
            Self::Counts => "counts",
        }
    }

    /// The grid of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grid| grid.name() == name)
    }

    /// Fewest privacy units that a published number stands on.
    #[must_use]
    pub const fn threshold(self) -> u32 {
        match self {
            Self::Sales | Self::Admissions => 10,
            Self::Counts => 15,
        }
    }

    /// The numbers of a cell; the first one counts the privacy units.
    #[must_use]
    pub const fn measures(self) -> &'static [Measure] {
        match self {
            Self::Sales => {
                &[Measure { name: "sales", bound: 1 }, Measure { name: "visitors", bound: PARTY }]
            }
            Self::Admissions => &[Measure { name: "admissions", bound: 1 }],
            Self::Counts => &[Measure { name: "people", bound: 2 }],
        }
    }

    /// The noise of a number of this grid, released at that cost.
    #[must_use]
    pub fn scale(self, measure: Measure, epsilon: Epsilon) -> Scale {
        let shares = u32::try_from(self.measures().len()).unwrap_or(u32::MAX);
        Scale::of(measure.bound, epsilon.shared(shares))
    }
}

/// People of a sale that count: of a larger party so many do.
pub const PARTY: u32 = 6;

/// The two releases of a period. Both come by the calendar, whether or not facts changed in between:
/// that a correction appears says nothing about anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Some hours after the day: early, coarse.
    Provisional,
    /// After the last hour in which late facts are taken.
    Final,
}

impl Stage {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Provisional, Self::Final];

    /// The version of the cells that it releases.
    #[must_use]
    pub const fn version(self) -> u32 {
        match self {
            Self::Provisional => 1,
            Self::Final => 2,
        }
    }

    /// The stage of that version.
    #[must_use]
    pub fn of_version(version: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.version() == version)
    }

    /// What it costs. Most of the budget is kept for the numbers that stay.
    #[must_use]
    pub const fn cost(self) -> Epsilon {
        match self {
            Self::Provisional => Epsilon::thousandths(250),
            Self::Final => Epsilon::thousandths(750),
        }
    }

    /// How long after the end of the day it is due. Gates that were offline send in within hours; devices
    /// are heard for [`crate::device::HORIZON_HOURS`].
    #[must_use]
    pub const fn due_after(self) -> SignedDuration {
        match self {
            Self::Provisional => SignedDuration::from_hours(3),
            Self::Final => SignedDuration::from_hours(crate::device::HORIZON_HOURS + 1),
        }
    }

    /// Whether it is due for that day.
    #[must_use]
    pub fn is_due(self, day: Date, now: Timestamp, zone: &TimeZone) -> bool {
        let over = day.tomorrow().and_then(|next| next.to_zoned_datetime(zone.clone()));
        let due = over.and_then(|over| over.timestamp().checked_add(self.due_after()));
        due.is_ok_and(|due| due <= now)
    }
}

/// The last day of which nothing late is taken any more: its facts stay as they are.
///
/// # Errors
/// When the calendar has no such day.
pub fn last_settled_day(now: Timestamp, zone: &TimeZone) -> Result<Date, jiff::Error> {
    let over = now.checked_sub(Stage::Final.due_after())?;
    over.to_zoned_datetime(zone.clone()).date().yesterday()
}

/// A number as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The number with its noise; never below zero.
    pub value: i64,
    /// With 95 % probability the exact number of the bounded facts lies within so much of it.
    pub half_width: u32,
}

/// The exact numbers of a cell as they are published, in the order of [`Grid::measures`]; nothing when too
/// few people stand behind them. `exact` has one number for each measure, the privacy units first.
#[must_use]
pub fn publish(
    grid: Grid,
    epsilon: Epsilon,
    exact: &[i64],
    random: &mut impl FnMut() -> u64,
) -> Option<Vec<Published>> {
    let measures = grid.measures();
    assert_eq!(exact.len(), measures.len(), "one number for each measure");
    let mut published = Vec::with_capacity(exact.len());
    for (number, measure) in exact.iter().zip(measures) {
        let scale = grid.scale(*measure, epsilon);
        let noisy = number.saturating_add(discrete_laplace(scale, random));
        published.push(Published { value: noisy.max(0), half_width: scale.half_width() });
    }
    let units = exact.first().copied().unwrap_or_default();
    let shown = published.first().map_or(0, |units| units.value);
    let is_shown = units >= i64::from(grid.threshold()) && shown >= noisy_threshold(grid, epsilon);
    is_shown.then_some(published)
}

/// The least noisy number of privacy units that is shown.
#[must_use]
pub fn noisy_threshold(grid: Grid, epsilon: Epsilon) -> i64 {
    let margin = grid
        .measures()
        .first()
        .map_or(0, |units| grid.scale(*units, epsilon).exceeded_with(ONE_CELL_RISK));
    i64::from(grid.threshold()) + i64::from(margin)
}

/// Price bands, cheapest first: one of [`PRICE_BANDS`].
#[must_use]
pub fn price_band(cents: i64) -> &'static str {
    match cents {
        ..=0 => PRICE_BANDS[0],
        1..=500 => PRICE_BANDS[1],
        501..=1_000 => PRICE_BANDS[2],
        1_001..=2_000 => PRICE_BANDS[3],
        _ => PRICE_BANDS[4],
    }
}

/// The bands of [`price_band`], in euros of one ticket.
pub const PRICE_BANDS: [&str; 5] = ["0", "0-5", "5-10", "10-20", "20+"];

#[cfg(test)]
mod tests;
