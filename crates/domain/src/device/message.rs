//! Reads the wire form: NGSI-LD keyValues of CrowdFlowObserved. Beyond the model, our own @context
//! adds `seq` (counts messages of a device) and `cumulativeCount` (running total since the
//! installation, so that a lost message loses no people unnoticed).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::refusal::excerpt;
use super::{
    CLOCK_TOLERANCE_SECONDS, CountRecord, HORIZON_HOURS, LATE_AFTER_MINUTES, LONGEST_PERIOD_HOURS,
    MAX_PAYLOAD_BYTES, MOST_PEOPLE, Quality, Refusal, Topic,
};

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

/// Reads one message into the canonical record.
///
/// # Errors
/// The first [`Refusal`] that applies; person-level data is looked for before anything else, so
/// that it is never mistaken for a repairable message.
pub fn read(topic: &Topic, payload: &[u8], received_at: Timestamp) -> Result<CountRecord, Refusal> {
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(Refusal::MessageTooLarge { bytes: payload.len(), max: MAX_PAYLOAD_BYTES });
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
    let (period_start, period_end) = period(&message)?;
    check_period(period_start, period_end, received_at)?;

    let towards = count(&message, "peopleCountTowards")?;
    let away = count(&message, "peopleCountAway")?;
    let people_count = match (count(&message, "peopleCount")?, towards, away) {
        (Some(people_count), Some(towards), Some(away)) if people_count != towards + away => {
            return Err(Refusal::TotalsDisagree { people_count, towards, away });
        }
        (Some(people_count), _, _) => people_count,
        (None, Some(towards), Some(away)) => towards + away,
        (None, _, _) => return Err(Refusal::MissingField { field: "peopleCount" }),
    };
    let late = received_at.duration_since(period_end).as_mins() > LATE_AFTER_MINUTES;
    Ok(CountRecord {
        device: topic.device.clone(),
        model: topic.model,
        venue: topic.venue.clone(),
        period_start,
        period_end,
        people_count,
        people_towards: towards,
        people_away: away,
        seq: natural(&message, "seq")?,
        cumulative: natural(&message, "cumulativeCount")?,
        quality: if late { Quality::Late } else { Quality::Good },
    })
}

/// Whether a message, readable or not, seems to hold a person's data and so must not be kept even
/// as a dead letter. Errs towards yes.
#[must_use]
pub fn names_a_person(payload: &[u8]) -> bool {
    if payload.windows(17).any(is_mac) {
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

fn person_field(message: &Map<String, Value>) -> Option<String> {
    message.iter().find_map(|(name, value)| {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let sensor = SENSOR_FIELDS.contains(&plain.as_str());
        if name.as_bytes().windows(17).any(is_mac) {
            return Some("(named by a mac address)".to_owned());
        }
        let person = PERSON_FIELDS.contains(&plain.as_str()) || plain.contains("macaddress");
        if person || (!sensor && holds_mac(value)) {
            return Some(excerpt(name));
        }
        nested_person_field(value)
    })
}

fn nested_person_field(value: &Value) -> Option<String> {
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

fn required_text<'a>(
    message: &'a Map<String, Value>,
    field: &'static str,
) -> Result<&'a str, Refusal> {
    text(message, field)?.ok_or(Refusal::MissingField { field })
}

fn text<'a>(
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

/// The period: `dateObservedFrom` and `dateObservedTo`, or `dateObserved` written as an interval
/// (the model's own example does, while its text allows an instant).
fn period(message: &Map<String, Value>) -> Result<(Timestamp, Timestamp), Refusal> {
    let observed = required_text(message, "dateObserved")?;
    let (from, to) = (text(message, "dateObservedFrom")?, text(message, "dateObservedTo")?);
    if let Some((start, end)) = observed.split_once('/') {
        let observed = (instant("dateObserved", start)?, instant("dateObserved", end)?);
        let start = from.map_or(Ok(observed.0), |text| instant("dateObservedFrom", text))?;
        let end = to.map_or(Ok(observed.1), |text| instant("dateObservedTo", text))?;
        return Ok((start, end));
    }
    instant("dateObserved", observed)?;
    let from = from.ok_or(Refusal::MissingField { field: "dateObservedFrom" })?;
    let to = to.ok_or(Refusal::MissingField { field: "dateObservedTo" })?;
    Ok((instant("dateObservedFrom", from)?, instant("dateObservedTo", to)?))
}

/// An instant cut to the second: the start is part of the key, and a device that sends fractions
/// sometimes must not count twice.
fn instant(field: &'static str, value: &str) -> Result<Timestamp, Refusal> {
    let refuse = || Refusal::InvalidInstant { field, value: excerpt(value) };
    let instant: Timestamp = value.parse().map_err(|_| refuse())?;
    Timestamp::from_second(instant.as_second()).map_err(|_| refuse())
}

fn check_period(
    period_start: Timestamp,
    period_end: Timestamp,
    received_at: Timestamp,
) -> Result<(), Refusal> {
    if period_end <= period_start {
        return Err(Refusal::PeriodReversed { period_start, period_end });
    }
    let length = period_end.duration_since(period_start);
    if length.as_secs() > LONGEST_PERIOD_HOURS * 3600 {
        return Err(Refusal::PeriodTooLong { hours: length.as_hours() });
    }
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

fn count(message: &Map<String, Value>, field: &'static str) -> Result<Option<u64>, Refusal> {
    let count = natural(message, field)?;
    match count {
        Some(value) if value > MOST_PEOPLE => Err(Refusal::CountTooHigh { field, value }),
        _ => Ok(count),
    }
}

fn natural(message: &Map<String, Value>, field: &'static str) -> Result<Option<u64>, Refusal> {
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
