//! The embedded table: an emulator of DynamoDB over a file, on loopback, spoken to through the real
//! client. It commits with one fsync, so what was answered is on disk.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use atrio_dynamo::Store;
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The table's name on one machine.
pub const TABLE: &str = "atrio";

/// How often items past their time are tidied away.
const TIDY_EVERY: Duration = Duration::from_mins(10);

/// Why the table is not there.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file cannot be opened.
    #[error("cannot open the database `{path}`: {problem}")]
    Open {
        /// The file.
        path: String,
        /// What the engine says.
        problem: String,
    },
    /// Its thread or port cannot be had.
    #[error("cannot start the database")]
    Start(#[source] std::io::Error),
    /// The table cannot be created.
    #[error("cannot create the table")]
    Table(#[source] atrio_dynamo::Error),
}

/// Whether items past their time are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tidying {
    /// They are.
    On,
    /// They stay: the platform's clock is behind the machine's, by which the engine judges, so that
    /// what was written a moment ago would look past its time.
    Off,
}

/// A running database.
#[derive(Debug)]
pub struct Database {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Database {
    /// Opens the file, in memory where none is named, and serves it on a free port of loopback. Its
    /// handlers block, so it has a runtime of its own.
    ///
    /// # Errors
    /// When the file, a thread or a port cannot be had.
    pub async fn start(file: Option<&Path>, tidying: Tidying) -> Result<Self, DatabaseError> {
        let path = file.map_or(":memory:".to_owned(), |file| file.display().to_string());
        let open = |error: dynoxide::errors::DynoxideError| DatabaseError::Open {
            path: path.clone(),
            problem: error.to_string(),
        };
        let database = match file {
            Some(file) => {
                let database = dynoxide::Database::new(&path).map_err(open)?;
                index_stream(file).map_err(|error| DatabaseError::Open {
                    path: path.clone(),
                    problem: error.to_string(),
                })?;
                database
            }
            None => dynoxide::Database::memory().map_err(open)?,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("database")
            .enable_all()
            .build()
            .map_err(DatabaseError::Start)?;
        // Opened on its own runtime: a listener belongs to the reactor it was made on.
        let listener = runtime
            .spawn(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(DatabaseError::Start)?;
        let address = listener.local_addr().map_err(DatabaseError::Start)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("database".to_owned())
            .spawn(move || {
                runtime.block_on(serve(database, listener, stopped, tidying));
                runtime.shutdown_timeout(Duration::from_secs(2));
            })
            .map_err(DatabaseError::Start)?;
        Ok(Self { address, stop, thread })
    }

    /// Where it answers.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets running requests end and closes the file.
    pub async fn stop(self) {
        // An error means that it has ended already.
        let _ = self.stop.send(());
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the database's thread panicked");
        }
    }
}

/// Indexes the stream by the expression that the emulator numbers and reads its records by. Without
/// them every write scans all records ever written; `docs/benchmarks.md` has the difference.
fn index_stream(file: &Path) -> rusqlite::Result<()> {
    let connection = rusqlite::Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch(
        "CREATE INDEX IF NOT EXISTS atrio_stream_number
           ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
         CREATE INDEX IF NOT EXISTS atrio_stream_reading
           ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));",
    )
}

async fn serve(
    database: dynoxide::Database,
    listener: TcpListener,
    stopped: oneshot::Receiver<()>,
    tidying: Tidying,
) {
    let tidy = tokio::spawn(tidy(database.clone(), tidying));
    let served = dynoxide::server::serve_with_shutdown(listener, database, async {
        // An error means that nobody is left who could say stop, which is a stop as well.
        let _ = stopped.await;
    })
    .await;
    tidy.abort();
    if let Err(error) = served {
        tracing::error!(error, "the database stopped serving");
    }
}

/// Removes items past their time: the engine removes nothing by itself.
async fn tidy(database: dynoxide::Database, tidying: Tidying) {
    if tidying == Tidying::Off {
        return;
    }
    let mut every = tokio::time::interval(TIDY_EVERY);
    loop {
        every.tick().await;
        let database = database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(%error, "items past their time could not be tidied away");
        }
    }
}

fn credentials() -> Credentials {
    Credentials::new("embedded", "embedded", None, None, "embedded")
}

const REGION: &str = "eu-south-1";

/// The table behind an endpoint.
#[must_use]
pub fn store(endpoint: &str) -> Store {
    let client = aws_sdk_dynamodb::Client::from_conf(configuration(endpoint).build());
    Store { client, table: TABLE.to_owned() }
}

/// The configuration of its client.
#[must_use]
pub fn configuration(endpoint: &str) -> aws_sdk_dynamodb::config::Builder {
    atrio_runtime::aws::dynamodb(REGION.to_owned(), credentials())
        .endpoint_url(endpoint)
        .interceptor(WithoutToken)
}

/// The streams behind an endpoint.
#[must_use]
pub fn streams(endpoint: &str) -> aws_sdk_dynamodbstreams::Client {
    let config = aws_sdk_dynamodbstreams::Config::builder()
        .behavior_version(aws_sdk_dynamodbstreams::config::BehaviorVersion::latest())
        .http_client(atrio_runtime::aws::http_client())
        .region(aws_sdk_dynamodbstreams::config::Region::new(REGION))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .build();
    aws_sdk_dynamodbstreams::Client::from_conf(config)
}

/// Takes the automatic token out of transactions: the emulator keeps tokens in memory and scans
/// them at every call. Our own keys and conditions make a repeat safe, on AWS too.
#[derive(Debug)]
struct WithoutToken;

const TOKEN: &str = r#""ClientRequestToken":""#;

#[dyn_dispatch_hint]
impl Intercept for WithoutToken {
    fn name(&self) -> &'static str {
        "WithoutToken"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let Some(body) = request.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())
        else {
            return Ok(());
        };
        // Inside a string of ours a quote is escaped, so this text is the member itself.
        let Some(start) = body.find(TOKEN) else { return Ok(()) };
        let Some(length) = body[start + TOKEN.len()..].find('"') else { return Ok(()) };
        let end = start + TOKEN.len() + length + 1;
        let (before, after) = (&body[..start], &body[end..]);
        let without = match (before.strip_suffix(','), after.strip_prefix(',')) {
            (Some(before), _) => format!("{before}{after}"),
            (None, Some(after)) => format!("{before}{after}"),
            (None, None) => [before, after].concat(),
        };
        request.headers_mut().insert("content-length", without.len().to_string());
        *request.body_mut() = SdkBody::from(without);
        Ok(())
    }
}
