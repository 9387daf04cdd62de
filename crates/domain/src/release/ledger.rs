//! The budget ledger: which grid and period was released, in which stage, at which cost. What is entered
//! stays; a period whose budget is spent is released no more.

use jiff::civil::Date;

use super::{BUDGET, Epsilon, Grid, Stage};

/// A grid on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The grid.
    pub grid: Grid,
    /// The local day.
    pub day: Date,
}

/// One release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Numbers of one grid grow by one.
    pub number: u64,
    /// What was released.
    pub period: Period,
    /// In which stage.
    pub stage: Stage,
    /// What it cost.
    pub epsilon: Epsilon,
}

/// All releases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
}

/// Why a release is not entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It was released before.
    #[error("{} of {} were released before in version {}", .period.grid.name(), .period.day, .stage.version())]
    Released {
        /// The period.
        period: Period,
        /// The stage.
        stage: Stage,
    },
    /// Its budget is spent.
    #[error(
        "{} of {} have spent {} thousandths of epsilon; {} more are over the budget",
        .period.grid.name(), .period.day, .spent.as_thousandths(), .asked.as_thousandths()
    )]
    Spent {
        /// The period.
        period: Period,
        /// What was spent.
        spent: Epsilon,
        /// What was asked.
        asked: Epsilon,
    },
}

impl Ledger {
    /// The ledger of these releases.
    #[must_use]
    pub fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| (entry.period.grid, entry.number));
        Self { entries }
    }

    /// All releases, by grid and number.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the releases of a period cost together.
    #[must_use]
    pub fn spent(&self, period: Period) -> Epsilon {
        self.of_period(period).fold(Epsilon::default(), |sum, entry| sum.and(entry.epsilon))
    }

    /// The last release of a grid.
    #[must_use]
    pub fn last(&self, grid: Grid) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.period.grid == grid)
    }

    /// Whether a period was released in a stage.
    #[must_use]
    pub fn has(&self, period: Period, stage: Stage) -> bool {
        self.of_period(period).any(|entry| entry.stage == stage)
    }

    /// Enters the release of a period in a stage.
    ///
    /// # Errors
    /// [`LedgerError`] when it was released in that stage, or the budget does not allow it.
    pub fn enter(&mut self, period: Period, stage: Stage) -> Result<Entry, LedgerError> {
        if self.has(period, stage) {
            return Err(LedgerError::Released { period, stage });
        }
        let (spent, asked) = (self.spent(period), stage.cost());
        if spent.and(asked) > BUDGET {
            return Err(LedgerError::Spent { period, spent, asked });
        }
        let number = self.last(period.grid).map_or(1, |last| last.number + 1);
        let entry = Entry { number, period, stage, epsilon: asked };
        self.entries.push(entry);
        self.entries.sort_by_key(|entry| (entry.period.grid, entry.number));
        Ok(entry)
    }

    fn of_period(&self, period: Period) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.period == period)
    }
}
