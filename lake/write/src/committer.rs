//! One table and its single committer.

use std::collections::HashMap;
use std::time::Duration;

use atrio_lake_schema::{LakeAddress, Table, is_torn_list};
use deltalake::arrow::array::BooleanArray;
use deltalake::arrow::compute::filter_record_batch;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake::kernel::{Action, Add, Transaction};
use deltalake::operations::create::CreateBuilder;
use deltalake::parquet::basic::Compression;
use deltalake::parquet::file::properties::{EnabledStatistics, WriterProperties};
use deltalake::parquet::schema::types::ColumnPath;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::writer::{DeltaWriter as _, RecordBatchWriter};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError, TableProperty, ensure_table_uri};

use crate::sequence::CHUNKS;
use crate::{Appended, Compacted, NumberedRows, SequenceNumber, WriteError};

/// Commits tried before an append gives up on a table that others keep writing.
const MOST_ATTEMPTS: u32 = 100;

/// Looks at a log that others write to while it is listed.
const MOST_LOOKS: u32 = 10;

/// Commits between two checkpoints. A checkpoint costs one read and one write of the table's file
/// list; without it every new reader replays all commits since the last.
const CHECKPOINT_INTERVAL: &str = "50";

/// How long commits stay for time travel; compaction tidies older ones.
const LOG_RETENTION: &str = "interval 7 days";

pub(crate) struct Committer {
    definition: &'static Table,
    table: DeltaTable,
    /// Positions as of the loaded version, so that a warm append reads nothing.
    positions: HashMap<String, Option<SequenceNumber>>,
}

impl std::fmt::Debug for Committer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Committer")
            .field("table", &self.definition.name)
            .field("version", &self.table.version())
            .finish_non_exhaustive()
    }
}

/// Files written for an append, and the position they were filtered by.
struct Written {
    after: Option<SequenceNumber>,
    rows: usize,
    adds: Vec<Add>,
}

impl Committer {
    pub(crate) async fn open(
        definition: &'static Table,
        address: &LakeAddress,
    ) -> Result<Self, WriteError> {
        let url = address.table_url(definition.name);
        let table = match open_or_create(definition, address, &url).await {
            Ok(table) => table,
            // Another writer created it between our look and our creation.
            Err(first) => load(address, &url).await.map_err(|_| WriteError::Open {
                table: definition.name,
                url: url.clone(),
                source: first,
            })?,
        };
        let mut committer = Self { definition, table, positions: HashMap::new() };
        if committer.new_columns()? > 0 {
            committer.add_columns().await?;
        }
        Ok(committer)
    }

    /// How many columns at the end of a row this program writes and the table does not have yet.
    fn new_columns(&self) -> Result<usize, WriteError> {
        let found = self.found_columns()?;
        let expected: Vec<_> = self.definition.columns.iter().map(|column| column.name).collect();
        if expected.get(..found.len()).is_some_and(|known| known == found) {
            Ok(expected.len() - found.len())
        } else {
            Err(self.other_columns(&found))
        }
    }

    /// Adds what is new in this version of the table. In the rows that are there it is missing, so
    /// only a column whose values may be missing can be added.
    async fn add_columns(&mut self) -> Result<(), WriteError> {
        let found = self.found_columns()?;
        if self.definition.columns[found.len()..].iter().any(|column| !column.nullable) {
            return Err(self.other_columns(&found));
        }
        let fields = self.definition.delta_columns().split_off(found.len());
        tracing::info!(table = self.definition.name, columns = fields.len(), "columns are added");
        if let Err(error) = self.table.clone().add_columns().with_fields(fields).await {
            // Another writer may have added them between our look and ours.
            self.refresh().await?;
            if self.new_columns()? > 0 {
                return Err(self.failed(error));
            }
            return Ok(());
        }
        self.refresh().await
    }

    fn found_columns(&self) -> Result<Vec<String>, WriteError> {
        let schema = self.table.snapshot().map_err(|source| self.failed(source))?.schema();
        Ok(schema.fields().map(|field| field.name().clone()).collect())
    }

    fn other_columns(&self, found: &[String]) -> WriteError {
        let expected: Vec<_> = self.definition.columns.iter().map(|column| column.name).collect();
        WriteError::OtherColumns {
            table: self.definition.name,
            found: found.join(", "),
            expected: expected.join(", "),
        }
    }

    pub(crate) async fn position(
        &mut self,
        stream: &str,
    ) -> Result<Option<SequenceNumber>, WriteError> {
        if let Some(position) = self.positions.get(stream) {
            return Ok(*position);
        }
        let state = self.table.snapshot().map_err(|source| self.failed(source))?;
        let log_store = self.table.log_store();
        let mut chunks = Vec::with_capacity(CHUNKS);
        for at in 0..CHUNKS {
            let chunk = state
                .transaction_version(log_store.as_ref(), app_id(stream, at))
                .await
                .map_err(|source| self.failed(source))?;
            chunks.extend(chunk);
        }
        let position = match <[i64; CHUNKS]>::try_from(chunks) {
            Ok(chunks) => Some(SequenceNumber::from_chunks(chunks)),
            Err(chunks) if chunks.is_empty() => None,
            Err(_) => {
                return Err(WriteError::HalfPosition {
                    table: self.definition.name,
                    stream: stream.to_owned(),
                });
            }
        };
        self.positions.insert(stream.to_owned(), position);
        Ok(position)
    }

    pub(crate) async fn append(
        &mut self,
        rows: NumberedRows<'_>,
        stream: &str,
        through: SequenceNumber,
    ) -> Result<Appended, WriteError> {
        let mut written: Option<Written> = None;
        for attempt in 1..=MOST_ATTEMPTS {
            let position = self.position(stream).await?;
            if position >= Some(through) {
                return Ok(Appended::AlreadyThere);
            }
            // Another writer may have moved the position between two attempts: then the files
            // written for the first hold rows that are in the table by now.
            let fresh = match written.take() {
                Some(earlier) if earlier.after == position => earlier,
                _ => self.write_files(rows, position).await?,
            };
            if fresh.rows == 0 {
                return Ok(Appended::AlreadyThere);
            }
            if self.commit(&fresh.adds, stream, through).await? {
                return Ok(Appended::Rows(fresh.rows));
            }
            written = Some(fresh);
            self.after_conflict(attempt).await?;
        }
        Err(WriteError::Contended { table: self.definition.name, attempts: MOST_ATTEMPTS })
    }

    pub(crate) async fn settle(
        &mut self,
        stream: &str,
        through: SequenceNumber,
    ) -> Result<(), WriteError> {
        for attempt in 1..=MOST_ATTEMPTS {
            if self.position(stream).await? >= Some(through)
                || self.commit(&[], stream, through).await?
            {
                return Ok(());
            }
            self.after_conflict(attempt).await?;
        }
        Err(WriteError::Contended { table: self.definition.name, attempts: MOST_ATTEMPTS })
    }

    pub(crate) async fn compact(&mut self) -> Result<Compacted, WriteError> {
        self.refresh().await?;
        let properties = CommitProperties::default().with_cleanup_expired_logs(Some(true));
        let (table, metrics) = self
            .table
            .clone()
            .optimize()
            .with_writer_properties(self.writer_properties())
            .with_commit_properties(properties)
            .await
            .map_err(|source| self.failed(source))?;
        self.table = table;
        self.positions.clear();
        Ok(Compacted {
            files_removed: metrics.num_files_removed,
            files_added: metrics.num_files_added,
        })
    }

    /// Writes the rows after `position` to files that no commit names yet.
    async fn write_files(
        &self,
        rows: NumberedRows<'_>,
        after: Option<SequenceNumber>,
    ) -> Result<Written, WriteError> {
        let failed = |source| self.failed(source);
        let is_new: BooleanArray =
            rows.sequences.iter().map(|sequence| Some(Some(*sequence) > after)).collect();
        let batch = filter_record_batch(rows.batch, &is_new)
            .map_err(|source| failed(DeltaTableError::from(source)))?;
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(Written { after, rows, adds: Vec::new() });
        }
        let mut writer = RecordBatchWriter::for_table(&self.table)
            .map_err(failed)?
            .with_writer_properties(self.writer_properties());
        writer.write(batch).await.map_err(failed)?;
        let adds = writer.flush().await.map_err(failed)?;
        Ok(Written { after, rows, adds })
    }

    /// Commits files and position together. False when another writer committed first.
    async fn commit(
        &mut self,
        adds: &[Add],
        stream: &str,
        through: SequenceNumber,
    ) -> Result<bool, WriteError> {
        let transactions = through
            .chunks()
            .into_iter()
            .enumerate()
            .map(|(at, chunk)| Transaction::new(app_id(stream, at), chunk))
            .collect();
        // Without retries: Delta would put our commit behind those of other writers, and the
        // positions we remember of other streams would be older than the table we then hold.
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_application_transactions(transactions)
            .with_cleanup_expired_logs(Some(false));
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(
                self.definition.partition_by.iter().map(ToString::to_string).collect(),
            ),
            predicate: None,
        };
        let state = self.table.snapshot().map_err(|source| self.failed(source))?;
        let outcome = CommitBuilder::from(properties)
            .with_actions(adds.iter().cloned().map(Action::Add).collect())
            .build(Some(state), self.table.log_store(), operation)
            .await;
        match outcome {
            Ok(commit) => {
                if self.table.update_incremental(Some(commit.version())).await.is_err() {
                    self.refresh().await?;
                }
                self.positions.insert(stream.to_owned(), Some(through));
                Ok(true)
            }
            // Where the log could not be listed, the next look tells whether the commit arrived.
            Err(source) if lost_the_race(&source) || is_torn_list(&source) => Ok(false),
            Err(source) => {
                // The commit may have arrived all the same: forget what we believe of the table.
                self.positions.clear();
                Err(self.failed(source))
            }
        }
    }

    async fn after_conflict(&mut self, attempt: u32) -> Result<(), WriteError> {
        tracing::debug!(table = self.definition.name, attempt, "another writer committed first");
        // Two writers that lost together should not try together again; one that lost often does not wait
        // longer, for the other, which waits for nobody, would go on to win.
        let own_share = u64::from((std::process::id() + attempt) % 7);
        tokio::time::sleep(Duration::from_millis(1 + own_share)).await;
        self.refresh().await
    }

    async fn refresh(&mut self) -> Result<(), WriteError> {
        self.positions.clear();
        for _ in 1..MOST_LOOKS {
            match self.table.update_state().await {
                Err(error) if is_torn_list(&error) => {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                looked => return looked.map_err(|source| self.failed(source)),
            }
        }
        self.table.update_state().await.map_err(|source| self.failed(source))
    }

    fn writer_properties(&self) -> WriterProperties {
        let plain = WriterProperties::builder().set_compression(Compression::SNAPPY);
        self.definition
            .columns_without_statistics()
            .fold(plain, |properties, column| {
                properties.set_column_statistics_enabled(
                    ColumnPath::from(column),
                    EnabledStatistics::None,
                )
            })
            .build()
    }

    fn failed(&self, source: DeltaTableError) -> WriteError {
        WriteError::Delta { table: self.definition.name, source }
    }
}

fn app_id(stream: &str, chunk: usize) -> String {
    format!("{stream}#{chunk}")
}

fn lost_the_race(error: &DeltaTableError) -> bool {
    matches!(
        error,
        DeltaTableError::VersionAlreadyExists(_)
            | DeltaTableError::Transaction {
                source: TransactionError::MaxCommitAttempts(_)
                    | TransactionError::CommitConflict(_)
                    | TransactionError::VersionAlreadyExists(_)
            }
    )
}

async fn load(address: &LakeAddress, url: &str) -> Result<DeltaTable, DeltaTableError> {
    DeltaTableBuilder::from_url(ensure_table_uri(url)?)?
        .with_storage_options(address.options().clone())
        .load()
        .await
}

async fn open_or_create(
    definition: &'static Table,
    address: &LakeAddress,
    url: &str,
) -> Result<DeltaTable, DeltaTableError> {
    let table = DeltaTableBuilder::from_url(ensure_table_uri(url)?)?
        .with_storage_options(address.options().clone())
        .build()?;
    if table.verify_deltatable_existence().await? {
        return load(address, url).await;
    }
    // Only properties that a reader of version 1 and a writer of version 2 understand, so that
    // Athena, Spark, DuckDB and the Python library read the table as it is.
    let statistics: Vec<_> = definition.statistics_columns().collect();
    CreateBuilder::new()
        .with_log_store(table.log_store())
        .with_table_name(definition.name)
        .with_comment(definition.meaning)
        .with_columns(definition.delta_columns())
        .with_partition_columns(definition.partition_by.iter().copied())
        .with_configuration_property(TableProperty::AppendOnly, Some("true"))
        .with_configuration_property(TableProperty::CheckpointInterval, Some(CHECKPOINT_INTERVAL))
        .with_configuration_property(TableProperty::LogRetentionDuration, Some(LOG_RETENTION))
        .with_configuration_property(
            TableProperty::DataSkippingStatsColumns,
            Some(statistics.join(",")),
        )
        .await
}
