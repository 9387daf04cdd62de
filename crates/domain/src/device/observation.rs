//! The canonical record of what a device observed over a period, and how it is kept: each content of
//! a period is a version, and the same content again is the same version.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::amount::Amount;
use super::cell::Cell;
use super::{DeviceName, Model};
use crate::id::VenueId;

/// How far an observation may be trusted.
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
    /// The counter's running total began again within this period; what it counted between its last
    /// message and that moment is unknown.
    AfterReset,
}

impl Quality {
    /// The name in the database and the lake: `good`, `late`, `after-gap` or `after-reset`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Late => "late",
            Self::AfterGap { .. } => "after-gap",
            Self::AfterReset => "after-reset",
        }
    }

    /// Sequence numbers missing before this observation.
    #[must_use]
    pub fn missing(self) -> u64 {
        match self {
            Self::Good | Self::Late | Self::AfterReset => 0,
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
            "after-reset" => Some(Self::AfterReset),
            _ => None,
        }
    }
}

/// What one device observed of one thing over one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The device.
    pub device: DeviceName,
    /// The data model it spoke.
    pub model: Model,
    /// The venue it stands in.
    pub venue: VenueId,
    /// Start of the period, to the second; of a reading, its instant.
    pub period_start: Timestamp,
    /// End of the period, to the second, exclusive; of a reading, its instant.
    pub period_end: Timestamp,
    /// Number of the message within its device, where it numbers them.
    pub seq: Option<u64>,
    /// How far it may be trusted.
    pub quality: Quality,
    /// What was observed.
    pub content: Content,
}

/// What was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// People who passed a counter.
    People(People),
    /// People present in a cell of a telephone network.
    Cell(Cell),
    /// A quantity that a sensor read.
    Reading(Reading),
}

/// People who passed a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    /// People in all.
    pub count: u64,
    /// People towards the inside, where the counter tells.
    pub towards: Option<u64>,
    /// People away from the inside, where the counter tells.
    pub away: Option<u64>,
    /// Running total since the installation, where it keeps one.
    pub cumulative: Option<u64>,
}

impl People {
    /// How many more went in than out; where a counter tells one direction, the others went the other way,
    /// and where it tells none, nobody knows: 0.
    #[must_use]
    pub fn more_inside(&self) -> i64 {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let others = |known: u64| self.count.saturating_sub(known);
        let (towards, away) = match (self.towards, self.away) {
            (Some(towards), Some(away)) => (towards, away),
            (Some(towards), None) => (towards, others(towards)),
            (None, Some(away)) => (others(away), away),
            (None, None) => return 0,
        };
        number(towards).saturating_sub(number(away))
    }
}

/// What a sensor read at an instant: a value, a running sum, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What was read.
    pub name: ReadingName,
    /// In which unit, by UCUM.
    pub unit: &'static str,
    /// How much at that instant.
    pub value: Option<Amount>,
    /// How much since the sensor began: of two readings, the difference is what came between them,
    /// however many messages were lost there.
    pub running_sum: Option<Amount>,
}

/// What a reading is of, such as `co2` or `bins/glass`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadingName(String);

impl FromStr for ReadingName {
    type Err = InvalidReadingName;

    /// Reads a name as SenML allows it (RFC 8428, section 4.5.1), of at most 64 characters.
    ///
    /// # Errors
    /// [`InvalidReadingName`].
    fn from_str(value: &str) -> Result<Self, InvalidReadingName> {
        let fits = (1..=64).contains(&value.len())
            && value.starts_with(|first: char| first.is_ascii_alphanumeric())
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-:./_".contains(&b));
        if fits { Ok(Self(value.to_owned())) } else { Err(InvalidReadingName) }
    }
}

impl ReadingName {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not the name of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not 1 to 64 letters, digits and `-:./_`, the first a letter or digit")]
pub struct InvalidReadingName;

/// What an observation says, as a SHA-256 in hexadecimal; its quality, which depends on the moment of
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

impl Observation {
    /// Tells it from others of the same device, model and period: a counter gives one a period, a
    /// cell one for each place, origin and way of counting, a sensor one for each quantity.
    #[must_use]
    pub fn series(&self) -> String {
        match &self.content {
            Content::People(_) => String::new(),
            Content::Cell(cell) => cell.series(),
            Content::Reading(reading) => reading.name.as_str().to_owned(),
        }
    }

    /// The people counted, where it is a count.
    #[must_use]
    pub fn people(&self) -> Option<&People> {
        match &self.content {
            Content::People(people) => Some(people),
            Content::Cell(_) | Content::Reading(_) => None,
        }
    }

    /// What this observation says.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        let number = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        let amount =
            |value: Option<Amount>| value.map_or_else(String::new, |value| value.to_string());
        let (venue, end) = (self.venue.to_string(), self.period_end.to_string());
        let said = match &self.content {
            Content::People(people) => vec![
                venue,
                end,
                people.count.to_string(),
                number(people.towards),
                number(people.away),
                number(self.seq),
                number(people.cumulative),
            ],
            // Of a suppressed cell the number is gone before it comes here: no hash gives it away.
            Content::Cell(cell) => vec![
                venue,
                end,
                number(cell.people),
                cell.least_count.to_string(),
                number(self.seq),
            ],
            Content::Reading(reading) => vec![
                venue,
                end,
                reading.unit.to_owned(),
                amount(reading.value),
                amount(reading.running_sum),
                number(self.seq),
            ],
        };
        hash_of(&[said.join("|").as_bytes()])
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

/// An observation as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObservation {
    /// What was observed.
    pub record: Observation,
    /// 1 for the first content, one more for each correction.
    pub version: u32,
    /// What it says.
    pub content_hash: ContentHash,
    /// What earlier versions said, latest last, at most eight.
    pub earlier_hashes: Vec<ContentHash>,
    /// When this version was received.
    pub received_at: Timestamp,
}
