//! People present in a cell of a telephone network: TourismPresenceObserved (dataModel.TourismDestinations,
//! 0.0.1). A cell with fewer people than the threshold is suppressed here, before anything is kept of
//! it. Beyond the model, our own @context adds `minCount` (the operator's own threshold) and
//! `suppressed` (the operator withheld the number).

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Map, Value};

use super::message::{Message, check_arrival, count, instant, natural, quality, required_text};
use super::observation::{Content, Observation};
use super::refusal::excerpt;
use super::{LEAST_PEOPLE_IN_A_CELL, Refusal, Topic};

/// People present in a cell over an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The place, by the operator's code.
    pub location_code: Label,
    /// Where the people come from.
    pub origin: Origin,
    /// How they were counted.
    pub aggregation: Aggregation,
    /// How many; `None` when they were fewer than `least_count`, or the operator withheld it.
    pub people: Option<u64>,
    /// The fewest people that are told: our threshold, or the operator's where it is higher.
    pub least_count: u64,
}

impl Cell {
    /// Tells it from the other cells of its hour.
    #[must_use]
    pub fn series(&self) -> String {
        format!("{}#{}#{}", self.location_code.as_str(), self.origin, self.aggregation)
    }
}

/// A code of a place: 1 to 40 letters, digits and `._:-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not one of those that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not {0}")]
pub struct NotTaken(&'static str);

const LABEL: &str = "1 to 40 letters, digits and `._:-`";
const ORIGIN: &str = "`unknown` or a country's code of two or three capital letters (ISO 3166-1)";
const AGGREGATION: &str = "hourly_sum, hourly_average, hourly_snapshot or hourly_estimate";

impl FromStr for Label {
    type Err = NotTaken;
    fn from_str(value: &str) -> Result<Self, NotTaken> {
        let fits = (1..=40).contains(&value.len())
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b));
        if fits { Ok(Self(value.to_owned())) } else { Err(NotTaken(LABEL)) }
    }
}

/// Where people come from: a country, or unknown. It is never derived from anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The operator does not know, or does not tell.
    Unknown,
    /// A country, by its code of ISO 3166-1.
    Country(String),
}

impl FromStr for Origin {
    type Err = NotTaken;
    fn from_str(value: &str) -> Result<Self, NotTaken> {
        match value {
            "unknown" => Ok(Self::Unknown),
            code if (2..=3).contains(&code.len())
                && code.bytes().all(|b| b.is_ascii_uppercase()) =>
            {
                Ok(Self::Country(code.to_owned()))
            }
            _ => Err(NotTaken(ORIGIN)),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Country(code) => f.write_str(code),
        }
    }
}

/// How the people of a cell were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// Everyone who was there in the hour.
    Sum,
    /// The mean over the hour.
    Average,
    /// Who was there at one moment.
    Snapshot,
    /// Projected from a part.
    Estimate,
}

impl Aggregation {
    const ALL: [Self; 4] = [Self::Sum, Self::Average, Self::Snapshot, Self::Estimate];

    /// The model's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "hourly_sum",
            Self::Average => "hourly_average",
            Self::Snapshot => "hourly_snapshot",
            Self::Estimate => "hourly_estimate",
        }
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Aggregation {
    type Err = NotTaken;
    fn from_str(value: &str) -> Result<Self, NotTaken> {
        Self::ALL.into_iter().find(|one| one.as_str() == value).ok_or(NotTaken(AGGREGATION))
    }
}

/// Reads the model's fields.
pub(super) fn read(
    topic: &Topic,
    fields: &Map<String, Value>,
    received_at: Timestamp,
) -> Result<Message, Refusal> {
    let (period_start, period_end) = hour_around(required_text(fields, "dateObserved")?)?;
    check_arrival(period_end, received_at)?;
    let least_count = natural(fields, "minCount")?.unwrap_or(0).max(LEAST_PEOPLE_IN_A_CELL);
    let withheld = match fields.get("suppressed") {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => {
            return Err(Refusal::WrongType { field: "suppressed", expected: "true or false" });
        }
    };
    let people = match count(fields, "visitorCount")? {
        _ if withheld => None,
        None => return Err(Refusal::MissingField { field: "visitorCount" }),
        Some(people) => (people >= least_count).then_some(people),
    };
    let cell = Cell {
        location_code: word(fields, "locationCode")?,
        origin: word(fields, "nationality")?,
        aggregation: word(fields, "aggregationType")?,
        people,
        least_count,
    };
    let seq = natural(fields, "seq")?;
    let observation = Observation {
        device: topic.device.clone(),
        model: topic.model,
        venue: topic.venue.clone(),
        period_start,
        period_end,
        seq,
        quality: quality(period_end, received_at),
        content: Content::Cell(cell),
    };
    Ok(Message { observations: vec![observation], seq, ..Message::empty(topic) })
}

fn word<T: FromStr<Err = NotTaken>>(
    fields: &Map<String, Value>,
    field: &'static str,
) -> Result<T, Refusal> {
    let value = required_text(fields, field)?;
    value.parse().map_err(|NotTaken(expected)| Refusal::InvalidField {
        field,
        value: excerpt(value),
        expected,
    })
}

/// The hour whose middle the model says.
fn hour_around(value: &str) -> Result<(Timestamp, Timestamp), Refusal> {
    let middle = instant("dateObserved", value)?;
    let local = middle.to_zoned_datetime(TimeZone::UTC);
    if (local.minute(), local.second()) != (30, 0) {
        return Err(Refusal::InvalidField {
            field: "dateObserved",
            value: excerpt(value),
            expected: "the middle of an hour, such as 2026-05-01T10:30:00Z",
        });
    }
    let from = |span| middle.checked_add(span);
    match (from((-30).minutes()), from(30.minutes())) {
        (Ok(start), Ok(end)) => Ok((start, end)),
        _ => Err(Refusal::InvalidInstant { field: "dateObserved", value: excerpt(value) }),
    }
}
