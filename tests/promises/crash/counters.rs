//! People counters at the doors while the platform dies under them: each publishes a message until
//! the broker acknowledges it, and now and then once more, as devices do that missed the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use atrio_tests::{Device, Process, count_message};
use jiff::{Timestamp, ToSpan};
use rumqttc::v5::ConnectionError;
use rumqttc::v5::mqttbytes::v5::PubAckReason;
use tokio::sync::{RwLock, watch};

use crate::chance::Chance;

/// How often a counter speaks.
const EVERY: Duration = Duration::from_millis(40);

/// How long a counter goes on trying to connect.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a counter counts before it speaks; as short as this, a day has many periods.
const PERIOD_SECONDS: i64 = 10;

/// One in so many messages is published twice.
const TWICE_IN: u64 = 10;

/// What a counter did.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// Device and start of the period of each acknowledged message.
    pub(crate) acknowledged: Vec<String>,
    /// People in them.
    pub(crate) people: u64,
    /// Messages that were sent again, whether an answer was missed or not.
    pub(crate) repeated: u32,
    /// Answers other than success.
    pub(crate) refused: Vec<String>,
}

/// A counter that is enrolled.
pub(crate) struct Counter {
    platform: Arc<RwLock<Process>>,
    name: String,
    venue: String,
    keys: std::path::PathBuf,
    connection: Option<Device>,
    counted: Counted,
}

impl Counter {
    pub(crate) async fn enrolled(platform: &Arc<RwLock<Process>>, venue: &str, name: &str) -> Self {
        let keys = Device::enrol(&*platform.read().await, venue, name).await;
        Self {
            platform: Arc::clone(platform),
            name: name.to_owned(),
            venue: venue.to_owned(),
            keys,
            connection: None,
            counted: Counted::default(),
        }
    }

    /// Counts periods from `start` on until told to stop.
    pub(super) async fn run(
        mut self,
        start: Timestamp,
        mut chance: Chance,
        stop: watch::Receiver<bool>,
    ) -> Counted {
        let mut from = start;
        while !*stop.borrow() {
            let to = from + PERIOD_SECONDS.seconds();
            let (towards, away) = (chance.below(30), chance.below(30));
            let message = count_message(&self.name, from, to, towards, away);
            self.publish(&message).await;
            self.counted.acknowledged.push(format!("{} {from}", self.name));
            self.counted.people += towards + away;
            if chance.below(TWICE_IN) == 0 {
                self.counted.repeated += 1;
                self.publish(&message).await;
            }
            from = to;
            tokio::time::sleep(EVERY).await;
        }
        self.counted
    }

    async fn publish(&mut self, message: &serde_json::Value) {
        if let Some(answer) = self.publish_bytes(message.to_string().as_bytes()).await {
            self.counted.refused.push(format!("{message}: {answer}"));
        }
    }

    /// Publishes until acknowledged, over as many connections as that takes; answers what the broker
    /// said where it was no success.
    pub(crate) async fn publish_bytes(&mut self, message: &[u8]) -> Option<String> {
        let since = Instant::now();
        loop {
            if self.connection.is_none() {
                let platform = self.platform.read().await;
                let connected = Device::connect(&platform, &self.venue, &self.name, &self.keys);
                self.connection = match connected.await {
                    Ok(connection) => Some(connection),
                    Err(error) => {
                        assert!(since.elapsed() < PATIENCE, "{error}: {}", platform.log());
                        None
                    }
                };
            }
            if let Some(connection) = &mut self.connection {
                let topic = connection.topic();
                match connection.publish_bytes(&topic, message.to_vec()).await {
                    Ok(answer) => {
                        let refused = answer.reason != PubAckReason::Success;
                        return refused.then(|| format!("{answer:?}"));
                    }
                    // A platform that dies ends the connection; one that lives answers.
                    Err(ConnectionError::Timeout(_)) => {
                        self.counted.refused.push("never acknowledged".to_owned());
                    }
                    Err(_) => self.counted.repeated += 1,
                }
                self.connection = None;
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
