//! Sample traffic: visitors, gates and people counters drawn from a venue's yearly visitors,
//! working only through the doors everybody has, the HTTP API and MQTT over TLS. [`run_live`]
//! keeps the platform busy at the pace of its clock; [`replay`] feeds it yesterday and today so
//! far. The module never touches the database or the lake and invents no person: every sample
//! visitor is a number at `sample.invalid`.

mod counters;
mod day;
mod draws;
mod figures;
mod live;
mod observation;
mod platform;
mod replay;
mod shape;
mod slots;
mod tally;
mod venues;
mod visitors;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::watch;

pub use figures::{Figures, FiguresSnapshot};
pub use live::{Live, run_live};
pub use replay::{Replay, replay};
pub use venues::{busiest_venues, counter_name, replay_counter_name};

/// How many venues carry a counter unless told otherwise: each is one TLS connection.
pub const DEFAULT_COUNTERS: usize = 20;

/// The platform's clock; it may be a rehearsal clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Turns true when the traffic should stop.
pub type Stop = watch::Receiver<bool>;

/// Where the platform answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The HTTP API, as in `http://127.0.0.1:8080`.
    pub base_url: String,
    /// Host of the MQTT broker, as its certificate names it.
    pub mqtt_host: String,
    /// Port of the MQTT broker.
    pub mqtt_port: u16,
}

/// An enrolled people counter: the thing, where it stands and its PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterDevice {
    /// The venue it stands in.
    pub venue_id: String,
    /// The thing name, which is also the client id.
    pub device: String,
    /// Certificate of the authority that signs the broker.
    pub ca: PathBuf,
    /// The counter's certificate chain.
    pub cert: PathBuf,
    /// The counter's private key.
    pub key: PathBuf,
}

/// Gives bearer tokens with the role of a gate. It is asked before every redemption, so the
/// giver may renew what expires.
#[derive(Clone)]
pub struct StaffTokens(Arc<GateTokens>);

type GateTokens = dyn Fn(&str) -> Option<String> + Send + Sync;

impl StaffTokens {
    /// Takes a function from venue id to token; `None` where the gate cannot be played.
    pub fn new(gate: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(gate))
    }

    fn gate(&self, venue_id: &str) -> Option<String> {
        (self.0)(venue_id)
    }
}

impl fmt::Debug for StaffTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A token is a secret; none is ever written to a log.
        f.write_str("StaffTokens")
    }
}

/// Why the traffic could not start or go on. What a visitor meets (sold out, declined, refused)
/// is a figure and not an error.
#[derive(Debug, Error)]
pub enum TrafficError {
    /// The hour-of-week sample does not read.
    #[error("line {line} of hour-of-week.csv holds `{found}`")]
    Shape {
        /// Line of the file, from one.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// The venue sample does not read.
    #[error("the list of venues does not read")]
    VenueList(#[source] csv::Error),
    /// The address of the platform is not a URL.
    #[error("`{base_url}` is not the address of a platform")]
    Address {
        /// What was given.
        base_url: String,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client could not start")]
    Client(#[source] reqwest::Error),
    /// The platform did not list its venues.
    #[error("`{url}` did not list the venues: {reason}")]
    Venues {
        /// What was asked.
        url: String,
        /// What came back.
        reason: String,
    },
    /// A certificate or key file does not read.
    #[error("`{}` of counter `{device}` does not read", path.display())]
    Credentials {
        /// The counter.
        device: String,
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The certificate and the key do not make a TLS client.
    #[error("the certificate and key of counter `{device}` do not fit")]
    Tls {
        /// The counter.
        device: String,
        /// What went wrong.
        #[source]
        source: rustls::Error,
    },
    /// The zone of the venues is not known on this machine.
    #[error("time zone `{zone}` is unknown")]
    Zone {
        /// The zone.
        zone: String,
    },
    /// The speed is not a positive number.
    #[error("speed {speed} is not a positive number")]
    Speed {
        /// What was given.
        speed: f64,
    },
    /// The running sums of the counters could not be kept.
    #[error("`{}` does not keep the counters' sums", path.display())]
    Sums {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The work that prepares the sample days did not finish.
    #[error("the sample days could not be drawn")]
    Days(#[source] tokio::task::JoinError),
}

fn positive(speed: f64) -> Result<f64, TrafficError> {
    if speed.is_finite() && speed > 0.0 { Ok(speed) } else { Err(TrafficError::Speed { speed }) }
}

/// Resolves when the traffic should stop; also when nobody is left who could say so.
async fn stopped(stop: &mut Stop) {
    // An error means that the sender is gone, which is a stop as well.
    let _gone = stop.wait_for(|stop| *stop).await;
}
