//! What became of a file: how many of its rows are in the lake, and which are not, and why.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{FeedSource, MappingId};

use super::fault::Fault;
use super::mapping::Mapping;
use super::totals::Totals;

/// What became of the rows of a file. Each row that says something is in exactly one of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Report {
    /// Rows that say something.
    pub rows: u64,
    /// Rows that are new in the lake.
    pub accepted: u64,
    /// Rows that say something else than a row of the same key that another file brought before.
    pub corrected: u64,
    /// Rows that another file brought before, with the same content.
    pub unchanged: u64,
    /// Rows of other venues than the one that the file is loaded for.
    pub elsewhere: u64,
    /// Rows at fault.
    pub rejected: u64,
    /// The sums of what is accepted, corrected and unchanged.
    pub totals: Totals,
    /// The first day of these rows.
    pub first_day: Option<Date>,
    /// The last day of these rows.
    pub last_day: Option<Date>,
}

impl Report {
    /// Takes in a day of a good row.
    pub fn note_day(&mut self, day: Date) {
        self.first_day = Some(self.first_day.map_or(day, |first| first.min(day)));
        self.last_day = Some(self.last_day.map_or(day, |last| last.max(day)));
    }
}

/// A row at fault, with the fields that the mapping reads and no others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Its line in the file; of a sheet, its row.
    pub line: u64,
    /// The column at fault, where it is one.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// Its fields in the order of the mapping's columns; none where the row could not be told apart.
    pub fields: Vec<String>,
}

impl RejectedRow {
    /// The row with its fault.
    #[must_use]
    pub fn new(line: u64, fault: &Fault, fields: Vec<String>, mapping: &Mapping) -> Self {
        let (column, message) = (fault.column.clone(), fault.message());
        Self { line, column, message, fix: fault.fix(mapping), fields }
    }

    /// About how many bytes it takes to keep.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let fields: usize = self.fields.iter().map(|field| field.len() + 3).sum();
        100 + self.message.len() + self.fix.len() + fields
    }
}

/// A file that was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// The file, by a hash of its content and of the mapping that read it.
    pub file_id: String,
    /// The mapping.
    pub mapping_id: MappingId,
    /// Whose file it is.
    pub source: FeedSource,
    /// What became of its rows.
    pub report: Report,
    /// How many of the rejected rows are kept to be fetched.
    pub kept: u64,
    /// Who loaded it, as the identity provider numbers staff; a folder or a bucket, where it was put there.
    pub loaded_by: String,
    /// When.
    pub loaded_at: Timestamp,
}
