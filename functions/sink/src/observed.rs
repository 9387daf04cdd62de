//! From what devices observed to rows of the lake. No person is in it: ingest refuses whoever tries, and
//! keeps no number of a cell with few people.

use atrio_domain::device::{
    Amount, Cell, Content, Observation, People, Reading, StoredObservation,
};
use atrio_domain::pseudonym::month_of;
use atrio_lake_schema::{counts, presence, readings};
use jiff::Timestamp;

use crate::anonymise::{Unmapped, large, local_day, small};

/// The row of an observation.
pub(crate) enum Row {
    Count(counts::Row),
    Presence(presence::Row),
    Reading(readings::Row),
}

/// What every observation says of itself.
struct Facts {
    month: String,
    device: String,
    venue_id: String,
    period_start: Timestamp,
    period_end: Timestamp,
    seq: Option<i64>,
    version: i32,
    quality: String,
    received_at: Timestamp,
}

pub(crate) fn row(stored: &StoredObservation) -> Result<Row, Unmapped> {
    let record = &stored.record;
    let facts = Facts {
        month: month_of(local_day(record.period_start)?),
        device: record.device.to_string(),
        venue_id: record.venue.to_string(),
        period_start: record.period_start,
        period_end: record.period_end,
        seq: record.seq.map(|n| large("seq", n)).transpose()?,
        version: small("version", stored.version)?,
        quality: record.quality.as_str().to_owned(),
        received_at: stored.received_at,
    };
    Ok(match &record.content {
        Content::People(people) => Row::Count(count(facts, record, people)?),
        Content::Cell(cell) => Row::Presence(present(facts, cell)?),
        Content::Reading(reading) => Row::Reading(read(facts, reading)),
    })
}

fn count(facts: Facts, record: &Observation, people: &People) -> Result<counts::Row, Unmapped> {
    Ok(counts::Row {
        month: facts.month,
        device: facts.device,
        model: record.model.to_string(),
        venue_id: facts.venue_id,
        period_start: facts.period_start,
        period_end: facts.period_end,
        people_count: large("people_count", people.count)?,
        people_towards: people.towards.map(|n| large("people_towards", n)).transpose()?,
        people_away: people.away.map(|n| large("people_away", n)).transpose()?,
        seq: facts.seq,
        version: facts.version,
        quality: facts.quality,
        received_at: facts.received_at,
    })
}

fn present(facts: Facts, cell: &Cell) -> Result<presence::Row, Unmapped> {
    Ok(presence::Row {
        month: facts.month,
        device: facts.device,
        venue_id: facts.venue_id,
        location_code: cell.location_code.as_str().to_owned(),
        period_start: facts.period_start,
        period_end: facts.period_end,
        origin: cell.origin.to_string(),
        aggregation: cell.aggregation.to_string(),
        people_count: cell.people.map(|n| large("people_count", n)).transpose()?,
        disclosure: if cell.people.is_some() { "counted" } else { "suppressed" }.to_owned(),
        least_count: large("least_count", cell.least_count)?,
        version: facts.version,
        quality: facts.quality,
        received_at: facts.received_at,
    })
}

fn read(facts: Facts, reading: &Reading) -> readings::Row {
    readings::Row {
        month: facts.month,
        device: facts.device,
        venue_id: facts.venue_id,
        quantity: reading.name.as_str().to_owned(),
        unit: reading.unit.to_owned(),
        observed_at: facts.period_end,
        value_millionths: reading.value.map(Amount::millionths),
        running_sum_millionths: reading.running_sum.map(Amount::millionths),
        seq: facts.seq,
        version: facts.version,
        quality: facts.quality,
        received_at: facts.received_at,
    }
}
