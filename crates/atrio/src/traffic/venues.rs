//! The venues as the traffic sees them: what the API says of each, laid into rates. Also which
//! venues carry a counter, so that the counters can be enrolled before the traffic starts.

use std::cmp::Reverse;
use std::time::Duration;

use futures::StreamExt;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::TrafficError;
use super::draws::VisitKind;
use super::platform::{CallError, Platform, VenueSummary};
use super::shape::{EntrySpan, HourOfWeek, Rhythm, parse_weekday};

/// Visits a year assumed where the survey gives none (libraries and archives).
const ASSUMED_ANNUAL_VISITORS: u32 = 2_000;

/// How many venues are asked for at the same time.
const READERS: usize = 8;

/// How often the list is asked for while the platform starts, a second apart.
const ATTEMPTS: u32 = 10;

/// A venue that sample visitors visit.
#[derive(Debug)]
pub(super) struct Venue {
    pub id: String,
    pub kind: VisitKind,
    pub product_id: String,
    pub annual_visitors: u32,
    pub latitude: f64,
    pub longitude: f64,
    pub zone: TimeZone,
    pub rhythm: Rhythm,
}

/// The `count` venues with most visitors in a year, busiest first, from `samples/venues.csv`.
///
/// # Errors
///
/// [`TrafficError::VenueList`] when the text is not that table.
pub fn busiest_venues(venues_csv: &str, count: usize) -> Result<Vec<String>, TrafficError> {
    #[derive(Deserialize)]
    struct Row {
        venue_id: String,
        annual_visitors: Option<u32>,
    }
    let rows: Result<Vec<Row>, csv::Error> =
        csv::Reader::from_reader(venues_csv.as_bytes()).deserialize().collect();
    let mut rows = rows.map_err(TrafficError::VenueList)?;
    rows.sort_by(|a, b| {
        (Reverse(a.annual_visitors), &a.venue_id).cmp(&(Reverse(b.annual_visitors), &b.venue_id))
    });
    Ok(rows.into_iter().take(count).map(|row| row.venue_id).collect())
}

/// The thing name of a venue's live counter. Thing names are lower case, venue ids need not be.
#[must_use]
pub fn counter_name(venue_id: &str) -> String {
    format!("counter-{}", venue_id.to_ascii_lowercase())
}

/// The thing name of a venue's replayed counter. It is another device on purpose: two
/// connections under one name would throw each other out, and the hours of one would be taken
/// for corrections of the minutes of the other.
#[must_use]
pub fn replay_counter_name(venue_id: &str) -> String {
    format!("replay-{}", venue_id.to_ascii_lowercase())
}

/// Asks the platform for every venue; one that does not read is left out with a warning.
pub(super) async fn load(platform: &Platform) -> Result<Vec<Venue>, TrafficError> {
    let shape = HourOfWeek::sample()?;
    let summaries = list(platform).await?;
    let shape = &shape;
    let mut venues: Vec<Venue> = futures::stream::iter(summaries)
        .map(|summary| async move {
            let id = summary.id.clone();
            match read(platform, shape, summary).await {
                Ok(venue) => Some(venue),
                Err(reason) => {
                    tracing::warn!(venue_id = id, reason, "a venue gets no sample traffic");
                    None
                }
            }
        })
        .buffer_unordered(READERS)
        .filter_map(|venue| async { venue })
        .collect()
        .await;
    // The order of answers must not change the order of draws.
    venues.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(venues)
}

async fn list(platform: &Platform) -> Result<Vec<VenueSummary>, TrafficError> {
    let mut attempt = 1;
    loop {
        match platform.venues().await {
            Ok(list) => return Ok(list.venues),
            Err(error) if attempt >= ATTEMPTS => return Err(no_venues(platform, &error)),
            Err(error) => {
                tracing::debug!(%error, attempt, "the platform does not list its venues yet");
            }
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn no_venues(platform: &Platform, error: &CallError) -> TrafficError {
    let url = platform.url("/v1/venues").map(|url| url.to_string()).unwrap_or_default();
    TrafficError::Venues { url, reason: error.to_string() }
}

async fn read(
    platform: &Platform,
    shape: &HourOfWeek,
    summary: VenueSummary,
) -> Result<Venue, String> {
    let detail = platform.venue(&summary.id).await.map_err(|error| error.to_string())?;
    let mut spans = Vec::new();
    for span in &detail.opening {
        let weekday =
            parse_weekday(&span.weekday).ok_or_else(|| format!("weekday `{}`", span.weekday))?;
        let from = span.from.parse().map_err(|_| format!("opening time `{}`", span.from))?;
        let last_entry =
            span.last_entry.parse().map_err(|_| format!("last entry `{}`", span.last_entry))?;
        spans.push(EntrySpan { weekday, from, last_entry });
    }
    let zone = TimeZone::get(&detail.time_zone)
        .map_err(|_| format!("time zone `{}`", detail.time_zone))?;
    let product = detail.products.into_iter().next().ok_or("no product")?;
    Ok(Venue {
        kind: if summary.kind == "MUSEUM" { VisitKind::Museum } else { VisitKind::ReadingRoom },
        product_id: product.id,
        annual_visitors: summary.annual_visitors.unwrap_or(ASSUMED_ANNUAL_VISITORS),
        latitude: summary.latitude.unwrap_or_default(),
        longitude: summary.longitude.unwrap_or_default(),
        rhythm: Rhythm::new(shape, spans),
        zone,
        id: summary.id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VENUES: &str = include_str!("../../../../samples/venues.csv");

    #[test]
    fn the_busiest_venues_of_the_sample_come_first() {
        let busiest = busiest_venues(VENUES, 3).unwrap();
        assert_eq!(busiest, ["105950", "101309", "106484"]);
        assert_eq!(busiest_venues(VENUES, 1_000).unwrap().len(), 253);
        assert!(busiest_venues("name\nMuseo\n", 3).is_err());
    }

    #[test]
    fn a_live_and_a_replayed_counter_are_two_devices() {
        assert_eq!(counter_name("20240"), "counter-20240");
        assert_eq!(counter_name("Q3639677"), "counter-q3639677");
        assert_ne!(counter_name("20240"), replay_counter_name("20240"));
    }
}
