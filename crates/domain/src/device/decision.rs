//! What a message does to what is already known: new, the same again, a correction, or older than
//! what it would replace.

use jiff::Timestamp;

use super::message::Message;
use super::observation::{ContentHash, Observation, Quality, StoredObservation};
use super::state::{DeviceState, Step, step};
use super::{Refusal, RegisteredDevice};

/// How many earlier contents of an observation are remembered, so that a late duplicate of a
/// corrected message does not undo the correction.
const EARLIER_HASHES: usize = 8;

/// What a message does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It says something new.
    Changed {
        /// To be stored, each in the place of its earlier version where there is one.
        observations: Vec<StoredObservation>,
        /// The device after it.
        state: Box<DeviceState>,
    },
    /// Nothing new: the same content again, one that has been corrected since, or one that the device
    /// wrote before what is stored.
    Unchanged,
}

/// Decides what a message does to what is known. `stored` finds the observation of the same device,
/// model, period and series.
///
/// # Errors
/// [`Refusal`] when the device may not speak, or its running total fell.
pub fn decide<'s>(
    registered: Option<&RegisteredDevice>,
    state: Option<&DeviceState>,
    stored: impl Fn(&Observation) -> Option<&'s StoredObservation>,
    message: &Message,
    received_at: Timestamp,
) -> Result<Decision, Refusal> {
    let registered = registered.ok_or_else(|| Refusal::UnknownDevice {
        device: message.device.clone(),
        venue: message.venue.clone(),
    })?;
    registered.may_speak_for(&message.venue)?;
    let missing = match state.map(|before| step(before, message)) {
        Some(Step::Onward { missing }) => missing,
        _ => 0,
    };
    let mut observations = Vec::with_capacity(message.observations.len());
    for observation in &message.observations {
        let content_hash = observation.content_hash();
        let stored = stored(observation);
        if stored.is_some_and(|stored| is_known(stored, observation, &content_hash)) {
            continue;
        }
        let mut record = observation.clone();
        if missing > 0 {
            record.quality = Quality::AfterGap { missing };
        }
        if began_again(registered, state, observation)? {
            record.quality = Quality::AfterReset;
        }
        observations.push(version_of(record, content_hash, stored, received_at));
    }
    let known = state.and_then(|state| state.status.as_ref());
    let newer = message
        .status
        .as_ref()
        .is_some_and(|status| known.is_none_or(|known| status.at > known.at));
    if observations.is_empty() && !newer {
        return Ok(Decision::Unchanged);
    }
    let state = Box::new(DeviceState::after(state, message, received_at));
    Ok(Decision::Changed { observations, state })
}

fn is_known(
    stored: &StoredObservation,
    observation: &Observation,
    content_hash: &ContentHash,
) -> bool {
    stored.content_hash == *content_hash
        || stored.earlier_hashes.contains(content_hash)
        // QoS 1 keeps no order: the device's own numbers say which content is the later one.
        || is_older(observation.seq, stored.record.seq)
}

fn is_older(seq: Option<u64>, than: Option<u64>) -> bool {
    matches!((seq, than), (Some(seq), Some(than)) if seq < than)
}

fn version_of(
    record: Observation,
    content_hash: ContentHash,
    earlier: Option<&StoredObservation>,
    received_at: Timestamp,
) -> StoredObservation {
    let mut earlier_hashes = earlier.map_or_else(Vec::new, |stored| {
        let mut hashes = stored.earlier_hashes.clone();
        hashes.push(stored.content_hash.clone());
        hashes
    });
    earlier_hashes.drain(..earlier_hashes.len().saturating_sub(EARLIER_HASHES));
    StoredObservation {
        record,
        version: earlier.map_or(1, |stored| stored.version + 1),
        content_hash,
        earlier_hashes,
        received_at,
    }
}

/// Whether a counter's running total began again within this period. From one period to a later one it
/// cannot fall otherwise, unless the device was enrolled anew in between: a total that is no more than
/// what the period itself counted began within it, as after a loss of power; any other fall is a
/// counter that lies.
fn began_again(
    registered: &RegisteredDevice,
    state: Option<&DeviceState>,
    observation: &Observation,
) -> Result<bool, Refusal> {
    let (Some(before), Some(people)) = (state, observation.people()) else { return Ok(false) };
    let (Some(previous), Some(received)) = (before.cumulative, people.cumulative) else {
        return Ok(false);
    };
    let later =
        before.counted.is_some_and(|counted| observation.period_start > counted.period_start);
    let same_installation = before.heard_at >= registered.enrolled_at;
    if !(later && same_installation && received < previous) {
        return Ok(false);
    }
    if received <= people.count {
        return Ok(true);
    }
    Err(Refusal::CounterWentBackwards { previous, received })
}
