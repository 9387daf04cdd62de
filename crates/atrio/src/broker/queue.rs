//! Gathers messages that wait at the same moment into one write. The database commits one batch in
//! about the time of one message, so the more publishers wait, the more each commit carries.

use std::collections::HashMap;

use atrio_domain::device::{DeviceName, RegisteredDevice};
use atrio_ingest::{Context, DeviceMessage, Outcome};
use atrio_runtime::Clock;
use tokio::sync::{mpsc, oneshot};

/// Messages that may wait; then publishers wait for a place, and TCP makes their devices wait.
const WAITING: usize = 4096;
/// Messages in one call of ingest.
const LARGEST_BATCH: usize = 256;

/// The way from the broker to `atrio-ingest`. Clones share one queue; it ends with the last one.
#[derive(Debug, Clone)]
pub struct IngestQueue {
    messages: mpsc::Sender<Waiting>,
    context: Context,
    clock: Clock,
    // The database client's connections live on the runtime that opened them, and the broker's
    // runtime ends with each stop: all database work stays on this one.
    runtime: tokio::runtime::Handle,
}

#[derive(Debug)]
struct Waiting {
    message: DeviceMessage,
    answer: oneshot::Sender<Outcome>,
}

impl IngestQueue {
    /// Starts the queue on the current runtime.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn start(context: Context, clock: Clock) -> Self {
        let (messages, waiting) = mpsc::channel(WAITING);
        let runtime = tokio::runtime::Handle::current();
        runtime.spawn(work(context.clone(), waiting));
        Self { messages, context, clock, runtime }
    }

    /// Hands a message over and waits until it is durable, or was refused and that is durable, or
    /// could not be written.
    pub(super) async fn submit(&self, client_id: &str, topic: &str, payload: &[u8]) -> Outcome {
        let message = DeviceMessage {
            topic: topic.to_owned(),
            client_id: client_id.to_owned(),
            payload: payload.to_vec(),
            received_at: self.clock.now(),
        };
        let lost = || Outcome::Failed { reason: "the ingest queue has stopped".to_owned() };
        let (answer, answered) = oneshot::channel();
        if self.messages.send(Waiting { message, answer }).await.is_err() {
            return lost();
        }
        answered.await.unwrap_or_else(|_| lost())
    }

    /// The platform's time.
    pub(super) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// What enrolment wrote down about a device.
    pub(super) async fn registered(
        &self,
        device: DeviceName,
    ) -> Result<Option<RegisteredDevice>, atrio_dynamo::Error> {
        let store = self.context.store.clone();
        let lookup = self.runtime.spawn(async move { store.registered_device(&device).await });
        // The task fails only when the runtime of the whole program ends.
        lookup.await.unwrap_or(Ok(None))
    }

    /// What enrolment says now of some devices.
    pub(super) async fn registered_all(
        &self,
        devices: Vec<DeviceName>,
    ) -> Result<HashMap<DeviceName, RegisteredDevice>, atrio_dynamo::Error> {
        let store = self.context.store.clone();
        let lookup = self.runtime.spawn(async move { store.registered_devices(&devices).await });
        lookup.await.unwrap_or_else(|_| Ok(HashMap::new()))
    }

    /// How often the registry changed; `None` when the program ends.
    pub(super) async fn registry_changes(&self) -> Option<Result<u64, atrio_dynamo::Error>> {
        let store = self.context.store.clone();
        self.runtime.spawn(async move { store.registry_changes().await }).await.ok()
    }
}

async fn work(context: Context, mut waiting: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::with_capacity(LARGEST_BATCH);
    while waiting.recv_many(&mut batch, LARGEST_BATCH).await > 0 {
        let (messages, answers): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|waiting| (waiting.message, waiting.answer)).unzip();
        let outcomes = atrio_ingest::accept(&context, messages).await;
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A device that went away meanwhile will send again; the count is a duplicate then.
            let _ = answer.send(outcome);
        }
    }
}
