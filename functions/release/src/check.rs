//! Whether what was released agrees with the ledger and with the facts: each cell stands in one release,
//! no release came twice, no budget is overdrawn, and no number is further from its sum than its noise
//! allows.

use std::collections::{BTreeMap, BTreeSet};

use atrio_domain::release::{BUDGET, Entry, Grid};
use atrio_lake_query::{CellKey, ExactCell, Lake, ReleasedCell};
use serde::Serialize;

use crate::{ReleaseError, entry, facts_of, question};

/// The probability that honest noise of a number is taken for an error.
const RISK: f64 = 1e-9;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Checked {
    /// Releases in the ledger.
    pub releases: i64,
    /// Grids, days and versions that they are of: fewer when one came twice.
    pub periods: i64,
    /// Grids and days whose releases cost more than the budget.
    pub overdrawn: i64,
    /// Cells in the lake.
    pub cells: i64,
    /// Cells that are there once, of a release of the ledger of that day and version.
    pub cells_once: i64,
    /// Cells whose facts, as they were when they were released, can still be read.
    pub compared: i64,
    /// Of these, the cells above the threshold whose every number is as near as its noise allows.
    pub within_noise: i64,
}

/// Compares released cells, ledger and facts.
///
/// # Errors
/// [`ReleaseError`] when the lake cannot be read.
pub async fn check(lake: &Lake) -> Result<Checked, ReleaseError> {
    let view = lake.view();
    let rows = view.releases().await?;
    let entries: Result<Vec<Entry>, ReleaseError> = rows.iter().map(entry).collect();
    let entries = entries?;
    let mut checked = Checked { releases: count(entries.len()), ..Checked::default() };
    let periods: BTreeSet<_> = entries.iter().map(|entry| (entry.period, entry.stage)).collect();
    checked.periods = count(periods.len());
    let mut costs: BTreeMap<_, u32> = BTreeMap::new();
    for entry in &entries {
        *costs.entry(entry.period).or_default() += entry.epsilon.as_thousandths();
    }
    checked.overdrawn =
        count(costs.values().filter(|cost| **cost > BUDGET.as_thousandths()).count());
    for grid in Grid::ALL {
        let cells = view.released(grid).await?;
        checked.cells += count(cells.len());
        checked.cells_once += once(grid, &cells, &entries);
        let of_grid = entries.iter().zip(&rows).filter(|(entry, _)| entry.period.grid == grid);
        for (entry, row) in of_grid {
            let released: Vec<_> =
                cells.iter().filter(|cell| cell.release == row.release).collect();
            let version = u64::try_from(row.facts_version).unwrap_or_default();
            let Ok(then) = lake.as_of(facts_of(grid), version).await else {
                // The log has forgotten what the facts were: nothing to compare with.
                continue;
            };
            let exact = then.exact(grid, &question(entry.period.day)?).await?;
            checked.compared += count(released.len());
            checked.within_noise += within(entry, &released, &exact);
        }
    }
    Ok(checked)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn once(grid: Grid, cells: &[ReleasedCell], entries: &[Entry]) -> i64 {
    let known = |cell: &&ReleasedCell| {
        entries.iter().any(|entry| {
            entry.period.grid == grid
                && entry.period.day == cell.day
                && i64::from(entry.stage.version()) == cell.version
                && i64::try_from(entry.number) == Ok(cell.release)
        })
    };
    let places: BTreeSet<_> =
        cells.iter().filter(known).map(|cell| (&cell.key, cell.day, cell.version)).collect();
    count(places.len())
}

fn within(entry: &Entry, released: &[&ReleasedCell], exact: &[ExactCell]) -> i64 {
    let grid = entry.period.grid;
    let exact: BTreeMap<&CellKey, &ExactCell> =
        exact.iter().map(|cell| (&cell.key, cell)).collect();
    let is_near = |cell: &&&ReleasedCell| {
        let Some(sums) = exact.get(&cell.key).map(|cell| &cell.numbers) else { return false };
        let stands = sums.first().is_some_and(|units| *units >= i64::from(grid.threshold()));
        let near = grid.measures().iter().zip(sums.iter().zip(&cell.numbers)).all(
            |(measure, (sum, number))| {
                let most = grid.scale(*measure, entry.epsilon).exceeded_with(RISK);
                sum.abs_diff(*number) <= u64::from(most)
            },
        );
        stands && near
    };
    count(released.iter().filter(is_near).count())
}
