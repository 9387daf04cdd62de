//! The released tables of the lake over PostgreSQL's protocol and over Arrow Flight SQL: `psql`, drivers,
//! data frames and programs that make charts read them as they read any database. Who connects is an analyst or a data officer by the same
//! token as everywhere, over TLS, and is asked again at each question; what they see is what is released,
//! through the same gate.

mod asking;
mod door;
mod flight;
mod question;
mod told;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use atrio_lake_query::{CATALOGUE, Lake, QueryError};
use atrio_runtime::Access;
use datafusion_postgres::datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_postgres::datafusion_pg_catalog::setup_pg_catalog;
use datafusion_postgres::pgwire::api::auth::StartupHandler;
use datafusion_postgres::pgwire::api::cancel::{CancelHandler, DefaultCancelHandler};
use datafusion_postgres::pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use datafusion_postgres::pgwire::api::{ConnectionManager, ErrorHandler, PgWireServerHandlers};
use datafusion_postgres::pgwire::tokio::process_socket;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Identity, ServerTlsConfig};

use crate::door::{Analysts, Door};
use crate::flight::Flight;
use crate::question::Questions;
use crate::told::Telling;

/// Connections at one time; programs that make charts keep a handful each.
const MOST_CONNECTIONS: usize = 64;

/// Questions of one connection at one time, where a protocol lets it ask several.
const MOST_AT_ONCE: usize = 8;

/// The stack of the threads that plan questions, which is done one part inside the other.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// How long running questions may go on after the stop.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// Where to listen and with which certificate.
#[derive(Debug, Clone)]
pub struct WireConfig {
    /// The address for PostgreSQL's protocol; port 0 is any free one.
    pub sql: Option<SocketAddr>,
    /// The address for Arrow Flight SQL.
    pub flight: Option<SocketAddr>,
    /// The server's certificate, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// Why nobody can connect.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The certificate cannot be used.
    #[error("cannot use the certificate `{}`: {problem}", path.display())]
    Certificate {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The engine cannot be set up.
    #[error(transparent)]
    Engine(#[from] QueryError),
    /// The catalogue cannot be set up.
    #[error("the catalogue of PostgreSQL cannot be set up: {0}")]
    Catalogue(String),
    /// No thread can be had.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

/// The open wire.
#[derive(Debug)]
pub struct Wire {
    sql: Option<SocketAddr>,
    flight: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    thread: std::thread::JoinHandle<()>,
}

impl Wire {
    /// Listens. Questions run on threads of their own, so that a long one is in nobody's way; tokens are
    /// checked where this is called.
    ///
    /// # Errors
    /// [`WireError`].
    pub async fn start(
        config: WireConfig,
        lake: Arc<Lake>,
        access: Access,
    ) -> Result<Self, WireError> {
        let tls = tls(&config)?;
        let identity = Identity::from_pem(read(&config.certificate)?, read(&config.key)?);
        let analysts = Arc::new(Analysts { access, checks: Handle::current() });
        let flight =
            Flight { session: Arc::new(lake.open_session()?), analysts: Arc::clone(&analysts) };
        let session = lake.open_session()?;
        setup_pg_catalog(&session, CATALOGUE, EmptyContextProvider)
            .map_err(|error| WireError::Catalogue(error.to_string()))?;
        let server = Arc::new(Server::over(Arc::new(session), analysts));
        let (for_sql, sql) = listen(config.sql)?.unzip();
        let (for_flight, at_flight) = listen(config.flight)?.unzip();
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sql")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(WireError::Thread)?;
        let thread = std::thread::Builder::new()
            .name("sql".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let sql = async {
                        if let Some(listener) = for_sql {
                            accept(listener, tls, server, stopped.clone()).await;
                        }
                    };
                    let flight = async {
                        if let Some(listener) = for_flight {
                            serve_flight(listener, identity, flight, stopped.clone()).await;
                        }
                    };
                    tokio::join!(sql, flight);
                });
                runtime.shutdown_timeout(STOP_WITHIN);
            })
            .map_err(WireError::Thread)?;
        Ok(Self { sql, flight: at_flight, stop, thread })
    }

    /// Where PostgreSQL's protocol is spoken.
    #[must_use]
    pub fn sql(&self) -> Option<SocketAddr> {
        self.sql
    }

    /// Where Arrow Flight SQL is spoken.
    #[must_use]
    pub fn flight(&self) -> Option<SocketAddr> {
        self.flight
    }

    /// Takes no more connections and ends those there are.
    pub async fn stop(self) {
        // An error means that it has ended already.
        let _ = self.stop.send(true);
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the thread of the SQL wire panicked");
        }
    }
}

type Listening = (std::net::TcpListener, SocketAddr);

fn listen(at: Option<SocketAddr>) -> Result<Option<Listening>, WireError> {
    let Some(address) = at else { return Ok(None) };
    let listening = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listening().map(Some).map_err(|source| WireError::Listen { address, source })
}

async fn serve_flight(
    listener: std::net::TcpListener,
    identity: Identity,
    flight: Flight,
    mut stopped: watch::Receiver<bool>,
) {
    let served = async {
        let incoming = TcpListenerStream::new(TcpListener::from_std(listener)?);
        let stop = async move {
            // An error means that nobody is left who could say stop, which is a stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        tonic::transport::Server::builder()
            .concurrency_limit_per_connection(MOST_AT_ONCE)
            .tls_config(ServerTlsConfig::new().identity(identity))
            .map_err(std::io::Error::other)?
            .add_service(FlightServiceServer::new(flight))
            .serve_with_incoming_shutdown(incoming, stop)
            .await
            .map_err(std::io::Error::other)
    };
    if let Err(error) = served.await {
        tracing::error!(%error, "Arrow Flight stopped");
    }
}

async fn accept(
    listener: std::net::TcpListener,
    tls: TlsAcceptor,
    server: Arc<Server>,
    mut stopped: watch::Receiver<bool>,
) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the SQL wire cannot be listened on"),
    };
    let free = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // An error means that nobody is left who could say stop, which is a stop as well.
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        while open.try_join_next().is_some() {}
        let socket = match accepted {
            Ok((socket, _)) => socket,
            Err(error) => {
                tracing::warn!(%error, "a connection of the SQL wire was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Beyond the bound the socket is closed, which drivers report as such and try again.
        let Ok(place) = Arc::clone(&free).try_acquire_owned() else { continue };
        let (tls, server) = (tls.clone(), Arc::clone(&server));
        open.spawn(async move {
            if let Err(error) = process_socket(socket, Some(tls), server).await {
                tracing::debug!(%error, "a connection of the SQL wire broke off");
            }
            drop(place);
        });
    }
    open.shutdown().await;
}

fn read(path: &Path) -> Result<Vec<u8>, WireError> {
    std::fs::read(path).map_err(|error| WireError::Certificate {
        path: path.to_owned(),
        problem: error.to_string(),
    })
}

fn tls(config: &WireConfig) -> Result<TlsAcceptor, WireError> {
    let unusable =
        |path: &Path, problem: String| WireError::Certificate { path: path.to_owned(), problem };
    let certificates = CertificateDer::pem_file_iter(&config.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(&config.certificate, error.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&config.key)
        .map_err(|error| unusable(&config.key, error.to_string()))?;
    let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| unusable(&config.certificate, error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(server)))
}

/// What answers connections.
struct Server {
    questions: Arc<Questions>,
    door: Arc<Door>,
    cancelling: Arc<DefaultCancelHandler>,
}

impl Server {
    fn over(session: Arc<datafusion::prelude::SessionContext>, analysts: Arc<Analysts>) -> Self {
        let connections = Arc::new(ConnectionManager::new());
        Self {
            questions: Arc::new(Questions::over(session, Arc::clone(&analysts))),
            door: Arc::new(Door::new(analysts, Arc::clone(&connections))),
            cancelling: Arc::new(DefaultCancelHandler::new(connections)),
        }
    }
}

impl PgWireServerHandlers for Server {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        Arc::clone(&self.questions)
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        Arc::clone(&self.questions)
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::clone(&self.door)
    }

    fn error_handler(&self) -> Arc<impl ErrorHandler> {
        Arc::new(Telling)
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        Arc::clone(&self.cancelling)
    }
}
