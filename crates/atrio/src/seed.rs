//! The sample venues: 253 real places with their facts, each with the shipped hours and tariffs.
//! Loaded at the first start of an installation.

use atrio_domain::calendar::Opening;
use atrio_domain::id::VenueId;
use atrio_domain::premises::Premises;
use atrio_domain::tariff::Cents;
use atrio_domain::venue::{HoursSource, Venue, VenueKind, shipped_product};
use serde::Deserialize;

/// The sample, as shipped.
pub const VENUES_CSV: &str = include_str!("../../../samples/venues.csv");

/// Why the sample does not read.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of samples/venues.csv: {problem}")]
pub struct SeedError {
    line: usize,
    problem: String,
}

#[derive(Debug, Deserialize)]
struct Row {
    venue_id: String,
    name: String,
    kind: String,
    category: Option<String>,
    municipality: String,
    region: String,
    latitude: f64,
    longitude: f64,
    full_price_eur: String,
    annual_visitors: Option<u32>,
    website: Option<String>,
}

/// The venues of the sample.
///
/// # Errors
/// The first line that does not read.
pub fn sample_venues() -> Result<Vec<Venue>, SeedError> {
    let mut reader = csv::Reader::from_reader(VENUES_CSV.as_bytes());
    let rows = reader.deserialize::<Row>().enumerate();
    rows.map(|(index, row)| {
        // The header is line 1.
        let line = index + 2;
        let refuse = |problem: String| SeedError { line, problem };
        venue(row.map_err(|error| refuse(error.to_string()))?).map_err(refuse)
    })
    .collect()
}

fn venue(row: Row) -> Result<Venue, String> {
    let kind = match row.kind.as_str() {
        "museum" => VenueKind::Museum,
        "library" => VenueKind::Library,
        "state archive" | "archive" => VenueKind::Archive,
        other => return Err(format!("`{other}` is no kind of venue")),
    };
    let full_price_cents = cents(&row.full_price_eur)?;
    let product = shipped_product(kind, full_price_cents, row.annual_visitors)
        .map_err(|error| error.to_string())?;
    Ok(Venue {
        id: VenueId::new(row.venue_id).map_err(|error| error.to_string())?,
        name: row.name,
        kind,
        category: row.category.filter(|text| !text.is_empty()),
        municipality: row.municipality,
        region: row.region,
        latitude: row.latitude,
        longitude: row.longitude,
        full_price_cents,
        annual_visitors: row.annual_visitors,
        website: row.website.filter(|text| !text.is_empty()),
        hours: HoursSource::DefaultWeek,
        opening: Opening::default_week(),
        resources: Vec::new(),
        premises: Premises::default(),
        products: vec![product],
        campaigns: Vec::new(),
        honoured_passes: Vec::new(),
        follows: atrio_domain::template::Follows::Undecided,
    })
}

/// `4.00` as 400, without a detour over floats.
fn cents(text: &str) -> Result<Cents, String> {
    let refuse = || format!("`{text}` is no price");
    let (euro, rest) = text.split_once('.').unwrap_or((text, "00"));
    if rest.len() != 2 {
        return Err(refuse());
    }
    let parse = |part: &str| part.parse::<i64>().map_err(|_| refuse());
    Ok(Cents(parse(euro)? * 100 + parse(rest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_holds_253_venues_of_three_kinds() {
        let venues = sample_venues().unwrap();
        let count = |kind| venues.iter().filter(|venue| venue.kind == kind).count();
        assert_eq!(venues.len(), 253);
        assert_eq!(count(VenueKind::Museum), 200);
        assert_eq!(count(VenueKind::Library), 14);
        assert_eq!(count(VenueKind::Archive), 39);
    }

    #[test]
    fn a_price_is_read_to_the_cent() {
        assert_eq!(cents("4.00"), Ok(Cents(400)));
        assert_eq!(cents("0"), Ok(Cents(0)));
        assert!(cents("4.5").is_err());
        assert!(cents("four").is_err());
    }
}
