//! The lake as it was last looked at: one engine over one version of every table.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use atrio_lake_schema::{LakeAddress, TABLES, Table, is_torn_list};
use deltalake::datafusion::arrow::array::{Array, Int64Array, RecordBatch};
use deltalake::datafusion::common::ScalarValue;
use deltalake::datafusion::execution::context::SQLOptions;
use deltalake::datafusion::execution::memory_pool::FairSpillPool;
use deltalake::datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use deltalake::datafusion::prelude::{SessionConfig, SessionContext};
use deltalake::{DeltaTable, DeltaTableBuilder, ensure_table_uri};
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::answer::Cell;
use crate::{AdmittedCell, BookedCell, CountedCell, QueryError, Question, UnitCell};

/// Memory for sorting and grouping; what does not fit goes to disk. Two hundred and fifty venues
/// of a year fit many times.
const MEMORY_BYTES: usize = 256 * 1024 * 1024;

/// Looks at a log that others write to while it is listed.
const MOST_LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// The machines this runs on have two cores.
pub(crate) const PARTITIONS: usize = 2;

/// A lake that is asked again and again.
#[derive(Debug)]
pub struct Lake {
    address: LakeAddress,
    runtime: Runtimes,
    tables: Mutex<Vec<Open>>,
    view: RwLock<Arc<View>>,
}

/// What questions of the platform run in, and what people's run in.
#[derive(Debug, Clone)]
struct Runtimes {
    own: Arc<RuntimeEnv>,
    gate: Arc<RuntimeEnv>,
}

#[derive(Debug)]
struct Open {
    definition: &'static Table,
    table: DeltaTable,
}

impl Open {
    async fn load(
        address: &LakeAddress,
        definition: &'static Table,
        version: Option<u64>,
    ) -> Result<Self, QueryError> {
        let opened = async {
            let url = ensure_table_uri(address.table_url(definition.name))?;
            let options = address.options().clone();
            let builder = DeltaTableBuilder::from_url(url)?.with_storage_options(options);
            match version {
                Some(version) => builder.with_version(version).load().await,
                None => builder.load().await,
            }
        };
        // Delta's futures are large and deep: boxed, callers' stay small and their types within the
        // compiler's depth limit.
        let table = Box::pin(opened)
            .await
            .map_err(|source| QueryError::Open { table: definition.name, source })?;
        Ok(Self { definition, table })
    }

    async fn look_again(&mut self) -> Result<(), QueryError> {
        let table = self.definition.name;
        for _ in 1..MOST_LOOKS {
            match Box::pin(self.table.update_state()).await {
                Err(error) if is_torn_list(&error) => tokio::time::sleep(BETWEEN_LOOKS).await,
                looked => return looked.map_err(|source| QueryError::Open { table, source }),
            }
        }
        let looked = Box::pin(self.table.update_state()).await;
        looked.map_err(|source| QueryError::Open { table, source })
    }
}

/// All tables at one moment. Questions put to one view agree with each other.
pub struct View {
    pub(crate) session: SessionContext,
    pub(crate) gate_runtime: Arc<RuntimeEnv>,
    version: u64,
    versions: BTreeMap<&'static str, u64>,
    as_of: Option<Timestamp>,
    looked_at: Instant,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Lake {
    /// Opens the tables of a lake that a writer has made.
    ///
    /// # Errors
    /// [`QueryError::Open`] when a table is missing or cannot be read.
    pub async fn open(address: impl Into<LakeAddress>) -> Result<Self, QueryError> {
        let address = address.into();
        deltalake::aws::register_handlers(None);
        let mut tables = Vec::with_capacity(TABLES.len());
        for definition in TABLES {
            tables.push(Open::load(&address, definition, None).await?);
        }
        let own = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(MEMORY_BYTES)))
            .build_arc()
            .map_err(|source| QueryError::Engine { source })?;
        let runtime = Runtimes { own, gate: crate::gate::runtime()? };
        let view = View::over(&tables, &runtime).await?;
        let (tables, view) = (Mutex::new(tables), RwLock::new(Arc::new(view)));
        Ok(Self { address, runtime, tables, view })
    }

    /// One table as it was in a version, for as long as the log remembers that.
    ///
    /// # Errors
    /// [`QueryError::Open`] when the version cannot be read any more.
    pub async fn as_of(&self, table: &'static Table, version: u64) -> Result<View, QueryError> {
        let open = Open::load(&self.address, table, Some(version)).await?;
        View::over(&[open], &self.runtime).await
    }

    /// Looks whether tables were committed to and takes the commits in; says whether there were any.
    /// Without news this lists the newest commits of each log and reads nothing.
    ///
    /// # Errors
    /// [`QueryError`] when a log cannot be read; the last view stays.
    pub async fn refresh(&self) -> Result<bool, QueryError> {
        self.refresh_after(Duration::ZERO).await
    }

    /// As [`Self::refresh`], unless somebody looked less than `age` ago: many dashboards that poll
    /// at once cost one look.
    ///
    /// # Errors
    /// [`QueryError`] when a log cannot be read; the last view stays.
    pub async fn refresh_after(&self, age: Duration) -> Result<bool, QueryError> {
        let mut tables = self.tables.lock().await;
        let last = self.view();
        if !age.is_zero() && last.looked_at.elapsed() < age {
            return Ok(false);
        }
        for open in tables.iter_mut() {
            open.look_again().await?;
        }
        let has_news = version_of(&tables) != last.version;
        let view =
            if has_news { View::over(&tables, &self.runtime).await? } else { last.looked_at_now() };
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        Ok(has_news)
    }

    /// The lake as it was last looked at.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The version of the view, see [`View::version`].
    #[must_use]
    pub fn version(&self) -> u64 {
        self.view().version
    }

    /// The single whole number that a question answers, for comparing the lake with the table.
    ///
    /// # Errors
    /// [`QueryError`] when it does not answer, or answers something else.
    pub async fn figure(&self, text: &str) -> Result<i64, QueryError> {
        let batches = self.sql(text).await?;
        batches
            .first()
            .and_then(|batch| batch.column(0).as_any().downcast_ref::<Int64Array>())
            .filter(|column| !column.is_empty())
            .map(|column| column.value(0))
            .ok_or(QueryError::UnexpectedAnswer { query: "figure", column: "first" })
    }

    /// Answers SQL on the current view, see [`View::sql`].
    ///
    /// # Errors
    /// As [`View::sql`].
    pub async fn sql(&self, text: &str) -> Result<Vec<RecordBatch>, QueryError> {
        self.view().sql(text).await
    }
}

fn version_of(tables: &[Open]) -> u64 {
    // A table begins at version 0; counting from 1 tells an empty lake from none.
    tables.iter().map(|open| open.table.version().map_or(0, |version| version + 1)).sum()
}

impl View {
    async fn over(tables: &[Open], runtimes: &Runtimes) -> Result<Self, QueryError> {
        let config = SessionConfig::new()
            .with_target_partitions(PARTITIONS)
            .with_information_schema(true)
            .with_default_catalog_and_schema("atrio", "lake");
        let session = SessionContext::new_with_config_rt(config, Arc::clone(&runtimes.own));
        let mut as_of = None;
        for Open { definition, table } in tables {
            let provider =
                table.table_provider().await.map_err(|source| QueryError::Engine { source })?;
            session
                .register_table(definition.name, provider)
                .map_err(|source| QueryError::Engine { source })?;
            let committed = table.snapshot().ok().and_then(|state| {
                let millis = state.version_timestamp(state.version())?;
                Timestamp::from_millisecond(millis).ok()
            });
            as_of = as_of.max(committed);
        }
        let version = |open: &Open| Some((open.definition.name, open.table.version()?));
        let versions = tables.iter().filter_map(version).collect();
        let looked_at = Instant::now();
        let gate_runtime = Arc::clone(&runtimes.gate);
        let version = version_of(tables);
        Ok(Self { session, gate_runtime, version, versions, as_of, looked_at })
    }

    fn looked_at_now(&self) -> Self {
        let Self { session, gate_runtime, version, versions, as_of, .. } = self;
        Self {
            session: session.clone(),
            gate_runtime: Arc::clone(gate_runtime),
            version: *version,
            versions: versions.clone(),
            as_of: *as_of,
            looked_at: Instant::now(),
        }
    }

    /// A number that grows with every commit to any table: the sum of their versions.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The version of one of its tables; nothing for a table that is not in it.
    #[must_use]
    pub fn version_of(&self, table: &Table) -> Option<u64> {
        self.versions.get(table.name).copied()
    }

    /// When the newest commit in it was made.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }

    /// Bookings, visitors and money by venue, slot and channel.
    ///
    /// # Errors
    /// [`QueryError`] when the question fails while it runs.
    pub async fn booked(&self, question: &Question) -> Result<Vec<BookedCell>, QueryError> {
        self.ask(question.day_parameters()).await
    }

    /// Visitors by venue, day and unit.
    ///
    /// # Errors
    /// [`QueryError`] when the question fails while it runs.
    pub async fn units(&self, question: &Question) -> Result<Vec<UnitCell>, QueryError> {
        self.ask(question.day_parameters()).await
    }

    /// Entries by venue, day of the slot and hour.
    ///
    /// # Errors
    /// [`QueryError`] when the question fails while it runs.
    pub async fn admitted(&self, question: &Question) -> Result<Vec<AdmittedCell>, QueryError> {
        self.ask(question.day_parameters()).await
    }

    /// People counted at the doors by venue and hour.
    ///
    /// # Errors
    /// [`QueryError`] when the question fails while it runs.
    pub async fn counted(&self, question: &Question) -> Result<Vec<CountedCell>, QueryError> {
        self.ask(question.instant_parameters()).await
    }

    /// Answers SQL of the platform itself, its checks and its tests: it reads every table, facts and all.
    /// People ask through [`Self::answer`]. No statement that defines, changes, exports or sets anything
    /// is taken.
    ///
    /// # Errors
    /// [`QueryError::Refused`] when the text is at fault, [`QueryError::Failed`] otherwise.
    pub async fn sql(&self, text: &str) -> Result<Vec<RecordBatch>, QueryError> {
        let reading = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let frame = Box::pin(self.session.sql_with_options(text, reading))
            .await
            .map_err(|source| QueryError::Refused { source })?;
        Box::pin(frame.collect()).await.map_err(|source| QueryError::Failed { source })
    }

    pub(crate) async fn ask<C: Cell>(
        &self,
        parameters: Vec<(&'static str, ScalarValue)>,
    ) -> Result<Vec<C>, QueryError> {
        let answer = async {
            self.session.sql(C::SQL).await?.with_param_values(parameters)?.collect().await
        };
        let batches = Box::pin(answer).await.map_err(|source| QueryError::Failed { source })?;
        let mut cells = Vec::new();
        for batch in &batches {
            cells.extend(C::read(batch)?);
        }
        Ok(cells)
    }
}
