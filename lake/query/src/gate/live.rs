//! A session that stays open: each question finds the released tables as they are then.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use atrio_lake_schema::RELEASED;
use deltalake::datafusion::catalog::{SchemaProvider, TableProvider};
use deltalake::datafusion::error::DataFusionError;
use deltalake::datafusion::prelude::SessionContext;

use super::{Asker, CATALOGUE, DICTIONARY, Gate, dictionary, session};
use crate::{Lake, QueryError};

/// The schema of a session that stays open, as programs that speak to PostgreSQL expect it.
pub const LIVE_SCHEMA: &str = "public";

/// How old a look at the lake may be.
const FRESH_FOR: Duration = Duration::from_millis(500);

/// The tables that analysts see.
struct Live(Arc<Lake>);

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Live").finish_non_exhaustive()
    }
}

#[async_trait]
impl SchemaProvider for Live {
    fn table_names(&self) -> Vec<String> {
        RELEASED.iter().map(|table| table.name).chain([DICTIONARY]).map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        if name == DICTIONARY {
            return Ok(Some(Arc::new(dictionary(&RELEASED)?)));
        }
        if !self.table_exist(name) {
            return Ok(None);
        }
        if let Err(error) = self.0.refresh_after(FRESH_FOR).await {
            tracing::warn!(%error, "the lake could not be looked at again; the last view stands");
        }
        let view = self.0.view();
        Box::pin(view.session.table_provider(name)).await.map(Some)
    }

    fn table_exist(&self, name: &str) -> bool {
        name == DICTIONARY || RELEASED.iter().any(|table| table.name == name)
    }
}

impl Lake {
    /// A session of analysts that stays open: what is released, as it is at each question, with the gate as
    /// its first rule. It may be given a catalogue, which is asked as programs do.
    ///
    /// # Errors
    /// When the engine cannot be set up.
    pub fn open_session(self: &Arc<Self>) -> Result<SessionContext, QueryError> {
        let gate = Gate { asker: Asker::Analyst, has_catalogue: true };
        let session = session(gate, LIVE_SCHEMA, &self.view().gate_runtime);
        let set_up = |source| QueryError::Engine { source };
        let catalogue = session.catalog(CATALOGUE).ok_or_else(|| {
            set_up(DataFusionError::Configuration("the session has no catalogue".to_owned()))
        })?;
        catalogue.register_schema(LIVE_SCHEMA, Arc::new(Live(Arc::clone(self)))).map_err(set_up)?;
        Ok(session)
    }
}
