//! The whole platform in one process: table, streams, broker, lake, functions, pages, provider and
//! sample traffic. The order of starting and of stopping is the order of who needs whom.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use atrio_domain::ticket::{KeyRing, KeySet};
use atrio_domain::webhook::address::Destinations;
use atrio_lake_query::Lake;
use atrio_lake_wire::{Wire, WireConfig, WireError};
use atrio_lake_write::LakeWriter;
use atrio_runtime::provider::pagopa::PagoPa;
use atrio_runtime::provider::{self, Provider};
use atrio_runtime::{Clock, Shared};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use utoipa_axum::router::OpenApiRouter;

use crate::broker::{Broker, BrokerConfig, IngestQueue};
use crate::chores::{self, Rotation};
use crate::data_dir::{DataDir, Lock, Run};
use crate::database::{self, Database, Tidying};
use crate::devices::DeviceCa;
use crate::keys::{Issuer, Secrets};
use crate::limits::{Allowances, Limits};
use crate::pages::{self, Figures};
use crate::pump::{self, Watcher, chain};
use crate::sandbox::Sandbox;
use crate::tail::Tail;
use crate::{feed_folder, outbox, sample_traffic, seed};

/// The address that mails of one machine come from.
const MAIL_FROM: &str = "atrio <tickets@atrio.example>";

/// How to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The installation's folder.
    pub data: PathBuf,
    /// Where the pages and the API listen.
    pub http: SocketAddr,
    /// Where the broker listens.
    pub mqtt: SocketAddr,
    /// Where PostgreSQL's protocol is spoken; nowhere where none is named.
    pub sql: Option<SocketAddr>,
    /// Where Arrow Flight SQL is spoken; nowhere where none is named.
    pub flight: Option<SocketAddr>,
    /// How many times the sample's visitors come; none for no sample traffic.
    pub traffic: Option<f64>,
    /// The built pages.
    pub web: PathBuf,
    /// The hour that the clock shows at the start; the machine's where none is named.
    pub now: Option<Timestamp>,
    /// Who takes the money: the embedded sandbox, or pagoPA as the environment names it.
    pub payment: provider::Kind,
    /// How much one caller may ask of the API.
    pub limits: Allowances,
}

/// Why the platform does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder cannot be used.
    #[error(transparent)]
    Data(#[from] crate::data_dir::DataDirError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with `{flag}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// How to choose another.
        flag: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// The table does not start.
    #[error(transparent)]
    Database(#[from] database::DatabaseError),
    /// The table does not answer.
    #[error("the table does not answer")]
    Table(#[from] atrio_dynamo::Error),
    /// The sample does not read.
    #[error(transparent)]
    Seed(#[from] seed::SeedError),
    /// The lake cannot be written.
    #[error("the lake cannot be opened")]
    LakeWrite(#[from] atrio_lake_write::WriteError),
    /// The lake cannot be read.
    #[error("the lake cannot be opened")]
    LakeQuery(#[from] atrio_lake_query::QueryError),
    /// A function refuses its configuration.
    #[error(transparent)]
    Environment(#[from] atrio_runtime::environment::EnvironmentError),
    /// The certificates of devices cannot be made.
    #[error("the certificates of devices cannot be made")]
    Devices(#[from] crate::devices::DevicesError),
    /// The broker does not start.
    #[error("the broker does not start")]
    Broker(#[from] crate::broker::BrokerError),
    /// The lake cannot be asked by other people's tools.
    #[error("the SQL wire does not start: {0}; choose other addresses with `--sql` and `--flight`")]
    Wire(#[from] WireError),
    /// The sandbox provider's book cannot be opened.
    #[error("the sandbox provider's book cannot be opened")]
    Sandbox(#[from] std::io::Error),
    /// The keys of tickets cannot be used.
    #[error("the keys of tickets cannot be used")]
    TicketKeys(#[from] atrio_domain::ticket::KeyError),
    /// The wallets cannot be set up.
    #[error(transparent)]
    Wallets(#[from] crate::wallets::WalletsError),
    /// The staff of the sample traffic cannot be appointed.
    #[error("the staff of the sample traffic cannot be appointed")]
    Staff(#[from] crate::appointments::AppointmentError),
}

/// A running platform.
#[derive(Debug)]
pub struct Platform {
    /// Where it can be reached.
    pub run: Run,
    /// Its table.
    pub store: atrio_dynamo::Store,
    /// Its clock.
    pub clock: Clock,
    /// Its issuer of staff tokens.
    pub issuer: Issuer,
    /// What it counts of itself.
    pub figures: Arc<Figures>,
    data: DataDir,
    database: Database,
    broker: Broker,
    wire: Option<Wire>,
    http: JoinHandle<()>,
    writers: Vec<JoinHandle<()>>,
    sink: JoinHandle<()>,
    traffic: Option<JoinHandle<()>>,
    stop_traffic: watch::Sender<bool>,
    stop_http: watch::Sender<bool>,
    stop_writers: watch::Sender<bool>,
    stop_sink: watch::Sender<bool>,
    _lock: Lock,
}

impl Platform {
    /// Starts everything and answers when all of it is ready.
    ///
    /// # Errors
    /// The first part that does not start, with what to do about it.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let data = DataDir::open(&settings.data)?;
        let lock = data.lock()?;
        // A killed run leaves its addresses behind; nobody shall take them for this one's.
        data.withdraw();
        let clock = settings.now.map_or_else(Clock::system, Clock::rehearsing);
        let secrets = Secrets::open(&data)?;
        let listener = listen(settings.http).await?;
        let public_url = format!("http://{}", listener_address(&listener, settings.http));
        let provider = Arc::new(provider(settings.payment, &public_url, &secrets)?);

        let tidying = if clock.ahead_microseconds() < 0 { Tidying::Off } else { Tidying::On };
        let database = Database::of(&data, tidying).await?;
        let store = database::store(database.at());
        store.create_table().await?;
        if tidying == Tidying::On {
            store.enable_time_to_live().await?;
        }
        // Not only into an empty table: a first start that was cut off is finished by the next.
        let known = store.venues().await?;
        let mut missing = seed::sample_venues()?;
        missing.retain(|venue| !known.iter().any(|known| known.id == venue.id));
        store.put_venues(&missing).await?;
        let writer = Arc::new(LakeWriter::open(data.lake_url()).await?);
        let lake = Arc::new(Lake::open(data.lake_url()).await?);

        let ingest = atrio_ingest::Context { store: store.clone() };
        let ca = DeviceCa::open(data.path())?;
        let (server_cert, server_key) = ca.server_certificate(&[])?;
        let config = BrokerConfig {
            address: settings.mqtt,
            ca_cert: ca.certificate(),
            server_cert: server_cert.clone(),
            server_key: server_key.clone(),
        };
        let broker = Broker::start(config, IngestQueue::start(ingest, clock)).await?;

        let wire = if settings.sql.is_some() || settings.flight.is_some() {
            let (sql, flight) = (settings.sql, settings.flight);
            let config = WireConfig { sql, flight, certificate: server_cert, key: server_key };
            let access = secrets.issuer().access(clock, store.clone())?;
            Some(Wire::start(config, Arc::clone(&lake), access).await?)
        } else {
            None
        };

        let figures = Arc::new(Figures::default());
        let (stop_traffic, traffic_stop) = watch::channel(false);
        let (stop_http, http_stop) = watch::channel(false);
        let (stop_writers, writers_stop) = watch::channel(false);
        let (stop_sink, sink_stop) = watch::channel(false);
        let run = Run {
            http: public_url.clone(),
            mqtt: broker.address().to_string(),
            sql: wire.as_ref().and_then(Wire::sql).map(|address| address.to_string()),
            flight: wire.as_ref().and_then(Wire::flight).map(|address| address.to_string()),
            table: database.at().clone(),
            lake: data.lake_url(),
            clock_ahead_microseconds: clock.ahead_microseconds(),
            moves_money: matches!(*provider, Provider::PagoPa(_)),
        };
        let keys = secrets.ticket_keys()?;
        let parts = Parts {
            gate_keys: Shared::new(keys.published(clock.now())),
            ticket_keys: Shared::new(keys),
            data: data.clone(),
            store: store.clone(),
            clock,
            secrets,
            lake,
            writer,
            provider,
            public_url,
            tail: Arc::new(Tail::of(database::stream(database.at()))),
            figures: Arc::clone(&figures),
            limits: settings.limits,
        };
        // Before the first answer of `/healthz`: who sees it ready finds its addresses.
        data.announce(&run)?;
        let http = parts.serve_http(listener, &settings.web, http_stop)?;
        let writers = parts.start_writers(writers_stop)?;
        let sink = parts.start_sink(sink_stop);
        let issuer = parts.secrets.issuer();
        let mut platform = Self {
            run,
            store,
            clock,
            issuer,
            figures,
            data,
            database,
            broker,
            wire,
            http,
            writers,
            sink,
            traffic: None,
            stop_traffic,
            stop_http,
            stop_writers,
            stop_sink,
            _lock: lock,
        };
        if let Some(speed) = settings.traffic {
            let live = sample_traffic::live(&platform.installation(), &ca, speed).await?;
            platform.traffic = Some(tokio::spawn(async move {
                if let Err(error) = crate::traffic::run_live(live, traffic_stop).await {
                    tracing::error!(error = chain(&error), "the sample traffic ended");
                }
            }));
        }
        Ok(platform)
    }

    /// What commands need of it.
    #[must_use]
    pub fn installation(&self) -> Installation {
        Installation {
            data: self.data.clone(),
            run: self.run.clone(),
            store: self.store.clone(),
            clock: self.clock,
            issuer: self.issuer.clone(),
            figures: Arc::clone(&self.figures.traffic),
        }
    }

    /// Stops: first what makes work, then what takes it, last what keeps it.
    pub async fn stop(self) {
        // A receiver that is gone has stopped already.
        let _ = self.stop_traffic.send(true);
        if let Some(traffic) = self.traffic {
            finished("sample traffic", traffic).await;
        }
        let _ = self.stop_http.send(true);
        finished("HTTP", self.http).await;
        if let Some(wire) = self.wire {
            wire.stop().await;
        }
        self.broker.stop().await;
        // Upkeep and the fraud function still write; the sink ends last and takes that along.
        let _ = self.stop_writers.send(true);
        for writer in self.writers {
            finished("upkeep", writer).await;
        }
        let _ = self.stop_sink.send(true);
        finished("sink", self.sink).await;
        self.database.stop().await;
        self.data.withdraw();
    }
}

/// What commands need of a platform.
#[derive(Clone)]
pub struct Installation {
    /// Its folder.
    pub data: DataDir,
    /// Where it can be reached.
    pub run: Run,
    /// Its table.
    pub store: atrio_dynamo::Store,
    /// Its clock.
    pub clock: Clock,
    /// Its issuer of staff tokens.
    pub issuer: Issuer,
    /// What the sample traffic did.
    pub figures: Arc<crate::traffic::Figures>,
}

/// How long a part may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(10);

async fn finished(part: &str, task: JoinHandle<()>) {
    let abort = task.abort_handle();
    if tokio::time::timeout(STOP_WITHIN, task).await.is_err() {
        tracing::warn!(part, "did not stop in time and was cut off");
        abort.abort();
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen {
        address,
        flag: "--http",
        source,
    })
}

fn listener_address(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}

fn provider(
    kind: provider::Kind,
    public_url: &str,
    secrets: &Secrets,
) -> Result<Provider, StartError> {
    Ok(match kind {
        provider::Kind::Sandbox => {
            let url = format!("{public_url}/sandbox");
            Provider::Sandbox(provider::sandbox::Sandbox::new(
                &url,
                public_url,
                secrets.payment_secret.as_bytes(),
            )?)
        }
        provider::Kind::PagoPa => Provider::PagoPa(PagoPa::from_environment(public_url)?),
    })
}

struct Parts {
    ticket_keys: Shared<KeyRing>,
    gate_keys: Shared<KeySet>,
    data: DataDir,
    store: atrio_dynamo::Store,
    clock: Clock,
    secrets: Secrets,
    lake: Arc<Lake>,
    writer: Arc<LakeWriter>,
    provider: Arc<Provider>,
    public_url: String,
    tail: Arc<Tail>,
    figures: Arc<Figures>,
    limits: Allowances,
}

impl Parts {
    fn functions(&self) -> Result<OpenApiRouter, StartError> {
        let (store, clock) = (&self.store, self.clock);
        let access = self.secrets.issuer().access(clock, store.clone())?;
        Ok(OpenApiRouter::new()
            .merge(atrio_availability::router(atrio_availability::Context::new(
                store.clone(),
                clock,
            )))
            .merge(atrio_booking::router(atrio_booking::Context {
                store: store.clone(),
                clock,
                access: access.clone(),
                contact_hash_key: self.secrets.contact_hash_key.as_bytes().into(),
            }))
            .merge(atrio_payment::router(atrio_payment::Context {
                store: store.clone(),
                clock,
                provider: Arc::clone(&self.provider),
                receipts: atrio_payment::receipt_key(&self.provider)?,
                access: access.clone(),
            }))
            .merge(atrio_redemption::router(atrio_redemption::Context {
                store: store.clone(),
                clock,
                access: access.clone(),
                ticket_keys: self.gate_keys.clone(),
            }))
            .merge(atrio_reselling::router(atrio_reselling::Context::new(
                store.clone(),
                clock,
                self.secrets.contact_hash_key.as_bytes().into(),
                self.ticket_keys.clone(),
                self.public_url.clone(),
                self.destinations(),
            )))
            .merge(atrio_invoicing::router(atrio_invoicing::Context {
                store: store.clone(),
                clock,
                access: access.clone(),
                contact_hash_key: self.secrets.contact_hash_key.as_bytes().into(),
                keys: self.ticket_keys.clone(),
            }))
            .merge(atrio_ticketing::router(atrio_ticketing::Context {
                store: store.clone(),
                clock,
                keys: self.ticket_keys.clone(),
                wallets: Arc::new(crate::wallets::of_this_machine()?),
            }))
            .merge(atrio_venue::router(atrio_venue::Context {
                store: store.clone(),
                clock,
                access: access.clone(),
                contact_hash_key: self.secrets.contact_hash_key.as_bytes().into(),
                destinations: self.destinations(),
            }))
            .merge(atrio_desk::router(atrio_desk::Context {
                store: store.clone(),
                clock,
                access: access.clone(),
                keys: self.ticket_keys.clone(),
            }))
            .merge(atrio_devices::router(atrio_devices::Context {
                store: store.clone(),
                clock,
                access: access.clone(),
            }))
            .merge(atrio_feed::router(self.feed()?))
            .merge(atrio_dashboard::router(atrio_dashboard::Context::new(
                store.clone(),
                Arc::clone(&self.lake),
                access,
                clock,
            ))))
    }

    fn serve_http(
        &self,
        listener: TcpListener,
        web: &Path,
        mut stop: watch::Receiver<bool>,
    ) -> Result<JoinHandle<()>, StartError> {
        let mut beside = match &*self.provider {
            Provider::Sandbox(_) => {
                let secret = self.secrets.payment_secret.as_bytes();
                Sandbox::open(&self.data, secret, &self.public_url, self.clock)?.router()
            }
            Provider::PagoPa(_) => axum::Router::new(),
        };
        // Mails hold tickets and addresses: shown only where nobody but this machine listens.
        if outbox::address(&self.public_url).is_some() {
            beside = beside.merge(outbox::router(self.outbox()));
        }
        let limits = Limits::new(
            &self.limits,
            self.secrets.issuer().access(self.clock, self.store.clone())?,
        );
        let figures = Arc::clone(&self.figures);
        let router = pages::router(self.functions()?, beside, web, figures, self.clock, limits);
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        Ok(tokio::spawn(async move {
            let stopped = async move {
                // An error means that nobody is left who could say stop, which is a stop as well.
                let _ = stop.wait_for(|stop| *stop).await;
            };
            let served = axum::serve(listener, service).with_graceful_shutdown(stopped).await;
            if let Err(error) = served {
                tracing::error!(%error, "HTTP stopped");
            }
        }))
    }

    /// How far webhooks are sent: to programs of this machine only where nobody else speaks to it.
    fn destinations(&self) -> Destinations {
        match outbox::address(&self.public_url) {
            Some(_) => Destinations::LoopbackToo,
            None => Destinations::Public,
        }
    }

    /// What takes in files of other ticket offices.
    fn feed(&self) -> Result<atrio_feed::Context, StartError> {
        Ok(atrio_feed::Context {
            store: self.store.clone(),
            clock: self.clock,
            access: self.secrets.issuer().access(self.clock, self.store.clone())?,
            lake: Arc::clone(&self.lake),
            writer: Arc::clone(&self.writer),
        })
    }

    /// The folder of mails.
    fn outbox(&self) -> PathBuf {
        self.data.join("outbox")
    }

    fn start_sink(&self, stop: watch::Receiver<bool>) -> JoinHandle<()> {
        let sink = atrio_sink::Context::new(self.store.clone(), Arc::clone(&self.writer));
        let progress = Arc::clone(&self.figures.progress);
        tokio::spawn(pump::into_lake(Arc::clone(&self.tail), Arc::new(sink), progress, stop))
    }

    /// What writes to the table or the lake by itself.
    fn start_writers(
        &self,
        stop: watch::Receiver<bool>,
    ) -> Result<Vec<JoinHandle<()>>, StartError> {
        let fraud = atrio_fraud::Context { store: self.store.clone(), clock: self.clock };
        let upkeep = atrio_upkeep::Context {
            store: self.store.clone(),
            clock: self.clock,
            provider: Arc::clone(&self.provider),
        };
        let notify = atrio_notify::Context {
            store: self.store.clone(),
            clock: self.clock,
            keys: self.ticket_keys.clone(),
            transport: atrio_notify::Transport::Folder(self.outbox()),
            from: MAIL_FROM.to_owned(),
            public_url: self.public_url.clone(),
        };
        let (writer, lake) = (Arc::clone(&self.writer), Arc::clone(&self.lake));
        let release = atrio_release::Context::new(writer, lake, self.clock);
        let rotation = Rotation {
            data: self.data.clone(),
            clock: self.clock,
            ticket_keys: self.ticket_keys.clone(),
            gate_keys: self.gate_keys.clone(),
        };
        let watching = |watcher| {
            tokio::spawn(pump::into_watcher(
                Arc::clone(&self.tail),
                watcher,
                self.data.clone(),
                Arc::clone(&self.figures.progress),
                stop.clone(),
            ))
        };
        let webhook = atrio_webhook::Context {
            store: self.store.clone(),
            clock: self.clock,
            transport: Arc::new(atrio_webhook::Transport::new(self.destinations())?),
        };
        Ok(vec![
            watching(Watcher::Fraud(fraud)),
            watching(Watcher::Notify(notify.clone())),
            watching(Watcher::Webhook(webhook.clone())),
            tokio::spawn(chores::tell_webhooks(webhook, stop.clone())),
            tokio::spawn(chores::retry_mail(notify, stop.clone())),
            tokio::spawn(feed_folder::follow(self.feed()?, self.data.join("feeds"), stop.clone())),
            tokio::spawn(rotation.follow(stop.clone())),
            tokio::spawn(chores::keep_up(upkeep, stop.clone())),
            tokio::spawn(chores::release(release, stop.clone())),
            tokio::spawn(chores::compact(Arc::clone(&self.writer), stop)),
        ])
    }
}
