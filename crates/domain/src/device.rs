//! What a device may say and what its words do to the record: topics, messages, the canonical
//! observation, duplicates, corrections and the state of a device. Pure rules: the instant a
//! message was received is an argument, so a replay decides exactly as the first run did. It never
//! keeps anything about a person, and says so when a message tries.

mod amount;
mod cell;
mod counter;
mod dead_letter;
mod decision;
pub mod fault;
mod message;
mod observation;
mod refusal;
mod senml;
mod state;
mod status;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use amount::{Amount, InvalidAmount};
pub use cell::{Aggregation, Cell, Label, NotTaken, Origin};
pub use dead_letter::{DeadLetter, KEPT_PAYLOAD_BYTES};
pub use decision::{Decision, decide};
pub use message::{Message, names_a_person, read};
pub use observation::{
    Content, ContentHash, InvalidReadingName, Observation, People, Quality, Reading, ReadingName,
    StoredObservation,
};
pub use refusal::{InvalidName, Refusal};
pub use senml::{MAX_RECORDS, UCUM_UNITS, ucum};
pub use state::{Counted, DeviceState, Status};

use crate::gate::claim;
use crate::id::{GateId, VenueId};

/// The fewest people in a cell of a telephone network whose number is kept.
pub const LEAST_PEOPLE_IN_A_CELL: u64 = 15;
/// How long after the end of its period a count is still taken.
pub const HORIZON_HOURS: i64 = 72;
/// How far a device's clock may run ahead of ours.
pub const CLOCK_TOLERANCE_SECONDS: i64 = 300;
/// The longest period one count may cover; a daily total is still of use, a weekly one is not.
pub const LONGEST_PERIOD_HOURS: i64 = 24;
/// A count that arrives later than this after its period is marked late.
pub const LATE_AFTER_MINUTES: i64 = 60;
/// The most people one count may report; more is a broken counter.
pub const MOST_PEOPLE: u64 = 10_000_000;
/// AWS IoT Core's limit on a message; the embedded broker keeps it too.
pub const MAX_PAYLOAD_BYTES: usize = 128 * 1024;
/// AWS IoT Core's limit on a topic.
pub const MAX_TOPIC_BYTES: usize = 256;
/// AWS IoT Core's limit on the levels of a topic.
pub const MAX_TOPIC_LEVELS: usize = 8;

/// A device: its thing name, client id, level of its topics and the common name of its certificate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceName(String);

impl DeviceName {
    /// Checks the text: 3 to 64 of a to z, 0 to 9 and `-`.
    ///
    /// # Errors
    /// [`InvalidName`] when it is shorter, longer or holds other characters. Upper case is not
    /// taken, because two spellings of one name would be two devices.
    pub fn new(value: impl Into<String>) -> Result<Self, InvalidName> {
        let value = value.into();
        let fits = (3..=64).contains(&value.len())
            && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(value)) } else { Err(InvalidName { value: refusal::excerpt(&value) }) }
    }

    /// The name under which a gate of a venue is enrolled.
    ///
    /// # Errors
    /// [`InvalidName`] when the two together are too long, or the gate's name holds `_`.
    pub fn of_gate(venue: &VenueId, gate: &GateId) -> Result<Self, InvalidName> {
        Self::new(format!("gate-{venue}-{gate}").to_ascii_lowercase())
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DeviceName {
    type Error = InvalidName;
    fn try_from(value: String) -> Result<Self, InvalidName> {
        Self::new(value)
    }
}

impl From<DeviceName> for String {
    fn from(name: DeviceName) -> Self {
        name.0
    }
}

impl FromStr for DeviceName {
    type Err = InvalidName;
    fn from_str(value: &str) -> Result<Self, InvalidName> {
        Self::new(value)
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The forms taken, by their name in topics: three of the Smart Data Models catalogue, and SenML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Model {
    /// People counted at a door or on a walkway (dataModel.Transportation, 0.0.3).
    CrowdFlowObserved,
    /// People present in a cell of a telephone network (dataModel.TourismDestinations, 0.0.1).
    TourismPresenceObserved,
    /// What a sensor read, in its unit (RFC 8428).
    #[serde(rename = "SenML")]
    SenMl,
    /// What a device says of itself (dataModel.Device, 0.0.9).
    Device,
}

impl Model {
    /// Every model taken.
    pub const ALL: [Self; 4] =
        [Self::CrowdFlowObserved, Self::TourismPresenceObserved, Self::SenMl, Self::Device];

    /// The name in topics, messages and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrowdFlowObserved => "CrowdFlowObserved",
            Self::TourismPresenceObserved => "TourismPresenceObserved",
            Self::SenMl => "SenML",
            Self::Device => "Device",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Model {
    type Err = Refusal;
    fn from_str(value: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|model| model.as_str() == value).ok_or_else(|| {
            Refusal::WrongModel {
                expected: "CrowdFlowObserved, TourismPresenceObserved, SenML or Device",
                received: refusal::excerpt(value),
            }
        })
    }
}

/// Where a device publishes: `dt/atrio/{venue}/{device}/{model}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The venue the device stands in.
    pub venue: VenueId,
    /// The device that speaks.
    pub device: DeviceName,
    /// The data model of the message.
    pub model: Model,
}

impl FromStr for Topic {
    type Err = Refusal;

    /// Reads a topic.
    ///
    /// # Errors
    /// [`Refusal::TopicTooLong`], [`Refusal::BadTopic`] or [`Refusal::WrongModel`].
    fn from_str(topic: &str) -> Result<Self, Refusal> {
        if topic.len() > MAX_TOPIC_BYTES {
            return Err(Refusal::TopicTooLong { bytes: topic.len(), max: MAX_TOPIC_BYTES });
        }
        let bad = || Refusal::BadTopic { topic: refusal::excerpt(topic) };
        let levels: Vec<&str> = topic.split('/').take(MAX_TOPIC_LEVELS + 1).collect();
        let &["dt", "atrio", venue, device, model] = levels.as_slice() else {
            return Err(bad());
        };
        Ok(Self {
            venue: VenueId::new(venue).map_err(|_| bad())?,
            device: DeviceName::new(device).map_err(|_| bad())?,
            model: model.parse()?,
        })
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dt/atrio/{}/{}/{}", self.venue, self.device, self.model)
    }
}

/// Whether a device may listen to this filter: only to its own commands,
/// `cmd/atrio/{venue}/{device}/#` or one literal topic below it; a gate also to what the gates of its
/// venue say of used tickets.
#[must_use]
pub fn may_subscribe(registered: &RegisteredDevice, filter: &str) -> bool {
    let RegisteredDevice { venue, device, gate, .. } = registered;
    if gate.is_some() && filter == claim::heard_at(venue) {
        return true;
    }
    let Some(rest) = filter.strip_prefix(&format!("cmd/atrio/{venue}/{device}/")) else {
        return false;
    };
    filter.len() <= MAX_TOPIC_BYTES
        && filter.split('/').count() <= MAX_TOPIC_LEVELS
        && (rest == "#" || !(rest.is_empty() || rest.contains(['#', '+'])))
}

/// What enrolment wrote down about a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredDevice {
    /// The device.
    pub device: DeviceName,
    /// The venue it stands in.
    pub venue: VenueId,
    /// The gate that it is; none for a counter.
    pub gate: Option<GateId>,
    /// SHA-256 of its certificate, in hexadecimal, for people to compare.
    pub fingerprint: String,
    /// Serial number of its certificate, in hexadecimal without leading zeros: the only
    /// certificate of this name that may connect, so enrolling again retires the earlier one.
    pub certificate_serial: String,
    /// When it was enrolled; a running total from before then is of an earlier installation.
    pub enrolled_at: Timestamp,
    /// When its right to speak was withdrawn.
    pub revoked_at: Option<Timestamp>,
}

impl RegisteredDevice {
    /// Checks that this device may speak for a venue.
    ///
    /// # Errors
    /// [`Refusal::DeviceRevoked`] or [`Refusal::WrongVenue`].
    pub fn may_speak_for(&self, venue: &VenueId) -> Result<(), Refusal> {
        if let Some(revoked_at) = self.revoked_at {
            return Err(Refusal::DeviceRevoked { device: self.device.clone(), revoked_at });
        }
        if &self.venue != venue {
            return Err(Refusal::WrongVenue {
                registered: self.venue.clone(),
                received: venue.clone(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
