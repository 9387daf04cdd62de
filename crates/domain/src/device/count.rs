//! The canonical count and what a message does to what is already known: new, the same again, a
//! correction, or older than what it would replace.

use std::fmt;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{DeviceName, Model, Refusal, RegisteredDevice};
use crate::id::VenueId;

/// How many earlier contents of a count are remembered, so that a late duplicate of a corrected
/// message does not undo the correction.
const EARLIER_HASHES: usize = 8;
/// A sequence number this far below the highest one, for a later period, is a device that numbers
/// from the start again rather than a message that took long.
const RESTART_BELOW: u64 = 1000;

/// How far a count may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// In time and in sequence.
    Good,
    /// Arrived more than an hour after its period.
    Late,
    /// Arrived before messages with lower sequence numbers, or those are lost: so many of them
    /// were missing at that moment. Nothing is filled in.
    AfterGap {
        /// Sequence numbers skipped.
        missing: u64,
    },
}

impl Quality {
    /// The name in the database and the lake: `good`, `late` or `after-gap`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Late => "late",
            Self::AfterGap { .. } => "after-gap",
        }
    }

    /// Sequence numbers missing before this count.
    #[must_use]
    pub fn missing(self) -> u64 {
        match self {
            Self::Good | Self::Late => 0,
            Self::AfterGap { missing } => missing,
        }
    }

    /// The quality of that name; `None` for any other name.
    #[must_use]
    pub fn from_parts(name: &str, missing: u64) -> Option<Self> {
        match name {
            "good" => Some(Self::Good),
            "late" => Some(Self::Late),
            "after-gap" => Some(Self::AfterGap { missing }),
            _ => None,
        }
    }
}

/// People counted by one device over one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRecord {
    /// The device.
    pub device: DeviceName,
    /// The data model it spoke.
    pub model: Model,
    /// The venue it stands in.
    pub venue: VenueId,
    /// Start of the period, to the second.
    pub period_start: Timestamp,
    /// End of the period, to the second, exclusive.
    pub period_end: Timestamp,
    /// People in all.
    pub people_count: u64,
    /// People towards the inside, where the counter tells.
    pub people_towards: Option<u64>,
    /// People away from the inside, where the counter tells.
    pub people_away: Option<u64>,
    /// Number of the message within its device, where it numbers them.
    pub seq: Option<u64>,
    /// Running total since the installation, where it keeps one.
    pub cumulative: Option<u64>,
    /// How far it may be trusted.
    pub quality: Quality,
}

/// What a count says, as a SHA-256 in hexadecimal; its quality, which depends on the moment of
/// arrival, is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentHash(String);

impl ContentHash {
    /// The hash with that text, as it was stored.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CountRecord {
    /// What this count says.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        let number = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        let content = [
            self.venue.to_string(),
            self.period_end.to_string(),
            self.people_count.to_string(),
            number(self.people_towards),
            number(self.people_away),
            number(self.seq),
            number(self.cumulative),
        ]
        .join("|");
        hash_of(&[content.as_bytes()])
    }
}

pub(super) fn hash_of(parts: &[&[u8]]) -> ContentHash {
    let mut hasher = Sha256::new();
    for part in parts {
        // The lengths keep `ab` + `c` apart from `a` + `bc`.
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    ContentHash(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A count as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCount {
    /// What is counted.
    pub record: CountRecord,
    /// 1 for the first content, one more for each correction.
    pub version: u32,
    /// What it says.
    pub content_hash: ContentHash,
    /// What earlier versions said, latest last, at most eight.
    pub earlier_hashes: Vec<ContentHash>,
    /// When this version was received.
    pub received_at: Timestamp,
}

/// What is known of a device from its counts. Older data never overwrites newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceState {
    /// Start of the latest period known.
    pub period_start: Timestamp,
    /// End of the latest period known.
    pub period_end: Timestamp,
    /// Lowest sequence number known; gaps are counted from it on.
    pub first_seq: Option<u64>,
    /// Highest sequence number known.
    pub seq: Option<u64>,
    /// Running total of the latest period that had one.
    pub cumulative: Option<u64>,
    /// Sequence numbers skipped and not arrived since.
    pub missing: u64,
    /// When the device was last heard with something new.
    pub heard_at: Timestamp,
    /// Grows by one with each change, for conditional writes.
    pub revision: u64,
}

impl DeviceState {
    /// The state after a count, from the state before it, if any.
    #[must_use]
    fn after(before: Option<&Self>, record: &CountRecord, received_at: Timestamp) -> Self {
        let Some(before) = before else {
            return Self {
                period_start: record.period_start,
                period_end: record.period_end,
                first_seq: record.seq,
                seq: record.seq,
                cumulative: record.cumulative,
                missing: 0,
                heard_at: received_at,
                revision: 1,
            };
        };
        let mut after = Self {
            heard_at: before.heard_at.max(received_at),
            revision: before.revision + 1,
            ..before.clone()
        };
        if record.period_start >= before.period_start {
            after.period_start = record.period_start;
            after.period_end = record.period_end;
            after.cumulative = record.cumulative.or(before.cumulative);
        }
        match step(before, record) {
            Step::Unnumbered => {
                after.first_seq = before.first_seq.or(record.seq);
                after.seq = before.seq.or(record.seq);
            }
            Step::Onward { missing } => {
                after.seq = record.seq;
                after.missing = before.missing.saturating_add(missing);
            }
            Step::Straggler => after.missing = before.missing.saturating_sub(1),
            Step::Earlier { missing } => {
                after.first_seq = record.seq;
                after.missing = before.missing.saturating_add(missing);
            }
            Step::Restart => {
                after.first_seq = record.seq;
                after.seq = record.seq;
            }
        }
        after
    }
}

/// How a sequence number stands to the highest one known.
enum Step {
    /// One of the two has no number.
    Unnumbered,
    /// Higher, with so many skipped in between.
    Onward { missing: u64 },
    /// Between the lowest and the highest: it fills one of the holes.
    Straggler,
    /// Below the lowest one known, with so many skipped in between.
    Earlier { missing: u64 },
    /// Far lower for a later period: the device numbers from the start again.
    Restart,
}

fn step(before: &DeviceState, record: &CountRecord) -> Step {
    let (Some(first), Some(last), Some(seq)) = (before.first_seq, before.seq, record.seq) else {
        return Step::Unnumbered;
    };
    if seq > last {
        Step::Onward { missing: seq - last - 1 }
    } else if record.period_start > before.period_start && last - seq > RESTART_BELOW {
        Step::Restart
    } else if seq < first {
        Step::Earlier { missing: first - seq - 1 }
    } else {
        Step::Straggler
    }
}

/// What a message does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The first count of its period.
    New {
        /// To be stored.
        count: StoredCount,
        /// The device after it.
        state: DeviceState,
    },
    /// Another content for a period already counted.
    Correction {
        /// To be stored in place of the earlier version.
        count: StoredCount,
        /// The device after it.
        state: DeviceState,
    },
    /// The same content again, or one that has been corrected since. Nothing changes.
    Duplicate,
    /// Written by the device before the content that is stored. Nothing changes.
    Superseded,
}

/// Decides what a count does to what is known.
///
/// # Errors
/// [`Refusal`] when the device may not speak, or its running total fell.
pub fn decide(
    registered: Option<&RegisteredDevice>,
    state: Option<&DeviceState>,
    stored: Option<&StoredCount>,
    mut record: CountRecord,
    received_at: Timestamp,
) -> Result<Decision, Refusal> {
    let registered = registered.ok_or_else(|| Refusal::UnknownDevice {
        device: record.device.clone(),
        venue: record.venue.clone(),
    })?;
    registered.may_speak_for(&record.venue)?;
    let content_hash = record.content_hash();
    let earlier = match stored {
        None => None,
        Some(stored)
            if stored.content_hash == content_hash
                || stored.earlier_hashes.contains(&content_hash) =>
        {
            return Ok(Decision::Duplicate);
        }
        // QoS 1 keeps no order: the device's own numbers say which content is the later one.
        Some(stored) if is_older(record.seq, stored.record.seq) => {
            return Ok(Decision::Superseded);
        }
        Some(stored) => Some(stored),
    };
    check_counter(registered, state, &record)?;

    let state_after = DeviceState::after(state, &record, received_at);
    if let Some(Step::Onward { missing: missing @ 1.. }) = state.map(|before| step(before, &record))
    {
        record.quality = Quality::AfterGap { missing };
    }
    let mut earlier_hashes = earlier.map_or_else(Vec::new, |stored| {
        let mut hashes = stored.earlier_hashes.clone();
        hashes.push(stored.content_hash.clone());
        hashes
    });
    earlier_hashes.drain(..earlier_hashes.len().saturating_sub(EARLIER_HASHES));
    let count = StoredCount {
        record,
        version: earlier.map_or(1, |stored| stored.version + 1),
        content_hash,
        earlier_hashes,
        received_at,
    };
    Ok(match earlier {
        None => Decision::New { count, state: state_after },
        Some(_) => Decision::Correction { count, state: state_after },
    })
}

fn is_older(seq: Option<u64>, than: Option<u64>) -> bool {
    matches!((seq, than), (Some(seq), Some(than)) if seq < than)
}

/// A running total cannot fall from one period to a later one, unless the device was enrolled
/// anew in between.
fn check_counter(
    registered: &RegisteredDevice,
    state: Option<&DeviceState>,
    record: &CountRecord,
) -> Result<(), Refusal> {
    let Some(before) = state else { return Ok(()) };
    let same_installation = before.heard_at >= registered.enrolled_at;
    match (before.cumulative, record.cumulative) {
        (Some(previous), Some(received))
            if same_installation
                && record.period_start > before.period_start
                && received < previous =>
        {
            Err(Refusal::CounterWentBackwards { previous, received })
        }
        _ => Ok(()),
    }
}
