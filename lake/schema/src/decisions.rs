//! Table `decisions`: what the risk rules said of each booking when it was held.

use deltalake::arrow::array::RecordBatch;
use jiff::civil::Date;

use crate::arrays::{days, integers, texts};
use crate::{Column, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "decisions",
    version: 1,
    meaning: "What the risk rules said of a booking",
    partition_by: &[crate::MONTH],
    least_group_size: 10,
    columns: &[
        Column::month("The month of the slot's day"),
        Column::VENUE_ID,
        Column::SLOT_DAY,
        Column::text(
            "decision_key",
            "hexadecimal",
            "Pseudonym of the booking: HMAC-SHA256 under the key of the slot's month",
            Privacy::Pseudonym,
        ),
        Column::text("outcome", "ALLOW, REVIEW or BLOCK", "What was done", Privacy::Operational),
        Column::integer("score", "points", "The points of the rules together")
            .class(Privacy::Operational),
        Column::text(
            "rules",
            "rule names, joined by commas",
            "Which rules spoke; empty when none did",
            Privacy::Operational,
        ),
        Column::text(
            "rules_version",
            "version",
            "Under which version of the rules",
            Privacy::Operational,
        ),
    ],
};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The month of `slot_day`, such as `2026-11`.
    pub month: String,
    /// The venue.
    pub venue_id: String,
    /// The slot's local day.
    pub slot_day: Date,
    /// The booking's pseudonym.
    pub decision_key: String,
    /// `ALLOW`, `REVIEW` or `BLOCK`.
    pub outcome: String,
    /// The points.
    pub score: i32,
    /// The rules that spoke, joined by commas.
    pub rules: String,
    /// The version of the rules.
    pub rules_version: String,
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
        ("decision_key", texts(rows, |row| &row.decision_key)),
        ("outcome", texts(rows, |row| &row.outcome)),
        ("score", integers(rows, |row| row.score)),
        ("rules", texts(rows, |row| &row.rules)),
        ("rules_version", texts(rows, |row| &row.rules_version)),
    ])
}
