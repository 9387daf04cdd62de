//! Table `released_admissions`: how many entries a venue's gates let in, hour by hour, with a threshold
//! and noise. The newest version of a cell counts.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::arrays::{days, instants, integers, longs, texts};
use crate::{Column, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "released_admissions",
    version: 1,
    meaning: "Entries of a venue and hour, with noise",
    partition_by: &[crate::MONTH],
    least_group_size: 10,
    columns: &[
        Column::month("The month of the slot's day"),
        Column::VENUE_ID,
        Column::SLOT_DAY,
        Column::instant("hour", "hour, UTC", "The hour of the entries", Privacy::Generalised),
        Column::RELEASED_VERSION,
        Column::RELEASE,
        Column::released("admissions", "people", "Entries through the gates"),
        Column::half_width("admissions_half_width", "people"),
    ],
};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The month of the slot's day.
    pub month: String,
    /// The venue.
    pub venue_id: String,
    /// The slot's local day.
    pub slot_day: Date,
    /// When the hour begins.
    pub hour: Timestamp,
    /// 1 or 2.
    pub version: i32,
    /// The release.
    pub release: i64,
    /// Entries.
    pub admissions: i64,
    /// How exact.
    pub admissions_half_width: i64,
}

/// The rows as a batch in the table's order.
///
/// # Errors
/// [`SchemaError`] when rows and table disagree; a test keeps them together.
pub fn batch(rows: &[Row]) -> Result<RecordBatch, SchemaError> {
    TABLE.batch(&[
        ("month", texts(rows, |row| &row.month)),
        ("venue_id", texts(rows, |row| &row.venue_id)),
        ("slot_day", days(rows, |row| row.slot_day)),
        ("hour", instants(rows, |row| row.hour)),
        ("version", integers(rows, |row| row.version)),
        ("release", longs(rows, |row| Some(row.release))),
        ("admissions", longs(rows, |row| Some(row.admissions))),
        ("admissions_half_width", longs(rows, |row| Some(row.admissions_half_width))),
    ])
}
