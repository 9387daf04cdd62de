//! A month of accounts: from midnight to midnight in Rome, where all venues are.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, date};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::venue::{day_at, time_zone};

/// How long after its end a month is closed. What was confirmed in its last second is written by then: no
/// request lasts as long.
pub const CLOSED_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Why a text is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a month: write it as `2026-11`")]
pub struct InvalidMonth {
    /// What was given, cut to a readable length.
    given: String,
}

/// A month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(Date);

impl Month {
    /// The month of an instant.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(day_at(at).first_of_month())
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Date {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last_day(self) -> Date {
        self.0.last_of_month()
    }

    /// When it is over.
    #[must_use]
    pub fn end(self) -> Timestamp {
        let next = self.last_day().saturating_add(1.day());
        let midnight = next.to_datetime(Time::midnight()).to_zoned_datetime(time_zone());
        midnight.map_or(Timestamp::MAX, |start| start.timestamp())
    }

    /// Whether nothing is added to it any more.
    #[must_use]
    pub fn is_closed(self, now: Timestamp) -> bool {
        self.end().saturating_add(CLOSED_AFTER).is_ok_and(|closed| closed <= now)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl FromStr for Month {
    type Err = InvalidMonth;

    fn from_str(text: &str) -> Result<Self, InvalidMonth> {
        let refuse = || InvalidMonth { given: text.chars().take(20).collect() };
        let (year, month) = text.split_once('-').ok_or_else(refuse)?;
        let is_number = |text: &str, digits| {
            text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_number(year, 4) || !is_number(month, 2) {
            return Err(refuse());
        }
        let year: i16 = year.parse().map_err(|_| refuse())?;
        let month: i8 = month.parse().map_err(|_| refuse())?;
        if !(2000..=2999).contains(&year) || !(1..=12).contains(&month) {
            return Err(refuse());
        }
        Ok(Self(date(year, month, 1)))
    }
}

impl TryFrom<String> for Month {
    type Error = InvalidMonth;

    fn try_from(text: String) -> Result<Self, InvalidMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}
