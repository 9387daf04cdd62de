//! People counted at a door or on a walkway: CrowdFlowObserved (dataModel.Transportation, 0.0.3). Beyond
//! the model, our own @context adds `seq` (counts messages of a device) and `cumulativeCount` (running
//! total since the installation, so that a lost message loses no people unnoticed).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::message::{
    Message, check_arrival, count, instant, natural, quality, required_text, text,
};
use super::observation::{Content, Observation, People};
use super::{LONGEST_PERIOD_HOURS, Refusal, Topic};

/// Reads the model's fields.
pub(super) fn read(
    topic: &Topic,
    fields: &Map<String, Value>,
    received_at: Timestamp,
) -> Result<Message, Refusal> {
    let (period_start, period_end) = period(fields)?;
    check_period(period_start, period_end)?;
    check_arrival(period_end, received_at)?;

    let towards = count(fields, "peopleCountTowards")?;
    let away = count(fields, "peopleCountAway")?;
    let people_count = match (count(fields, "peopleCount")?, towards, away) {
        (Some(people_count), Some(towards), Some(away)) if people_count != towards + away => {
            return Err(Refusal::TotalsDisagree { people_count, towards, away });
        }
        (Some(people_count), _, _) => people_count,
        (None, Some(towards), Some(away)) => towards + away,
        (None, _, _) => return Err(Refusal::MissingField { field: "peopleCount" }),
    };
    let seq = natural(fields, "seq")?;
    let cumulative = natural(fields, "cumulativeCount")?;
    let observation = Observation {
        device: topic.device.clone(),
        model: topic.model,
        venue: topic.venue.clone(),
        period_start,
        period_end,
        seq,
        quality: quality(period_end, received_at),
        content: Content::People(People { count: people_count, towards, away, cumulative }),
    };
    Ok(Message { observations: vec![observation], seq, ..Message::empty(topic) })
}

/// The period: `dateObservedFrom` and `dateObservedTo`, or `dateObserved` written as an interval
/// (the model's own example does, while its text allows an instant).
fn period(message: &Map<String, Value>) -> Result<(Timestamp, Timestamp), Refusal> {
    let observed = required_text(message, "dateObserved")?;
    let (from, to) = (text(message, "dateObservedFrom")?, text(message, "dateObservedTo")?);
    if let Some((start, end)) = observed.split_once('/') {
        let observed = (instant("dateObserved", start)?, instant("dateObserved", end)?);
        let start = from.map_or(Ok(observed.0), |text| instant("dateObservedFrom", text))?;
        let end = to.map_or(Ok(observed.1), |text| instant("dateObservedTo", text))?;
        return Ok((start, end));
    }
    instant("dateObserved", observed)?;
    let from = from.ok_or(Refusal::MissingField { field: "dateObservedFrom" })?;
    let to = to.ok_or(Refusal::MissingField { field: "dateObservedTo" })?;
    Ok((instant("dateObservedFrom", from)?, instant("dateObservedTo", to)?))
}

fn check_period(period_start: Timestamp, period_end: Timestamp) -> Result<(), Refusal> {
    if period_end <= period_start {
        return Err(Refusal::PeriodReversed { period_start, period_end });
    }
    let length = period_end.duration_since(period_start);
    if length.as_secs() > LONGEST_PERIOD_HOURS * 3600 {
        return Err(Refusal::PeriodTooLong { hours: length.as_hours() });
    }
    Ok(())
}
