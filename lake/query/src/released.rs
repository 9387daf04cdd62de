//! Cells of the fixed grids: exact, as the facts have them, for whoever releases and checks; and released,
//! as they stand in the lake. Exact cells never leave the platform.

use atrio_domain::release::{Grid, PARTY};
use deltalake::datafusion::arrow::array::RecordBatch;
use deltalake::datafusion::common::ScalarValue;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::answer::{Cell, Columns};
use crate::{QueryError, Question, View};

/// Where in its grid a cell lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey {
    /// The venue.
    pub venue_id: String,
    /// Where within the venue's day.
    pub place: Place,
}

/// Where within a venue's day a cell lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Of the grid of sales.
    Sales {
        /// The channel.
        channel: String,
        /// The price band.
        price_band: String,
    },
    /// Of the grid of admissions.
    Admissions {
        /// When the hour begins.
        hour: Timestamp,
    },
    /// Of the grid of counts.
    Counts {
        /// When the hour begins.
        hour: Timestamp,
        /// `IN` or `OUT`.
        direction: String,
    },
}

/// A cell without noise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactCell {
    /// Where it lies.
    pub key: CellKey,
    /// Its numbers, in the order of the grid's measures.
    pub numbers: Vec<i64>,
}

/// A cell as it was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedCell {
    /// Where it lies.
    pub key: CellKey,
    /// The day.
    pub day: Date,
    /// The version.
    pub version: i64,
    /// The release that it came with.
    pub release: i64,
    /// Its numbers, in the order of the grid's measures.
    pub numbers: Vec<i64>,
}

/// A row of the budget ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRow {
    /// The number within the grid.
    pub release: i64,
    /// The grid's name.
    pub grid: String,
    /// The day.
    pub day: Date,
    /// The version.
    pub version: i64,
    /// What it cost.
    pub epsilon_thousandths: i64,
    /// The version of the facts that were read.
    pub facts_version: i64,
}

impl View {
    /// The cells of a grid as the facts have them, those of nobody left out.
    ///
    /// # Errors
    /// [`QueryError`] when the question fails while it runs.
    pub async fn exact(
        &self,
        grid: Grid,
        question: &Question,
    ) -> Result<Vec<ExactCell>, QueryError> {
        let mut cells = match grid {
            Grid::Sales => {
                let mut parameters = question.day_parameters();
                parameters.push(("most_people", ScalarValue::from(i64::from(PARTY))));
                self.ask::<ExactCell>(parameters).await?
            }
            Grid::Admissions => {
                let cells = self.admitted(question).await?;
                let cell = |cell: crate::AdmittedCell| ExactCell {
                    key: CellKey {
                        venue_id: cell.venue_id,
                        place: Place::Admissions { hour: cell.hour },
                    },
                    numbers: vec![cell.admissions],
                };
                cells.into_iter().map(cell).collect()
            }
            Grid::Counts => {
                let cells = self.counted(question).await?;
                cells.iter().flat_map(|cell| [way(cell, "IN"), way(cell, "OUT")]).collect()
            }
        };
        cells.retain(|cell| cell.numbers.first().is_some_and(|units| *units > 0));
        Ok(cells)
    }

    /// Every released cell of a grid, in every version.
    ///
    /// # Errors
    /// [`QueryError`] when the question fails while it runs.
    pub async fn released(&self, grid: Grid) -> Result<Vec<ReleasedCell>, QueryError> {
        match grid {
            Grid::Sales => {
                Ok(self.ask::<ReleasedSales>(Vec::new()).await?.into_iter().map(|c| c.0).collect())
            }
            Grid::Admissions => {
                let cells = self.ask::<ReleasedAdmissions>(Vec::new()).await?;
                Ok(cells.into_iter().map(|cell| cell.0).collect())
            }
            Grid::Counts => {
                Ok(self.ask::<ReleasedCounts>(Vec::new()).await?.into_iter().map(|c| c.0).collect())
            }
        }
    }

    /// The budget ledger.
    ///
    /// # Errors
    /// [`QueryError`] when the question fails while it runs.
    pub async fn releases(&self) -> Result<Vec<ReleaseRow>, QueryError> {
        self.ask(Vec::new()).await
    }
}

fn way(cell: &crate::CountedCell, direction: &str) -> ExactCell {
    let people = if direction == "IN" { cell.people_in } else { cell.people_out };
    let place = Place::Counts { hour: cell.hour, direction: direction.to_owned() };
    ExactCell { key: CellKey { venue_id: cell.venue_id.clone(), place }, numbers: vec![people] }
}

impl Cell for ExactCell {
    const QUERY: &'static str = "sold";
    const SQL: &'static str = include_str!("../sql/sold.sql");

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns::of(Self::QUERY, batch);
        let (keys, sales) = (sales_keys(&columns)?, columns.longs("sales")?);
        let visitors = columns.longs("visitors")?;
        let cell =
            |(row, key): (usize, CellKey)| Self { key, numbers: vec![sales[row], visitors[row]] };
        Ok(keys.into_iter().enumerate().map(cell).collect())
    }
}

fn sales_keys(columns: &Columns<'_>) -> Result<Vec<CellKey>, QueryError> {
    let (venues, channels) = (columns.texts("venue_id")?, columns.texts("channel")?);
    let bands = columns.texts("price_band")?;
    let key = |row: usize| CellKey {
        venue_id: venues.value(row).to_owned(),
        place: Place::Sales {
            channel: channels.value(row).to_owned(),
            price_band: bands.value(row).to_owned(),
        },
    };
    Ok((0..columns.rows()).map(key).collect())
}

struct ReleasedSales(ReleasedCell);
struct ReleasedAdmissions(ReleasedCell);
struct ReleasedCounts(ReleasedCell);

impl Cell for ReleasedSales {
    const QUERY: &'static str = "released_sales";
    const SQL: &'static str = "SELECT venue_id, slot_day AS day, version, release, channel, \
        price_band, sales, visitors FROM released_sales ORDER BY release, venue_id";

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns::of(Self::QUERY, batch);
        let keys = sales_keys(&columns)?;
        let numbers = [columns.longs("sales")?, columns.longs("visitors")?];
        Ok(released(&columns, keys, &numbers)?.map(Self).collect())
    }
}

impl Cell for ReleasedAdmissions {
    const QUERY: &'static str = "released_admissions";
    const SQL: &'static str = "SELECT venue_id, slot_day AS day, version, release, hour, admissions \
        FROM released_admissions ORDER BY release, venue_id";

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns::of(Self::QUERY, batch);
        let (venues, hours) = (columns.texts("venue_id")?, columns.instants("hour")?);
        let key = |(row, hour): (usize, &Timestamp)| CellKey {
            venue_id: venues.value(row).to_owned(),
            place: Place::Admissions { hour: *hour },
        };
        let keys = hours.iter().enumerate().map(key).collect();
        Ok(released(&columns, keys, &[columns.longs("admissions")?])?.map(Self).collect())
    }
}

impl Cell for ReleasedCounts {
    const QUERY: &'static str = "released_counts";
    const SQL: &'static str = "SELECT venue_id, counted_day AS day, version, release, hour, \
        direction, people FROM released_counts ORDER BY release, venue_id";

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns::of(Self::QUERY, batch);
        let (venues, hours) = (columns.texts("venue_id")?, columns.instants("hour")?);
        let directions = columns.texts("direction")?;
        let key = |(row, hour): (usize, &Timestamp)| CellKey {
            venue_id: venues.value(row).to_owned(),
            place: Place::Counts { hour: *hour, direction: directions.value(row).to_owned() },
        };
        let keys = hours.iter().enumerate().map(key).collect();
        Ok(released(&columns, keys, &[columns.longs("people")?])?.map(Self).collect())
    }
}

fn released(
    columns: &Columns<'_>,
    keys: Vec<CellKey>,
    numbers: &[Vec<i64>],
) -> Result<impl Iterator<Item = ReleasedCell>, QueryError> {
    let (days, versions) = (columns.days("day")?, columns.longs("version")?);
    let releases = columns.longs("release")?;
    Ok(keys.into_iter().enumerate().map(move |(row, key)| ReleasedCell {
        key,
        day: days[row],
        version: versions[row],
        release: releases[row],
        numbers: numbers.iter().map(|of| of[row]).collect(),
    }))
}

impl Cell for ReleaseRow {
    const QUERY: &'static str = "releases";
    const SQL: &'static str = include_str!("../sql/releases.sql");

    fn read(batch: &RecordBatch) -> Result<Vec<Self>, QueryError> {
        let columns = Columns::of(Self::QUERY, batch);
        let (grids, days) = (columns.texts("grid")?, columns.days("day")?);
        let (releases, versions) = (columns.longs("release")?, columns.longs("version")?);
        let costs = columns.longs("epsilon_thousandths")?;
        let facts = columns.longs("facts_version")?;
        let row = |row: usize| Self {
            release: releases[row],
            grid: grids.value(row).to_owned(),
            day: days[row],
            version: versions[row],
            epsilon_thousandths: costs[row],
            facts_version: facts[row],
        };
        Ok((0..columns.rows()).map(row).collect())
    }
}
