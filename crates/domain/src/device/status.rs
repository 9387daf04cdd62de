//! What a device says of itself: Device (dataModel.Device, 0.0.9). Kept as its current state only.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::message::{Message, check_arrival, instant, natural, required_text, text};
use super::refusal::excerpt;
use super::state::Status;
use super::{Refusal, Topic};

/// Reads the model's fields. `batteryLevel` and `rssi` are shares from 0 to 1, -1 where unknown.
pub(super) fn read(
    topic: &Topic,
    fields: &Map<String, Value>,
    received_at: Timestamp,
) -> Result<Message, Refusal> {
    let at = instant("dateLastValueReported", required_text(fields, "dateLastValueReported")?)?;
    check_arrival(at, received_at)?;
    let device_state = text(fields, "deviceState")?
        .map(|word| {
            let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || " ._-".contains(c));
            if plain && (1..=40).contains(&word.len()) {
                Ok(word.to_owned())
            } else {
                Err(Refusal::InvalidField {
                    field: "deviceState",
                    value: excerpt(word),
                    expected: "1 to 40 letters, digits, spaces and `._-`",
                })
            }
        })
        .transpose()?;
    let status = Status {
        at,
        battery_percent: share(fields, "batteryLevel")?,
        signal_percent: share(fields, "rssi")?,
        rssi_dbm: None,
        device_state,
    };
    let seq = natural(fields, "seq")?;
    Ok(Message { status: Some(status), seq, ..Message::empty(topic) })
}

fn share(fields: &Map<String, Value>, field: &'static str) -> Result<Option<u8>, Refusal> {
    let value = match fields.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let share = value.as_f64().ok_or(Refusal::WrongType { field, expected: "a number" })?;
    // Unknown, by the model.
    if (share + 1.0).abs() < f64::EPSILON {
        return Ok(None);
    }
    percent(share * 100.0).map(Some).ok_or_else(|| Refusal::InvalidField {
        field,
        value: excerpt(&value.to_string()),
        expected: "a share from 0 to 1, or -1 where it is unknown",
    })
}

/// A number from 0 to 100, rounded.
pub(super) fn percent(value: f64) -> Option<u8> {
    let rounded = value.round();
    (0_u8..=100).find(|whole| (f64::from(*whole) - rounded).abs() < 0.5)
}
