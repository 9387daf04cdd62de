//! Table `counts`: what people counters reported. A correction is a further row of a higher
//! version; the current count of a device, model and period is the row of the highest version.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;

use crate::arrays::{instants, integers, longs, texts};
use crate::{Column, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "counts",
    version: 1,
    meaning: "People counted by one device over one period, or a correction of that count",
    partition_by: &[crate::MONTH],
    least_group_size: 15,
    columns: &[
        Column::month("The month of the local day on which the period starts"),
        Column::text(
            "device",
            "identifier",
            "The counter, by its thing name: a machine at a door, not a visitor's",
            Privacy::Operational,
        ),
        Column::text(
            "model",
            "Smart Data Models name",
            "The data model the counter spoke",
            Privacy::Operational,
        ),
        Column::VENUE_ID,
        Column::instant(
            "period_start",
            "instant, UTC",
            "When the counting period starts",
            Privacy::Generalised,
        ),
        Column::instant(
            "period_end",
            "instant, UTC, exclusive",
            "When the counting period ends",
            Privacy::Generalised,
        ),
        Column::long("people_count", "people", "People in all"),
        Column::long(
            "people_towards",
            "people",
            "People towards the inside, where the counter tells",
        )
        .or_missing(),
        Column::long(
            "people_away",
            "people",
            "People away from the inside, where the counter tells",
        )
        .or_missing(),
        Column::long("seq", "message number", "Number of the message within its device")
            .or_missing()
            .class(Privacy::Operational),
        Column::VERSION,
        Column::QUALITY,
        Column::RECEIVED_AT,
    ],
};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The month of the local day of `period_start`, such as `2026-11`.
    pub month: String,
    /// The counter.
    pub device: String,
    /// The data model.
    pub model: String,
    /// The venue.
    pub venue_id: String,
    /// Start of the period.
    pub period_start: Timestamp,
    /// End of the period, exclusive.
    pub period_end: Timestamp,
    /// People in all.
    pub people_count: i64,
    /// People towards the inside.
    pub people_towards: Option<i64>,
    /// People away from the inside.
    pub people_away: Option<i64>,
    /// Number of the message.
    pub seq: Option<i64>,
    /// 1, then corrections.
    pub version: i32,
    /// How far it may be trusted.
    pub quality: String,
    /// When it was received.
    pub received_at: Timestamp,
}

/// The rows as a batch in the table's order.
///
/// # Errors
/// [`SchemaError`] when rows and table disagree; a test keeps them together.
pub fn batch(rows: &[Row]) -> Result<RecordBatch, SchemaError> {
    TABLE.batch(&[
        ("month", texts(rows, |row| &row.month)),
        ("device", texts(rows, |row| &row.device)),
        ("model", texts(rows, |row| &row.model)),
        ("venue_id", texts(rows, |row| &row.venue_id)),
        ("period_start", instants(rows, |row| row.period_start)),
        ("period_end", instants(rows, |row| row.period_end)),
        ("people_count", longs(rows, |row| Some(row.people_count))),
        ("people_towards", longs(rows, |row| row.people_towards)),
        ("people_away", longs(rows, |row| row.people_away)),
        ("seq", longs(rows, |row| row.seq)),
        ("version", integers(rows, |row| row.version)),
        ("quality", texts(rows, |row| &row.quality)),
        ("received_at", instants(rows, |row| row.received_at)),
    ])
}
