//! From fields of rows to Arrow arrays.

use std::sync::Arc;

use deltalake::arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use deltalake::arrow::datatypes::DataType;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::column::{DECIMAL_DIGITS, DECIMAL_PLACES};

/// The zone Delta gives its timestamps.
pub(crate) const UTC: &str = "UTC";

const EPOCH: Date = Date::constant(1970, 1, 1);

pub(crate) fn texts<'a, Row>(rows: &'a [Row], field: impl Fn(&'a Row) -> &'a str) -> ArrayRef {
    Arc::new(rows.iter().map(|row| Some(field(row))).collect::<StringArray>())
}

pub(crate) fn texts_or_missing<'a, Row>(
    rows: &'a [Row],
    field: impl Fn(&'a Row) -> Option<&'a str>,
) -> ArrayRef {
    Arc::new(rows.iter().map(field).collect::<StringArray>())
}

pub(crate) fn integers<Row>(rows: &[Row], field: impl Fn(&Row) -> i32) -> ArrayRef {
    Arc::new(rows.iter().map(field).collect::<Int32Array>())
}

pub(crate) fn longs<Row>(rows: &[Row], field: impl Fn(&Row) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(field).collect::<Int64Array>())
}

pub(crate) fn decimals<Row>(rows: &[Row], millionths: impl Fn(&Row) -> Option<i64>) -> ArrayRef {
    let values = rows.iter().map(|row| millionths(row).map(i128::from));
    Arc::new(
        values
            .collect::<Decimal128Array>()
            .with_data_type(DataType::Decimal128(DECIMAL_DIGITS, DECIMAL_PLACES)),
    )
}

pub(crate) fn days<Row>(rows: &[Row], field: impl Fn(&Row) -> Date) -> ArrayRef {
    let since_epoch = rows.iter().map(|row| (field(row) - EPOCH).get_days());
    Arc::new(Date32Array::from_iter_values(since_epoch))
}

pub(crate) fn instants<Row>(rows: &[Row], field: impl Fn(&Row) -> Timestamp) -> ArrayRef {
    let micros = rows.iter().map(|row| field(row).as_microsecond());
    Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone(UTC))
}

pub(crate) fn instants_or_missing<Row>(
    rows: &[Row],
    field: impl Fn(&Row) -> Option<Timestamp>,
) -> ArrayRef {
    let micros = rows.iter().map(|row| field(row).map(Timestamp::as_microsecond));
    Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone(UTC))
}
