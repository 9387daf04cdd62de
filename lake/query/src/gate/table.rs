//! An answer as people and programs read it.

use deltalake::datafusion::arrow::array::{Array, AsArray as _, RecordBatch};
use deltalake::datafusion::arrow::compute::cast;
use deltalake::datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use deltalake::datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use deltalake::datafusion::error::DataFusionError;
use serde::Serialize;

use super::MOST_ROWS;

/// A value of an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// None.
    Missing,
    /// True or false.
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// A number with decimals.
    Decimal(f64),
    /// Anything else, as it is written: words, days, instants.
    Text(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Truth(truth) => truth.fmt(f),
            Self::Whole(number) => number.fmt(f),
            Self::Decimal(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more rows than are given.
    pub is_cut: bool,
}

impl Answer {
    pub(super) fn of(
        columns: Vec<String>,
        batches: &[RecordBatch],
    ) -> Result<Self, DataFusionError> {
        let mut rows = Vec::new();
        for batch in batches {
            let mut of_columns = Vec::with_capacity(batch.num_columns());
            for column in batch.columns() {
                of_columns.push(values(column.as_ref())?.into_iter());
            }
            for _ in 0..batch.num_rows() {
                rows.push(
                    of_columns.iter_mut().map(|of| of.next().unwrap_or(Value::Missing)).collect(),
                );
            }
        }
        let is_cut = rows.len() > MOST_ROWS;
        rows.truncate(MOST_ROWS);
        Ok(Self { columns, rows, is_cut })
    }

    /// The answer as comma-separated values, with a line of names first.
    ///
    /// # Errors
    /// When the memory for it cannot be had.
    pub fn csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(ToString::to_string))?;
        }
        let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The answer as a table of fixed width.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines = vec![self.columns.clone()];
        lines.extend(self.rows.iter().map(|row| row.iter().map(ToString::to_string).collect()));
        let width = |at: usize| {
            lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> =
            (0..self.columns.len()).map(|at| width(at).unwrap_or_default()).collect();
        let line = |cells: &Vec<String>| {
            let cells = cells.iter().zip(widths.iter().copied());
            let padded = cells.map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn values(column: &dyn Array) -> Result<Vec<Value>, DataFusionError> {
    let whole = |array: &dyn Array| -> Result<Vec<Value>, DataFusionError> {
        let array = cast(array, &DataType::Int64)?;
        let value = |value: Option<i64>| value.map_or(Value::Missing, Value::Whole);
        Ok(array.as_primitive::<Int64Type>().iter().map(value).collect())
    };
    Ok(match column.data_type() {
        DataType::Boolean => {
            let value = |value: Option<bool>| value.map_or(Value::Missing, Value::Truth);
            column.as_boolean().iter().map(value).collect()
        }
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => whole(column)?,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let array = cast(column, &DataType::Float64)?;
            let value = |value: Option<f64>| value.map_or(Value::Missing, Value::Decimal);
            array.as_primitive::<Float64Type>().iter().map(value).collect()
        }
        _ => {
            let options = FormatOptions::default();
            let formatter = ArrayFormatter::try_new(column, &options)?;
            let value = |row: usize| {
                if column.is_null(row) {
                    Value::Missing
                } else {
                    Value::Text(formatter.value(row).to_string())
                }
            };
            (0..column.len()).map(value).collect()
        }
    })
}
