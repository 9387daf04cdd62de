//! The platform's clock. Everything that asks for the time asks here, so that a whole day at the
//! museum can be rehearsed at midnight.

use jiff::{SignedDuration, Timestamp};

/// Tells the time: the machine's, or a rehearsal's that runs beside it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    ahead: SignedDuration,
}

impl Clock {
    /// The machine's time.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that shows `start` now and runs on from there.
    #[must_use]
    pub fn rehearsing(start: Timestamp) -> Self {
        Self { ahead: start.duration_since(machine_time()) }
    }

    /// A clock that is ahead of the machine's.
    #[must_use]
    pub fn ahead_by(ahead: SignedDuration) -> Self {
        Self { ahead }
    }

    /// Whole seconds by which it is ahead of the machine's.
    #[must_use]
    pub fn ahead_seconds(&self) -> i64 {
        self.ahead.as_secs()
    }

    /// What it shows when the machine's clock shows `machine`, for instants that others stamped.
    #[must_use]
    pub fn showing(&self, machine: Timestamp) -> Timestamp {
        machine.saturating_add(self.ahead).unwrap_or(Timestamp::MAX)
    }

    /// The time, to the microsecond: what an answer says at once is what the table keeps of it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = self.showing(machine_time());
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine_time() -> Timestamp {
    Timestamp::now()
}
