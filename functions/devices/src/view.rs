//! Devices and what they observed, as the API shows them.

use atrio_domain::device::fault::Watch;
use atrio_domain::device::{
    Content, DeadLetter, DeviceName, DeviceState, RegisteredDevice, StoredObservation,
};
use atrio_domain::id::{GateId, VenueId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::fault::{FaultView, judged_until};

/// The devices of a venue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceListView {
    #[schema(value_type = String)]
    pub(crate) venue_id: VenueId,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) as_of: Timestamp,
    pub(crate) devices: Vec<DeviceView>,
}

/// A device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceView {
    #[schema(value_type = String)]
    device_id: DeviceName,
    #[schema(value_type = String)]
    venue_id: VenueId,
    /// The gate that it is; null for one that observes.
    #[schema(value_type = Option<String>)]
    gate_id: Option<GateId>,
    /// Whether it may speak.
    right: Right,
    health: Health,
    #[schema(value_type = String, format = DateTime)]
    enrolled_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// When it last said something new.
    #[schema(value_type = Option<String>, format = DateTime)]
    heard_at: Option<Timestamp>,
    /// The end of the latest period it observed.
    #[schema(value_type = Option<String>, format = DateTime)]
    observed_until: Option<Timestamp>,
    /// Since when it says nothing, though it should.
    #[schema(value_type = Option<String>, format = DateTime)]
    silent_since: Option<Timestamp>,
    battery_percent: Option<u8>,
    signal_percent: Option<u8>,
    rssi_dbm: Option<i16>,
    /// Its own word for its state.
    device_state: Option<String>,
    /// When it said so of itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    status_at: Option<Timestamp>,
    /// Numbered messages that never came.
    missing_messages: u64,
    /// Of a thousand numbered messages, how many never came; null where it numbers none.
    missing_per_thousand: Option<u64>,
    /// How far its clock ran ahead at its latest message.
    clock_ahead_seconds: i64,
    /// Running total of its counter, where it has one.
    cumulative_count: Option<u64>,
    /// Up to when what it counted was judged by what is usual; null where nobody knows yet what is.
    #[schema(value_type = Option<String>, format = DateTime)]
    judged_until: Option<Timestamp>,
    /// What is wrong with what it counts, the latest first.
    faults: Vec<FaultView>,
}

/// Whether a device may speak.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Right {
    Active,
    Revoked,
}

/// How a device does, the worst first.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Health {
    /// Its right to speak was withdrawn.
    Revoked,
    /// It was enrolled and never said anything.
    NeverHeard,
    /// It should have spoken and did not.
    Silent,
    /// It speaks, but what it counts is wrong.
    AtFault,
    /// Its battery is low, more than one message in a hundred is missing, or its clock runs ahead.
    NeedsCare,
    Good,
}

/// A battery below this is low.
const LOW_BATTERY_PERCENT: u8 = 20;
/// More missing messages than these are too many.
const TOLERATED_MISSING_PER_THOUSAND: u64 = 10;
/// A clock further ahead than this is wrong, though still tolerated.
const TOLERATED_AHEAD_SECONDS: i64 = 60;

impl Health {
    fn of(
        device: &RegisteredDevice,
        state: Option<&DeviceState>,
        is_at_fault: bool,
        now: Timestamp,
    ) -> Self {
        if device.revoked_at.is_some() {
            return Self::Revoked;
        }
        // A gate speaks to its neighbours, not to us.
        if device.gate.is_some() {
            return Self::Good;
        }
        let Some(state) = state else { return Self::NeverHeard };
        if state.silent_since(now).is_some() {
            return Self::Silent;
        }
        if is_at_fault {
            return Self::AtFault;
        }
        let battery = state.status.as_ref().and_then(|status| status.battery_percent);
        let missing = state.missing_per_thousand();
        if battery.is_some_and(|percent| percent < LOW_BATTERY_PERCENT)
            || missing.is_some_and(|missing| missing > TOLERATED_MISSING_PER_THOUSAND)
            || state.clock_ahead_seconds > TOLERATED_AHEAD_SECONDS
        {
            return Self::NeedsCare;
        }
        Self::Good
    }
}

impl DeviceView {
    pub(crate) fn of(
        device: RegisteredDevice,
        state: Option<&DeviceState>,
        watch: Option<&Watch>,
        now: Timestamp,
    ) -> Self {
        let faults = FaultView::all(watch, false);
        let status = state.and_then(|state| state.status.as_ref());
        Self {
            health: Health::of(&device, state, !faults.is_empty(), now),
            right: if device.revoked_at.is_some() { Right::Revoked } else { Right::Active },
            device_id: device.device,
            venue_id: device.venue,
            gate_id: device.gate,
            enrolled_at: device.enrolled_at,
            revoked_at: device.revoked_at,
            heard_at: state.map(|state| state.heard_at),
            observed_until: state.and_then(|state| state.observed_until),
            silent_since: state.and_then(|state| state.silent_since(now)),
            battery_percent: status.and_then(|status| status.battery_percent),
            signal_percent: status.and_then(|status| status.signal_percent),
            rssi_dbm: status.and_then(|status| status.rssi_dbm),
            device_state: status.and_then(|status| status.device_state.clone()),
            status_at: status.map(|status| status.at),
            missing_messages: state.map_or(0, |state| state.missing),
            missing_per_thousand: state.and_then(DeviceState::missing_per_thousand),
            clock_ahead_seconds: state.map_or(0, |state| state.clock_ahead_seconds),
            cumulative_count: state.and_then(|state| state.cumulative),
            judged_until: judged_until(watch),
            faults,
        }
    }
}

/// A device with what it observed of late.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DevicePageView {
    #[schema(value_type = String, format = DateTime)]
    pub(crate) as_of: Timestamp,
    pub(crate) device: DeviceView,
    /// What was wrong with what it counted and is over, the latest first, at most ten.
    pub(crate) past_faults: Vec<FaultView>,
    /// The latest first, of each kind at most 96.
    pub(crate) observations: Vec<ObservationView>,
    /// Its latest messages of seven days that were not counted, the latest first, at most 20.
    pub(crate) dead_letters: Vec<LetterView>,
}

/// What a device observed over a period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObservationView {
    /// The data model it spoke.
    model: &'static str,
    #[schema(value_type = String, format = DateTime)]
    period_start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    period_end: Timestamp,
    /// People counted or present; null where the number was suppressed, and for readings.
    people: Option<u64>,
    people_towards: Option<u64>,
    people_away: Option<u64>,
    /// Of a cell: the place.
    location_code: Option<String>,
    /// Of a cell: the country the people come from, or `unknown`.
    origin: Option<String>,
    /// Of a cell: whether there were too few people for a number.
    suppressed: Option<bool>,
    /// Of a reading: what was read.
    quantity: Option<String>,
    /// Of a reading: the unit, by UCUM.
    unit: Option<&'static str>,
    /// Of a reading: how much, as a decimal.
    value: Option<String>,
    /// Of a reading: how much since the sensor began, as a decimal.
    running_sum: Option<String>,
    seq: Option<u64>,
    /// 1, then corrections.
    version: u32,
    /// good, late, after-gap or after-reset.
    quality: &'static str,
    /// Messages missing before this one when it came.
    missing_before: u64,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
}

impl ObservationView {
    pub(crate) fn of(stored: &StoredObservation) -> Self {
        let record = &stored.record;
        let mut view = Self {
            model: record.model.as_str(),
            period_start: record.period_start,
            period_end: record.period_end,
            people: None,
            people_towards: None,
            people_away: None,
            location_code: None,
            origin: None,
            suppressed: None,
            quantity: None,
            unit: None,
            value: None,
            running_sum: None,
            seq: record.seq,
            version: stored.version,
            quality: record.quality.as_str(),
            missing_before: record.quality.missing(),
            received_at: stored.received_at,
        };
        match &record.content {
            Content::People(people) => {
                view.people = Some(people.count);
                view.people_towards = people.towards;
                view.people_away = people.away;
            }
            Content::Cell(cell) => {
                view.people = cell.people;
                view.location_code = Some(cell.location_code.as_str().to_owned());
                view.origin = Some(cell.origin.to_string());
                view.suppressed = Some(cell.people.is_none());
            }
            Content::Reading(reading) => {
                view.quantity = Some(reading.name.as_str().to_owned());
                view.unit = Some(reading.unit);
                view.value = reading.value.map(|value| value.to_string());
                view.running_sum = reading.running_sum.map(|sum| sum.to_string());
            }
        }
        view
    }
}

/// A message that was not counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LetterView {
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    topic: String,
    /// The stable name of the cause.
    code: String,
    /// The cause in words, with the fix.
    reason: String,
    /// Its length as received.
    payload_bytes: usize,
    /// Its beginning as text; null where it was not kept, for it may have been of a person.
    payload: Option<String>,
}

impl LetterView {
    pub(crate) fn of(letter: &DeadLetter) -> Self {
        Self {
            received_at: letter.received_at,
            topic: letter.topic.clone(),
            code: letter.code.clone(),
            reason: letter.reason.clone(),
            payload_bytes: letter.payload_bytes,
            payload: letter
                .payload
                .as_deref()
                .map(|bytes| String::from_utf8_lossy(bytes).chars().take(2000).collect()),
        }
    }
}
