//! Table `presence`: people present in cells of a telephone network, hour by hour. A cell with fewer people
//! than its threshold has no number here nor anywhere else. A correction is a further row of a higher
//! version; what holds for a device, place, origin, aggregation and hour is the row of the highest version.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;

use crate::arrays::{instants, integers, longs, texts};
use crate::{Column, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "presence",
    version: 1,
    meaning: "People present in a cell of a telephone network over an hour, or a correction of that",
    partition_by: &[crate::MONTH],
    least_group_size: 15,
    columns: &[
        Column::month("The month of the local day on which the hour starts"),
        Column::text(
            "device",
            "identifier",
            "The operator's feed, by its thing name: no telephone of a visitor",
            Privacy::Operational,
        ),
        Column::VENUE_ID,
        Column::text(
            "location_code",
            "identifier",
            "The place of the cell, by the operator's code",
            Privacy::Operational,
        ),
        Column::instant(
            "period_start",
            "instant, UTC",
            "When the hour starts",
            Privacy::Generalised,
        ),
        Column::instant(
            "period_end",
            "instant, UTC, exclusive",
            "When the hour ends",
            Privacy::Generalised,
        ),
        Column::text(
            "origin",
            "ISO 3166-1 code, or unknown",
            "The country that the people come from, as the operator says; never derived here",
            Privacy::Generalised,
        ),
        Column::text(
            "aggregation",
            "hourly_sum, hourly_average, hourly_snapshot or hourly_estimate",
            "How the people were counted",
            Privacy::Operational,
        ),
        Column::long("people_count", "people", "People present; missing where they were too few")
            .or_missing(),
        Column::text(
            "disclosure",
            "counted or suppressed",
            "Whether the number is told, or was removed for being below the threshold",
            Privacy::Operational,
        ),
        Column::long("least_count", "people", "The threshold: the fewest people that are told")
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
    /// The operator's feed.
    pub device: String,
    /// The venue.
    pub venue_id: String,
    /// The place of the cell.
    pub location_code: String,
    /// Start of the hour.
    pub period_start: Timestamp,
    /// End of the hour, exclusive.
    pub period_end: Timestamp,
    /// The country, or `unknown`.
    pub origin: String,
    /// How they were counted.
    pub aggregation: String,
    /// People present; none where suppressed.
    pub people_count: Option<i64>,
    /// `counted` or `suppressed`.
    pub disclosure: String,
    /// The threshold.
    pub least_count: i64,
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
        ("venue_id", texts(rows, |row| &row.venue_id)),
        ("location_code", texts(rows, |row| &row.location_code)),
        ("period_start", instants(rows, |row| row.period_start)),
        ("period_end", instants(rows, |row| row.period_end)),
        ("origin", texts(rows, |row| &row.origin)),
        ("aggregation", texts(rows, |row| &row.aggregation)),
        ("people_count", longs(rows, |row| row.people_count)),
        ("disclosure", texts(rows, |row| &row.disclosure)),
        ("least_count", longs(rows, |row| Some(row.least_count))),
        ("version", integers(rows, |row| row.version)),
        ("quality", texts(rows, |row| &row.quality)),
        ("received_at", instants(rows, |row| row.received_at)),
    ])
}
