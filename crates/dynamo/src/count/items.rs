//! The items themselves: `DEVICE#{device}` / `COUNT#{model}#{period start}`, `STATE` and `DEVICE`;
//! `DEADLETTER#{day}` / `{instant}#{hash}`.

use atrio_domain::device::{
    ContentHash, CountRecord, DeadLetter, DeviceName, DeviceState, Model, Quality,
    RegisteredDevice, StoredCount,
};
use atrio_domain::retention::Record;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::attributes::{Attributes, bytes, instant, instant_text, number, text, time_to_live};
use crate::table::TTL;
use crate::{Error, Item, PK, key};

/// How the sort keys of counts begin, for readers of the stream.
pub const COUNT_SK_PREFIX: &str = "COUNT#";
/// Sort key of what enrolment wrote down.
pub(super) const DEVICE: &str = "DEVICE";
/// Sort key of a device's state.
pub(super) const STATE: &str = "STATE";
/// How the partition keys of devices begin.
const PARTITION_PREFIX: &str = "DEVICE#";

pub(super) fn partition(device: &DeviceName) -> String {
    format!("{PARTITION_PREFIX}{device}")
}

pub(super) fn count_sk(model: Model, period_start: Timestamp) -> String {
    format!("{COUNT_SK_PREFIX}{model}#{}", instant_text(period_start))
}

pub(super) fn dead_letter_partition(day: Date) -> String {
    format!("DEADLETTER#{day}")
}

fn set(item: &mut Item, name: &str, value: AttributeValue) {
    item.insert(name.to_owned(), value);
}

fn set_number(item: &mut Item, name: &str, value: Option<u64>) {
    if let Some(value) = value {
        set(item, name, number(value));
    }
}

fn device_of(read: &Attributes<'_>) -> Result<DeviceName, Error> {
    let pk = read.text(PK)?;
    let name = pk.strip_prefix(PARTITION_PREFIX).unwrap_or(pk);
    name.parse().map_err(|error| read.malformed(PK, error))
}

pub(super) fn of_count(count: &StoredCount) -> Item {
    let record = &count.record;
    let mut item = key(partition(&record.device), count_sk(record.model, record.period_start));
    set(&mut item, "model", text(record.model.as_str()));
    set(&mut item, "venue_id", text(record.venue.as_str()));
    set(&mut item, "period_start", instant(record.period_start));
    set(&mut item, "period_end", instant(record.period_end));
    set(&mut item, "people_count", number(record.people_count));
    set_number(&mut item, "people_towards", record.people_towards);
    set_number(&mut item, "people_away", record.people_away);
    set_number(&mut item, "seq", record.seq);
    set_number(&mut item, "cumulative", record.cumulative);
    set(&mut item, "quality", text(record.quality.as_str()));
    set(&mut item, "missing", number(record.quality.missing()));
    set(&mut item, "version", number(count.version));
    set(&mut item, "content_hash", text(count.content_hash.as_str()));
    let earlier: Vec<AttributeValue> =
        count.earlier_hashes.iter().map(|hash| text(hash.as_str())).collect();
    set(&mut item, "earlier_hashes", AttributeValue::L(earlier));
    set(&mut item, "received_at", instant(count.received_at));
    item
}

/// Reads a count.
///
/// # Errors
/// A malformed item.
pub fn stored_count(item: &Item) -> Result<StoredCount, Error> {
    let read = Attributes::of(item);
    let quality = read.text("quality")?;
    let missing = read.number("missing")?;
    let record = CountRecord {
        device: device_of(&read)?,
        model: read.parsed("model")?,
        venue: read.parsed("venue_id")?,
        period_start: read.parsed("period_start")?,
        period_end: read.parsed("period_end")?,
        people_count: read.number("people_count")?,
        people_towards: read.optional_number("people_towards")?,
        people_away: read.optional_number("people_away")?,
        seq: read.optional_number("seq")?,
        cumulative: read.optional_number("cumulative")?,
        quality: Quality::from_parts(quality, missing)
            .ok_or_else(|| read.malformed("quality", format!("is `{quality}`")))?,
    };
    let hashes = || -> Option<Vec<ContentHash>> {
        let values = item.get("earlier_hashes")?.as_l().ok()?;
        values
            .iter()
            .map(|value| value.as_s().ok().cloned().map(ContentHash::from_stored))
            .collect()
    };
    Ok(StoredCount {
        record,
        version: read.number("version")?,
        content_hash: ContentHash::from_stored(read.text("content_hash")?.to_owned()),
        earlier_hashes: hashes()
            .ok_or_else(|| read.malformed("earlier_hashes", "is not a list of strings"))?,
        received_at: read.parsed("received_at")?,
    })
}

pub(super) fn of_state(device: &DeviceName, state: &DeviceState) -> Item {
    let mut item = key(partition(device), STATE);
    set(&mut item, "period_start", instant(state.period_start));
    set(&mut item, "period_end", instant(state.period_end));
    set_number(&mut item, "first_seq", state.first_seq);
    set_number(&mut item, "seq", state.seq);
    set_number(&mut item, "cumulative", state.cumulative);
    set(&mut item, "missing", number(state.missing));
    set(&mut item, "heard_at", instant(state.heard_at));
    set(&mut item, "revision", number(state.revision));
    item
}

/// Reads the state of a device.
///
/// # Errors
/// A malformed item.
pub fn device_state(item: &Item) -> Result<(DeviceName, DeviceState), Error> {
    let read = Attributes::of(item);
    let state = DeviceState {
        period_start: read.parsed("period_start")?,
        period_end: read.parsed("period_end")?,
        first_seq: read.optional_number("first_seq")?,
        seq: read.optional_number("seq")?,
        cumulative: read.optional_number("cumulative")?,
        missing: read.number("missing")?,
        heard_at: read.parsed("heard_at")?,
        revision: read.number("revision")?,
    };
    Ok((device_of(&read)?, state))
}

pub(super) fn of_device(device: &RegisteredDevice) -> Item {
    let mut item = key(partition(&device.device), DEVICE);
    set(&mut item, "venue_id", text(device.venue.as_str()));
    set(&mut item, "fingerprint", text(&device.fingerprint));
    set(&mut item, "certificate_serial", text(&device.certificate_serial));
    set(&mut item, "enrolled_at", instant(device.enrolled_at));
    if let Some(gate) = &device.gate {
        set(&mut item, "gate", text(gate.as_str()));
    }
    if let Some(revoked_at) = device.revoked_at {
        set(&mut item, "revoked_at", instant(revoked_at));
    }
    item
}

/// Reads what enrolment wrote down.
///
/// # Errors
/// A malformed item.
pub fn registered_device(item: &Item) -> Result<RegisteredDevice, Error> {
    let read = Attributes::of(item);
    Ok(RegisteredDevice {
        device: device_of(&read)?,
        venue: read.parsed("venue_id")?,
        gate: read.optional_text("gate")?.map(|_| read.parsed("gate")).transpose()?,
        fingerprint: read.text("fingerprint")?.to_owned(),
        certificate_serial: read.text("certificate_serial")?.to_owned(),
        enrolled_at: read.parsed("enrolled_at")?,
        revoked_at: read.optional_instant("revoked_at")?,
    })
}

pub(super) fn of_dead_letter(letter: &DeadLetter) -> Item {
    let received_at = instant_text(letter.received_at);
    let day = letter.received_at.to_zoned_datetime(TimeZone::UTC).date();
    let mut item = key(dead_letter_partition(day), format!("{received_at}#{}", letter.hash));
    set(&mut item, "received_at", text(received_at));
    set(&mut item, "hash", text(letter.hash.as_str()));
    set(&mut item, "topic", text(&letter.topic));
    set(&mut item, "client_id", text(&letter.client_id));
    set(&mut item, "code", text(&letter.code));
    set(&mut item, "reason", text(&letter.reason));
    if let Some(payload) = &letter.payload {
        set(&mut item, "payload", bytes(payload));
    }
    set(&mut item, "payload_bytes", number(letter.payload_bytes));
    set(&mut item, TTL, time_to_live(Record::DeadLetter.until(letter.received_at)));
    item
}

/// Reads a message that was not counted.
///
/// # Errors
/// A malformed item.
pub fn dead_letter(item: &Item) -> Result<DeadLetter, Error> {
    let read = Attributes::of(item);
    let payload = item.contains_key("payload").then(|| read.bytes("payload")).transpose()?;
    Ok(DeadLetter {
        received_at: read.parsed("received_at")?,
        hash: ContentHash::from_stored(read.text("hash")?.to_owned()),
        topic: read.text("topic")?.to_owned(),
        client_id: read.text("client_id")?.to_owned(),
        code: read.text("code")?.to_owned(),
        reason: read.text("reason")?.to_owned(),
        payload: payload.map(<[u8]>::to_vec),
        payload_bytes: read.number("payload_bytes")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SK;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn count() -> StoredCount {
        let record = CountRecord {
            device: "door-1".parse().unwrap(),
            model: Model::CrowdFlowObserved,
            venue: "uffizi".parse().unwrap(),
            period_start: at("2026-05-01T10:00:00Z"),
            period_end: at("2026-05-01T10:15:00Z"),
            people_count: 12,
            people_towards: Some(7),
            people_away: Some(5),
            seq: Some(4),
            cumulative: None,
            quality: Quality::AfterGap { missing: 2 },
        };
        StoredCount {
            content_hash: record.content_hash(),
            record,
            version: 2,
            earlier_hashes: vec![ContentHash::from_stored("ab".to_owned())],
            received_at: at("2026-05-01T10:15:01.25Z"),
        }
    }

    #[test]
    fn a_count_is_read_back_as_it_was_written() {
        let item = of_count(&count());
        assert_eq!(item[SK].as_s().unwrap(), "COUNT#CrowdFlowObserved#2026-05-01T10:00:00.000000Z");
        assert_eq!(stored_count(&item).unwrap(), count());
    }

    #[test]
    fn a_malformed_count_names_the_key_and_the_attribute() {
        for (attribute, value) in [
            ("people_count", text("many")),
            ("people_count", number(-1)),
            ("quality", text("fine")),
            ("model", text("ParkingSpot")),
            ("earlier_hashes", text("ab")),
            (PK, text("DEVICE#Door 1")),
        ] {
            let mut item = of_count(&count());
            item.insert(attribute.to_owned(), value);
            let error = stored_count(&item).unwrap_err().to_string();
            assert!(error.contains(attribute) && error.contains("COUNT#"), "{error}");
        }
    }

    #[test]
    fn a_dead_letter_without_its_payload_is_read_back() {
        let letter = DeadLetter {
            received_at: at("2026-05-01T23:59:59.999Z"),
            hash: ContentHash::from_stored("cd".to_owned()),
            topic: "dt/atrio/uffizi/door-1/CrowdFlowObserved".to_owned(),
            client_id: "door-1".to_owned(),
            code: "person-level-data".to_owned(),
            reason: "field `mac` describes a person".to_owned(),
            payload: None,
            payload_bytes: 90,
        };
        let item = of_dead_letter(&letter);
        assert_eq!(item[PK].as_s().unwrap(), "DEADLETTER#2026-05-01");
        assert_eq!(dead_letter(&item).unwrap(), letter);
    }
}
