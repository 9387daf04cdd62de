//! Table `released_counts`: how many people a venue's counters saw go in and out, hour by hour, with a
//! threshold and noise. The newest version of a cell counts.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::arrays::{days, instants, integers, longs, texts};
use crate::{Column, Kind, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "released_counts",
    version: 1,
    meaning: "People counted at a venue in an hour, in one direction, with noise",
    partition_by: &[crate::MONTH],
    least_group_size: 15,
    columns: &[
        Column::month("The month of the counted day"),
        Column::VENUE_ID,
        Column {
            name: "counted_day",
            kind: Kind::Day,
            nullable: false,
            unit: "day, Europe/Rome",
            meaning: "The local day of the hour",
            privacy: Privacy::Generalised,
        },
        Column::instant("hour", "hour, UTC", "The hour of the counts", Privacy::Generalised),
        Column::text("direction", "IN or OUT", "Which way they went", Privacy::Operational),
        Column::RELEASED_VERSION,
        Column::RELEASE,
        Column::released("people", "people", "People who passed the counters"),
        Column::half_width("people_half_width", "people"),
    ],
};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The month of the day.
    pub month: String,
    /// The venue.
    pub venue_id: String,
    /// The local day.
    pub counted_day: Date,
    /// When the hour begins.
    pub hour: Timestamp,
    /// `IN` or `OUT`.
    pub direction: String,
    /// 1 or 2.
    pub version: i32,
    /// The release.
    pub release: i64,
    /// People.
    pub people: i64,
    /// How exact.
    pub people_half_width: i64,
}

/// The rows as a batch in the table's order.
///
/// # Errors
/// [`SchemaError`] when rows and table disagree; a test keeps them together.
pub fn batch(rows: &[Row]) -> Result<RecordBatch, SchemaError> {
    TABLE.batch(&[
        ("month", texts(rows, |row| &row.month)),
        ("venue_id", texts(rows, |row| &row.venue_id)),
        ("counted_day", days(rows, |row| row.counted_day)),
        ("hour", instants(rows, |row| row.hour)),
        ("direction", texts(rows, |row| &row.direction)),
        ("version", integers(rows, |row| row.version)),
        ("release", longs(rows, |row| Some(row.release))),
        ("people", longs(rows, |row| Some(row.people))),
        ("people_half_width", longs(rows, |row| Some(row.people_half_width))),
    ])
}
