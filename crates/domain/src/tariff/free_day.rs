//! Days on which everybody enters for nothing, with or without a booking.

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::Validity;
use crate::booking::Channel;
use crate::text::Text;

/// A rule that makes some days free for everyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreeDay {
    /// Which days.
    pub days: Days,
    /// How visitors come in on them.
    #[serde(default)]
    pub entry: Entry,
    /// The reason told to visitors.
    pub reason: Text,
    /// From when to when the rule holds.
    #[serde(default)]
    pub valid: Validity,
    /// Where the rule is written.
    pub source: String,
}

/// Which days a rule speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// The first Sunday of each month.
    FirstSunday,
    /// These.
    Dates(Vec<Date>),
}

/// How visitors come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Entry {
    /// With a booking, as on other days.
    #[default]
    Booked,
    /// Without one: the day is closed to booking and open to entry. A desk gives the tickets out, so
    /// that whoever enters is counted against the places.
    AtTheDoor,
}

impl FreeDay {
    /// Whether the rule makes this day free.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.valid.covers(day)
            && match &self.days {
                Days::FirstSunday => day.weekday() == Weekday::Sunday && day.day() <= 7,
                Days::Dates(dates) => dates.contains(&day),
            }
    }

    /// Whether a visitor can book through this channel on such a day.
    #[must_use]
    pub fn takes_booking(&self, channel: Channel) -> bool {
        match (self.entry, channel) {
            (Entry::Booked, _) | (Entry::AtTheDoor, Channel::Desk) => true,
            (Entry::AtTheDoor, Channel::Web | Channel::Totem | Channel::Reseller) => false,
        }
    }

    /// What is told on a day that takes no booking.
    #[must_use]
    pub fn at_the_door(&self) -> Text {
        Text::new(
            format!(
                "{}. Si entra senza prenotazione, fino a esaurimento dei posti",
                self.reason.it
            ),
            format!("{}. Entry without booking, while places last", self.reason.en),
        )
    }
}
