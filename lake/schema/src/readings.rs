//! Table `readings`: quantities that sensors read, each in its unit: parking, energy, waste, environment. A
//! correction is a further row of a higher version; what holds for a device, quantity and instant is the
//! row of the highest version. Of a running sum, the difference of two readings is what came between them,
//! however many were lost there; where it falls, the sensor began again at nought.

use deltalake::arrow::array::RecordBatch;
use jiff::Timestamp;

use crate::arrays::{decimals, instants, integers, longs, texts};
use crate::{Column, Privacy, SchemaError, Table};

/// The table.
pub const TABLE: Table = Table {
    name: "readings",
    version: 1,
    meaning: "A quantity that a sensor read at an instant, or a correction of that",
    partition_by: &[crate::MONTH],
    least_group_size: 15,
    columns: &[
        Column::month("The month of the local day of the reading"),
        Column::text(
            "device",
            "identifier",
            "The sensor, by its thing name: no visitor's",
            Privacy::Operational,
        ),
        Column::VENUE_ID,
        Column::text(
            "quantity",
            "SenML name",
            "What was read, such as co2 or bays/free",
            Privacy::Operational,
        ),
        Column::text("unit", "UCUM unit", "The unit of value and running sum", Privacy::PublicFact),
        Column::instant("observed_at", "instant, UTC", "When it was read", Privacy::Generalised),
        Column::decimal("value", "as `unit` says", "How much at that instant"),
        Column::decimal("running_sum", "as `unit` says", "How much since the sensor began to sum"),
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
    /// The month of the local day of `observed_at`, such as `2026-11`.
    pub month: String,
    /// The sensor.
    pub device: String,
    /// The venue.
    pub venue_id: String,
    /// What was read.
    pub quantity: String,
    /// The unit, by UCUM.
    pub unit: String,
    /// When.
    pub observed_at: Timestamp,
    /// How much, in millionths of the unit.
    pub value_millionths: Option<i64>,
    /// How much since the sensor began, in millionths of the unit.
    pub running_sum_millionths: Option<i64>,
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
        ("venue_id", texts(rows, |row| &row.venue_id)),
        ("quantity", texts(rows, |row| &row.quantity)),
        ("unit", texts(rows, |row| &row.unit)),
        ("observed_at", instants(rows, |row| row.observed_at)),
        ("value", decimals(rows, |row| row.value_millionths)),
        ("running_sum", decimals(rows, |row| row.running_sum_millionths)),
        ("seq", longs(rows, |row| row.seq)),
        ("version", integers(rows, |row| row.version)),
        ("quality", texts(rows, |row| &row.quality)),
        ("received_at", instants(rows, |row| row.received_at)),
    ])
}
