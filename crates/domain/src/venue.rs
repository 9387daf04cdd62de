//! A venue and what it sells: products, their options and units, and the hours it keeps.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::calendar::Opening;
use crate::cancellation::Cancellation;
use crate::id::{OptionId, ProductId, VenueId};
use crate::quota::Quota;
use crate::tariff::{Cents, FreeDay, Unit};
use crate::text::Text;

/// What kind of place it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum VenueKind {
    /// Museum, archaeological area or monument.
    Museum,
    /// National library.
    Library,
    /// State archive.
    Archive,
}

/// Where the opening hours come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HoursSource {
    /// The stated default week, until the venue's own hours are loaded.
    DefaultWeek,
    /// The venue's own hours.
    Own,
}

/// How a product's places are offered, in OCTO's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AvailabilityType {
    /// A visit begins at a stated time.
    StartTime,
}

/// One of the 250 places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Venue {
    /// The ministry's identifier (libraries: the Wikidata item).
    pub id: VenueId,
    /// What it is called.
    pub name: String,
    /// What kind of place it is.
    pub kind: VenueKind,
    /// The survey's category, where there is one.
    pub category: Option<String>,
    /// Town.
    pub municipality: String,
    /// Region.
    pub region: String,
    /// Degrees north, WGS 84.
    pub latitude: f64,
    /// Degrees east, WGS 84.
    pub longitude: f64,
    /// Price of a full ticket; zero is free.
    pub full_price_cents: Cents,
    /// Visitors in the year of the survey, where known.
    pub annual_visitors: Option<u32>,
    /// The venue's own site.
    pub website: Option<String>,
    /// Where the hours come from.
    pub hours: HoursSource,
    /// When it is open.
    pub opening: Opening,
    /// What it sells.
    pub products: Vec<Product>,
}

/// Something one can book at a venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Identifies the product within the venue.
    pub id: ProductId,
    /// What it is called.
    pub name: Text,
    /// How its places are offered.
    pub availability_type: AvailabilityType,
    /// Length of a slot in minutes.
    pub slot_minutes: u16,
    /// Places in each slot.
    pub capacity: u32,
    /// Most places in one booking.
    pub max_units: u32,
    /// Places reserved for channels; together at most the capacity.
    #[serde(default)]
    pub quotas: Vec<Quota>,
    /// What goes back to a visitor who gives a booking up.
    #[serde(default)]
    pub cancellation: Cancellation,
    /// Days on which everything is free.
    pub free_days: Vec<FreeDay>,
    /// Ways to take it; at least one.
    pub options: Vec<ProductOption>,
}

/// One way to take a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductOption {
    /// Identifies the option within the product.
    pub id: OptionId,
    /// What it is called.
    pub name: Text,
    /// Who pays what.
    pub units: Vec<Unit>,
}

impl Venue {
    /// The zone its days and slots are written in. All venues are Italian.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        // The zone database is compiled in, so the lookup cannot fail on any machine; a test
        // holds this true.
        TimeZone::get(TIME_ZONE).unwrap_or(TimeZone::UTC)
    }

    /// The product of that id.
    #[must_use]
    pub fn product(&self, id: &ProductId) -> Option<&Product> {
        self.products.iter().find(|product| &product.id == id)
    }
}

impl Product {
    /// The option of that id.
    #[must_use]
    pub fn option(&self, id: &OptionId) -> Option<&ProductOption> {
        self.options.iter().find(|option| &option.id == id)
    }
}

/// The zone of every venue, as named by the IANA database.
pub const TIME_ZONE: &str = "Europe/Rome";

/// Most places a visitor takes in one booking; groups ask the venue.
const MAX_UNITS: u32 = 10;

/// Minutes between the slots of the shipped products.
const SLOT_MINUTES: u16 = 60;

/// The admission of a museum, or the reading room of a library or archive, with the tariffs
/// every sample venue starts with.
///
/// # Errors
/// Never in practice: the ids are well-formed literals.
pub fn shipped_product(
    kind: VenueKind,
    full_price: Cents,
    annual_visitors: Option<u32>,
) -> Result<Product, crate::id::InvalidId> {
    let (id, name, units, capacity) = match kind {
        VenueKind::Museum => (
            "admission",
            Text::new("Ingresso", "Admission"),
            crate::tariff::state_museum_units(full_price)?,
            slot_capacity(annual_visitors),
        ),
        VenueKind::Library | VenueKind::Archive => (
            "reading-room",
            Text::new("Posto in sala di lettura", "Reading-room desk"),
            crate::tariff::reading_room_units()?,
            READING_ROOM_DESKS,
        ),
    };
    Ok(Product {
        id: ProductId::new(id)?,
        name,
        availability_type: AvailabilityType::StartTime,
        slot_minutes: SLOT_MINUTES,
        capacity,
        max_units: MAX_UNITS,
        quotas: Vec::new(),
        cancellation: Cancellation::default(),
        free_days: vec![FreeDay::FirstSunday],
        options: vec![ProductOption {
            id: OptionId::new("standard")?,
            name: Text::new("Standard", "Standard"),
            units,
        }],
    })
}

/// Desks assumed in a reading room until the venue states its own number.
const READING_ROOM_DESKS: u32 = 12;

/// Places assumed in an hourly slot until the venue states its own: four times the mean hour of
/// a year of 313 open days of ten hours, at least 10, in tens.
fn slot_capacity(annual_visitors: Option<u32>) -> u32 {
    let mean_hour_times_four = annual_visitors.unwrap_or(0).saturating_mul(4) / (313 * 10);
    mean_hour_times_four.div_ceil(10).max(1) * 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_of_the_venues_is_compiled_in() {
        assert_eq!(TimeZone::get(TIME_ZONE).unwrap().iana_name(), Some(TIME_ZONE));
    }

    #[test]
    fn a_small_museum_still_offers_ten_places_an_hour() {
        assert_eq!(slot_capacity(None), 10);
        assert_eq!(slot_capacity(Some(4_125)), 10);
        assert_eq!(slot_capacity(Some(50_000)), 70);
    }
}
