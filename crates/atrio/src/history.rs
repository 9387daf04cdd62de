//! Feeds counts of the past from a table: a column a counter, a row an hour of a place's own time. They
//! go the way of every message, through `ingest`, as if each had arrived when its hour was over; so what
//! devices may not bring after the horizon, whoever runs the installation can. It never changes what
//! was fed before: the same table again is the same counts.

use std::collections::HashMap;
use std::io::Read;

use atrio_domain::device::{DeviceName, InvalidName, Model, RegisteredDevice};
use atrio_domain::id::VenueId;
use atrio_dynamo::Store;
use atrio_ingest::{DeviceMessage, Outcome};
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use serde_json::json;

/// Messages handed over at once.
const AT_ONCE: usize = 1000;
/// A serial number that no certificate has: a counter of the past lets nobody in.
const NO_CERTIFICATE: &str = "none";

/// Why a table is not fed, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The table does not read.
    #[error("the table does not read")]
    Table(#[from] csv::Error),
    /// The table has other columns.
    #[error("the columns are {found}: `date`, `hour`, then a column for each counter are wanted")]
    Columns {
        /// What was found, cut.
        found: String,
    },
    /// A field is not what its column wants.
    #[error("line {line}: `{value}` is not {expected}")]
    Field {
        /// Where, from 1.
        line: u64,
        /// What was found.
        value: String,
        /// What is wanted.
        expected: &'static str,
    },
    /// A counter's name makes no device's.
    #[error("column `{column}` makes no name of a device")]
    Name {
        /// The column.
        column: String,
        /// Why not.
        #[source]
        source: InvalidName,
    },
    /// A device of that name stands elsewhere, or was revoked.
    #[error("`{device}` is enrolled otherwise: name another venue, or another `--prefix`")]
    Taken {
        /// The device.
        device: DeviceName,
    },
    /// A message was not taken.
    #[error("a count of `{device}` was not taken: {reason}")]
    Refused {
        /// The device.
        device: String,
        /// Why.
        reason: String,
    },
    /// The registry cannot be written.
    #[error("cannot write the registry of devices")]
    Registry(#[from] atrio_dynamo::Error),
}

/// Where the counts belong.
#[derive(Debug, Clone)]
pub struct Place {
    /// The venue that they are entered at.
    pub venue: VenueId,
    /// What the names of the devices begin with.
    pub prefix: String,
    /// Whose time the table is written in.
    pub zone: TimeZone,
}

/// What was fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Fed {
    /// Counters of the table.
    pub counters: usize,
    /// Hours with a count.
    pub counts: u64,
    /// People in them.
    pub people: u64,
    /// Of the counts, those that were new.
    pub new: u64,
    /// Hours of a counter without a count: they are missing in the lake too, not nought.
    pub missing: u64,
}

/// Feeds a table.
///
/// # Errors
/// [`HistoryError`]; what was fed until then stays, and feeding it again goes on.
pub async fn feed(store: &Store, place: &Place, table: impl Read) -> Result<Fed, HistoryError> {
    let mut reader = csv::Reader::from_reader(table);
    let devices = counters(&reader.headers()?.clone(), place)?;
    for device in &devices {
        enter(store, device, &place.venue).await?;
    }
    let context = atrio_ingest::Context { store: store.clone() };
    let mut fed = Fed { counters: devices.len(), ..Fed::default() };
    let mut waiting = Vec::with_capacity(AT_ONCE);
    let mut hours = Hours { zone: place.zone.clone(), seen: HashMap::new() };
    for row in reader.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let start = hours.start(&row, line)?;
        for (device, value) in devices.iter().zip(row.iter().skip(2)) {
            let Some(people) = people(value, line)? else {
                fed.missing += 1;
                continue;
            };
            fed.counts += 1;
            fed.people += people;
            waiting.push(message(device, &place.venue, start, people));
        }
        if waiting.len() >= AT_ONCE {
            fed.new += hand_over(&context, &mut waiting).await?;
        }
    }
    fed.new += hand_over(&context, &mut waiting).await?;
    Ok(fed)
}

fn counters(headers: &csv::StringRecord, place: &Place) -> Result<Vec<DeviceName>, HistoryError> {
    let mut names = headers.iter();
    if (names.next(), names.next()) != (Some("date"), Some("hour")) || headers.len() < 3 {
        let found = headers.iter().take(4).collect::<Vec<_>>().join(", ");
        return Err(HistoryError::Columns { found });
    }
    names
        .map(|column| {
            let words = column.split(|c: char| !c.is_ascii_alphanumeric());
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            let name = format!("{}-{}", place.prefix, words.join("-").to_ascii_lowercase());
            DeviceName::new(name)
                .map_err(|source| HistoryError::Name { column: column.to_owned(), source })
        })
        .collect()
}

async fn enter(store: &Store, device: &DeviceName, venue: &VenueId) -> Result<(), HistoryError> {
    let registered = RegisteredDevice {
        device: device.clone(),
        venue: venue.clone(),
        gate: None,
        fingerprint: NO_CERTIFICATE.to_owned(),
        certificate_serial: NO_CERTIFICATE.to_owned(),
        enrolled_at: Timestamp::UNIX_EPOCH,
        revoked_at: None,
    };
    match store.registered_device(device).await? {
        None => Ok(store.register_device(&registered).await?),
        Some(known) if known == registered => Ok(()),
        Some(_) => Err(HistoryError::Taken { device: device.clone() }),
    }
}

/// The hours of a table, each of which may stand there once.
struct Hours {
    zone: TimeZone,
    seen: HashMap<DateTime, u32>,
}

impl Hours {
    /// When the hour of a row begins. Where clocks go back, an hour is written twice: the first time it
    /// is the earlier one.
    fn start(&mut self, row: &csv::StringRecord, line: u64) -> Result<Timestamp, HistoryError> {
        let refuse = |value: &str, expected| HistoryError::Field {
            line,
            value: value.chars().take(40).collect(),
            expected,
        };
        let (day, hours) = (row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default());
        let date: Date = day.parse().map_err(|_| refuse(day, "a day such as 2026-05-01"))?;
        let first = hours.split(':').next().unwrap_or_default();
        let local = first
            .parse()
            .ok()
            .and_then(|hour: i8| date.at(0, 0, 0, 0).with().hour(hour).build().ok())
            .ok_or_else(|| refuse(hours, "an hour such as 6:00-6:59"))?;
        let times = self.seen.entry(local).or_default();
        *times += 1;
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let instant = match (ambiguous.offset(), *times) {
            (AmbiguousOffset::Unambiguous { .. }, 1) => ambiguous.compatible(),
            (AmbiguousOffset::Fold { .. }, 1) => ambiguous.earlier(),
            (AmbiguousOffset::Fold { .. }, 2) => ambiguous.later(),
            (AmbiguousOffset::Gap { .. }, _) => {
                return Err(refuse(hours, "an hour that this day had, by the zone's clocks"));
            }
            (AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. }, _) => {
                return Err(refuse(hours, "written once: the day has it above already"));
            }
        };
        instant.map_err(|_| refuse(day, "a day of the calendar"))
    }
}

/// A count, written as a whole number or a decimal of one; nothing where none was taken.
fn people(value: &str, line: u64) -> Result<Option<u64>, HistoryError> {
    let value = value.trim();
    if value.is_empty() {
        return Ok(None);
    }
    let whole = value.strip_suffix(".0").unwrap_or(value);
    whole.parse().map(Some).map_err(|_| HistoryError::Field {
        line,
        value: value.chars().take(40).collect(),
        expected: "a count of people",
    })
}

fn message(device: &DeviceName, venue: &VenueId, start: Timestamp, people: u64) -> DeviceMessage {
    let end = start + 1.hour();
    let content = json!({
        "id": format!("urn:ngsi-ld:CrowdFlowObserved:{venue}:{device}"),
        "type": Model::CrowdFlowObserved.as_str(),
        "dateObserved": format!("{start}/{end}"),
        "peopleCount": people,
    });
    DeviceMessage {
        topic: format!("dt/atrio/{venue}/{device}/{}", Model::CrowdFlowObserved),
        client_id: device.to_string(),
        payload: content.to_string().into_bytes(),
        received_at: end,
    }
}

/// Hands messages over and says how many said something new.
async fn hand_over(
    context: &atrio_ingest::Context,
    waiting: &mut Vec<DeviceMessage>,
) -> Result<u64, HistoryError> {
    // One counter after the other: of many counts of one, its state is written once.
    waiting.sort_by(|one, other| one.client_id.cmp(&other.client_id));
    let devices: Vec<String> = waiting.iter().map(|message| message.client_id.clone()).collect();
    let mut new = 0;
    let outcomes = atrio_ingest::accept(context, std::mem::take(waiting)).await;
    for (device, outcome) in devices.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Stored { .. } => new += 1,
            Outcome::Unchanged => {}
            Outcome::DeadLettered { refusal } => {
                return Err(HistoryError::Refused { device, reason: refusal.to_string() });
            }
            Outcome::Failed { reason } => return Err(HistoryError::Refused { device, reason }),
        }
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(rows: &[(&str, &str)]) -> Vec<String> {
        let zone = TimeZone::get("Europe/Rome").unwrap();
        let mut hours = Hours { zone, seen: HashMap::new() };
        rows.iter()
            .map(|(day, hour)| {
                let row = csv::StringRecord::from(vec![*day, *hour]);
                let start = hours.start(&row, 2);
                start.map_or_else(|error| error.to_string(), |start| start.to_string())
            })
            .collect()
    }

    #[test]
    fn an_hour_that_comes_twice_is_two_hours_and_one_that_never_was_is_none() {
        let twice = ("2024-10-27", "2:00-2:59");
        let back = starts(&[("2024-10-27", "1:00-1:59"), twice, twice, twice]);
        assert_eq!(
            back[..3],
            ["2024-10-26T23:00:00Z", "2024-10-27T00:00:00Z", "2024-10-27T01:00:00Z"]
        );
        assert!(back[3].contains("written once"), "{back:?}");
        let forward = starts(&[("2024-03-31", "2:00-2:59"), ("2024-03-31", "24:00")]);
        assert!(forward[0].contains("an hour that this day had"), "{forward:?}");
        assert!(forward[1].contains("`24:00` is not an hour"), "{forward:?}");
    }

    #[test]
    fn nothing_is_not_nought() {
        assert_eq!(people("", 2).unwrap(), None);
        assert_eq!(people("5.0", 2).unwrap(), Some(5));
        assert_eq!(people("0", 2).unwrap(), Some(0));
        for wrong in ["5.5", "-1", "many"] {
            assert!(people(wrong, 7).unwrap_err().to_string().contains("line 7"), "{wrong}");
        }
    }
}
