//! Releases the cells of finished days: exact sums of the facts become published numbers with a threshold,
//! noise and a precision, once in each stage. It writes nothing but cells and the ledger that says what
//! they cost; it reads no table but the lake's.
//!
//! **Once.** A release is entered in the ledger first, then its cells are written; both commits carry the
//! release's number as the position of one stream (`release/GRID`). Of two runs at once one enters the
//! number, and whoever draws noise a second time for it finds its cells written: one draw is published.
//! A run that was killed between the two commits is finished by the next.

mod cells;
pub mod check;

use std::collections::BTreeSet;
use std::sync::Arc;

use atrio_domain::release::{Entry, Epsilon, Grid, Ledger, LedgerError, Period, Stage};
use atrio_domain::venue::TIME_ZONE;
use atrio_lake_query::{ExactCell, Lake, QueryError, Question, Venues, View};
use atrio_lake_schema::{
    SchemaError, Table, admissions, counts, released_admissions, released_counts, released_sales,
    releases, unit_items,
};
use atrio_lake_write::{
    Appended, InvalidSequenceNumber, LakeWriter, NumberedRows, SequenceNumber, WriteError,
};
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::{Clock, random};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

/// Days that are looked back on: an outage of less than that leaves no day out.
const DAYS_BACK: i32 = 14;

/// Times that a run which meets others entering releases looks again.
const MOST_ATTEMPTS: u32 = 5;

/// What the function works with.
#[derive(Debug)]
pub struct Context {
    writer: Arc<LakeWriter>,
    lake: Arc<Lake>,
    clock: Clock,
}

/// Who asks for releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleasedBy {
    /// The schedule.
    Schedule,
    /// Somebody, by a command.
    Command,
}

impl ReleasedBy {
    fn name(self) -> &'static str {
        match self {
            Self::Schedule => "SCHEDULE",
            Self::Command => "COMMAND",
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Done {
    /// Releases that were entered, or finished after a run that was cut off.
    pub releases: u32,
    /// Cells that were published.
    pub cells: usize,
}

/// Why nothing more was released. What was released stays, and the run may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The lake could not be read.
    #[error("the lake cannot be read")]
    Read(#[from] QueryError),
    /// The lake could not be written.
    #[error("the lake cannot be written")]
    Write(#[from] WriteError),
    /// Rows and tables disagree.
    #[error("rows do not fit their table")]
    Schema(#[from] SchemaError),
    /// The calendar has no such day.
    #[error("a day lies outside the calendar")]
    Calendar(#[from] jiff::Error),
    /// A release has no usable number.
    #[error("a release has no usable number")]
    Number(#[from] InvalidSequenceNumber),
    /// The ledger holds a row that this program does not write.
    #[error("release {release} of grid `{grid}` in the ledger cannot be read")]
    UnknownRelease {
        /// Its number.
        release: i64,
        /// Its grid.
        grid: String,
    },
    /// The ledger refuses.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Others entered releases again and again.
    #[error("others entered releases {attempts} times in a row")]
    Contended {
        /// Times.
        attempts: u32,
    },
}

/// Why the function refuses to start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or cannot be used.
    #[error("the configuration is incomplete")]
    Environment(#[source] EnvironmentError),
    /// The lake cannot be opened.
    #[error("the lake cannot be opened")]
    Write(#[source] WriteError),
    /// The lake cannot be read.
    #[error("the lake cannot be opened")]
    Read(#[source] QueryError),
}

impl Context {
    /// Works with this lake.
    #[must_use]
    pub fn new(writer: Arc<LakeWriter>, lake: Arc<Lake>, clock: Clock) -> Self {
        Self { writer, lake, clock }
    }

    /// Works with what the environment names.
    ///
    /// # Errors
    /// When a variable is missing, or the lake cannot be opened.
    pub async fn from_environment() -> Result<Self, StartError> {
        let url =
            environment::text("ATRIO_LAKE_URL", "the URL of the lake, such as s3://bucket/lake")
                .map_err(StartError::Environment)?;
        let writer = LakeWriter::open(url.as_str()).await.map_err(StartError::Write)?;
        let lake = Lake::open(url).await.map_err(StartError::Read)?;
        Ok(Self::new(Arc::new(writer), Arc::new(lake), Clock::system()))
    }
}

/// The table of facts that a grid is made from.
pub(crate) fn facts_of(grid: Grid) -> &'static Table {
    match grid {
        Grid::Sales => &unit_items::TABLE,
        Grid::Admissions => &admissions::TABLE,
        Grid::Counts => &counts::TABLE,
    }
}

/// The table of a grid's cells.
pub(crate) fn cells_of(grid: Grid) -> &'static Table {
    match grid {
        Grid::Sales => &released_sales::TABLE,
        Grid::Admissions => &released_admissions::TABLE,
        Grid::Counts => &released_counts::TABLE,
    }
}

/// Releases what is due: each finished day of the last fourteen, provisional some hours after it, final
/// when nothing late is taken any more.
///
/// # Errors
/// [`ReleaseError`]; the run may be repeated.
pub async fn handle(context: &Context, by: ReleasedBy) -> Result<Done, ReleaseError> {
    let zone = TimeZone::get(TIME_ZONE)?;
    let mut done = Done::default();
    for grid in Grid::ALL {
        finish_cut_off(context, grid, &mut done).await?;
        let now = context.clock.now();
        let view = context.lake.view();
        let ledger = ledger(&view).await?;
        for day in days_with_facts(&view, grid, now, &zone).await? {
            // One stage for a day: where both are due, the provisional one comes too late to be of use.
            let due = Stage::ALL.into_iter().rev().find(|stage| stage.is_due(day, now, &zone));
            let period = Period { grid, day };
            if let Some(stage) = due.filter(|stage| !ledger.has(period, *stage)) {
                release(context, (period, stage), by, &mut done).await?;
            }
        }
    }
    if done != Done::default() {
        tracing::info!(?done, "released");
    }
    Ok(done)
}

/// The days looked back on that have facts of a grid.
async fn days_with_facts(
    view: &View,
    grid: Grid,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<BTreeSet<Date>, ReleaseError> {
    let today = now.to_zoned_datetime(zone.clone()).date();
    let past = days(today.checked_sub(DAYS_BACK.days())?, today.yesterday()?)?;
    Ok(match grid {
        Grid::Sales => view.units(&past).await?.iter().map(|cell| cell.slot_day).collect(),
        Grid::Admissions => view.admitted(&past).await?.iter().map(|cell| cell.slot_day).collect(),
        Grid::Counts => {
            let hours = view.counted(&past).await?;
            hours.iter().map(|cell| zone.to_datetime(cell.hour).date()).collect()
        }
    })
}

/// The budget ledger of a lake.
///
/// # Errors
/// [`ReleaseError`] when it cannot be read.
pub async fn ledger(view: &View) -> Result<Ledger, ReleaseError> {
    let entries: Result<Vec<Entry>, ReleaseError> =
        view.releases().await?.iter().map(entry).collect();
    Ok(Ledger::of(entries?))
}

fn entry(row: &atrio_lake_query::ReleaseRow) -> Result<Entry, ReleaseError> {
    let unknown = || ReleaseError::UnknownRelease { release: row.release, grid: row.grid.clone() };
    let grid = Grid::named(&row.grid).ok_or_else(unknown)?;
    let version = u32::try_from(row.version).map_err(|_| unknown())?;
    let epsilon = u32::try_from(row.epsilon_thousandths).map_err(|_| unknown())?;
    Ok(Entry {
        number: u64::try_from(row.release).map_err(|_| unknown())?,
        period: Period { grid, day: row.day },
        stage: Stage::of_version(version).ok_or_else(unknown)?,
        epsilon: Epsilon::thousandths(epsilon),
    })
}

/// Where the releases of a grid are in a table.
fn stream(grid: Grid) -> String {
    format!("release/{}", grid.name())
}

/// Writes the cells of the last release, where a run was cut off before it did.
async fn finish_cut_off(
    context: &Context,
    grid: Grid,
    done: &mut Done,
) -> Result<(), ReleaseError> {
    context.lake.refresh().await?;
    let view = context.lake.view();
    let rows = view.releases().await?;
    let of_grid = rows.iter().filter(|row| row.grid == grid.name());
    let Some(row) = of_grid.max_by_key(|row| row.release) else { return Ok(()) };
    let last = entry(row)?;
    let number: SequenceNumber = last.number.to_string().parse()?;
    if context.writer.position(cells_of(grid), &stream(grid)).await? >= Some(number) {
        return Ok(());
    }
    tracing::warn!(grid = grid.name(), release = last.number, "a release is finished");
    let version = u64::try_from(row.facts_version).unwrap_or_default();
    let then = context.lake.as_of(facts_of(grid), version).await?;
    let exact = then.exact(grid, &question(last.period.day)?).await?;
    publish(context, &exact, &last, done).await
}

/// Releases a period in a stage, unless it was.
async fn release(
    context: &Context,
    (period, stage): (Period, Stage),
    by: ReleasedBy,
    done: &mut Done,
) -> Result<(), ReleaseError> {
    for _ in 0..MOST_ATTEMPTS {
        // What another run entered and has not written yet comes first: behind a later number it would be lost.
        finish_cut_off(context, period.grid, done).await?;
        let view = context.lake.view();
        let entered = match ledger(&view).await?.enter(period, stage) {
            Ok(entered) => entered,
            Err(LedgerError::Released { .. }) => return Ok(()),
            Err(error @ LedgerError::Spent { .. }) => return Err(error.into()),
        };
        // A day on which nothing happened anywhere costs nobody anything; it stays open for what comes.
        let exact = view.exact(period.grid, &question(period.day)?).await?;
        if exact.is_empty() {
            return Ok(());
        }
        if enter(context, &view, &entered, by).await? == Appended::AlreadyThere {
            continue;
        }
        return publish(context, &exact, &entered, done).await;
    }
    Err(ReleaseError::Contended { attempts: MOST_ATTEMPTS })
}

async fn enter(
    context: &Context,
    view: &View,
    entry: &Entry,
    by: ReleasedBy,
) -> Result<Appended, ReleaseError> {
    let Period { grid, day } = entry.period;
    let facts_version = view.version_of(facts_of(grid)).unwrap_or_default();
    let row = releases::Row {
        month: atrio_domain::pseudonym::month_of(day),
        release: i64::try_from(entry.number).unwrap_or(i64::MAX),
        grid: grid.name().to_owned(),
        day,
        version: whole(entry.stage.version()),
        epsilon_thousandths: whole(entry.epsilon.as_thousandths()),
        threshold: whole(grid.threshold()),
        facts_version: i64::try_from(facts_version).unwrap_or(i64::MAX),
        released_by: by.name().to_owned(),
        released_at: context.clock.now(),
    };
    let batch = releases::batch(&[row])?;
    let number: SequenceNumber = entry.number.to_string().parse()?;
    let rows = NumberedRows { batch: &batch, sequences: &[number] };
    Ok(context.writer.append(&releases::TABLE, rows, &stream(grid), number).await?)
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Draws the noise of a release and writes its cells.
async fn publish(
    context: &Context,
    exact: &[ExactCell],
    entry: &Entry,
    done: &mut Done,
) -> Result<(), ReleaseError> {
    let grid = entry.period.grid;
    let mut word = || u64::from_le_bytes(random::bytes());
    let (batch, cells) = cells::published(entry, exact, &mut word)?;
    let number: SequenceNumber = entry.number.to_string().parse()?;
    let table = cells_of(grid);
    if cells == 0 {
        // Nothing is above the threshold; the position says that this is so on purpose.
        context.writer.settle_in(table, &stream(grid), number).await?;
    } else {
        let sequences = vec![number; cells];
        let rows = NumberedRows { batch: &batch, sequences: &sequences };
        if context.writer.append(table, rows, &stream(grid), number).await?
            == Appended::AlreadyThere
        {
            return Ok(());
        }
    }
    done.releases += 1;
    done.cells += cells;
    Ok(())
}

/// All venues on one day.
pub(crate) fn question(day: Date) -> Result<Question, jiff::Error> {
    days(day, day)
}

/// All venues on these days.
fn days(first_day: Date, last_day: Date) -> Result<Question, jiff::Error> {
    let zone = TimeZone::get(TIME_ZONE)?;
    let begins = |day: Date| day.to_zoned_datetime(zone.clone()).map(|start| start.timestamp());
    Ok(Question {
        venues: Venues::All,
        first_day,
        last_day,
        from: begins(first_day)?,
        until: begins(last_day.tomorrow()?)?,
    })
}

#[cfg(test)]
mod tests;
