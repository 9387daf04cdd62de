//! Table `released_sales`: how many sales and visitors a venue had on a day, by channel and price, with
//! a threshold and noise. The newest version of a cell counts; they are never added up.

use deltalake::arrow::array::RecordBatch;
use jiff::civil::Date;

use crate::arrays::{days, integers, longs, texts};
use crate::{Column, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "released_sales",
    version: 1,
    meaning: "Sales of a venue and day by channel and price band, with noise",
    partition_by: &[crate::MONTH],
    least_group_size: 10,
    columns: &[
        Column::month("The month of the slot's day"),
        Column::VENUE_ID,
        Column::SLOT_DAY,
        Column::CHANNEL,
        Column::text(
            "price_band",
            "EUR of one ticket",
            "The band of the price that most tickets of the sale had",
            Privacy::Generalised,
        ),
        Column::RELEASED_VERSION,
        Column::RELEASE,
        Column::released("sales", "sales", "Sales confirmed and not taken back"),
        Column::half_width("sales_half_width", "sales"),
        Column::released(
            "visitors",
            "people",
            "Visitors of these sales; of a party of more than six, six count",
        ),
        Column::half_width("visitors_half_width", "people"),
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
    /// The channel.
    pub channel: String,
    /// The price band.
    pub price_band: String,
    /// 1 or 2.
    pub version: i32,
    /// The release.
    pub release: i64,
    /// Sales.
    pub sales: i64,
    /// How exact.
    pub sales_half_width: i64,
    /// Their visitors.
    pub visitors: i64,
    /// How exact.
    pub visitors_half_width: i64,
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
        ("channel", texts(rows, |row| &row.channel)),
        ("price_band", texts(rows, |row| &row.price_band)),
        ("version", integers(rows, |row| row.version)),
        ("release", longs(rows, |row| Some(row.release))),
        ("sales", longs(rows, |row| Some(row.sales))),
        ("sales_half_width", longs(rows, |row| Some(row.sales_half_width))),
        ("visitors", longs(rows, |row| Some(row.visitors))),
        ("visitors_half_width", longs(rows, |row| Some(row.visitors_half_width))),
    ])
}
