//! Asks the lake. Questions of the platform are named `.sql` files with bound parameters and typed
//! answers; people's own SQL goes through the privacy gate. Who somebody is, is decided by the caller.

mod answer;
mod feeds;
mod gate;
mod lake;
mod question;
mod released;

pub use answer::{AdmittedCell, BookedCell, CountedCell, UnitCell};
pub use feeds::{FedCell, KnownOf, KnownRow};
pub use gate::{
    Answer, Asker, CATALOGUE, GateError, LIVE_SCHEMA, MOST_ROWS, NotAllowed, Value,
    must_be_of_few_words, must_be_short,
};
pub use lake::{Lake, View};
pub use question::{Question, Venues};
pub use released::{CellKey, ExactCell, Place, ReleaseRow, ReleasedCell};

use deltalake::DeltaTableError;
use deltalake::datafusion::error::DataFusionError;

/// Why the lake does not answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// A table cannot be opened or read; the lake may not have been made yet.
    #[error("table `{table}` cannot be opened")]
    Open {
        /// The table.
        table: &'static str,
        /// What Delta says.
        #[source]
        source: DeltaTableError,
    },
    /// The engine could not be set up.
    #[error("the query engine cannot be set up")]
    Engine {
        /// What DataFusion says.
        #[source]
        source: DataFusionError,
    },
    /// The text is not a question this lake answers: its author must change it.
    #[error("the query was refused: {}", .source.strip_backtrace())]
    Refused {
        /// What DataFusion says.
        #[source]
        source: DataFusionError,
    },
    /// A question failed while it ran.
    #[error("the query failed while it ran")]
    Failed {
        /// What DataFusion says.
        #[source]
        source: DataFusionError,
    },
    /// A named question answered other columns than its type.
    #[error("query `{query}` answered no `{column}` of the expected type")]
    UnexpectedAnswer {
        /// The question.
        query: &'static str,
        /// The column.
        column: &'static str,
    },
}

#[cfg(test)]
mod tests;
