//! Table `unit_items`: the units of the rows of `bookings`.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::arrays::{days, instants, integers, longs, texts};
use crate::{Column, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "unit_items",
    version: 1,
    meaning: "So many units of one kind in a booking that was confirmed, given back in part or cancelled",
    partition_by: &[crate::MONTH],
    least_group_size: 10,
    columns: &[
        Column::month("The month of the slot's day"),
        Column::VENUE_ID,
        Column::PRODUCT_ID,
        Column::SLOT_START,
        Column::SLOT_DAY,
        Column::CHANNEL,
        Column::EVENT,
        Column::BOOKING_KEY,
        Column::UNIT_ID,
        Column::integer("quantity", "people", "How many of the unit"),
        Column::long("price_cents", "EUR cent", "Price of one"),
        Column::long(
            "total_cents",
            "EUR cent",
            "Price of all of the unit; of a give-back or a cancellation, what leaves the venue's sums",
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
    /// The product.
    pub product_id: String,
    /// When the slot starts.
    pub slot_start: Timestamp,
    /// The slot's local day.
    pub slot_day: Date,
    /// The channel.
    pub channel: String,
    /// `CONFIRMED`, `GIVEN_BACK` or `CANCELLED`.
    pub event: String,
    /// The booking's pseudonym.
    pub booking_key: String,
    /// The unit.
    pub unit_id: String,
    /// How many.
    pub quantity: i32,
    /// Price of one, in cents.
    pub price_cents: i64,
    /// Price of all, in cents.
    pub total_cents: i64,
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
        ("channel", texts(rows, |row| &row.channel)),
        ("event", texts(rows, |row| &row.event)),
        ("booking_key", texts(rows, |row| &row.booking_key)),
        ("unit_id", texts(rows, |row| &row.unit_id)),
        ("quantity", integers(rows, |row| row.quantity)),
        ("price_cents", longs(rows, |row| Some(row.price_cents))),
        ("total_cents", longs(rows, |row| Some(row.total_cents))),
    ])
}
