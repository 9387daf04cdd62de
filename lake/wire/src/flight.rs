//! Questions over Arrow Flight SQL, by which columns travel as columns: for ADBC, JDBC and data frames. A
//! question's handle is its text, so nothing is kept here between two calls.

use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};
use arrow_flight::sql::server::FlightSqlService;
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, CommandGetCatalogs, CommandGetDbSchemas,
    CommandGetSqlInfo, CommandGetTables, CommandPreparedStatementQuery, CommandStatementQuery,
    ProstMessageExt, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{
    Action, FlightDescriptor, FlightEndpoint, FlightInfo, HandshakeRequest, HandshakeResponse,
    IpcMessage, SchemaAsIpc, Ticket,
};
use atrio_lake_query::{CATALOGUE, GateError, LIVE_SCHEMA};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::IpcWriteOptions;
use datafusion::prelude::{DataFrame, SessionContext};
use futures::{Stream, TryStreamExt as _};
use prost::Message as _;
use prost::bytes::Bytes;
use tokio::time::timeout_at;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::asking;
use crate::door::{Analysts, KeptOut};

/// What the server says of itself.
static SELF: LazyLock<Option<SqlInfoData>> = LazyLock::new(|| {
    let mut builder = SqlInfoDataBuilder::new();
    builder.append(SqlInfo::FlightSqlServerName, "atrio");
    builder.append(SqlInfo::FlightSqlServerVersion, env!("CARGO_PKG_VERSION"));
    builder.append(SqlInfo::FlightSqlServerReadOnly, true);
    builder.append(SqlInfo::FlightSqlServerTransaction, 0_i32);
    builder.build().ok()
});

/// Answers over Flight SQL.
#[derive(Clone)]
pub(crate) struct Flight {
    pub(crate) session: Arc<SessionContext>,
    pub(crate) analysts: Arc<Analysts>,
}

type Rows = Response<<Flight as FlightService>::DoGetStream>;

impl Flight {
    async fn must_be_an_analyst(&self, headers: &MetadataMap) -> Result<(), Status> {
        let token = authorization(headers, "Bearer ").unwrap_or_default();
        self.analysts.must_be_of_one(token.to_owned()).await.map_err(kept_out)
    }

    async fn planned(&self, question: &str) -> Result<DataFrame, GateError> {
        asking::must_be_readable(question)?;
        let state = self.session.state();
        let dialect = state.config().options().sql_parser.dialect;
        let parsed = state.sql_to_statement(question, &dialect);
        let parsed = parsed.map_err(|error| GateError::of_engine(&error))?;
        let plan = asking::plan(&self.session, parsed).await?;
        // The gate speaks when a question is planned, not when its rows are fetched.
        let plan = state.optimize(&plan).map_err(|error| GateError::of_engine(&error))?;
        Ok(DataFrame::new(state, plan))
    }

    async fn schema_of(&self, question: &str) -> Result<Schema, Status> {
        let frame = self.planned(question).await.map_err(|refusal| refused(&refusal))?;
        Ok(frame.schema().as_arrow().clone())
    }

    async fn rows_of(&self, question: &str) -> Result<Rows, Status> {
        let until = asking::end();
        let answered = async {
            let frame = self.planned(question).await?;
            let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
            let rows = frame.execute_stream().await;
            Ok((schema, rows.map_err(|error| GateError::of_engine(&error))?))
        };
        let answered = timeout_at(until, Box::pin(answered)).await;
        let answered = answered.unwrap_or(Err(GateError::TooSlow));
        let (schema, rows) = answered.map_err(|refusal| refused(&refusal))?;
        let failed = |error| FlightError::from(refused(&GateError::of_engine(&error)));
        let rows = asking::ending(rows.map_err(failed), until, || {
            FlightError::from(refused(&GateError::TooSlow))
        });
        Ok(sent(schema, rows))
    }
}

/// The answer as it travels.
fn sent(
    schema: SchemaRef,
    rows: impl Stream<Item = Result<RecordBatch, FlightError>> + Send + 'static,
) -> Rows {
    let sent = FlightDataEncoderBuilder::new().with_schema(schema).build(rows);
    Response::new(Box::pin(sent.map_err(Status::from)))
}

/// One batch as it travels.
fn sent_at_once(schema: SchemaRef, batch: Result<RecordBatch, FlightError>) -> Rows {
    sent(schema, futures::stream::iter([batch]))
}

/// Where an answer is fetched: here, by the message that asked for it.
fn fetched_by(
    schema: &Schema,
    asked: &impl ProstMessageExt,
    request: Request<FlightDescriptor>,
) -> Result<Response<FlightInfo>, Status> {
    let ticket = Ticket::new(asked.as_any().encode_to_vec());
    let info = FlightInfo::new()
        .try_with_schema(schema)
        .map_err(|_| internal())?
        .with_endpoint(FlightEndpoint::new().with_ticket(ticket))
        .with_descriptor(request.into_inner());
    Ok(Response::new(info))
}

/// What stands behind a scheme in the header of who asks.
fn authorization<'a>(headers: &'a MetadataMap, scheme: &str) -> Option<&'a str> {
    headers.get("authorization")?.to_str().ok()?.strip_prefix(scheme)
}

/// The password of a name and a password, as HTTP writes both.
fn password(basic: &str) -> Option<String> {
    let both = String::from_utf8(BASE64_STANDARD.decode(basic).ok()?).ok()?;
    both.split_once(':').map(|(_, password)| password.to_owned())
}

fn text(handle: &[u8]) -> Result<&str, Status> {
    std::str::from_utf8(handle).map_err(|_| Status::invalid_argument("the handle is no question"))
}

fn internal() -> Status {
    Status::internal("the question failed; it is safe to ask it again")
}

fn kept_out(reason: KeptOut) -> Status {
    match reason {
        KeptOut::NoAnalyst(words) => Status::unauthenticated(format!(
            "{words}; send `authorization: Bearer TOKEN` with a token of an analyst or a data officer"
        )),
        KeptOut::Stopping => Status::unavailable("the platform stops"),
    }
}

fn refused(refusal: &GateError) -> Status {
    let words = refusal.to_string();
    match refusal {
        GateError::TooLong { .. } | GateError::Unreadable(_) => Status::invalid_argument(words),
        GateError::NotAllowed(_) => Status::permission_denied(words),
        GateError::TooSlow => Status::deadline_exceeded(words),
        GateError::TooLarge => Status::resource_exhausted(words),
        GateError::Failed => Status::failed_precondition(words),
    }
}

#[tonic::async_trait]
impl FlightSqlService for Flight {
    type FlightService = Self;

    /// A name and a token as the password become the token in the header.
    async fn do_handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<
        Response<Pin<Box<dyn Stream<Item = Result<HandshakeResponse, Status>> + Send>>>,
        Status,
    > {
        let missing = || Status::unauthenticated("give a token of staff as the password");
        let given = authorization(request.metadata(), "Basic ").ok_or_else(missing)?;
        let token = password(given).ok_or_else(missing)?;
        self.analysts.must_be_of_one(token.clone()).await.map_err(kept_out)?;
        let bearer = format!("Bearer {token}").parse().map_err(|_| missing())?;
        let answer = HandshakeResponse { protocol_version: 0, payload: token.into() };
        let mut response: Response<Pin<Box<dyn Stream<Item = _> + Send>>> =
            Response::new(Box::pin(futures::stream::iter([Ok(answer)])));
        response.metadata_mut().insert("authorization", bearer);
        Ok(response)
    }

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        let schema = self.schema_of(&query.query).await?;
        let asked = TicketStatementQuery { statement_handle: query.query.into() };
        fetched_by(&schema, &asked, request)
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Rows, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        self.rows_of(text(&ticket.statement_handle)?).await
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        let schema = self.schema_of(&query.query).await?;
        let options = IpcWriteOptions::default();
        let message: Result<IpcMessage, ArrowError> =
            SchemaAsIpc::new(&schema, &options).try_into();
        let IpcMessage(dataset_schema) = message.map_err(|_| internal())?;
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: query.query.into(),
            dataset_schema,
            parameter_schema: Bytes::new(),
        })
    }

    async fn do_action_close_prepared_statement(
        &self,
        _: ActionClosePreparedStatementRequest,
        _: Request<Action>,
    ) -> Result<(), Status> {
        Ok(())
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        let schema = self.schema_of(text(&query.prepared_statement_handle)?).await?;
        fetched_by(&schema, &query, request)
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Rows, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        self.rows_of(text(&query.prepared_statement_handle)?).await
    }

    async fn get_flight_info_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        fetched_by(&query.into_builder().schema(), &query, request)
    }

    async fn do_get_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<Ticket>,
    ) -> Result<Rows, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        let mut builder = query.into_builder();
        builder.append(CATALOGUE);
        Ok(sent_at_once(builder.schema(), builder.build()))
    }

    async fn get_flight_info_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        fetched_by(&query.clone().into_builder().schema(), &query, request)
    }

    async fn do_get_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<Ticket>,
    ) -> Result<Rows, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        let mut builder = query.into_builder();
        builder.append(CATALOGUE, LIVE_SCHEMA);
        Ok(sent_at_once(builder.schema(), builder.build()))
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        fetched_by(&query.clone().into_builder().schema(), &query, request)
    }

    async fn do_get_tables(
        &self,
        query: CommandGetTables,
        request: Request<Ticket>,
    ) -> Result<Rows, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        let schemas = self.session.catalog(CATALOGUE).and_then(|it| it.schema(LIVE_SCHEMA));
        let schemas = schemas.ok_or_else(internal)?;
        let mut builder = query.into_builder();
        for name in schemas.table_names() {
            let Ok(Some(table)) = schemas.table(&name).await else { continue };
            builder
                .append(CATALOGUE, LIVE_SCHEMA, &name, "TABLE", &table.schema())
                .map_err(|_| internal())?;
        }
        Ok(sent_at_once(builder.schema(), builder.build()))
    }

    async fn get_flight_info_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        let known = SELF.as_ref().ok_or_else(internal)?;
        fetched_by(&query.clone().into_builder(known).schema(), &query, request)
    }

    async fn do_get_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<Ticket>,
    ) -> Result<Rows, Status> {
        self.must_be_an_analyst(request.metadata()).await?;
        let builder = query.into_builder(SELF.as_ref().ok_or_else(internal)?);
        Ok(sent_at_once(builder.schema(), builder.build()))
    }

    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}
}
