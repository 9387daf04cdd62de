//! The sample venues: 253 real places with their facts, each with the shipped hours and tariffs.
//! Loaded at the first start of an installation.

use atrio_domain::calendar::Opening;
use atrio_domain::id::VenueId;
use atrio_domain::premises::Premises;
use atrio_domain::tariff::Cents;
use atrio_domain::venue::{HoursSource, Product, Venue, VenueKind, shipped_product};
use serde::Deserialize;

/// The sample, as shipped.
pub const VENUES_CSV: &str = include_str!("../../../samples/venues.csv");

/// What some of the venues sell through resellers, too.
const RESALE: &str = include_str!("../../../samples/products/resale.json");

/// Why the sample does not read.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A venue does not.
    #[error("line {line} of samples/venues.csv: {problem}")]
    Venue {
        /// Where it stands.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A product that resellers sell does not.
    #[error("samples/products/resale.json does not read")]
    Resale(#[from] serde_json::Error),
}

/// A product beside the one that every venue of its kind begins with.
#[derive(Debug, Deserialize)]
struct Resold {
    venue_id: VenueId,
    product: Product,
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
    let venues = rows.map(|(index, row)| {
        // The header is line 1.
        let line = index + 2;
        let refuse = |problem: String| SeedError::Venue { line, problem };
        venue(row.map_err(|error| refuse(error.to_string()))?).map_err(refuse)
    });
    let mut venues: Vec<Venue> = venues.collect::<Result<_, _>>()?;
    let resold: Vec<Resold> = serde_json::from_str(RESALE)?;
    for Resold { venue_id, product } in resold {
        let sellers = venues.iter_mut().filter(|venue| venue.id == venue_id);
        sellers.for_each(|venue| venue.products.push(product.clone()));
    }
    Ok(venues)
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
        supplied_by: atrio_domain::supplier::SuppliedBy::default(),
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
    use atrio_domain::venue::{AvailabilityType, Resellers};

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
    fn what_resellers_sell_is_enough_to_certify_a_client_with() {
        let venues = sample_venues().unwrap();
        let open: Vec<&Product> = venues
            .iter()
            .flat_map(|venue| &venue.products)
            .filter(|product| product.resellers == Resellers::Open)
            .collect();
        assert_eq!(open.len(), 5);
        assert!(open.iter().all(|product| product.check().is_ok()));
        let timed = |product: &&&Product| product.availability_type == AvailabilityType::StartTime;
        assert!(open.iter().filter(timed).filter(|product| product.capacity >= 300).count() >= 2);
        assert!(open.iter().any(|product| !timed(&product)));
        assert!(open.iter().any(|product| product.capacity <= 12), "a slot that fills in a test");
        assert!(
            open.iter().any(|product| !product.quotas.is_empty()),
            "one that is sold out ahead"
        );
        // What a venue's own page shows stands first.
        let first = |venue: &Venue| venue.products[0].resellers;
        assert!(venues.iter().all(|venue| first(venue) == Resellers::Closed));
    }

    #[test]
    fn a_price_is_read_to_the_cent() {
        assert_eq!(cents("4.00"), Ok(Cents(400)));
        assert_eq!(cents("0"), Ok(Cents(0)));
        assert!(cents("4.5").is_err());
        assert!(cents("four").is_err());
    }
}
