//! Sensor measurement lists (RFC 8428) in JSON and CBOR. Base fields are resolved, so each record stands
//! by itself: a name, a unit by UCUM, an instant, and a value, a running sum or both. Times are
//! absolute: a time relative to the arrival would make a message that comes twice two readings. Records
//! named `seq`, `battery` and `rssi` are of the device itself.

mod form;
mod unit;

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::amount::Amount;
use super::message::{Message, check_arrival, is_of_a_person, quality};
use super::observation::{Content, Observation, Reading, ReadingName};
use super::refusal::excerpt;
use super::state::Status;
use super::status::percent;
use super::{Refusal, Topic};
use form::Record;

pub use form::MAX_RECORDS;
pub(super) use form::may_name_a_person;
pub use unit::{UCUM_UNITS, ucum};

/// Times below this are relative to now (RFC 8428, section 4.5.3): 2 to the power of 28 seconds.
const RELATIVE_BELOW_SECONDS: f64 = 268_435_456.0;
/// The longest time that a sensor may announce until it speaks again.
const LONGEST_UPDATE_SECONDS: f64 = 31.0 * 86_400.0;

/// What the records before said for those behind them.
#[derive(Default)]
struct Base {
    name: String,
    unit: Option<String>,
    time: Option<f64>,
    value: f64,
    sum: f64,
}

/// A record by itself.
struct Resolved {
    name: ReadingName,
    unit: Option<String>,
    at: Timestamp,
    value: Option<f64>,
    sum: Option<f64>,
    /// The seconds until the next one, where the sensor says so.
    next_in: Option<f64>,
}

/// Reads a pack.
pub(super) fn read(
    topic: &Topic,
    payload: &[u8],
    received_at: Timestamp,
) -> Result<Message, Refusal> {
    let records = form::records(payload)?;
    let mut message = Message::empty(topic);
    let mut base = Base::default();
    let mut seen = HashSet::new();
    for (index, record) in records.iter().enumerate() {
        let place = index + 1;
        let bad = |problem: String| Refusal::BadRecord { place, problem };
        base.learn(record);
        if record.is_base_only() {
            continue;
        }
        let resolved = resolve(topic, &base, record).map_err(bad)?;
        if resolved.name.as_str().split(['/', ':', '.']).any(is_of_a_person) {
            return Err(Refusal::PersonLevelData { field: excerpt(resolved.name.as_str()) });
        }
        check_arrival(resolved.at, received_at)?;
        if !seen.insert((resolved.name.clone(), resolved.at)) {
            let name = resolved.name.as_str();
            return Err(bad(format!("`{name}` is read twice at {}: send it once", resolved.at)));
        }
        add(topic, &mut message, resolved, received_at).map_err(bad)?;
    }
    if message.observations.is_empty() && message.status.is_none() {
        return Err(Refusal::NotSenMl { problem: "it reads no quantity".to_owned() });
    }
    for observation in &mut message.observations {
        observation.seq = message.seq;
    }
    Ok(message)
}

impl Base {
    fn learn(&mut self, record: &Record) {
        if let Some(name) = &record.base_name {
            self.name.clone_from(name);
        }
        self.unit = record.base_unit.clone().or(self.unit.take());
        self.time = record.base_time.or(self.time);
        self.value = record.base_value.unwrap_or(self.value);
        self.sum = record.base_sum.unwrap_or(self.sum);
    }
}

fn resolve(topic: &Topic, base: &Base, record: &Record) -> Result<Resolved, String> {
    let whole = format!("{}{}", base.name, record.name.as_deref().unwrap_or_default());
    let name: ReadingName = own_part(topic, &whole)
        .parse()
        .map_err(|e| format!("the name `{}` {e}", excerpt(&whole)))?;
    let seconds = match (base.time, record.time) {
        (None, None) => None,
        (base, own) => Some(base.unwrap_or(0.0) + own.unwrap_or(0.0)),
    };
    let at = instant(seconds)?;
    if record.next_in.is_some_and(|seconds| !(0.0..=LONGEST_UPDATE_SECONDS).contains(&seconds)) {
        return Err("`ut` is not 0 to 2678400 seconds".to_owned());
    }
    Ok(Resolved {
        name,
        unit: record.unit.clone().or_else(|| base.unit.clone()),
        at,
        value: record.value.map(|value| base.value + value).or(record.flag),
        sum: record.sum.map(|sum| base.sum + sum),
        next_in: record.next_in,
    })
}

/// What follows the device's own name, or the last colon of a `urn:`.
fn own_part<'n>(topic: &Topic, whole: &'n str) -> &'n str {
    let device = topic.device.as_str();
    let after_device = [format!("{device}/"), format!("{device}:")]
        .iter()
        .find_map(|start| whole.find(start.as_str()).map(|at| &whole[at + start.len()..]));
    match after_device {
        Some(rest) => rest,
        None if whole.starts_with("urn:") => whole.rsplit(':').next().unwrap_or(whole),
        None => whole,
    }
}

fn instant(seconds: Option<f64>) -> Result<Timestamp, String> {
    let absolute = seconds.filter(|seconds| *seconds >= RELATIVE_BELOW_SECONDS).ok_or_else(|| {
        "its time is relative to now: give `bt` or `t` in seconds since 1970, so that a message that \
         comes twice is read once"
            .to_owned()
    })?;
    SignedDuration::try_from_secs_f64(absolute)
        .and_then(|since| Timestamp::from_second(since.as_secs()))
        .map_err(|_| format!("its time {absolute} is no instant"))
}

fn add(
    topic: &Topic,
    message: &mut Message,
    record: Resolved,
    received_at: Timestamp,
) -> Result<(), String> {
    if let Some(seconds) = record.next_in {
        let next = SignedDuration::try_from_secs_f64(seconds)
            .ok()
            .and_then(|until| record.at.checked_add(until).ok());
        message.next_by = message.next_by.max(next);
    }
    match record.name.as_str() {
        "seq" => {
            message.seq = Some(number_of_message(&record)?);
            return Ok(());
        }
        "battery" | "rssi" => {
            let status = of_device(&record)?;
            message.status = Some(match message.status.take() {
                None => status,
                Some(other) => Status {
                    at: other.at.max(status.at),
                    battery_percent: status.battery_percent.or(other.battery_percent),
                    rssi_dbm: status.rssi_dbm.or(other.rssi_dbm),
                    ..other
                },
            });
            return Ok(());
        }
        _ => {}
    }
    let given = record.unit.as_deref().ok_or("`u` is missing: give the unit, such as `Cel`")?;
    let unit = ucum(given).ok_or_else(|| {
        format!("the unit `{}` is not one of SenML's that are taken", excerpt(given))
    })?;
    let amount = |what: &str, number: Option<f64>| {
        number.map(Amount::nearest).transpose().map_err(|error| format!("`{what}` {error}"))
    };
    let reading = Reading {
        unit,
        value: amount("v", record.value)?,
        running_sum: amount("s", record.sum)?,
        name: record.name,
    };
    if reading.value.is_none() && reading.running_sum.is_none() {
        return Err("it has neither `v` nor `s`: send one of them".to_owned());
    }
    message.observations.push(Observation {
        device: topic.device.clone(),
        model: topic.model,
        venue: topic.venue.clone(),
        period_start: record.at,
        period_end: record.at,
        seq: None,
        quality: quality(record.at, received_at),
        content: Content::Reading(reading),
    });
    Ok(())
}

fn number_of_message(record: &Resolved) -> Result<u64, String> {
    let whole = record.value.and_then(|value| Amount::nearest(value).ok()).map(Amount::millionths);
    whole
        .filter(|millionths| millionths % 1_000_000 == 0)
        .and_then(|millionths| u64::try_from(millionths / 1_000_000).ok())
        .ok_or_else(|| "`seq` is not a whole number from 0 on".to_owned())
}

fn of_device(record: &Resolved) -> Result<Status, String> {
    let (unit, value) = (record.unit.as_deref(), record.value);
    let mut status = Status {
        at: record.at,
        battery_percent: None,
        signal_percent: None,
        rssi_dbm: None,
        device_state: None,
    };
    if record.name.as_str() == "battery" {
        let known = value.filter(|_| matches!(unit, Some("%EL" | "%"))).and_then(percent);
        status.battery_percent =
            Some(known.ok_or("`battery` is not a value from 0 to 100 in `%EL`")?);
        return Ok(status);
    }
    let dbm = match unit {
        Some("dBm") => value,
        Some("dBW") => value.map(|value| value + 30.0),
        _ => None,
    };
    let known =
        dbm.and_then(|dbm| (-200_i16..=50).find(|step| (f64::from(*step) - dbm).abs() <= 0.5));
    status.rssi_dbm = Some(known.ok_or("`rssi` is not a value from -200 to 50 in `dBm` or `dBW`")?);
    Ok(status)
}

#[cfg(test)]
mod tests;
