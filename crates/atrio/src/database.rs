//! The table of an installation. It is embedded: an emulator of DynamoDB over a file, on loopback,
//! spoken to through the real client, which commits with one fsync, so what was answered is on disk. Or
//! it is where the environment says that another endpoint speaks DynamoDB, under a name of its own.

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
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::data_dir::{DataDir, DataDirError};

/// The variable that names another endpoint than the embedded one.
pub const ENDPOINT: &str = "ATRIO_DYNAMODB_ENDPOINT";

/// The embedded table's name.
pub const TABLE: &str = "atrio";

/// The embedded database's file.
const FILE: &str = "atrio.db";

/// The file that keeps the name of a table elsewhere.
const NAME_FILE: &str = "table.json";

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
    /// No such address can be spoken to.
    #[error(
        "`{ENDPOINT}` is `{value}`, write the address of an endpoint, such as http://127.0.0.1:4566"
    )]
    Endpoint {
        /// What it is.
        value: String,
    },
    /// The installation's table is at another endpoint.
    #[error(
        "the table of this folder is `{table}` at another endpoint; name it in `{ENDPOINT}`, or name \
         another folder with `--data`"
    )]
    Elsewhere {
        /// Its name there.
        table: String,
    },
    /// The installation's table is its own file.
    #[error(
        "the table of this folder is its own file; unset `{ENDPOINT}`, or name another folder with \
         `--data`"
    )]
    Embedded,
    /// The name of the table cannot be kept.
    #[error(transparent)]
    Name(#[from] DataDirError),
}

/// Who runs the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunBy {
    /// This program.
    Atrio,
    /// Somebody else.
    Others,
}

/// A table, and where it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableAt {
    /// The endpoint.
    pub endpoint: String,
    /// The table's name there.
    pub name: String,
    /// Who runs the database.
    pub run_by: RunBy,
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

/// A database that can be spoken to.
#[derive(Debug)]
pub struct Database {
    at: TableAt,
    embedded: Option<Embedded>,
}

/// The database that this process runs.
#[derive(Debug)]
struct Embedded {
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Database {
    /// The database of an installation: its own file, or the endpoint that the environment names. A
    /// folder stays with the one it began with, for its lake counts the records of that one's stream.
    ///
    /// # Errors
    /// When it cannot be started, or the folder began with the other.
    pub async fn of(data: &DataDir, tidying: Tidying) -> Result<Self, DatabaseError> {
        let endpoint = std::env::var(ENDPOINT).ok().filter(|endpoint| !endpoint.is_empty());
        match elsewhere(data, endpoint)? {
            Some(at) => Ok(Self { at, embedded: None }),
            None => Self::start(Some(&data.join(FILE)), tidying).await,
        }
    }

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
        let at = embedded_at(address);
        Ok(Self { at, embedded: Some(Embedded { stop, thread }) })
    }

    /// Its table.
    #[must_use]
    pub fn at(&self) -> &TableAt {
        &self.at
    }

    /// Lets running requests end and closes the file, where there is one.
    pub async fn stop(self) {
        let Some(Embedded { stop, thread }) = self.embedded else { return };
        // An error means that it has ended already.
        let _ = stop.send(());
        let joined = tokio::task::spawn_blocking(|| thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the database's thread panicked");
        }
    }
}

/// The table of an installation at an endpoint, where one is named; its name is drawn the first time.
fn elsewhere(data: &DataDir, endpoint: Option<String>) -> Result<Option<TableAt>, DatabaseError> {
    let known: Option<String> = data.read_json(NAME_FILE)?;
    let Some(endpoint) = endpoint else {
        return known.map_or(Ok(None), |table| Err(DatabaseError::Elsewhere { table }));
    };
    let url = reqwest::Url::parse(&endpoint);
    if !url.is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()) {
        return Err(DatabaseError::Endpoint { value: endpoint });
    }
    if data.join(FILE).exists() {
        return Err(DatabaseError::Embedded);
    }
    let name = match known {
        Some(name) => name,
        None => {
            let drawn = u64::from_be_bytes(atrio_runtime::random::bytes());
            let name = format!("{TABLE}-{drawn:016x}");
            data.write_json(NAME_FILE, &name, 0o600)?;
            name
        }
    };
    Ok(Some(TableAt { endpoint, name, run_by: RunBy::Others }))
}

fn embedded_at(address: SocketAddr) -> TableAt {
    TableAt { endpoint: format!("http://{address}"), name: TABLE.to_owned(), run_by: RunBy::Atrio }
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

/// The region where nothing names one.
const REGION: &str = "eu-south-1";

/// The region and the keys: the environment's own for a database that others run, or any, which is
/// enough for one that checks none.
fn account(at: &TableAt) -> (String, Credentials) {
    let variable = |name: &str| match at.run_by {
        RunBy::Atrio => None,
        RunBy::Others => std::env::var(name).ok().filter(|value| !value.is_empty()),
    };
    let or_any = |name: &str| variable(name).unwrap_or_else(|| "any".to_owned());
    let credentials = Credentials::new(
        or_any("AWS_ACCESS_KEY_ID"),
        or_any("AWS_SECRET_ACCESS_KEY"),
        variable("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let region = variable("AWS_REGION").unwrap_or_else(|| REGION.to_owned());
    (region, credentials)
}

/// A table.
#[must_use]
pub fn store(at: &TableAt) -> Store {
    let client = aws_sdk_dynamodb::Client::from_conf(configuration(at).build());
    Store { client, table: at.name.clone() }
}

/// The configuration of its client.
#[must_use]
pub fn configuration(at: &TableAt) -> aws_sdk_dynamodb::config::Builder {
    let (region, credentials) = account(at);
    let config = atrio_runtime::aws::dynamodb(region, credentials).endpoint_url(&at.endpoint);
    match at.run_by {
        RunBy::Atrio => config.interceptor(WithoutToken),
        RunBy::Others => config,
    }
}

/// The stream of a table.
#[must_use]
pub fn stream(at: &TableAt) -> TableStream {
    let (region, credentials) = account(at);
    let config = aws_sdk_dynamodbstreams::Config::builder()
        .behavior_version(aws_sdk_dynamodbstreams::config::BehaviorVersion::latest())
        .http_client(atrio_runtime::aws::http_client())
        .region(aws_sdk_dynamodbstreams::config::Region::new(region))
        .credentials_provider(credentials)
        .endpoint_url(&at.endpoint)
        .build();
    let client = aws_sdk_dynamodbstreams::Client::from_conf(config);
    TableStream { client, table: at.name.clone() }
}

/// The stream of a table, and the client that reaches it.
#[derive(Debug, Clone)]
pub struct TableStream {
    /// The client.
    pub client: aws_sdk_dynamodbstreams::Client,
    /// The table's name.
    pub table: String,
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

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "http://127.0.0.1:4566";

    fn folder() -> (tempfile::TempDir, DataDir) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        (folder, data)
    }

    #[test]
    fn a_folder_finds_its_table_again_and_no_other_folder_has_it() {
        let ((_one, one), (_other, other)) = (folder(), folder());
        let table = |data: &DataDir| elsewhere(data, Some(ADDRESS.to_owned())).unwrap().unwrap();
        assert_eq!(table(&one), table(&one));
        assert_ne!(table(&one).name, table(&other).name);
    }

    #[test]
    fn a_folder_stays_with_the_database_it_began_with() {
        let (_elsewhere, data) = folder();
        assert!(matches!(elsewhere(&data, None), Ok(None)), "a new one may begin with either");
        elsewhere(&data, Some(ADDRESS.to_owned())).unwrap();
        assert!(matches!(elsewhere(&data, None), Err(DatabaseError::Elsewhere { .. })));
        let (_embedded, data) = folder();
        std::fs::write(data.join(FILE), "").unwrap();
        let moved = elsewhere(&data, Some(ADDRESS.to_owned()));
        assert!(matches!(moved, Err(DatabaseError::Embedded)));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_name_of_the_variable() {
        let (_folder, data) = folder();
        for value in ["localhost:4566", "nonsense", "ftp://127.0.0.1/", "http://"] {
            let refused = elsewhere(&data, Some(value.to_owned())).unwrap_err().to_string();
            assert!(refused.contains(ENDPOINT) && refused.contains(value), "{refused}");
        }
        assert!(!data.join(NAME_FILE).exists(), "nothing was begun");
    }
}
