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
        // Whole microseconds: a command that reads how far ahead the platform is shows the same time,
        // so that nothing is ever stamped before what it followed.
        let ahead = start.duration_since(machine_time()).as_micros();
        Self::ahead_by_microseconds(i64::try_from(ahead).unwrap_or(i64::MAX))
    }

    /// A clock that is ahead of the machine's, or behind it.
    #[must_use]
    pub fn ahead_by_microseconds(ahead: i64) -> Self {
        Self { ahead: SignedDuration::from_micros(ahead) }
    }

    /// Microseconds by which it is ahead of the machine's.
    #[must_use]
    pub fn ahead_microseconds(&self) -> i64 {
        i64::try_from(self.ahead.as_micros()).unwrap_or(i64::MAX)
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
