//! Questions, in both of the protocol's ways to ask: whole texts, and texts with parameters. The engine
//! answers; before it, everything but a question is refused, and behind it an answer has an end.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::common::ParamValues;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::Statement;
use datafusion_postgres::hooks::set_show::SetShowHook;
use datafusion_postgres::hooks::transactions::TransactionStatementHook;
use datafusion_postgres::hooks::{HookClient, QueryHook};
use datafusion_postgres::pgwire::api::portal::{Format, Portal};
use datafusion_postgres::pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use datafusion_postgres::pgwire::api::results::{FieldInfo, Response};
use datafusion_postgres::pgwire::api::stmt::QueryParser;
use datafusion_postgres::pgwire::api::store::PortalStore;
use datafusion_postgres::pgwire::api::{ClientInfo, ClientPortalStore, Type};
use datafusion_postgres::pgwire::error::{PgWireError, PgWireResult};
use datafusion_postgres::pgwire::messages::PgWireBackendMessage;
use datafusion_postgres::{DfSessionService, Parser};
use futures::Sink;
use tokio::time::{Instant, timeout_at};

use crate::door::Analysts;
use crate::{asking, told};

/// Answers questions.
pub(crate) struct Questions {
    engine: DfSessionService,
    reader: Arc<Reader>,
    analysts: Arc<Analysts>,
}

impl Questions {
    pub(crate) fn over(session: Arc<SessionContext>, analysts: Arc<Analysts>) -> Self {
        let hooks: Vec<Arc<dyn QueryHook>> = vec![
            Arc::new(QuestionsOnly),
            Arc::new(SetShowHook),
            Arc::new(TransactionStatementHook),
        ];
        let engine = DfSessionService::new_with_hooks(session, hooks);
        let reader = Arc::new(Reader(engine.query_parser()));
        Self { engine, reader, analysts }
    }
}

#[async_trait]
impl SimpleQueryHandler for Questions {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        self.analysts.must_be_one(client).await?;
        asking::must_be_readable(query).map_err(|refusal| told::refused(&refusal))?;
        let until = asking::end();
        let asked = SimpleQueryHandler::do_query(&self.engine, client, query);
        let responses = timeout_at(until, asked).await.map_err(|_| told::too_slow())??;
        Ok(responses.into_iter().map(|response| ending(response, until)).collect())
    }
}

#[async_trait]
impl ExtendedQueryHandler for Questions {
    type Statement = <DfSessionService as ExtendedQueryHandler>::Statement;
    type QueryParser = Reader;

    fn query_parser(&self) -> Arc<Reader> {
        Arc::clone(&self.reader)
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Self::Statement>,
        max_rows: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        self.analysts.must_be_one(client).await?;
        let until = asking::end();
        let asked = ExtendedQueryHandler::do_query(&self.engine, client, portal, max_rows);
        let response = timeout_at(until, asked).await.map_err(|_| told::too_slow())??;
        Ok(ending(response, until))
    }
}

/// An answer whose rows come until an instant, and whose end then is an error.
fn ending(response: Response, until: Instant) -> Response {
    let Response::Query(mut answer) = response else { return response };
    let rows = std::mem::replace(&mut answer.data_rows, Box::pin(futures::stream::empty()));
    answer.data_rows = Box::pin(asking::ending(rows, until, told::too_slow));
    Response::Query(answer)
}

/// Reads questions with parameters.
pub(crate) struct Reader(Arc<Parser>);

#[async_trait]
impl QueryParser for Reader {
    type Statement = <Parser as QueryParser>::Statement;

    async fn parse_sql<C>(
        &self,
        client: &C,
        sql: &str,
        types: &[Option<Type>],
    ) -> PgWireResult<Option<Self::Statement>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        asking::must_be_readable(sql).map_err(|refusal| told::refused(&refusal))?;
        self.0.parse_sql(client, sql, types).await
    }

    fn get_parameter_types(&self, statement: &Self::Statement) -> PgWireResult<Vec<Type>> {
        self.0.get_parameter_types(statement)
    }

    fn get_result_schema(
        &self,
        statement: &Self::Statement,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        self.0.get_result_schema(statement, format)
    }
}

/// Refuses what is no question, before anybody acts on it.
#[derive(Debug)]
struct QuestionsOnly;

impl QuestionsOnly {
    async fn check(statement: &Statement, session: &SessionContext) -> PgWireResult<()> {
        // What drivers say about their session is answered, and changes nothing but the session.
        if matches!(
            statement,
            Statement::Set(_)
                | Statement::ShowVariable { .. }
                | Statement::StartTransaction { .. }
                | Statement::Commit { .. }
                | Statement::Rollback { .. }
        ) {
            return Ok(());
        }
        let parsed = Parsed::Statement(Box::new(statement.clone()));
        match asking::plan(session, parsed).await {
            Ok(_) => Ok(()),
            Err(refusal) => Err(told::refused(&refusal)),
        }
    }
}

#[async_trait]
impl QueryHook for QuestionsOnly {
    async fn handle_simple_query(
        &self,
        statement: &Statement,
        session: &SessionContext,
        _: &mut dyn HookClient,
    ) -> Option<PgWireResult<Response>> {
        Self::check(statement, session).await.err().map(Err)
    }

    async fn handle_extended_parse_query(
        &self,
        statement: &Statement,
        session: &SessionContext,
        _: &(dyn ClientInfo + Send + Sync),
    ) -> Option<PgWireResult<LogicalPlan>> {
        Self::check(statement, session).await.err().map(Err)
    }

    async fn handle_extended_query(
        &self,
        _: &Statement,
        _: &LogicalPlan,
        _: &ParamValues,
        _: &SessionContext,
        _: &mut dyn HookClient,
    ) -> Option<PgWireResult<Response>> {
        None
    }
}
