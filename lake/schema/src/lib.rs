//! Every table of the lake, described once: columns, unit, meaning, partition, privacy class, least
//! group size and version. Arrow schemas, Delta columns and record batches derive from here. This
//! crate never opens a file and never sees a person: what cannot be described by a column cannot
//! enter the lake.

pub mod admissions;
pub mod bookings;
pub mod counts;
pub mod decisions;
pub mod feeds;
pub mod presence;
pub mod readings;
pub mod released_admissions;
pub mod released_counts;
pub mod released_sales;
pub mod releases;
pub mod unit_items;

mod address;
mod arrays;
mod column;

pub use address::LakeAddress;
pub use column::{Column, Kind, Privacy};

use std::sync::Arc;

pub use deltalake::arrow::array::RecordBatch;

use deltalake::DeltaTableError;
use deltalake::arrow::array::ArrayRef;
use deltalake::arrow::datatypes::{Schema, SchemaRef};
use deltalake::arrow::error::ArrowError;
use deltalake::kernel::StructField;

/// Whether a table could not be looked at because its log was written to while its folder was listed: a
/// list of files is no moment, so it may lack a commit that is older than one it has. Then look again.
#[must_use]
pub fn is_torn_list(error: &DeltaTableError) -> bool {
    matches!(error, DeltaTableError::KernelError(cause) if cause.to_string().contains("found gap"))
}

/// The column every table is partitioned by: the month of the row's day, such as `2026-11`.
pub const MONTH: &str = "month";

/// What happened, row by row: the tables that changes are written to, in that order. Nobody but the
/// platform itself reads their rows.
pub const FACTS: [&Table; 7] = [
    &bookings::TABLE,
    &unit_items::TABLE,
    &admissions::TABLE,
    &counts::TABLE,
    &decisions::TABLE,
    &presence::TABLE,
    &readings::TABLE,
];

/// Cells that are released from the facts, with a threshold and noise.
pub const RELEASED: [&Table; 3] =
    [&released_sales::TABLE, &released_admissions::TABLE, &released_counts::TABLE];

/// All tables: the facts, what is released from them, the ledger of releases, and what other ticket offices
/// tell, which comes by files and not by changes.
pub const TABLES: [&Table; 12] = [
    &bookings::TABLE,
    &unit_items::TABLE,
    &admissions::TABLE,
    &counts::TABLE,
    &decisions::TABLE,
    &presence::TABLE,
    &readings::TABLE,
    &released_sales::TABLE,
    &released_admissions::TABLE,
    &released_counts::TABLE,
    &releases::TABLE,
    &feeds::TABLE,
];

/// One table of the lake.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in SQL and its folder in the lake.
    pub name: &'static str,
    /// Grows when a column is added; a column never changes its meaning.
    pub version: u32,
    /// What one row is.
    pub meaning: &'static str,
    /// The columns whose values name the folders.
    pub partition_by: &'static [&'static str],
    /// Fewest privacy units (sales, people present) a published number may stand on.
    pub least_group_size: u32,
    /// The columns, in order.
    pub columns: &'static [Column],
}

/// Why rows do not become a batch, or a name is no table.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The row gives no value for a column.
    #[error("table `{table}` wants column `{column}`")]
    MissingColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The values do not fit the columns.
    #[error("rows do not fit table `{table}`")]
    Misfit {
        /// The table.
        table: &'static str,
        /// What Arrow says of them.
        #[source]
        source: ArrowError,
    },
}

impl Table {
    /// The table of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.into_iter().find(|table| table.name == name)
    }

    /// The columns as Arrow wants them.
    #[must_use]
    pub fn arrow_schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.columns.iter().map(Column::arrow_field).collect::<Vec<_>>()))
    }

    /// The columns as the Delta log records them, with meaning, unit and privacy class as metadata.
    #[must_use]
    pub fn delta_columns(&self) -> Vec<StructField> {
        self.columns.iter().map(Column::delta_field).collect()
    }

    /// The columns whose smallest and largest value may be written in the log: the log is read more
    /// widely than the files.
    pub fn statistics_columns(&self) -> impl Iterator<Item = &'static str> {
        let partition_by = self.partition_by;
        self.columns
            .iter()
            .filter(move |column| {
                column.privacy.has_statistics() && !partition_by.contains(&column.name)
            })
            .map(|column| column.name)
    }

    /// The columns whose smallest and largest value are written nowhere.
    pub fn columns_without_statistics(&self) -> impl Iterator<Item = &'static str> {
        self.columns
            .iter()
            .filter(|column| !column.privacy.has_statistics())
            .map(|column| column.name)
    }

    /// Puts named arrays into the table's order.
    fn batch<const N: usize>(
        &self,
        arrays: &[(&'static str, ArrayRef); N],
    ) -> Result<RecordBatch, SchemaError> {
        let mut ordered = Vec::with_capacity(self.columns.len());
        for column in self.columns {
            let (_, array) = arrays
                .iter()
                .find(|(name, _)| *name == column.name)
                .ok_or(SchemaError::MissingColumn { table: self.name, column: column.name })?;
            ordered.push(Arc::clone(array));
        }
        RecordBatch::try_new(self.arrow_schema(), ordered)
            .map_err(|source| SchemaError::Misfit { table: self.name, source })
    }
}

#[cfg(test)]
mod tests;
