//! A museum with a database in memory, a broker, and devices that speak MQTT 5 over TLS.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atrio::broker::{Broker, BrokerConfig, IngestQueue};
use atrio::devices::{DeviceCa, DevicesError, Enrolment};
use atrio_domain::calendar::Opening;
use atrio_domain::device::{DeadLetter, DeviceName, Model, StoredObservation};
use atrio_domain::id::{GateId, VenueId};
use atrio_domain::premises::Premises;
use atrio_domain::tariff::Cents;
use atrio_domain::venue::{HoursSource, Venue, VenueKind};
use atrio_dynamo::Store;
use atrio_ingest::Context;
use atrio_runtime::Clock;
use jiff::{Timestamp, ToSpan};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{LastWill, Packet, PubAck, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use serde_json::{Value, json};

/// When the museum opened today, in every test.
const MORNING: &str = "2026-05-01T00:00:00Z";
/// What the clock shows when a test starts.
const NOW: &str = "2026-05-01T16:00:00Z";

/// That many minutes into the day.
pub(crate) fn at_minute(minute: i64) -> Timestamp {
    MORNING.parse::<Timestamp>().unwrap() + minute.minutes()
}

/// The quarter of an hour that starts so many minutes into the day.
pub(crate) fn count(device: &str, minute: i64, people: i64) -> Value {
    json!({
        "id": format!("urn:ngsi-ld:CrowdFlowObserved:uffizi:{device}"),
        "type": "CrowdFlowObserved",
        "dateObserved": at_minute(minute + 15).to_string(),
        "dateObservedFrom": at_minute(minute).to_string(),
        "dateObservedTo": at_minute(minute + 15).to_string(),
        "peopleCount": people,
    })
}

pub(crate) fn topic(device: &str) -> String {
    format!("dt/atrio/uffizi/{device}/CrowdFlowObserved")
}

pub(crate) struct Museum {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) queue: IngestQueue,
    ca: DeviceCa,
    database: Database,
    data: PathBuf,
    broker: Option<Broker>,
    address: SocketAddr,
}

impl Museum {
    pub(crate) async fn open() -> Self {
        // The first test of the process installs it, the others find it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::rehearsing(NOW.parse().unwrap());
        let mut database = Database {
            content: dynoxide::Database::memory().unwrap(),
            address: "127.0.0.1:0".parse().unwrap(),
            running: None,
        };
        database.serve();
        let store = Store { client: client(database.address), table: "atrio".to_owned() };
        store.create_table().await.unwrap();
        store.put_venues(&[venue("uffizi"), venue("pitti")]).await.unwrap();
        let data = std::env::temp_dir().join(format!("atrio-devices-{}", uuid::Uuid::new_v4()));
        let mut museum = Self {
            queue: IngestQueue::start(Context { store: store.clone() }, clock),
            ca: DeviceCa::open(&data).unwrap(),
            store,
            clock,
            database,
            data,
            broker: None,
            address: "127.0.0.1:0".parse().unwrap(),
        };
        museum.restart().await;
        museum
    }

    /// Stops the broker, if it runs, and starts it on the same address.
    pub(crate) async fn restart(&mut self) {
        if let Some(broker) = self.broker.take() {
            broker.stop().await;
        }
        let broker = Broker::start(self.config(), self.queue.clone()).await.unwrap();
        self.address = broker.address();
        self.broker = Some(broker);
    }

    pub(crate) async fn close(mut self) {
        if let Some(broker) = self.broker.take() {
            broker.stop().await;
        }
        std::fs::remove_dir_all(&self.data).unwrap();
    }

    /// Takes the database away.
    pub(crate) fn lose_the_database(&mut self) {
        self.database.go_away();
    }

    /// Brings the database back, with what it held.
    pub(crate) fn find_the_database(&mut self) {
        self.database.serve();
    }

    pub(crate) fn config(&self) -> BrokerConfig {
        let (server_cert, server_key) = self.ca.server_certificate(&[]).unwrap();
        BrokerConfig {
            address: self.address,
            ca_cert: self.ca.certificate(),
            server_cert,
            server_key,
        }
    }

    pub(crate) fn context(&self) -> Context {
        Context { store: self.store.clone() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    pub(crate) async fn enrol(&self, device: &str, out: &str) -> Result<Enrolment, DevicesError> {
        let (device, venue) = (device.parse().unwrap(), "uffizi".parse().unwrap());
        self.ca
            .enrol(&self.store, device, (venue, None), &self.directory(out), self.clock.now())
            .await
    }

    /// A device enrolled at the Uffizi, connected.
    pub(crate) async fn device(&self, name: &str) -> Device {
        self.enrol(name, name).await.unwrap();
        self.enter(name, Some(&self.directory(name)), None).await.unwrap()
    }

    /// A gate enrolled at the Uffizi, connected.
    pub(crate) async fn gate(&self, name: &str) -> Device {
        let (venue, gate): (VenueId, GateId) = ("uffizi".parse().unwrap(), name.parse().unwrap());
        let device = DeviceName::of_gate(&venue, &gate).unwrap();
        let (out, now) = (self.directory(name), self.clock.now());
        let client_id = device.to_string();
        let at = (venue, Some(gate));
        self.ca.enrol(&self.store, device, at, &out, now).await.unwrap();
        self.enter(&client_id, Some(&out), None).await.unwrap()
    }

    /// A device that trusts the museum's authority connects with the certificate in `keys`.
    pub(crate) async fn enter(
        &self,
        client_id: &str,
        keys: Option<&Path>,
        will: Option<&str>,
    ) -> Result<Device, ConnectionError> {
        Device::connect(self.address, client_id, &self.ca.certificate(), keys, will).await
    }

    pub(crate) async fn counts(&self, device: &str) -> Vec<StoredObservation> {
        let device = device.parse().unwrap();
        let (from, to) = (at_minute(0), at_minute(24 * 60));
        self.store.counts(&device, Model::CrowdFlowObserved, from, to).await.unwrap()
    }

    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        self.store.dead_letters("2026-05-01".parse().unwrap()).await.unwrap()
    }

    /// Publishes with the real `mosquitto_pub`, where it is installed.
    pub(crate) async fn mosquitto_pub(
        &self,
        device: &str,
        topic: &str,
        message: &Value,
    ) -> Option<std::process::Output> {
        let directory = self.directory(device);
        let file = |name: &str| directory.join(name).display().to_string();
        let mut command = std::process::Command::new("mosquitto_pub");
        command.args(["-h", "localhost", "-p", &self.address.port().to_string()]);
        command.args(["--cafile", &file("ca.pem"), "--cert", &file("cert.pem")]);
        command.args(["--key", &file("key.pem"), "-i", device, "-q", "1"]);
        command.args(["-t", topic, "-m", &message.to_string()]);
        tokio::task::spawn_blocking(move || command.output().ok()).await.unwrap()
    }
}

/// A device's MQTT 5 client.
pub(crate) struct Device {
    client: AsyncClient,
    events: EventLoop,
}

impl Device {
    /// Connects with the certificate in `keys`, if any, and a will on a topic, if any; `ca` is the
    /// authority the device trusts.
    async fn connect(
        address: SocketAddr,
        client_id: &str,
        ca: &Path,
        keys: Option<&Path>,
        will: Option<&str>,
    ) -> Result<Self, ConnectionError> {
        let mut options = MqttOptions::new(client_id, "localhost", address.port());
        let file = |name: &str| keys.map(|keys| std::fs::read(keys.join(name)).unwrap());
        let tls = TlsConfiguration::Simple {
            ca: std::fs::read(ca).unwrap(),
            alpn: None,
            client_auth: file("cert.pem").zip(file("key.pem")),
        };
        options.set_transport(Transport::Tls(tls)).set_keep_alive(Duration::from_secs(30));
        options.set_connection_timeout(10);
        if let Some(will) = will {
            options.set_last_will(LastWill::new(will, "gone", QoS::AtLeastOnce, false, None));
        }
        // The session outlives the connection, so that what was not acknowledged is sent again.
        options.set_clean_start(false).set_session_expiry_interval(Some(3600));
        let (client, events) = AsyncClient::new(options, 10);
        let mut device = Self { client, events };
        device.wait(|packet| matches!(packet, Packet::ConnAck(_)).then_some(())).await?;
        Ok(device)
    }

    /// Publishes with quality of service 1 and waits for the acknowledgement.
    pub(crate) async fn publish(
        &mut self,
        topic: &str,
        message: &Value,
    ) -> Result<PubAck, ConnectionError> {
        self.client.publish(topic, QoS::AtLeastOnce, false, message.to_string()).await.unwrap();
        self.wait_for_acknowledgement().await
    }

    pub(crate) async fn wait_for_acknowledgement(&mut self) -> Result<PubAck, ConnectionError> {
        self.wait(|packet| match packet {
            Packet::PubAck(answer) => Some(answer),
            _ => None,
        })
        .await
    }

    pub(crate) async fn may_subscribe(&mut self, filter: &str) -> bool {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
        self.wait(|packet| match packet {
            Packet::SubAck(answer) => {
                Some(matches!(answer.return_codes[..], [SubscribeReasonCode::Success(_)]))
            }
            _ => None,
        })
        .await
        .unwrap()
    }

    async fn wait<T>(
        &mut self,
        wanted: impl Fn(Packet) -> Option<T>,
    ) -> Result<T, ConnectionError> {
        loop {
            let event = tokio::time::timeout(Duration::from_secs(30), self.events.poll()).await??;
            if let Event::Incoming(packet) = event
                && let Some(found) = wanted(packet)
            {
                return Ok(found);
            }
        }
    }
}

fn venue(id: &str) -> Venue {
    Venue {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        kind: VenueKind::Museum,
        category: None,
        municipality: "Firenze".to_owned(),
        region: "Toscana".to_owned(),
        latitude: 43.77,
        longitude: 11.25,
        full_price_cents: Cents(1200),
        annual_visitors: None,
        website: None,
        hours: HoursSource::DefaultWeek,
        opening: Opening::default_week(),
        resources: Vec::new(),
        premises: Premises::default(),
        products: Vec::new(),
        campaigns: Vec::new(),
        honoured_passes: Vec::new(),
        follows: atrio_domain::template::Follows::Undecided,
        supplied_by: atrio_domain::supplier::SuppliedBy::default(),
    }
}

/// A database in memory that can be away for a while.
struct Database {
    content: dynoxide::Database,
    address: SocketAddr,
    running: Option<(tokio::sync::oneshot::Sender<()>, std::thread::JoinHandle<()>)>,
}

impl Database {
    /// Serves on a thread of its own, because the handlers block.
    fn serve(&mut self) {
        let listener = std::net::TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let content = self.content.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let stopped = async { drop(stopped.await) };
                dynoxide::server::serve_with_shutdown(listener, content, stopped).await.unwrap();
            });
        });
        self.running = Some((stop, thread));
    }

    fn go_away(&mut self) {
        let (stop, thread) = self.running.take().unwrap();
        stop.send(()).unwrap();
        thread.join().unwrap();
    }
}

fn client(address: SocketAddr) -> aws_sdk_dynamodb::Client {
    let credentials =
        aws_sdk_dynamodb::config::Credentials::new("local", "local", None, None, "test");
    let config = atrio_runtime::aws::dynamodb("eu-south-1".to_owned(), credentials)
        .endpoint_url(format!("http://{address}"))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}
