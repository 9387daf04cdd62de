//! The embedded MQTT broker: what AWS IoT Core, its rule and its stream are in the cloud. It lets in
//! devices whose certificate our authority signed, keeps each to its own topics, and acknowledges a
//! message only once `atrio-ingest` has made it durable. It decides nothing about counts itself. For
//! the gates of a venue it passes on which tickets are used, and takes the first claim of each.

mod admission;
mod eviction;
mod hooks;
mod queue;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use rmqtt::codec::types::QoS;
use rmqtt::context::ServerContext;
use rmqtt::net::Listener;
use rmqtt::server::MqttServer;
use tokio::sync::oneshot;

use admission::Admission;
pub use queue::IngestQueue;

/// Room for the topic and the properties around a message of 128 KiB.
const MAX_PACKET_BYTES: u32 = 128 * 1024 + 8 * 1024;
/// How long a stopping broker waits for the messages it is writing.
const DRAIN: Duration = Duration::from_secs(5);
/// How long a stopping broker waits for its connections to close.
const CLOSE: Duration = Duration::from_secs(1);

/// Why the broker does not run.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen for devices on `{address}`: free the port or choose another with --mqtt"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The certificates cannot be used.
    #[error("cannot use the broker's certificate `{}`", path.display())]
    Certificate {
        /// The server's certificate.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The broker's thread or runtime cannot be made.
    #[error("cannot start the broker's thread")]
    Thread(#[source] std::io::Error),
    /// The broker's thread ended before it was ready.
    #[error("the broker ended while it started")]
    Ended,
}

/// Where the broker listens and with which certificates.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// Where to listen; port 0 takes any free one.
    pub address: SocketAddr,
    /// Certificate of the authority that signs devices, PEM.
    pub ca_cert: PathBuf,
    /// The broker's own certificate, PEM.
    pub server_cert: PathBuf,
    /// The key of the broker's own certificate, PEM.
    pub server_key: PathBuf,
}

/// A running broker. It has a runtime of its own, because ending that runtime is the only way to
/// end the connections of an `rmqtt` server, and because a burst of handshakes should not slow the
/// pages down.
#[derive(Debug)]
pub struct Broker {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Broker {
    /// Starts to listen; messages go to `queue`.
    ///
    /// # Errors
    /// [`BrokerError`] when the address is taken or the certificates are unusable.
    pub async fn start(config: BrokerConfig, queue: IngestQueue) -> Result<Self, BrokerError> {
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("broker")
            .enable_all()
            .build()
            .map_err(BrokerError::Thread)?;
        let thread = std::thread::Builder::new()
            .name("broker".to_owned())
            .spawn(move || {
                runtime.block_on(serve(config, queue, ready, stopped));
                runtime.shutdown_timeout(CLOSE);
            })
            .map_err(BrokerError::Thread)?;
        let address = started.await.map_err(|_| BrokerError::Ended)??;
        Ok(Self { address, stop, thread })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops to listen, lets the messages being written finish and be acknowledged, and closes all
    /// connections. When it returns, the address is free.
    pub async fn stop(self) {
        // An error means that the broker has ended already.
        let _ = self.stop.send(());
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the broker's thread panicked");
        }
    }
}

async fn serve(
    config: BrokerConfig,
    queue: IngestQueue,
    ready: oneshot::Sender<Result<SocketAddr, BrokerError>>,
    stopped: oneshot::Receiver<()>,
) {
    let (listener, address) = match listen(&config) {
        Ok(listening) => listening,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    // The load check refuses connections on a busy machine, which is when devices must get through.
    let context = ServerContext::new().busy_check_enable(false).build().await;
    let admission = Admission::new(queue);
    hooks::register(&context, &admission).await;
    let watching = tokio::spawn(eviction::watch(context.clone(), admission.clone()));
    // With port 0 the configured port is no name for the listener, so the real one is given.
    let server = MqttServer::new(context).listener_by_id(listener, address.port()).build();
    // `start()` would end the whole process on an error.
    let running = tokio::spawn(server.run());
    if ready.send(Ok(address)).is_err() {
        return;
    }
    // A dropped sender is a dropped `Broker`: stop as well.
    let _ = stopped.await;
    running.abort();
    watching.abort();
    admission.drain(DRAIN).await;
}

fn listen(config: &BrokerConfig) -> Result<(Listener, SocketAddr), BrokerError> {
    let path = |path: &PathBuf| Some(path.display().to_string());
    let address = config.address;
    let bind = |source: rmqtt::Error| BrokerError::Bind { address, source: source.into() };
    let listener = rmqtt::net::Builder::new()
        .name("devices")
        .laddr(address)
        // Connections we closed stay in TIME_WAIT; without this a restart would have to wait for
        // them. On Linux it does not let two brokers share a port.
        .reuseaddr(Some(true))
        .nodelay(true)
        .allow_anonymous(false)
        .max_packet_size(MAX_PACKET_BYTES)
        .max_clientid_len(64)
        .max_topic_levels(atrio_domain::device::MAX_TOPIC_LEVELS)
        .max_subscriptions(16)
        .max_qos_allowed(QoS::AtLeastOnce)
        .tls_cross_certificate(true)
        .tls_client_ca_certs(path(&config.ca_cert))
        .tls_cert(path(&config.server_cert))
        .tls_key(path(&config.server_key))
        .cert_cn_as_username(true)
        .collect_cert_info(true)
        .bind()
        .map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let listener = listener.tls().map_err(|source| BrokerError::Certificate {
        path: config.server_cert.clone(),
        source: source.into(),
    })?;
    Ok((listener, address))
}
