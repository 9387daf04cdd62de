//! Writes the lake, each change exactly once. How far a stream has been written is recorded in the
//! Delta log of every table, in the same commit as the rows, so that no crash and no replay can
//! separate the two. This crate never sees a person and never reads rows back.

mod committer;
mod sequence;

pub use sequence::{InvalidSequenceNumber, SequenceNumber};

use std::collections::BTreeMap;

use atrio_lake_schema::{FACTS, LakeAddress, TABLES, Table};
use deltalake::DeltaTableError;
use deltalake::arrow::array::RecordBatch;
use tokio::sync::Mutex;

use committer::Committer;

/// Writes the tables of one lake. One writer a process: within it, each table has one committer at
/// a time; writers of other processes are found out by their commits.
#[derive(Debug)]
pub struct LakeWriter {
    committers: BTreeMap<&'static str, Mutex<Committer>>,
}

/// Rows of one table, each with the sequence number of the change it came from.
#[derive(Debug, Clone, Copy)]
pub struct NumberedRows<'a> {
    /// The rows, in the table's columns.
    pub batch: &'a RecordBatch,
    /// The change each row came from; several rows may come from one change.
    pub sequences: &'a [SequenceNumber],
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// So many rows were new and are in the table now.
    Rows(usize),
    /// All of it was there before.
    AlreadyThere,
}

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Small files taken out of the table.
    pub files_removed: u64,
    /// Larger files put in their place.
    pub files_added: u64,
}

/// Why the lake was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The lake has no such table.
    #[error("the lake has no table `{table}`")]
    UnknownTable {
        /// What was asked for.
        table: String,
    },
    /// A table could not be opened or created.
    #[error("table `{table}` at `{url}` cannot be opened")]
    Open {
        /// The table.
        table: &'static str,
        /// Where it should lie.
        url: String,
        /// What Delta says.
        #[source]
        source: DeltaTableError,
    },
    /// The table in the lake has other columns than this program.
    #[error("table `{table}` has columns {found}, this program writes {expected}")]
    OtherColumns {
        /// The table.
        table: &'static str,
        /// The names in the log.
        found: String,
        /// The names in `atrio-lake-schema`.
        expected: String,
    },
    /// Rows and sequence numbers do not pair up.
    #[error("{rows} rows came with {sequences} sequence numbers")]
    Unpaired {
        /// Rows given.
        rows: usize,
        /// Numbers given.
        sequences: usize,
    },
    /// The log holds only part of a position; a writer other than this one broke it.
    #[error("table `{table}` holds half a position of stream `{stream}`")]
    HalfPosition {
        /// The table.
        table: &'static str,
        /// The stream and shard.
        stream: String,
    },
    /// Others committed first, again and again.
    #[error("table `{table}` was committed to by others {attempts} times in a row")]
    Contended {
        /// The table.
        table: &'static str,
        /// Commits tried.
        attempts: u32,
    },
    /// Reading the log, writing files or committing failed. Whether a commit arrived is unknown;
    /// repeating the append is safe.
    #[error("table `{table}` cannot be written")]
    Delta {
        /// The table.
        table: &'static str,
        /// What Delta says.
        #[source]
        source: DeltaTableError,
    },
}

impl LakeWriter {
    /// Opens a lake, creates the tables that are missing and adds columns that are new.
    ///
    /// # Errors
    /// [`WriteError::Open`] when the store cannot be reached or refuses, and
    /// [`WriteError::OtherColumns`] when a table was made by another version.
    pub async fn open(address: impl Into<LakeAddress>) -> Result<Self, WriteError> {
        let address = address.into();
        deltalake::aws::register_handlers(None);
        let mut committers = BTreeMap::new();
        for table in TABLES {
            // Delta's futures are large and deep: boxed here, callers' stay small and their
            // types within the compiler's depth limit.
            let committer = Box::pin(Committer::open(table, &address)).await?;
            committers.insert(table.name, Mutex::new(committer));
        }
        Ok(Self { committers })
    }

    /// How far `stream` has been written to a table; `None` when nothing of it has. Use it to drop
    /// rows early; [`Self::append`] drops them in any case. Resume reading a stream from
    /// [`Self::resume_position`], not from here.
    ///
    /// # Errors
    /// [`WriteError`] when the log cannot be read.
    pub async fn position(
        &self,
        table: &Table,
        stream: &str,
    ) -> Result<Option<SequenceNumber>, WriteError> {
        Box::pin(self.committer(table)?.lock().await.position(stream)).await
    }

    /// Appends the rows that are not in the table yet and records that `stream` is written up to
    /// `through`, in one commit. Rows up to the recorded position are left out, and they are looked
    /// at again whenever another writer committed first, so that an append may be repeated,
    /// overlapped or raced and still leaves one copy.
    ///
    /// # Errors
    /// [`WriteError`]; after any of them the append may be repeated.
    pub async fn append(
        &self,
        table: &Table,
        rows: NumberedRows<'_>,
        stream: &str,
        through: SequenceNumber,
    ) -> Result<Appended, WriteError> {
        if rows.batch.num_rows() != rows.sequences.len() {
            return Err(WriteError::Unpaired {
                rows: rows.batch.num_rows(),
                sequences: rows.sequences.len(),
            });
        }
        Box::pin(self.committer(table)?.lock().await.append(rows, stream, through)).await
    }

    /// Records in every table of facts that `stream` is written up to `through`, also where the last
    /// changes had no rows. Call it once in a while, after every append up to `through` succeeded: each
    /// table that lags gets a commit without files.
    ///
    /// # Errors
    /// [`WriteError`]; the call may be repeated.
    pub async fn settle(&self, stream: &str, through: SequenceNumber) -> Result<(), WriteError> {
        for table in FACTS {
            self.settle_in(table, stream, through).await?;
        }
        Ok(())
    }

    /// As [`Self::settle`], in one table.
    ///
    /// # Errors
    /// [`WriteError`]; the call may be repeated.
    pub async fn settle_in(
        &self,
        table: &Table,
        stream: &str,
        through: SequenceNumber,
    ) -> Result<(), WriteError> {
        Box::pin(self.committer(table)?.lock().await.settle(stream, through)).await
    }

    /// From where to go on reading `stream` after a restart: the last change known to be in every
    /// table of facts. `None` means from the beginning.
    ///
    /// # Errors
    /// [`WriteError`] when a log cannot be read.
    pub async fn resume_position(
        &self,
        stream: &str,
    ) -> Result<Option<SequenceNumber>, WriteError> {
        let mut least = None;
        for table in FACTS {
            let position = self.position(table, stream).await?;
            let Some(position) = position else {
                return Ok(None);
            };
            least = Some(least.map_or(position, |least: SequenceNumber| least.min(position)));
        }
        Ok(least)
    }

    /// Rewrites the small files of a table into larger ones and tidies its log. Rows stay as they
    /// are, and files that were replaced stay for readers that still use them.
    ///
    /// # Errors
    /// [`WriteError`]; the table is unchanged then.
    pub async fn compact(&self, table: &Table) -> Result<Compacted, WriteError> {
        Box::pin(self.committer(table)?.lock().await.compact()).await
    }

    fn committer(&self, table: &Table) -> Result<&Mutex<Committer>, WriteError> {
        self.committers
            .get(table.name)
            .ok_or_else(|| WriteError::UnknownTable { table: table.name.to_owned() })
    }
}

#[cfg(test)]
mod tests;
