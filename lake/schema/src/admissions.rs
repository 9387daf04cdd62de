//! Table `admissions`: one row for each ticket that opened a gate, on the way in or out, and one more
//! that takes the entry back where the turnstile did not turn.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::arrays::{days, instants, integers, texts, texts_or_missing};
use crate::{Column, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "admissions",
    version: 2,
    meaning: "A ticket that let its visitor in or out",
    partition_by: &[crate::MONTH],
    least_group_size: 10,
    columns: &[
        Column::month("The month of the slot's day"),
        Column::VENUE_ID,
        Column::PRODUCT_ID,
        Column::SLOT_START,
        Column::SLOT_DAY,
        Column::text("gate_id", "identifier", "The gate that opened", Privacy::Operational),
        Column::UNIT_ID,
        Column::integer(
            "quantity",
            "people",
            "How many went through: one, or minus one where an entry was taken back",
        ),
        Column::text(
            "admission_key",
            "hexadecimal",
            "Pseudonym of the entry or exit: HMAC-SHA256 under the key of the slot's month",
            Privacy::Pseudonym,
        ),
        Column::instant(
            "admitted_quarter",
            "quarter of an hour, UTC",
            "The quarter of an hour in which the gate opened",
            Privacy::Generalised,
        ),
        Column::text(
            "direction",
            "ENTRY or EXIT",
            "Which way the visitor went; missing in rows from before exits were recorded, all entries",
            Privacy::Operational,
        )
        .or_missing(),
    ],
};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The month of `slot_day`, such as `2026-11`.
    pub month: String,
    /// The venue.
    pub venue_id: String,
    /// The product.
    pub product_id: String,
    /// When the slot starts.
    pub slot_start: Timestamp,
    /// The slot's local day.
    pub slot_day: Date,
    /// The gate.
    pub gate_id: String,
    /// The unit.
    pub unit_id: String,
    /// How many went through; negative where an entry was taken back.
    pub quantity: i32,
    /// The entry's or exit's pseudonym.
    pub admission_key: String,
    /// When, cut to the quarter of an hour.
    pub admitted_quarter: Timestamp,
    /// Which way.
    pub direction: Option<String>,
}

/// The rows as a batch in the table's order.
///
/// # Errors
/// [`SchemaError`] when rows and table disagree; a test keeps them together.
pub fn batch(rows: &[Row]) -> Result<RecordBatch, SchemaError> {
    TABLE.batch(&[
        ("month", texts(rows, |row| &row.month)),
        ("venue_id", texts(rows, |row| &row.venue_id)),
        ("product_id", texts(rows, |row| &row.product_id)),
        ("slot_start", instants(rows, |row| row.slot_start)),
        ("slot_day", days(rows, |row| row.slot_day)),
        ("gate_id", texts(rows, |row| &row.gate_id)),
        ("unit_id", texts(rows, |row| &row.unit_id)),
        ("quantity", integers(rows, |row| row.quantity)),
        ("admission_key", texts(rows, |row| &row.admission_key)),
        ("admitted_quarter", instants(rows, |row| row.admitted_quarter)),
        ("direction", texts_or_missing(rows, |row| row.direction.as_deref())),
    ])
}
