//! The items themselves: `DEVICE#{device}` / `COUNT#{model}#{period start}`, `CELL#…#{series}`,
//! `READING#…#{series}`, `STATE` and `DEVICE`; `DEADLETTER#{day}` / `{instant}#{hash}`.

use atrio_domain::device::{
    Amount, Cell, Content, ContentHash, Counted, DeadLetter, DeviceName, DeviceState, Model,
    Observation, People, Quality, Reading, RegisteredDevice, Status, StoredObservation, UCUM_UNITS,
};
use atrio_domain::retention::Record;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::registry::DEVICES;
use crate::attributes::{Attributes, bytes, instant, instant_text, number, text, time_to_live};
use crate::table::{DUE_PK, DUE_SK, TTL};
use crate::{Error, Item, PK, SK, key};

/// Sort key of what enrolment wrote down.
pub(super) const DEVICE: &str = "DEVICE";
/// Sort key of a device's state.
pub(super) const STATE: &str = "STATE";
/// How the partition keys of devices begin.
const PARTITION_PREFIX: &str = "DEVICE#";

/// What is observed, by the sort keys it stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// People who passed a counter.
    Count,
    /// People present in a cell.
    Cell,
    /// A quantity that a sensor read.
    Reading,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Count, Self::Cell, Self::Reading];

    /// How its sort keys begin.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Count => "COUNT#",
            Self::Cell => "CELL#",
            Self::Reading => "READING#",
        }
    }

    fn of(content: &Content) -> Self {
        match content {
            Content::People(_) => Self::Count,
            Content::Cell(_) => Self::Cell,
            Content::Reading(_) => Self::Reading,
        }
    }
}

/// Whether an item under these keys is something that a device observed.
#[must_use]
pub fn is_observation(pk: &str, sk: &str) -> bool {
    pk.starts_with(PARTITION_PREFIX) && Kind::ALL.iter().any(|kind| sk.starts_with(kind.prefix()))
}

pub(super) fn partition(device: &DeviceName) -> String {
    format!("{PARTITION_PREFIX}{device}")
}

pub(super) fn count_sk(model: Model, period_start: Timestamp) -> String {
    format!("{}{model}#{}", Kind::Count.prefix(), instant_text(period_start))
}

pub(super) fn observation_sk(record: &Observation) -> String {
    if record.people().is_some() {
        return count_sk(record.model, record.period_start);
    }
    let (kind, series) = (Kind::of(&record.content), record.series());
    let start = instant_text(record.period_start);
    format!("{}{}#{start}#{series}", kind.prefix(), record.model)
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

pub(super) fn of_observation(stored: &StoredObservation) -> Item {
    let record = &stored.record;
    let mut item = key(partition(&record.device), observation_sk(record));
    set(&mut item, "model", text(record.model.as_str()));
    set(&mut item, "venue_id", text(record.venue.as_str()));
    set(&mut item, "period_start", instant(record.period_start));
    set(&mut item, "period_end", instant(record.period_end));
    match &record.content {
        Content::People(people) => {
            set(&mut item, "people_count", number(people.count));
            set_number(&mut item, "people_towards", people.towards);
            set_number(&mut item, "people_away", people.away);
            set_number(&mut item, "cumulative", people.cumulative);
        }
        Content::Cell(cell) => {
            set(&mut item, "location_code", text(cell.location_code.as_str()));
            set(&mut item, "origin", text(cell.origin.to_string()));
            set(&mut item, "aggregation", text(cell.aggregation.as_str()));
            set(&mut item, "least_count", number(cell.least_count));
            set_number(&mut item, "people", cell.people);
        }
        Content::Reading(reading) => {
            set(&mut item, "name", text(reading.name.as_str()));
            set(&mut item, "unit", text(reading.unit));
            for (name, amount) in
                [("value_millionths", reading.value), ("sum_millionths", reading.running_sum)]
            {
                if let Some(amount) = amount {
                    set(&mut item, name, number(amount.millionths()));
                }
            }
        }
    }
    set_number(&mut item, "seq", record.seq);
    set(&mut item, "quality", text(record.quality.as_str()));
    set(&mut item, "missing", number(record.quality.missing()));
    set(&mut item, "version", number(stored.version));
    set(&mut item, "content_hash", text(stored.content_hash.as_str()));
    let earlier: Vec<AttributeValue> =
        stored.earlier_hashes.iter().map(|hash| text(hash.as_str())).collect();
    set(&mut item, "earlier_hashes", AttributeValue::L(earlier));
    set(&mut item, "received_at", instant(stored.received_at));
    item
}

/// Reads what a device observed.
///
/// # Errors
/// A malformed item.
pub fn stored_observation(item: &Item) -> Result<StoredObservation, Error> {
    let read = Attributes::of(item);
    let quality = read.text("quality")?;
    let missing = read.number("missing")?;
    let record = Observation {
        device: device_of(&read)?,
        model: read.parsed("model")?,
        venue: read.parsed("venue_id")?,
        period_start: read.parsed("period_start")?,
        period_end: read.parsed("period_end")?,
        seq: read.optional_number("seq")?,
        quality: Quality::from_parts(quality, missing)
            .ok_or_else(|| read.malformed("quality", format!("is `{quality}`")))?,
        content: content(&read)?,
    };
    let hashes = || -> Option<Vec<ContentHash>> {
        let values = item.get("earlier_hashes")?.as_l().ok()?;
        values
            .iter()
            .map(|value| value.as_s().ok().cloned().map(ContentHash::from_stored))
            .collect()
    };
    Ok(StoredObservation {
        record,
        version: read.number("version")?,
        content_hash: ContentHash::from_stored(read.text("content_hash")?.to_owned()),
        earlier_hashes: hashes()
            .ok_or_else(|| read.malformed("earlier_hashes", "is not a list of strings"))?,
        received_at: read.parsed("received_at")?,
    })
}

fn content(read: &Attributes<'_>) -> Result<Content, Error> {
    let sort_key = read.text(SK)?;
    let kind = Kind::ALL.into_iter().find(|kind| sort_key.starts_with(kind.prefix()));
    Ok(match kind.ok_or_else(|| read.malformed(SK, "is not of an observation"))? {
        Kind::Count => Content::People(People {
            count: read.number("people_count")?,
            towards: read.optional_number("people_towards")?,
            away: read.optional_number("people_away")?,
            cumulative: read.optional_number("cumulative")?,
        }),
        Kind::Cell => Content::Cell(Cell {
            location_code: read.parsed("location_code")?,
            origin: read.parsed("origin")?,
            aggregation: read.parsed("aggregation")?,
            people: read.optional_number("people")?,
            least_count: read.number("least_count")?,
        }),
        Kind::Reading => {
            let unit = read.text("unit")?;
            let known = UCUM_UNITS.iter().find(|(_, ucum)| *ucum == unit);
            let amount = |name| Ok(read.optional_number(name)?.map(Amount::from_millionths));
            Content::Reading(Reading {
                name: read.parsed("name")?,
                unit: known
                    .map(|(_, ucum)| *ucum)
                    .ok_or_else(|| read.malformed("unit", format!("is `{unit}`")))?,
                value: amount("value_millionths")?,
                running_sum: amount("sum_millionths")?,
            })
        }
    })
}

pub(super) fn of_state(device: &DeviceName, state: &DeviceState) -> Item {
    let mut item = key(partition(device), STATE);
    if let Some(counted) = state.counted {
        set(&mut item, "period_start", instant(counted.period_start));
        set(&mut item, "period_end", instant(counted.period_end));
    }
    for (name, at) in [("observed_until", state.observed_until), ("next_by", state.next_by)] {
        if let Some(at) = at {
            set(&mut item, name, instant(at));
        }
    }
    set_number(&mut item, "first_seq", state.first_seq);
    set_number(&mut item, "seq", state.seq);
    set_number(&mut item, "cumulative", state.cumulative);
    set(&mut item, "missing", number(state.missing));
    set(&mut item, "numbered", number(state.numbered));
    if let Some(status) = &state.status {
        set(&mut item, "status_at", instant(status.at));
        set_number(&mut item, "battery_percent", status.battery_percent.map(u64::from));
        set_number(&mut item, "signal_percent", status.signal_percent.map(u64::from));
        if let Some(dbm) = status.rssi_dbm {
            set(&mut item, "rssi_dbm", number(dbm));
        }
        if let Some(word) = &status.device_state {
            set(&mut item, "device_state", text(word));
        }
    }
    set(&mut item, "clock_ahead_seconds", number(state.clock_ahead_seconds));
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
    let counted = match read.optional_instant("period_start")? {
        Some(period_start) => {
            Some(Counted { period_start, period_end: read.parsed("period_end")? })
        }
        None => None,
    };
    let status = match read.optional_instant("status_at")? {
        Some(at) => Some(Status {
            at,
            battery_percent: read.optional_number("battery_percent")?,
            signal_percent: read.optional_number("signal_percent")?,
            rssi_dbm: read.optional_number("rssi_dbm")?,
            device_state: read.optional_text("device_state")?.map(str::to_owned),
        }),
        None => None,
    };
    let state = DeviceState {
        counted,
        // Items of before other things were observed have neither of these.
        observed_until: read
            .optional_instant("observed_until")?
            .or(counted.map(|counted| counted.period_end)),
        numbered: read.optional_number("numbered")?.unwrap_or(0),
        clock_ahead_seconds: read.optional_number("clock_ahead_seconds")?.unwrap_or(0),
        first_seq: read.optional_number("first_seq")?,
        seq: read.optional_number("seq")?,
        cumulative: read.optional_number("cumulative")?,
        missing: read.number("missing")?,
        status,
        next_by: read.optional_instant("next_by")?,
        heard_at: read.parsed("heard_at")?,
        revision: read.number("revision")?,
    };
    Ok((device_of(&read)?, state))
}

pub(super) fn of_device(device: &RegisteredDevice) -> Item {
    let mut item = key(partition(&device.device), DEVICE);
    set(&mut item, DUE_PK, text(DEVICES));
    set(&mut item, DUE_SK, text(format!("{}#{}", device.venue, device.device)));
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
mod tests;
