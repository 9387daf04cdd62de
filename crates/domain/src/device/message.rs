//! Reads the wire forms: NGSI-LD keyValues of the Smart Data Models taken, and SenML. What each model
//! says is read beside it; here is what they share, and that nothing of a person gets in.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::observation::{Observation, Quality};
use super::refusal::excerpt;
use super::state::Status;
use super::{
    CLOCK_TOLERANCE_SECONDS, DeviceName, HORIZON_HOURS, LATE_AFTER_MINUTES, MAX_PAYLOAD_BYTES,
    MOST_PEOPLE, Model, Refusal, Topic, cell, counter, senml, status,
};
use crate::id::VenueId;

/// Field names that only person-level data has, without case and separators (contract: refuse
/// AnonymousCommuterId, MAC addresses and identifiers of visitors' devices; a hashed MAC stays
/// personal data, Garante, doc. web 9022068).
const PERSON_FIELDS: [&str; 14] = [
    "anonymouscommuterid",
    "mac",
    "macaddress",
    "macaddresses",
    "hashedmac",
    "machash",
    "bluetoothaddress",
    "imsi",
    "imei",
    "msisdn",
    "tmsi",
    "visitorid",
    "personid",
    "licenseplate",
];

/// Fields that hold the sensor's own identity, which may well be its own MAC address.
const SENSOR_FIELDS: [&str; 4] = ["id", "refdevice", "source", "dataprovider"];

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The device that speaks.
    pub device: DeviceName,
    /// The venue it says it stands in.
    pub venue: VenueId,
    /// What it observed.
    pub observations: Vec<Observation>,
    /// What it says of itself.
    pub status: Option<Status>,
    /// Number of the message within its device, where it numbers them.
    pub seq: Option<u64>,
    /// When it will speak again at the latest, where it says so.
    pub next_by: Option<Timestamp>,
}

impl Message {
    pub(super) fn empty(topic: &Topic) -> Self {
        Self {
            device: topic.device.clone(),
            venue: topic.venue.clone(),
            observations: Vec::new(),
            status: None,
            seq: None,
            next_by: None,
        }
    }

    /// The end of the latest period observed.
    pub(super) fn observed_until(&self) -> Option<Timestamp> {
        self.observations.iter().map(|observation| observation.period_end).max()
    }
}

/// Reads one message.
///
/// # Errors
/// The first [`Refusal`] that applies; person-level data is looked for before anything else, so
/// that it is never mistaken for a repairable message.
pub fn read(topic: &Topic, payload: &[u8], received_at: Timestamp) -> Result<Message, Refusal> {
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(Refusal::MessageTooLarge { bytes: payload.len(), max: MAX_PAYLOAD_BYTES });
    }
    if topic.model == Model::SenMl {
        return senml::read(topic, payload, received_at);
    }
    let message: Value = serde_json::from_slice(payload)
        .map_err(|e| Refusal::NotJson { line: e.line(), column: e.column() })?;
    let Value::Object(message) = message else {
        return Err(Refusal::NotJson { line: 0, column: 0 });
    };
    if let Some(field) = person_field(&message) {
        return Err(Refusal::PersonLevelData { field });
    }
    required_text(&message, "id")?;
    let kind = required_text(&message, "type")?;
    if kind != topic.model.as_str() {
        return Err(Refusal::WrongModel {
            expected: topic.model.as_str(),
            received: excerpt(kind),
        });
    }
    match topic.model {
        Model::CrowdFlowObserved => counter::read(topic, &message, received_at),
        Model::TourismPresenceObserved => cell::read(topic, &message, received_at),
        Model::Device => status::read(topic, &message, received_at),
        Model::SenMl => senml::read(topic, payload, received_at),
    }
}

/// Whether a message, readable or not, seems to hold a person's data and so must not be kept even
/// as a dead letter. Errs towards yes.
#[must_use]
pub fn names_a_person(payload: &[u8]) -> bool {
    if payload.windows(17).any(is_mac) || senml::may_name_a_person(payload) {
        return true;
    }
    // Separators go, so that `mac_address` and `macAddress` are one; the quotes around a name stay.
    let letters: Vec<u8> = payload
        .iter()
        .filter(|b| b.is_ascii_alphanumeric() || **b == b'"')
        .map(u8::to_ascii_lowercase)
        .collect();
    PERSON_FIELDS.iter().any(|field| {
        let quoted = format!("\"{field}\"");
        letters.windows(quoted.len()).any(|window| window == quoted.as_bytes())
    })
}

/// Letters and digits of a name, without case.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether what has this name is of a person or of the device of one.
pub(super) fn is_of_a_person(name: &str) -> bool {
    let plain = plain(name);
    PERSON_FIELDS.contains(&plain.as_str())
        || plain.contains("macaddress")
        || name.as_bytes().windows(17).any(is_mac)
}

fn person_field(message: &Map<String, Value>) -> Option<String> {
    message.iter().find_map(|(name, value)| {
        if name.as_bytes().windows(17).any(is_mac) {
            return Some("(named by a mac address)".to_owned());
        }
        let sensor = SENSOR_FIELDS.contains(&plain(name).as_str());
        if is_of_a_person(name) || (!sensor && holds_mac(value)) {
            return Some(excerpt(name));
        }
        nested_person_field(value)
    })
}

pub(super) fn nested_person_field(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => person_field(fields),
        Value::Array(values) => values.iter().find_map(nested_person_field),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn holds_mac(value: &Value) -> bool {
    match value {
        Value::String(text) => text.as_bytes().windows(17).any(is_mac),
        Value::Array(values) => values.iter().any(holds_mac),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Whether these 17 bytes read `01:23:45:67:89:ab` or the same with dashes.
fn is_mac(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(place, byte)| {
        if place % 3 == 2 {
            *byte == text[2] && matches!(byte, b':' | b'-')
        } else {
            byte.is_ascii_hexdigit()
        }
    })
}

pub(super) fn required_text<'a>(
    message: &'a Map<String, Value>,
    field: &'static str,
) -> Result<&'a str, Refusal> {
    text(message, field)?.ok_or(Refusal::MissingField { field })
}

pub(super) fn text<'a>(
    message: &'a Map<String, Value>,
    field: &'static str,
) -> Result<Option<&'a str>, Refusal> {
    match message.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        // NGSI-LD's DateTime form is common in otherwise plain keyValues.
        Some(Value::Object(typed)) => match typed.get("@value") {
            Some(Value::String(text)) => Ok(Some(text)),
            _ => Err(Refusal::WrongType { field, expected: "a text" }),
        },
        Some(_) => Err(Refusal::WrongType { field, expected: "a text" }),
    }
}

/// An instant cut to the second: the start is part of the key, and a device that sends fractions
/// sometimes must not count twice.
pub(super) fn instant(field: &'static str, value: &str) -> Result<Timestamp, Refusal> {
    let refuse = || Refusal::InvalidInstant { field, value: excerpt(value) };
    let instant: Timestamp = value.parse().map_err(|_| refuse())?;
    Timestamp::from_second(instant.as_second()).map_err(|_| refuse())
}

/// How far something that ended then may be trusted, by its arrival alone.
pub(super) fn quality(period_end: Timestamp, received_at: Timestamp) -> Quality {
    let late = received_at.duration_since(period_end).as_mins() > LATE_AFTER_MINUTES;
    if late { Quality::Late } else { Quality::Good }
}

/// Refuses what has not ended yet, and what ended too long ago.
pub(super) fn check_arrival(period_end: Timestamp, received_at: Timestamp) -> Result<(), Refusal> {
    let seconds_ahead = period_end.duration_since(received_at).as_secs();
    if seconds_ahead > CLOCK_TOLERANCE_SECONDS {
        return Err(Refusal::FromTheFuture { seconds_ahead });
    }
    if -seconds_ahead > HORIZON_HOURS * 3600 {
        return Err(Refusal::TooLate {
            hours_late: -seconds_ahead / 3600,
            horizon_hours: HORIZON_HOURS,
        });
    }
    Ok(())
}

pub(super) fn count(
    message: &Map<String, Value>,
    field: &'static str,
) -> Result<Option<u64>, Refusal> {
    let count = natural(message, field)?;
    match count {
        Some(value) if value > MOST_PEOPLE => Err(Refusal::CountTooHigh { field, value }),
        _ => Ok(count),
    }
}

pub(super) fn natural(
    message: &Map<String, Value>,
    field: &'static str,
) -> Result<Option<u64>, Refusal> {
    match message.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match (value.as_u64(), value.as_i64()) {
            // DynamoDB and the lake hold signed 64-bit integers.
            (Some(number), Some(_)) => Ok(Some(number)),
            (Some(value), None) => Err(Refusal::CountTooHigh { field, value }),
            (None, Some(value)) => Err(Refusal::NegativeCount { field, value }),
            (None, None) => Err(Refusal::WrongType { field, expected: "an integer" }),
        },
    }
}
