//! The gate's word with the venue's other gates, over the broker on site. One thing is said at a time,
//! and the broker's acknowledgement is the answer: taken, or another gate's claim stands. What others
//! say is in the journal before it is acknowledged.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use atrio_domain::device::DeviceName;
use atrio_domain::gate::claim::{Said, Use, heard_at, topic};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, PubAck, PubAckReason, Publish};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use rumqttc::{Outgoing, TlsConfiguration, Transport};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::{Gate, GateError};

/// How long a visitor waits for the broker before the gate decides by itself.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Duration = Duration::from_secs(5);
const CONNECT_WITHIN_SECONDS: u64 = 5;
const RECONNECT_AFTER: Duration = Duration::from_millis(500);
/// How long the broker keeps for a gate what others said while it was away.
const SESSION_SECONDS: u32 = 24 * 3_600;
/// What a broker that cannot hear the gate may pile up, in messages.
const PILE: usize = 64;

/// Where the broker is and what the gate shows it.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// Host and port.
    pub broker: String,
    /// The folder of `ca.pem`, `cert.pem` and `key.pem`, as enrolment wrote them.
    pub certificate: PathBuf,
}

/// What the broker answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is said, and a claim stands.
    Taken,
    /// Another gate's claim stands.
    Standing(Use),
    /// There is no broker, or it did not answer in time.
    Nobody,
}

/// How the broker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broker {
    /// The gate has just started and is on its way to it.
    Sought,
    /// It is there.
    There,
    /// It is not.
    Gone,
}

struct Request {
    said: Said,
    answer: oneshot::Sender<Heard>,
}

/// The gate's mouth.
pub(super) struct Site {
    requests: mpsc::Sender<Request>,
    broker: watch::Receiver<Broker>,
}

/// The other end of [`Site`].
pub(super) struct Conversation {
    requests: mpsc::Receiver<Request>,
    broker: watch::Sender<Broker>,
}

/// Something on its way to the broker.
struct UnderWay {
    said: Said,
    packet: Option<u16>,
    answer: Option<oneshot::Sender<Heard>>,
    until: Instant,
}

impl Site {
    /// Both ends, for a gate that has a broker on site or none.
    pub(super) fn new(has_broker: bool) -> (Self, Conversation) {
        let (requests, asked) = mpsc::channel(PILE);
        let (state, broker) =
            watch::channel(if has_broker { Broker::Sought } else { Broker::Gone });
        (Self { requests, broker }, Conversation { requests: asked, broker: state })
    }

    /// Whether the broker is there.
    pub(super) fn is_connected(&self) -> bool {
        *self.broker.borrow() == Broker::There
    }

    /// Says something and waits for the broker's answer.
    pub(super) async fn say(&self, said: Said) -> Heard {
        // The first visitor after a start waits for it too.
        let mut broker = self.broker.clone();
        let found = broker.wait_for(|broker| *broker != Broker::Sought);
        // An error means that nobody looks for it any more.
        let _ = tokio::time::timeout(ANSWER_WITHIN, found).await;
        if !self.is_connected() {
            return Heard::Nobody;
        }
        let (answer, answered) = oneshot::channel();
        if self.requests.send(Request { said, answer }).await.is_err() {
            return Heard::Nobody;
        }
        match tokio::time::timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(heard)) => heard,
            _ => Heard::Nobody,
        }
    }
}

/// How to connect.
pub(super) fn options(
    settings: &SiteSettings,
    thing: &DeviceName,
) -> Result<MqttOptions, GateError> {
    let (host, port) = settings
        .broker
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse().ok()?)))
        .ok_or_else(|| GateError::Broker { given: settings.broker.clone() })?;
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| GateError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })
    };
    let file = |name: &str| settings.certificate.join(name);
    let mut options = MqttOptions::new(thing.as_str(), host, port);
    options.set_transport(Transport::Tls(TlsConfiguration::Simple {
        ca: read(&file("ca.pem"))?,
        alpn: None,
        client_auth: Some((read(&file("cert.pem"))?, read(&file("key.pem"))?)),
    }));
    options.set_keep_alive(KEEP_ALIVE).set_connection_timeout(CONNECT_WITHIN_SECONDS);
    options.set_clean_start(false).set_session_expiry_interval(Some(SESSION_SECONDS));
    options.set_manual_acks(true);
    Ok(options)
}

/// Keeps the conversation going, over as many connections as it takes.
pub(super) async fn keep(
    gate: Arc<Gate>,
    options: MqttOptions,
    thing: DeviceName,
    mut end: Conversation,
) {
    loop {
        // A fresh client each time: what is not acknowledged is for the journal to say again, not for
        // the library, which does not know whether somebody was let in on it.
        let (client, events) = AsyncClient::new(options.clone(), PILE);
        let (sender, mut heard) = mpsc::channel(PILE);
        let pump = tokio::spawn(pump(events, sender));
        let mut talk = Talk {
            gate: &gate,
            client,
            thing: &thing,
            unsaid: VecDeque::new(),
            under_way: None,
            broker: &end.broker,
        };
        talk.run(&mut heard, &mut end.requests).await;
        drop(talk);
        pump.abort();
        end.broker.send_replace(Broker::Gone);
        let pause = tokio::time::sleep(RECONNECT_AFTER);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => break,
                request = end.requests.recv() => match request {
                    Some(request) => answer(request.answer, Heard::Nobody),
                    None => return,
                },
            }
        }
    }
}

/// One that no longer waits needs no answer.
fn answer(to: oneshot::Sender<Heard>, heard: Heard) {
    let _ = to.send(heard);
}

async fn pump(mut events: EventLoop, heard: mpsc::Sender<Event>) {
    loop {
        match events.poll().await {
            Ok(event) => {
                if heard.send(event).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "no broker");
                return;
            }
        }
    }
}

/// One connection.
struct Talk<'a> {
    gate: &'a Gate,
    client: AsyncClient,
    thing: &'a DeviceName,
    unsaid: VecDeque<Said>,
    under_way: Option<UnderWay>,
    broker: &'a watch::Sender<Broker>,
}

impl Talk<'_> {
    fn is_connected(&self) -> bool {
        *self.broker.borrow() == Broker::There
    }

    /// Ends with the connection, or when the broker does not answer in time.
    async fn run(
        &mut self,
        heard: &mut mpsc::Receiver<Event>,
        requests: &mut mpsc::Receiver<Request>,
    ) {
        loop {
            if self.under_way.is_none() && self.is_connected() {
                // A visitor who waits comes before what can wait.
                let next = match requests.try_recv() {
                    Ok(request) => Some((request.said, Some(request.answer))),
                    Err(_) => self.unsaid.pop_front().map(|said| (said, None)),
                };
                if let Some((said, answer)) = next
                    && !self.publish(said, answer).await
                {
                    return;
                }
            }
            let until = self.under_way.as_ref().map(|under_way| under_way.until);
            let late = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                event = heard.recv() => match event {
                    Some(event) => if !self.hear(event).await { return },
                    None => return,
                },
                request = requests.recv(), if self.under_way.is_none() => match request {
                    Some(request) if !self.is_connected() => {
                        answer(request.answer, Heard::Nobody);
                    }
                    Some(request) => {
                        if !self.publish(request.said, Some(request.answer)).await { return }
                    }
                    None => return,
                },
                () = late => return,
            }
        }
    }

    async fn publish(&mut self, said: Said, answer: Option<oneshot::Sender<Heard>>) -> bool {
        let Ok(payload) = serde_json::to_vec(&said) else { return false };
        let topic = topic(self.gate.venue(), self.thing.as_str());
        let sent = self.client.publish(topic, QoS::AtLeastOnce, false, payload).await.is_ok();
        let until = Instant::now() + ANSWER_WITHIN;
        self.under_way = Some(UnderWay { said, packet: None, answer, until });
        sent
    }

    /// False when the connection is of no use any more.
    async fn hear(&mut self, event: Event) -> bool {
        match event {
            Event::Outgoing(Outgoing::Publish(packet)) => {
                if let Some(under_way) = &mut self.under_way {
                    under_way.packet = Some(packet);
                }
                true
            }
            Event::Incoming(Packet::ConnAck(connected)) => {
                let mut all = Filter::new(heard_at(self.gate.venue()), QoS::AtLeastOnce);
                all.nolocal = true;
                let is_asked = self.client.subscribe_many([all]).await.is_ok();
                self.unsaid = self.gate.unsaid(!connected.session_present).into();
                is_asked
            }
            Event::Incoming(Packet::SubAck(_)) => {
                self.broker.send_replace(Broker::There);
                true
            }
            Event::Incoming(Packet::PubAck(acknowledged)) => {
                self.acknowledged(&acknowledged);
                true
            }
            Event::Incoming(Packet::Publish(message)) => self.neighbour(&message).await,
            Event::Incoming(Packet::Disconnect(_)) => false,
            _ => true,
        }
    }

    fn acknowledged(&mut self, acknowledged: &PubAck) {
        let Some(under_way) = self.under_way.take_if(|one| one.packet == Some(acknowledged.pkid))
        else {
            return;
        };
        let heard = match acknowledged.reason {
            PubAckReason::Success | PubAckReason::NoMatchingSubscribers => Heard::Taken,
            _ => {
                let words = acknowledged
                    .properties
                    .as_ref()
                    .and_then(|told| told.reason_string.as_deref())
                    .unwrap_or_default();
                match serde_json::from_str(words) {
                    Ok(standing) => Heard::Standing(standing),
                    Err(_) => {
                        tracing::error!(words, "the broker does not take the gate's word");
                        Heard::Nobody
                    }
                }
            }
        };
        if heard != Heard::Nobody {
            // A claim of what this gate let in by itself may be refused: the ticket let in twice, and
            // the platform lists it.
            self.gate.was_said(&under_way.said);
        }
        if let Some(to) = under_way.answer {
            answer(to, heard);
        }
    }

    async fn neighbour(&self, message: &Publish) -> bool {
        match serde_json::from_slice::<Said>(&message.payload) {
            Ok(said) => {
                if let Err(error) = self.gate.hear(&said) {
                    // Unacknowledged, it comes again.
                    tracing::error!(%error, "what a neighbour said is not kept");
                    return false;
                }
            }
            Err(error) => tracing::warn!(%error, "what a neighbour said does not read"),
        }
        self.client.ack(message).await.is_ok()
    }
}
