//! What is known of a device now. Older data never overwrites newer: each part of the state moves
//! only by what was observed after it.

use jiff::{SignedDuration, Timestamp};

use super::message::Message;

/// A sequence number this far below the highest one, for a later period, is a device that numbers
/// from the start again rather than a message that took long.
const RESTART_BELOW: u64 = 1000;
/// A device that says nothing of when it speaks next is silent after two hours.
const SILENT_AFTER: SignedDuration = SignedDuration::from_hours(2);
/// How long after the announced moment a message may still come before its device is silent.
const GRACE: SignedDuration = SignedDuration::from_mins(5);

/// What a device says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// When it was so.
    pub at: Timestamp,
    /// How full the battery is, in per cent.
    pub battery_percent: Option<u8>,
    /// How strong the radio signal is, in per cent of the best.
    pub signal_percent: Option<u8>,
    /// How strong the radio signal is, in dBm.
    pub rssi_dbm: Option<i16>,
    /// The device's own word for its state.
    pub device_state: Option<String>,
}

impl Status {
    /// What is known once a later status arrived: what it does not say is as before.
    #[must_use]
    fn then(&self, later: &Self) -> Self {
        Self {
            at: later.at,
            battery_percent: later.battery_percent.or(self.battery_percent),
            signal_percent: later.signal_percent.or(self.signal_percent),
            rssi_dbm: later.rssi_dbm.or(self.rssi_dbm),
            device_state: later.device_state.clone().or_else(|| self.device_state.clone()),
        }
    }
}

/// The latest period that a counter counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Its start.
    pub period_start: Timestamp,
    /// Its end.
    pub period_end: Timestamp,
}

/// What is known of a device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceState {
    /// The latest period counted; none for a device that counts no people.
    pub counted: Option<Counted>,
    /// The end of the latest period observed, whatever it was of.
    pub observed_until: Option<Timestamp>,
    /// Lowest sequence number known; gaps are counted from it on.
    pub first_seq: Option<u64>,
    /// Highest sequence number known.
    pub seq: Option<u64>,
    /// Running total of the latest period that had one.
    pub cumulative: Option<u64>,
    /// Sequence numbers skipped and not arrived since.
    pub missing: u64,
    /// Numbered messages that arrived.
    pub numbered: u64,
    /// What it last said of itself.
    pub status: Option<Status>,
    /// When it will speak again at the latest, by its own word.
    pub next_by: Option<Timestamp>,
    /// How far its clock ran ahead of ours at its latest message, in seconds.
    pub clock_ahead_seconds: i64,
    /// When the device was last heard with something new.
    pub heard_at: Timestamp,
    /// Grows by one with each change, for conditional writes.
    pub revision: u64,
}

impl DeviceState {
    /// The state after a message that says something new, from the state before it, if any.
    #[must_use]
    pub(super) fn after(before: Option<&Self>, message: &Message, received_at: Timestamp) -> Self {
        let new = Self::default();
        let before = before.unwrap_or(&new);
        let mut after = Self {
            heard_at: before.heard_at.max(received_at),
            revision: before.revision + 1,
            ..before.clone()
        };
        for observation in &message.observations {
            let Some(people) = observation.people() else { continue };
            let (period_start, period_end) = (observation.period_start, observation.period_end);
            if after.counted.is_none_or(|counted| period_start >= counted.period_start) {
                after.counted = Some(Counted { period_start, period_end });
                after.cumulative = people.cumulative.or(before.cumulative);
            }
        }
        after.observe(message, received_at);
        after.number(before, message);
        after
    }

    /// Moves what is of now by a message that is not older than it.
    fn observe(&mut self, message: &Message, received_at: Timestamp) {
        let until = message.observed_until();
        if until >= self.observed_until {
            self.observed_until = until;
            let ahead = until.map_or(0, |until| until.duration_since(received_at).as_secs());
            self.clock_ahead_seconds = ahead.max(0);
            self.next_by = message.next_by;
        }
        if let Some(status) = &message.status {
            self.status = match &self.status {
                None => Some(status.clone()),
                Some(known) if status.at >= known.at => Some(known.then(status)),
                // Older news fills in only what nothing newer was said of.
                Some(known) => Some(Status { at: known.at, ..status.then(known) }),
            };
        }
    }

    fn number(&mut self, before: &Self, message: &Message) {
        let Some(seq) = message.seq else { return };
        self.numbered = before.numbered.saturating_add(1);
        match step(before, message) {
            Step::Unnumbered => {
                self.first_seq = before.first_seq.or(Some(seq));
                self.seq = before.seq.or(Some(seq));
            }
            Step::Onward { missing } => {
                self.seq = Some(seq);
                self.missing = before.missing.saturating_add(missing);
            }
            Step::Again => self.numbered = before.numbered,
            Step::Straggler => self.missing = before.missing.saturating_sub(1),
            Step::Earlier { missing } => {
                self.first_seq = Some(seq);
                self.missing = before.missing.saturating_add(missing);
            }
            Step::Restart => {
                self.first_seq = Some(seq);
                self.seq = Some(seq);
            }
        }
    }

    /// Of a thousand numbered messages, how many are missing; `None` where nothing is numbered.
    #[must_use]
    pub fn missing_per_thousand(&self) -> Option<u64> {
        self.seq?;
        let sent = self.numbered.saturating_add(self.missing).max(1);
        Some(self.missing.saturating_mul(1000).div_ceil(sent))
    }

    /// Since when the device is silent: when it should have spoken again and did not; `None` while it
    /// is not overdue.
    #[must_use]
    pub fn silent_since(&self, now: Timestamp) -> Option<Timestamp> {
        let awaited = match self.next_by {
            Some(next_by) => next_by.max(self.heard_at),
            None => self.heard_at.saturating_add(SILENT_AFTER).unwrap_or(Timestamp::MAX),
        };
        let patience = if self.next_by.is_some() { GRACE } else { SignedDuration::ZERO };
        let overdue = awaited.saturating_add(patience).unwrap_or(Timestamp::MAX) < now;
        overdue.then_some(self.heard_at)
    }
}

/// How a sequence number stands to those known.
pub(super) enum Step {
    /// Nothing was numbered before.
    Unnumbered,
    /// Higher, with so many skipped in between.
    Onward { missing: u64 },
    /// The highest one once more: nothing is filled in by it.
    Again,
    /// Between the lowest and the highest: it fills one of the holes.
    Straggler,
    /// Below the lowest one known, with so many skipped in between.
    Earlier { missing: u64 },
    /// Far lower for a later period: the device numbers from the start again.
    Restart,
}

pub(super) fn step(before: &DeviceState, message: &Message) -> Step {
    let (Some(first), Some(last), Some(seq)) = (before.first_seq, before.seq, message.seq) else {
        return Step::Unnumbered;
    };
    if seq > last {
        Step::Onward { missing: seq - last - 1 }
    } else if message.observed_until() > before.observed_until && last - seq > RESTART_BELOW {
        Step::Restart
    } else if seq == last {
        Step::Again
    } else if seq < first {
        Step::Earlier { missing: first - seq - 1 }
    } else {
        Step::Straggler
    }
}
