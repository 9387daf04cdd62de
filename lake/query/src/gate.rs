//! The privacy gate: what people may ask the lake in SQL. Analysts see released cells and the dictionary of
//! columns; a data officer may also add up facts, of which only cells with enough people behind them
//! exist for them. What is not on a list of allowed plan nodes, expressions and functions is refused, and
//! no error says anything about a row.

mod allowed;
mod catalogue;
mod facts;
mod live;
mod short;
mod table;

pub use live::LIVE_SCHEMA;
pub use short::must_be as must_be_short;
pub use short::must_be_of_few_words;
pub use table::{Answer, Value};

use std::sync::Arc;
use std::time::Duration;

use atrio_lake_schema::{Column, FACTS, RELEASED, TABLES, Table};
use deltalake::datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use deltalake::datafusion::arrow::datatypes::{DataType, Field, Schema};
use deltalake::datafusion::catalog::MemTable;
use deltalake::datafusion::common::config::ConfigOptions;
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::execution::SessionStateBuilder;
use deltalake::datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use deltalake::datafusion::execution::memory_pool::GreedyMemoryPool;
use deltalake::datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use deltalake::datafusion::logical_expr::LogicalPlan;
use deltalake::datafusion::optimizer::analyzer::{Analyzer, AnalyzerRule};
use deltalake::datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use futures::TryStreamExt as _;
use jiff::civil::Date;

use crate::{QueryError, Venues, View};

/// Bytes of a question.
const MOST_BYTES: usize = 16 * 1024;

/// Rows of an answer; what is beyond is cut off, and the answer says so.
pub const MOST_ROWS: usize = 10_000;

/// Bytes of an answer, as the engine holds them.
const MOST_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Rows that are worked on at a time: what a question writes into each row exists so often at once.
const BATCH_ROWS: usize = 1024;

/// How long a question may run.
const LONGEST: Duration = Duration::from_secs(20);

/// Memory for all questions that run at one time.
const MEMORY_BYTES: usize = 128 * 1024 * 1024;

/// The table that says what the columns of the others mean.
const DICTIONARY: &str = "dictionary";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// Sees what is released.
    Analyst,
    /// Sees what is released, and may add up the facts of these venues up to a day. Facts of later days
    /// still change, and two sums that differ by one change tell what it was.
    DataOfficer {
        /// Whose facts.
        venues: Venues,
        /// The last day whose facts are settled.
        settled: Date,
    },
}

/// Why a question is not answered. Nothing here says what a row holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// The question is too long.
    #[error("the question has {bytes} bytes, {MOST_BYTES} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// It is no SQL, or names what the asker does not see.
    #[error("the question cannot be read: {0}")]
    Unreadable(String),
    /// It asks for something that is on no list.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// It ran too long.
    #[error("the question ran for more than {} seconds", LONGEST.as_secs())]
    TooSlow,
    /// Its answer is too large.
    #[error("the answer is larger than {} MB", MOST_ANSWER_BYTES / 1024 / 1024)]
    TooLarge,
    /// It failed while it ran. Why stays here: the reason may hold a value.
    #[error("the question failed while it ran")]
    Failed,
}

/// What is on no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not allowed here: {fix}")]
pub struct NotAllowed {
    /// What was asked for.
    pub what: String,
    /// What to ask instead.
    pub fix: &'static str,
}

impl NotAllowed {
    fn new(what: impl Into<String>, fix: &'static str) -> Self {
        Self { what: what.into(), fix }
    }
}

impl From<NotAllowed> for DataFusionError {
    fn from(refused: NotAllowed) -> Self {
        Self::External(Box::new(refused))
    }
}

/// What people's questions run in: memory of their own, and no disk.
pub(crate) fn runtime() -> Result<Arc<RuntimeEnv>, QueryError> {
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(MEMORY_BYTES)))
        .with_disk_manager_builder(
            DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
        )
        .build_arc()
        .map_err(|source| QueryError::Engine { source })
}

/// The gate as a rule of the engine, before all others: no plan of this session runs past it.
#[derive(Debug)]
struct Gate {
    asker: Asker,
    /// Whether the session also has the tables that say which tables there are.
    has_catalogue: bool,
}

impl AnalyzerRule for Gate {
    fn analyze(
        &self,
        plan: LogicalPlan,
        _: &ConfigOptions,
    ) -> Result<LogicalPlan, DataFusionError> {
        if self.has_catalogue && catalogue::is_all_of(&plan)? {
            catalogue::check(&plan)?;
            return Ok(plan);
        }
        if !facts::are_read(&plan)? {
            allowed::check(&plan)?;
            return Ok(plan);
        }
        match &self.asker {
            Asker::Analyst => Err(NotAllowed::new("a table of facts", RELEASED_ONLY).into()),
            Asker::DataOfficer { venues, settled } => {
                facts::check(&plan)?;
                facts::only_shown(plan, venues, *settled)
            }
        }
    }

    fn name(&self) -> &'static str {
        "privacy_gate"
    }
}

const RELEASED_ONLY: &str =
    "ask the released tables, `released_sales`, `released_admissions` and `released_counts`";

impl View {
    /// Answers a question that a person wrote, as far as they may ask.
    ///
    /// # Errors
    /// [`GateError`]; the reason is safe to show.
    pub async fn answer(&self, asker: &Asker, question: &str) -> Result<Answer, GateError> {
        if question.len() > MOST_BYTES {
            return Err(GateError::TooLong { bytes: question.len() });
        }
        must_be_of_few_words(question, MOST_WORDS)?;
        let session = self.session_of(asker).await.map_err(|error| internal(&error))?;
        let state = session.state();
        let dialect = state.config().options().sql_parser.dialect;
        let question = state.sql_to_statement(question, &dialect);
        let question = question.map_err(|error| unreadable(&error))?;
        short::must_be(&question)?;
        let plan = Box::pin(state.statement_to_plan(question)).await;
        let plan = plan.map_err(|error| unreadable(&error))?;
        let limited = DataFrame::new(state, plan).limit(0, Some(MOST_ROWS + 1));
        let frame = limited.map_err(|error| refused(&error))?;
        let columns = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
        let batches = tokio::time::timeout(LONGEST, Box::pin(collected(frame)))
            .await
            .map_err(|_| GateError::TooSlow)??;
        Answer::of(columns, &batches).map_err(|error| internal(&error))
    }

    /// A session that knows the tables of an asker only, with the gate as its first rule.
    async fn session_of(&self, asker: &Asker) -> Result<SessionContext, DataFusionError> {
        let gate = Gate { asker: asker.clone(), has_catalogue: false };
        let session = session(gate, SCHEMA, &self.gate_runtime);
        let seen: Vec<_> = match asker {
            Asker::Analyst => RELEASED.to_vec(),
            Asker::DataOfficer { .. } => {
                let facts = FACTS.into_iter().filter(|table| facts::rule(table.name).is_some());
                RELEASED.into_iter().chain(facts).collect()
            }
        };
        for table in &seen {
            let provider = self.session.table_provider(table.name).await?;
            session.register_table(table.name, provider)?;
        }
        session.register_table(DICTIONARY, Arc::new(dictionary(&seen)?))?;
        Ok(session)
    }
}

/// An empty session with the gate as its first rule.
fn session(gate: Gate, schema: &str, runtime: &Arc<RuntimeEnv>) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(crate::lake::PARTITIONS)
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(gate.has_catalogue)
        .with_default_catalog_and_schema(CATALOGUE, schema);
    let mut rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(gate)];
    rules.extend(Analyzer::new().rules);
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(Arc::clone(runtime))
        .with_default_features()
        .with_analyzer_rules(rules)
        .build();
    SessionContext::new_with_state(state)
}

/// The rows of an answer, as long as they are not too much to hold.
async fn collected(frame: DataFrame) -> Result<Vec<RecordBatch>, GateError> {
    let mut stream = frame.execute_stream().await.map_err(|error| refused(&error))?;
    let (mut batches, mut bytes) = (Vec::new(), 0);
    while let Some(batch) = stream.try_next().await.map_err(|error| refused(&error))? {
        bytes += batch.get_array_memory_size();
        if bytes > MOST_ANSWER_BYTES {
            return Err(GateError::TooLarge);
        }
        batches.push(batch);
    }
    Ok(batches)
}

/// The columns of the tables that an asker sees.
fn dictionary(seen: &[&Table]) -> Result<MemTable, DataFusionError> {
    let columns = || seen.iter().flat_map(|table| table.columns.iter().map(move |c| (table, c)));
    let texts = |text: fn(&Table, &Column) -> &'static str| -> ArrayRef {
        let values = columns().map(|(table, column)| Some(text(table, column)));
        Arc::new(values.collect::<StringArray>())
    };
    let names = ["table_name", "column_name", "unit", "meaning", "privacy_class"];
    let fields = names.map(|name| Field::new(name, DataType::Utf8, false));
    let schema = Arc::new(Schema::new(fields.to_vec()));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            texts(|table, _| table.name),
            texts(|_, column| column.name),
            texts(|_, column| column.unit),
            texts(|_, column| column.meaning),
            texts(|_, column| column.privacy.name()),
        ],
    )?;
    MemTable::try_new(schema, vec![vec![batch]])
}

/// Words of a question: as many as are planned within a stack of 2 MB.
const MOST_WORDS: usize = 300;

/// The tables' full name begins so in the engine; nobody who asks has to know it.
pub const CATALOGUE: &str = "atrio";
const SCHEMA: &str = "lake";

impl GateError {
    /// What an asker is told of an error of the engine, about a question that it read or ran.
    #[must_use]
    pub fn of_engine(error: &DataFusionError) -> Self {
        unreadable(error)
    }
}

/// The engine's own words about the text, without its names for where a table is: they know the catalogue
/// that the asker sees, and no row.
fn unreadable(error: &DataFusionError) -> GateError {
    match error.find_root() {
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Diagnostic(..)
        | DataFusionError::Collection(_) => {
            let words = error.strip_backtrace().replace(&format!("{CATALOGUE}.{SCHEMA}."), "");
            let words = words.strip_prefix("Error during planning: ").unwrap_or(&words);
            GateError::Unreadable(words.chars().take(400).collect())
        }
        _ => refused(error),
    }
}

/// Why a plan was refused, or that it failed.
fn refused(error: &DataFusionError) -> GateError {
    if let DataFusionError::External(cause) = error.find_root()
        && let Some(refused) = cause.downcast_ref::<NotAllowed>()
    {
        return GateError::NotAllowed(refused.clone());
    }
    internal(error)
}

/// The log learns the kind of an error and not its words.
fn internal(error: &DataFusionError) -> GateError {
    let kind = match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => "memory",
        DataFusionError::ArrowError(..) => "a value",
        DataFusionError::Plan(_) | DataFusionError::SchemaError(..) => "the plan",
        _ => "the engine",
    };
    tracing::warn!(kind, "a question failed");
    GateError::Failed
}

/// Whether a table of that name may be in a plan of the gate.
fn is_known(name: &str) -> bool {
    let hidden = ["releases", "feeds"];
    name == DICTIONARY || TABLES.iter().any(|table| table.name == name && !hidden.contains(&name))
}

#[cfg(test)]
mod tests;
