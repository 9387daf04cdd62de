//! Table `feeds`: what ticket offices that are not ours sold and whom they let in, as their files tell. A
//! correction is a further row of a higher version; what holds of a venue, source and key is the row of the
//! highest version.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::arrays::{days, instants, instants_or_missing, integers, longs, texts};
use crate::{Column, Kind, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "feeds",
    version: 1,
    meaning: "A sale, refund or admission that the file of another ticket office tells, or a correction of it",
    partition_by: &[crate::MONTH],
    least_group_size: 10,
    columns: &[
        Column::month("The month of the row's day"),
        Column::VENUE_ID,
        Column::text(
            "source",
            "identifier",
            "Whose file it was: another system, a concessionaire",
            Privacy::Operational,
        ),
        Column {
            name: "day",
            kind: Kind::Day,
            nullable: false,
            unit: "day, Europe/Rome",
            meaning: "The local day of what is told; of a whole month, its first day",
            privacy: Privacy::Generalised,
        },
        Column::instant(
            "hour",
            "hour, UTC",
            "The hour of what is told, where the file is as exact as that",
            Privacy::Generalised,
        )
        .or_missing(),
        Column::text(
            "grain",
            "MONTH, DAY or HOUR",
            "How exact the file is about time",
            Privacy::Operational,
        ),
        Column::PRODUCT_ID,
        Column::UNIT_ID,
        Column::text(
            "channel",
            "WEB, TOTEM, DESK, RESELLER or FEED",
            "Through which channel it was sold; FEED where the file does not say",
            Privacy::Operational,
        ),
        Column::text(
            "kind",
            "SALE, REFUND or ADMISSION",
            "What is told: tickets sold, tickets taken back, people who came in",
            Privacy::Operational,
        ),
        Column::text(
            "row_key",
            "hexadecimal",
            "Pseudonym of the row: HMAC-SHA256 under a key of the venue, the source and the month, destroyed after 400 days",
            Privacy::Pseudonym,
        ),
        Column::text(
            "content_hash",
            "hexadecimal",
            "HMAC-SHA256 of what the row says, under the same key: whether another says the same",
            Privacy::Pseudonym,
        ),
        Column::long("quantity", "people", "Tickets or people; below 0 for what was taken back"),
        Column::long("amount_cents", "EUR cent", "For how much; below 0 for what was taken back"),
        Column::text(
            "currency",
            "ISO 4217 code",
            "The currency of the amount",
            Privacy::PublicFact,
        ),
        Column::integer("version", "version", "1 for what was told first, then corrections")
            .class(Privacy::Operational),
        Column::text(
            "file_id",
            "hexadecimal",
            "The file that told it, by the hash under which the load is on record",
            Privacy::Operational,
        ),
        Column::instant(
            "loaded_at",
            "instant, UTC",
            "When the file was loaded",
            Privacy::Operational,
        ),
    ],
};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The month of `day`, such as `2026-11`.
    pub month: String,
    /// The venue.
    pub venue_id: String,
    /// Whose file it was.
    pub source: String,
    /// The local day; of a month, its first.
    pub day: Date,
    /// The hour, where it is known.
    pub hour: Option<Timestamp>,
    /// `MONTH`, `DAY` or `HOUR`.
    pub grain: String,
    /// The product.
    pub product_id: String,
    /// The unit.
    pub unit_id: String,
    /// The channel.
    pub channel: String,
    /// `SALE`, `REFUND` or `ADMISSION`.
    pub kind: String,
    /// The row's pseudonym.
    pub row_key: String,
    /// The pseudonym of what it says.
    pub content_hash: String,
    /// Tickets or people.
    pub quantity: i64,
    /// For how much, in cents.
    pub amount_cents: i64,
    /// The currency's code.
    pub currency: String,
    /// 1, then corrections.
    pub version: i32,
    /// The file.
    pub file_id: String,
    /// When it was loaded.
    pub loaded_at: Timestamp,
}

/// The rows as a batch in the table's order.
///
/// # Errors
/// [`SchemaError`] when rows and table disagree; a test keeps them together.
pub fn batch(rows: &[Row]) -> Result<RecordBatch, SchemaError> {
    TABLE.batch(&[
        ("month", texts(rows, |row| &row.month)),
        ("venue_id", texts(rows, |row| &row.venue_id)),
        ("source", texts(rows, |row| &row.source)),
        ("day", days(rows, |row| row.day)),
        ("hour", instants_or_missing(rows, |row| row.hour)),
        ("grain", texts(rows, |row| &row.grain)),
        ("product_id", texts(rows, |row| &row.product_id)),
        ("unit_id", texts(rows, |row| &row.unit_id)),
        ("channel", texts(rows, |row| &row.channel)),
        ("kind", texts(rows, |row| &row.kind)),
        ("row_key", texts(rows, |row| &row.row_key)),
        ("content_hash", texts(rows, |row| &row.content_hash)),
        ("quantity", longs(rows, |row| Some(row.quantity))),
        ("amount_cents", longs(rows, |row| Some(row.amount_cents))),
        ("currency", texts(rows, |row| &row.currency)),
        ("version", integers(rows, |row| row.version)),
        ("file_id", texts(rows, |row| &row.file_id)),
        ("loaded_at", instants(rows, |row| row.loaded_at)),
    ])
}
