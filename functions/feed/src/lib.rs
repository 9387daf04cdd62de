//! Takes in the files of ticket offices that atrio does not run: civic systems, concessionaires, tills of
//! other makers. A file is read by a mapping, which is data of the venue; its rows become rows of the lake
//! without whoever they are about, each once, and what is wrong with a row is said by line, column and fix.
//! It writes one table of the lake and no booking, ticket or place.

mod check;
mod file;
mod load;
mod mappings;
pub mod object;
mod problem;
mod read;
mod refusal;
mod route;
mod view;

use std::sync::Arc;

use atrio_dynamo::Store;
use atrio_lake_query::{Lake, QueryError};
use atrio_lake_write::{LakeWriter, WriteError};
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::{Access, Clock};
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use check::{Checked, check};
pub use file::{LINES_MAX_BYTES, SHEET_MAX_BYTES, Spool, Spooled};
pub use load::{KEPT_ROWS, LoadError, Loaded, load};
pub use mappings::{Unreadable, mapping_at, mapping_of, shipped};
pub use refusal::FileRefusal;
pub use view::rejected_csv;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Checks the tokens of staff.
    pub access: Access,
    /// The lake as it is read.
    pub lake: Arc<Lake>,
    /// The lake as it is written.
    pub writer: Arc<LakeWriter>,
}

impl FromRef<Context> for Access {
    fn from_ref(context: &Context) -> Self {
        context.access.clone()
    }
}

/// Why the function refuses to start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or cannot be used.
    #[error("the configuration is incomplete")]
    Environment(#[source] EnvironmentError),
    /// The lake cannot be opened.
    #[error("the lake cannot be opened")]
    Write(#[source] WriteError),
    /// The lake cannot be read.
    #[error("the lake cannot be opened")]
    Read(#[source] QueryError),
}

impl Context {
    /// Works with what the environment names.
    ///
    /// # Errors
    /// When a variable is missing, or the lake cannot be opened.
    pub async fn from_environment() -> Result<Self, StartError> {
        let clock = Clock::system();
        let store =
            atrio_runtime::aws::store_from_environment().map_err(StartError::Environment)?;
        let access =
            Access::from_environment(clock, store.clone()).map_err(StartError::Environment)?;
        let url =
            environment::text("ATRIO_LAKE_URL", "the URL of the lake, such as s3://bucket/lake")
                .map_err(StartError::Environment)?;
        let writer = LakeWriter::open(url.as_str()).await.map_err(StartError::Write)?;
        let lake = Lake::open(url).await.map_err(StartError::Read)?;
        Ok(Self { store, clock, access, lake: Arc::new(lake), writer: Arc::new(writer) })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(route::list))
        .routes(routes!(route::figures))
        .routes(routes!(route::send, route::read_mapping, route::write_mapping))
        .routes(routes!(route::show))
        .routes(routes!(route::rejected))
        .with_state(context)
}
