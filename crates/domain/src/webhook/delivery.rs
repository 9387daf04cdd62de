//! How an endpoint is told: what its answers mean, when an event that it did not take is sent again, and
//! when it is given up.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The pause after the first failure; each later one is twice the one before. The last is eleven hours, all
/// together are about a day.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// So often an event is sent before its endpoint is disabled.
pub const ATTEMPTS_MAX: u32 = 14;

/// The longest that an endpoint may ask us to wait.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(12);

/// Events of one replay at most.
pub const REPLAY_MAX: u64 = 10_000;

/// What became of sending an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There was an answer.
    Answered {
        /// Its status.
        status: u16,
        /// For how long it asks to be left alone.
        retry_after: Option<SignedDuration>,
    },
    /// There was none, and why.
    Unreached(&'static str),
    /// Nothing was sent, for who would hear it sells nothing.
    Withheld,
}

impl Outcome {
    /// In a few words, for staff.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Answered { status, .. } => format!("answered with status {status}"),
            Self::Unreached(why) => (*why).to_owned(),
            Self::Withheld => "was sent nothing: its reseller sells nothing".to_owned(),
        }
    }

    /// Whether the event was taken: any status of success.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Answered { status: 200..=299, .. })
    }
}

/// What follows from an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The event was taken.
    Taken,
    /// It is sent again then.
    Again {
        /// When.
        at: Timestamp,
    },
    /// The endpoint is told no more.
    Disable {
        /// Why, for staff.
        reason: String,
    },
}

/// Where an endpoint stands in the log of its venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The last event that it took, or did not want.
    pub cursor: u64,
    /// How often the next one was sent.
    pub attempts: u32,
    /// Events that are sent once more, before the next one.
    pub replay: Option<Replay>,
}

/// Events of the log that are sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The next of them.
    pub next: u64,
    /// The last of them.
    pub to: u64,
}

impl Progress {
    /// The number behind which the next event is looked for, and the last that it may have.
    #[must_use]
    pub fn window(&self) -> (u64, u64) {
        match self.replay {
            Some(replay) => (replay.next.saturating_sub(1), replay.to),
            None => (self.cursor, u64::MAX),
        }
    }

    /// Having done with all up to this event.
    #[must_use]
    pub fn past(&self, sequence: u64) -> Self {
        match self.replay {
            Some(replay) => {
                let next = sequence.saturating_add(1);
                let replay = (next <= replay.to).then_some(Replay { next, ..replay });
                Self { attempts: 0, replay, ..*self }
            }
            None => Self { cursor: self.cursor.max(sequence), attempts: 0, replay: None },
        }
    }
}

/// What follows from the outcome of this attempt, the first being 1. Pauses are longer or shorter by up
/// to a fifth, by `chance` of 0 to 1000, so that endpoints of one server are not tried in step.
#[must_use]
pub fn judge(attempt: u32, outcome: &Outcome, chance: u32, now: Timestamp) -> Verdict {
    if outcome.is_taken() {
        return Verdict::Taken;
    }
    if matches!(outcome, Outcome::Answered { status: 410, .. }) {
        let reason = "it answered 410, which asks to be told no more".to_owned();
        return Verdict::Disable { reason };
    }
    if *outcome == Outcome::Withheld {
        let reason = "its reseller is suspended, or was revoked".to_owned();
        return Verdict::Disable { reason };
    }
    if attempt >= ATTEMPTS_MAX {
        let reason = format!(
            "an event was sent {attempt} times in about a day; the last time the endpoint {}",
            outcome.words()
        );
        return Verdict::Disable { reason };
    }
    let doubled = 1_i32 << attempt.saturating_sub(1).min(13);
    let thousandths = 800 + i32::try_from(chance.min(1_000)).unwrap_or_default() * 2 / 5;
    let pause = FIRST_PAUSE * doubled * thousandths / 1_000;
    let asked = match outcome {
        Outcome::Answered { retry_after: Some(wait), .. } => (*wait).min(LONGEST_WAIT),
        Outcome::Answered { .. } | Outcome::Unreached(_) | Outcome::Withheld => {
            SignedDuration::ZERO
        }
    };
    let at = now.saturating_add(pause.max(asked)).unwrap_or(Timestamp::MAX);
    Verdict::Again { at }
}

/// For how long the header `Retry-After` (RFC 9110, 10.2.3) asks us to wait: seconds, or until an instant.
#[must_use]
pub fn retry_after(header: &str, now: Timestamp) -> Option<SignedDuration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u32>() {
        return Some(SignedDuration::from_secs(seconds.into()));
    }
    let at = jiff::fmt::rfc2822::parse(header).ok()?.timestamp();
    Some(at.duration_since(now).max(SignedDuration::ZERO))
}
