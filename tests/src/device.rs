//! A people counter: enrolled with `atrio device enrol`, speaking MQTT 5 over TLS with its own
//! certificate.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAck};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use serde_json::{Value, json};

use crate::process::Process;

/// How long the broker may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A connected device.
pub struct Device {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub venue: String,
    /// Its certificate, key and trusted authority.
    pub keys: PathBuf,
    client: AsyncClient,
    events: EventLoop,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("name", &self.name).finish_non_exhaustive()
    }
}

/// People counted over one period, in the wire form of CrowdFlowObserved.
#[must_use]
pub fn count_message(
    device: &str,
    from: Timestamp,
    to: Timestamp,
    towards: u64,
    away: u64,
) -> Value {
    json!({
        "id": format!("urn:ngsi-ld:CrowdFlowObserved:{device}:{}", from.as_second()),
        "type": "CrowdFlowObserved",
        "dateObserved": format!("{from}/{to}"),
        "dateObservedFrom": from.to_string(),
        "dateObservedTo": to.to_string(),
        "peopleCount": towards + away,
        "peopleCountTowards": towards,
        "peopleCountAway": away,
    })
}

impl Device {
    /// Enrols a device of that name; answers the folder of its files.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn enrol(platform: &Process, venue: &str, name: &str) -> PathBuf {
        let out = platform.data().join("devices").join(name);
        let path = out.display().to_string();
        let enrolled =
            platform.command(&["device", "enrol", name, "--venue", venue, "--out", &path]).await;
        assert!(enrolled.status.success(), "{}", enrolled.stderr);
        out
    }

    /// Enrols a device and connects it.
    ///
    /// # Panics
    /// When either is refused.
    pub async fn of(platform: &Process, venue: &str, name: &str) -> Self {
        let keys = Self::enrol(platform, venue, name).await;
        Self::connect(platform, venue, name, &keys)
            .await
            .unwrap_or_else(|error| panic!("{name} cannot connect: {error}"))
    }

    /// Connects with the certificate in `keys`, trusting this platform's own authority.
    ///
    /// # Errors
    /// When the broker does not let it in.
    ///
    /// # Panics
    /// When its files cannot be read.
    pub async fn connect(
        platform: &Process,
        venue: &str,
        name: &str,
        keys: &Path,
    ) -> Result<Self, ConnectionError> {
        // The first device of the process installs it, the others find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let port = platform.run.mqtt.rsplit(':').next().and_then(|port| port.parse().ok());
        let mut options = MqttOptions::new(name, "localhost", port.expect("the broker's port"));
        let read = |path: PathBuf| std::fs::read(path).expect("a file of the device");
        let tls = TlsConfiguration::Simple {
            ca: read(platform.data().join("ca/ca.pem")),
            alpn: None,
            client_auth: Some((read(keys.join("cert.pem")), read(keys.join("key.pem")))),
        };
        options.set_transport(Transport::Tls(tls)).set_keep_alive(ANSWER_WITHIN);
        options.set_connection_timeout(ANSWER_WITHIN.as_secs());
        // The session outlives the connection, so that what was not acknowledged is sent again.
        options.set_clean_start(false).set_session_expiry_interval(Some(3600));
        let (client, events) = AsyncClient::new(options, 10);
        let (name, venue, keys) = (name.to_owned(), venue.to_owned(), keys.to_owned());
        let mut device = Self { name, venue, keys, client, events };
        device.wait(|packet| matches!(packet, Packet::ConnAck(_)).then_some(())).await?;
        Ok(device)
    }

    /// Its own topic.
    #[must_use]
    pub fn topic(&self) -> String {
        format!("dt/atrio/{}/{}/CrowdFlowObserved", self.venue, self.name)
    }

    /// Publishes on its own topic and waits for the acknowledgement.
    ///
    /// # Errors
    /// When the connection ends first.
    pub async fn publish(&mut self, message: &Value) -> Result<PubAck, ConnectionError> {
        self.publish_bytes(&self.topic(), message.to_string().into_bytes()).await
    }

    /// Publishes anything anywhere and waits for the acknowledgement.
    ///
    /// # Errors
    /// When the connection ends first.
    ///
    /// # Panics
    /// When the client has ended.
    pub async fn publish_bytes(
        &mut self,
        topic: &str,
        payload: Vec<u8>,
    ) -> Result<PubAck, ConnectionError> {
        self.client.publish(topic, QoS::AtLeastOnce, false, payload).await.expect("a client");
        self.wait(|packet| match packet {
            Packet::PubAck(answer) => Some(answer),
            _ => None,
        })
        .await
    }

    /// Waits until the broker ends the connection, without a word from here; false where it does not.
    pub async fn is_cut_off(&mut self, within: Duration) -> bool {
        let ended = async { while self.events.poll().await.is_ok() {} };
        tokio::time::timeout(within, ended).await.is_ok()
    }

    async fn wait<T>(
        &mut self,
        wanted: impl Fn(Packet) -> Option<T>,
    ) -> Result<T, ConnectionError> {
        // Over the whole of it: what keeps a connection open goes on without an answer.
        let found = async {
            loop {
                if let Event::Incoming(packet) = self.events.poll().await?
                    && let Some(found) = wanted(packet)
                {
                    return Ok(found);
                }
            }
        };
        tokio::time::timeout(ANSWER_WITHIN, found).await?
    }
}
