//! What both protocols do with a question before the engine may act on it, and how long an answer may take.

use std::time::Duration;

use atrio_lake_query::{GateError, NotAllowed, must_be_of_few_words, must_be_short};
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as Sql;
use futures::{Stream, StreamExt as _};
use tokio::time::{Instant, timeout_at};

/// Words of a question. Programs ask the catalogue at length; the stack of these threads is sixteen times
/// the usual.
const MOST_WORDS: usize = 1_500;

/// How long an answer may take until its last row was sent.
const LONGEST: Duration = Duration::from_mins(1);

/// Until when an answer that is asked for now may take.
pub(crate) fn end() -> Instant {
    Instant::now() + LONGEST
}

/// Refuses a text that is too long to be read.
pub(crate) fn must_be_readable(question: &str) -> Result<(), GateError> {
    Ok(must_be_of_few_words(question, MOST_WORDS)?)
}

/// The plan of a question; none of what defines or changes something. The gate looks at plans that run,
/// and those would never come so far.
pub(crate) async fn plan(
    session: &SessionContext,
    question: Statement,
) -> Result<LogicalPlan, GateError> {
    must_be_a_query(&question)?;
    must_be_short(&question)?;
    let unreadable = |error| GateError::of_engine(&error);
    let plan = Box::pin(session.state().statement_to_plan(question)).await.map_err(unreadable)?;
    let reading =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    reading.verify_plan(&plan).map_err(unreadable)?;
    Ok(plan)
}

fn must_be_a_query(question: &Statement) -> Result<(), NotAllowed> {
    let text = match question {
        Statement::Statement(statement) if matches!(**statement, Sql::Query(_)) => return Ok(()),
        other => other.to_string(),
    };
    let verb = text.split_whitespace().next().unwrap_or_default().to_uppercase();
    Err(NotAllowed { what: verb, fix: "ask with one SELECT over the tables of the lake" })
}

/// What comes until an instant; what is not there then is an error.
pub(crate) fn ending<T, E>(
    stream: impl Stream<Item = Result<T, E>> + Send + Unpin + 'static,
    until: Instant,
    too_slow: fn() -> E,
) -> impl Stream<Item = Result<T, E>> + Send + 'static
where
    T: Send + 'static,
    E: Send + 'static,
{
    futures::stream::unfold(Some(stream), move |stream| async move {
        let mut stream = stream?;
        match timeout_at(until, stream.next()).await {
            Ok(item) => item.map(|item| (item, Some(stream))),
            Err(_) => Some((Err(too_slow()), None)),
        }
    })
}
