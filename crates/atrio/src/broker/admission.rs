//! Who may connect, publish and listen. The answers are in our words; `hooks` turns them into
//! those of MQTT.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atrio_domain::device::{
    self, DeviceName, MAX_PAYLOAD_BYTES, MAX_TOPIC_BYTES, Refusal, RegisteredDevice,
};
use atrio_domain::gate::claim::{self, Claims, Said, Use};
use atrio_domain::id::GateId;
use atrio_ingest::Outcome;

use super::queue::IngestQueue;

/// Why a device is not let in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Closed {
    #[error("the connection shows no certificate with a common name")]
    NoCertificate,
    #[error("the client id is not the common name of the certificate, `{common_name}`")]
    AnotherName { common_name: String },
    #[error(transparent)]
    Name(#[from] device::InvalidName),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the device is not enrolled: run `atrio device enrol`")]
    NotEnrolled,
    #[error("a newer certificate was issued: install that, or enrol the device again")]
    RetiredCertificate,
    #[error("the will's topic is not below the device's own `dt/atrio/{{venue}}/{{device}}/`")]
    Will,
    #[error("the registry of devices cannot be read")]
    Registry(#[source] atrio_dynamo::Error),
}

/// What a connecting device shows.
pub(super) struct Credentials<'a> {
    pub(super) client_id: &'a str,
    pub(super) common_name: Option<&'a str>,
    pub(super) certificate_serial: Option<&'a str>,
    pub(super) will_topic: Option<&'a str>,
}

/// What becomes of a published message.
#[derive(Debug)]
pub(super) enum Publication {
    /// Acknowledge: it is durable.
    Kept,
    /// Acknowledge and, where the protocol can, say why it was not counted; that is durable.
    NotCounted(Refusal),
    /// Another gate's claim of the ticket stands: say whose.
    Claimed(Use),
    /// The device has no right to publish this: say why.
    Forbidden(String),
    /// It could not be written: close without an acknowledgement, so that it is sent again.
    NotWritten(String),
}

/// The rules, shared by all hooks.
#[derive(Clone)]
pub(super) struct Admission(Arc<Inner>);

struct Inner {
    queue: IngestQueue,
    /// The devices that have connected. It never outgrows the registry, and a device is looked up
    /// again whenever it connects.
    known: Mutex<HashMap<String, RegisteredDevice>>,
    /// Which gate has which ticket. Gates keep their own journals and say again what the platform
    /// does not know yet when they find a broker that has forgotten it.
    claims: Mutex<Claims>,
    stopping: AtomicBool,
    being_written: AtomicUsize,
}

/// Counts a message as being written until it is dropped.
struct BeingWritten<'a>(&'a AtomicUsize);

impl Drop for BeingWritten<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Admission {
    pub(super) fn new(queue: IngestQueue) -> Self {
        Self(Arc::new(Inner {
            queue,
            known: Mutex::default(),
            claims: Mutex::default(),
            stopping: AtomicBool::new(false),
            being_written: AtomicUsize::new(0),
        }))
    }

    /// Lets a device in whose certificate bears its name and is the latest enrolled under it.
    pub(super) async fn connect(&self, shown: &Credentials<'_>) -> Result<(), Closed> {
        let common_name = shown.common_name.ok_or(Closed::NoCertificate)?;
        if shown.client_id != common_name {
            return Err(Closed::AnotherName { common_name: common_name.to_owned() });
        }
        let name = DeviceName::new(common_name)?;
        let registered = self
            .0
            .queue
            .registered(name.clone())
            .await
            .map_err(Closed::Registry)?
            .ok_or(Closed::NotEnrolled)?;
        registered.may_speak_for(&registered.venue)?;
        if shown.certificate_serial != Some(registered.certificate_serial.as_str()) {
            return Err(Closed::RetiredCertificate);
        }
        // The broker publishes wills without asking the publish hook, so they are judged here.
        let own = format!("dt/atrio/{}/{name}/", registered.venue);
        if shown.will_topic.is_some_and(|topic| !topic.starts_with(&own)) {
            return Err(Closed::Will);
        }
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(common_name.to_owned(), registered);
        Ok(())
    }

    /// Judges a message and has it written.
    pub(super) async fn publish(
        &self,
        client_id: &str,
        topic: &str,
        payload: &[u8],
    ) -> Publication {
        let Some(known) = self.known(client_id) else {
            return Publication::Forbidden(format!("`{client_id}` has not connected"));
        };
        if let Some(gate) = &known.gate {
            return self.hear(&known, gate, topic, payload);
        }
        let RegisteredDevice { venue, device, .. } = known;
        let own = format!("dt/atrio/{venue}/{device}/");
        if !topic.starts_with(&own) || topic.len() > MAX_TOPIC_BYTES {
            return Publication::Forbidden(format!(
                "`{device}` of venue `{venue}` publishes only on `{own}{{model}}`"
            ));
        }
        if payload.len() > MAX_PAYLOAD_BYTES {
            let refusal = Refusal::MessageTooLarge { bytes: payload.len(), max: MAX_PAYLOAD_BYTES };
            return Publication::Forbidden(refusal.to_string());
        }
        // First counted, then asked: `drain` sets the mark before it reads the count.
        self.0.being_written.fetch_add(1, Ordering::SeqCst);
        let _guard = BeingWritten(&self.0.being_written);
        if self.0.stopping.load(Ordering::SeqCst) {
            return Publication::NotWritten("the broker is stopping: send it again".to_owned());
        }
        match self.0.queue.submit(client_id, topic, payload).await {
            Outcome::Stored { .. } | Outcome::Unchanged => Publication::Kept,
            // Revoked or moved since it connected.
            Outcome::DeadLettered { refusal } if refusal.is_about_permission() => {
                Publication::Forbidden(refusal.to_string())
            }
            Outcome::DeadLettered { refusal } => Publication::NotCounted(refusal),
            Outcome::Failed { reason } => {
                tracing::error!(client_id, topic, reason, "message not written");
                Publication::NotWritten("it could not be stored: send it again".to_owned())
            }
        }
    }

    /// Judges what a gate says of a ticket. Of claims made at once the first stands, because they are
    /// heard one after the other here, before any is acknowledged.
    fn hear(
        &self,
        known: &RegisteredDevice,
        gate: &GateId,
        topic: &str,
        payload: &[u8],
    ) -> Publication {
        let own = claim::topic(&known.venue, known.device.as_str());
        if topic != own {
            return Publication::Forbidden(format!("gate `{gate}` publishes only on `{own}`"));
        }
        let said: Said = match serde_json::from_slice(payload) {
            Ok(said) => said,
            Err(error) => {
                return Publication::Forbidden(format!("the message does not read: {error}"));
            }
        };
        if &said.about().gate_id != gate {
            return Publication::Forbidden(format!(
                "this is gate `{gate}`: it speaks for itself only"
            ));
        }
        let mut claims = self.0.claims.lock().unwrap_or_else(PoisonError::into_inner);
        match claims.hear(&known.venue, &said, self.0.queue.now()) {
            Ok(()) => Publication::Kept,
            Err(standing) => Publication::Claimed(standing),
        }
    }

    /// Whether a device may listen to a filter.
    pub(super) fn subscribe(&self, client_id: &str, filter: &str) -> bool {
        self.known(client_id).is_some_and(|known| device::may_subscribe(&known, filter))
    }

    /// The devices whose right ended since they connected: revoked, moved to another venue, or given
    /// another certificate. They are strangers from now on.
    pub(super) async fn ended(&self) -> Result<Vec<String>, atrio_dynamo::Error> {
        let connected: Vec<RegisteredDevice> = {
            let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.values().cloned().collect()
        };
        let names = connected.iter().map(|one| one.device.clone()).collect();
        let now = self.0.queue.registered_all(names).await?;
        let mut ended = Vec::new();
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        for before in connected {
            let stands = now.get(&before.device).is_some_and(|now| {
                now.may_speak_for(&before.venue).is_ok()
                    && now.gate == before.gate
                    && now.certificate_serial == before.certificate_serial
            });
            // One that connected anew meanwhile was judged by the registry of now.
            let name = before.device.as_str();
            if !stands && known.get(name) == Some(&before) {
                known.remove(name);
                ended.push(name.to_owned());
            }
        }
        Ok(ended)
    }

    /// Whether a client was let in and may still speak.
    pub(super) fn is_known(&self, client_id: &str) -> bool {
        self.known(client_id).is_some()
    }

    /// How often the registry changed; `None` when the program ends.
    pub(super) async fn registry_changes(&self) -> Option<Result<u64, atrio_dynamo::Error>> {
        self.0.queue.registry_changes().await
    }

    /// Takes no more messages and waits until those being written are written.
    pub(super) async fn drain(&self, patience: Duration) {
        self.0.stopping.store(true, Ordering::SeqCst);
        let written = async {
            while self.0.being_written.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // The acknowledgements are on their way to the sockets now.
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        if tokio::time::timeout(patience, written).await.is_err() {
            tracing::warn!(
                "the broker stopped before all messages were written; devices send them again"
            );
        }
    }

    fn known(&self, client_id: &str) -> Option<RegisteredDevice> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner).get(client_id).cloned()
    }
}
