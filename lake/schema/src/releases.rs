//! Table `releases`: the budget ledger. One row says that the cells of a grid and day were released, by
//! whom, and what that cost; it is written before the cells, so none is without it.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::arrays::{days, instants, integers, longs, texts};
use crate::{Column, Kind, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "releases",
    version: 1,
    meaning: "A release of the cells of one grid and day",
    partition_by: &[crate::MONTH],
    least_group_size: 10,
    columns: &[
        Column::month("The month of the day"),
        Column::RELEASE,
        Column::text(
            "grid",
            "sales, admissions or counts",
            "What was released",
            Privacy::Operational,
        ),
        Column {
            name: "day",
            kind: Kind::Day,
            nullable: false,
            unit: "day, Europe/Rome",
            meaning: "The day whose cells were released",
            privacy: Privacy::PublicFact,
        },
        Column::RELEASED_VERSION,
        Column::integer(
            "epsilon_thousandths",
            "thousandths of epsilon",
            "What it cost of the budget of its grid and day",
        )
        .class(Privacy::Operational),
        Column::integer("threshold", "privacy units", "Fewest that a cell may stand on")
            .class(Privacy::Operational),
        Column::long(
            "facts_version",
            "version of a table",
            "The version of the table of facts that was read",
        )
        .class(Privacy::Operational),
        Column::text(
            "released_by",
            "SCHEDULE or COMMAND",
            "Who asked for it",
            Privacy::Operational,
        ),
        Column::instant("released_at", "instant, UTC", "When it was entered", Privacy::Operational),
    ],
};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The month of the day.
    pub month: String,
    /// The number within the grid.
    pub release: i64,
    /// The grid.
    pub grid: String,
    /// The local day.
    pub day: Date,
    /// 1 or 2.
    pub version: i32,
    /// What it cost.
    pub epsilon_thousandths: i32,
    /// Fewest people behind a cell.
    pub threshold: i32,
    /// Version of the facts.
    pub facts_version: i64,
    /// `SCHEDULE` or `COMMAND`.
    pub released_by: String,
    /// When.
    pub released_at: Timestamp,
}

/// The rows as a batch in the table's order.
///
/// # Errors
/// [`SchemaError`] when rows and table disagree; a test keeps them together.
pub fn batch(rows: &[Row]) -> Result<RecordBatch, SchemaError> {
    TABLE.batch(&[
        ("month", texts(rows, |row| &row.month)),
        ("release", longs(rows, |row| Some(row.release))),
        ("grid", texts(rows, |row| &row.grid)),
        ("day", days(rows, |row| row.day)),
        ("version", integers(rows, |row| row.version)),
        ("epsilon_thousandths", integers(rows, |row| row.epsilon_thousandths)),
        ("threshold", integers(rows, |row| row.threshold)),
        ("facts_version", longs(rows, |row| Some(row.facts_version))),
        ("released_by", texts(rows, |row| &row.released_by)),
        ("released_at", instants(rows, |row| row.released_at)),
    ])
}
