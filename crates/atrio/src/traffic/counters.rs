//! The counters' way to the broker: MQTT over TLS with a certificate per device, QoS 1. A
//! message is published again until the broker acknowledges it; the platform recognises the
//! copies, so nothing is lost and nothing is counted twice.

use std::sync::Arc;
use std::time::Duration;

use rumqttc::{
    AsyncClient, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS, TlsConfiguration, Transport,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::figures::add;
use super::observation::CounterPlace;
use super::{Addresses, CounterDevice, Figures, Stop, TrafficError, stopped};

const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long an acknowledgement may take before the message is published again.
const ACKNOWLEDGEMENT: Duration = Duration::from_secs(15);

/// The waits between attempts double from the first to the last.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A connected counter.
pub(super) struct Publisher {
    client: AsyncClient,
    progress: mpsc::Receiver<Progress>,
    pump: JoinHandle<()>,
    figures: Arc<Figures>,
    place: CounterPlace,
}

/// What the connection says of the message on its way. One message is on its way at a time.
#[derive(Debug, Clone, Copy)]
enum Progress {
    Sent(u16),
    Acknowledged(u16),
    Disconnected,
}

impl Publisher {
    /// Opens the counter's connection; it connects, and connects again, in the background.
    pub(super) fn open(
        device: &CounterDevice,
        place: CounterPlace,
        addresses: &Addresses,
        figures: Arc<Figures>,
    ) -> Result<Self, TrafficError> {
        let mut options =
            MqttOptions::new(&device.device, &addresses.mqtt_host, addresses.mqtt_port);
        options.set_keep_alive(KEEP_ALIVE);
        options.set_clean_session(true);
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(tls(
            device,
        )?))));
        let (client, connection) = AsyncClient::new(options, 4);
        let (sender, progress) = mpsc::channel(16);
        let pump = tokio::spawn(pump(connection, sender, device.device.clone()));
        Ok(Self { client, progress, pump, figures, place })
    }

    /// Where the counter stands.
    pub(super) fn place(&self) -> &CounterPlace {
        &self.place
    }

    /// Publishes until acknowledged; false when `attempts` did not do or the traffic stops.
    pub(super) async fn publish(&mut self, payload: &[u8], attempts: u32, stop: &mut Stop) -> bool {
        let mut wait = FIRST_WAIT;
        for attempt in 0..attempts {
            if attempt > 0 {
                add(&self.figures.messages_retried, 1);
                tokio::select! {
                    () = stopped(stop) => break,
                    () = tokio::time::sleep(wait) => {}
                }
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            let acknowledged = tokio::select! {
                () = stopped(stop) => false,
                outcome = tokio::time::timeout(ACKNOWLEDGEMENT, self.attempt(payload)) => outcome.unwrap_or(false),
            };
            if acknowledged {
                add(&self.figures.messages, 1);
                return true;
            }
            if *stop.borrow() {
                break;
            }
        }
        add(&self.figures.messages_lost, 1);
        false
    }

    async fn attempt(&mut self, payload: &[u8]) -> bool {
        // What is still reported of earlier attempts says nothing of this one.
        while self.progress.try_recv().is_ok() {}
        if self.client.publish(self.place.topic(), QoS::AtLeastOnce, false, payload).await.is_err()
        {
            return false;
        }
        let mut on_its_way = None;
        while let Some(progress) = self.progress.recv().await {
            match progress {
                Progress::Sent(packet) => on_its_way = Some(packet),
                Progress::Acknowledged(packet) if on_its_way == Some(packet) => return true,
                Progress::Acknowledged(_) => {}
                Progress::Disconnected => return false,
            }
        }
        false
    }

    /// Says goodbye to the broker.
    pub(super) async fn close(mut self) {
        // Unsaid goodbyes are harmless: the broker notices the closed connection.
        if self.client.disconnect().await.is_ok() {
            let _late = tokio::time::timeout(Duration::from_secs(2), async {
                while let Some(progress) = self.progress.recv().await {
                    if matches!(progress, Progress::Disconnected) {
                        break;
                    }
                }
            })
            .await;
        }
        self.pump.abort();
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

async fn pump(mut connection: EventLoop, progress: mpsc::Sender<Progress>, device: String) {
    let mut wait = FIRST_WAIT;
    loop {
        let said = match connection.poll().await {
            Ok(Event::Outgoing(Outgoing::Publish(packet))) => Some(Progress::Sent(packet)),
            Ok(Event::Incoming(Packet::PubAck(ack))) => Some(Progress::Acknowledged(ack.pkid)),
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                wait = FIRST_WAIT;
                None
            }
            Ok(_) => None,
            Err(error) => {
                tracing::debug!(device, error = %error, "a sample counter lost its connection");
                // The publisher sends its message again by itself; a copy kept here would only
                // make the broker work twice.
                connection.clean();
                connection.pending.clear();
                if progress.send(Progress::Disconnected).await.is_err() {
                    return;
                }
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
                None
            }
        };
        if let Some(said) = said
            && progress.send(said).await.is_err()
        {
            return;
        }
    }
}

fn tls(device: &CounterDevice) -> Result<ClientConfig, TrafficError> {
    let unreadable = |path: &std::path::Path, source: Box<dyn std::error::Error + Send + Sync>| {
        TrafficError::Credentials { device: device.device.clone(), path: path.to_owned(), source }
    };
    let certificates =
        |path: &std::path::Path| -> Result<Vec<CertificateDer<'static>>, TrafficError> {
            CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect)
                .map_err(|error| unreadable(path, error.into()))
        };
    let mut roots = RootCertStore::empty();
    for root in certificates(&device.ca)? {
        roots.add(root).map_err(|error| unreadable(&device.ca, error.into()))?;
    }
    let chain = certificates(&device.cert)?;
    let key = PrivateKeyDer::from_pem_file(&device.key)
        .map_err(|error| unreadable(&device.key, error.into()))?;
    // The provider is named because two are compiled in and neither is then the default.
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_root_certificates(roots).with_client_auth_cert(chain, key))
        .map_err(|source| TrafficError::Tls { device: device.device.clone(), source })
}
