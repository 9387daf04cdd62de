//! Table `bookings`: one row when a booking is confirmed, one more each time that some of its tickets are
//! given back, and one when it is cancelled.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::arrays::{days, instants, integers, longs, texts};
use crate::{Column, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "bookings",
    version: 1,
    meaning: "A booking that was confirmed, given back in part, or cancelled",
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
        Column::text(
            "lead_days_band",
            "band of days",
            "How long before the slot's day the booking was made",
            Privacy::Generalised,
        ),
        Column::integer(
            "party_size",
            "people",
            "Places of the booking; of a give-back, those given back",
        ),
        Column::long(
            "amount_cents",
            "EUR cent",
            "What the whole party pays; of a give-back or a cancellation, what leaves the venue's sums",
        ),
        Column::text(
            "currency",
            "ISO 4217 code",
            "The currency of the amount",
            Privacy::PublicFact,
        ),
        Column::instant(
            "recorded_hour",
            "hour, UTC",
            "The hour in which it was confirmed or cancelled",
            Privacy::Generalised,
        ),
        Column::text(
            "locale",
            "ISO 639-1 code",
            "The language the visitor chose",
            Privacy::Generalised,
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
    /// From [`lead_days_band`].
    pub lead_days_band: String,
    /// Places.
    pub party_size: i32,
    /// What the party pays, in cents.
    pub amount_cents: i64,
    /// The currency's code.
    pub currency: String,
    /// When it was recorded, cut to the hour.
    pub recorded_hour: Timestamp,
    /// The visitor's language.
    pub locale: String,
}

/// The band of a number of days between booking and visit. A booking made after the slot's day
/// began counts as of the same day.
#[must_use]
pub fn lead_days_band(days: i32) -> &'static str {
    match days {
        ..=0 => "0",
        1 => "1",
        2..=3 => "2-3",
        4..=7 => "4-7",
        8..=14 => "8-14",
        15..=30 => "15-30",
        31..=90 => "31-90",
        _ => "91+",
    }
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
        ("lead_days_band", texts(rows, |row| &row.lead_days_band)),
        ("party_size", integers(rows, |row| row.party_size)),
        ("amount_cents", longs(rows, |row| Some(row.amount_cents))),
        ("currency", texts(rows, |row| &row.currency)),
        ("recorded_hour", instants(rows, |row| row.recorded_hour)),
        ("locale", texts(rows, |row| &row.locale)),
    ])
}
