//! Texts, as the capability `octo/content` writes them, in Italian or in English.

use atrio_domain::text::Locale;
use atrio_domain::venue::{AvailabilityType, Product, Venue};
use serde::Serialize;
use utoipa::ToSchema;

/// A list of what is not kept here: pictures, questions, guided languages, taxes.
pub type Nothing = [u8; 0];

/// What is worth knowing of something.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoFeature {
    short_description: Option<String>,
    /// `PREARRIVAL_INFORMATION`, `CANCELLATION_TERM` or `REDEMPTION_INSTRUCTION`.
    r#type: &'static str,
}

/// Where something is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoLocation {
    title: Option<String>,
    short_description: Option<String>,
    types: Vec<&'static str>,
    minutes_to: Option<u32>,
    minutes_at: Option<u32>,
    place: OctoPlace,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoPlace {
    latitude: f64,
    longitude: f64,
    postal_address: OctoPostalAddress,
    identifiers: OctoIdentifiers,
    same_as: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoPostalAddress {
    street_address: Option<String>,
    address_locality: Option<String>,
    address_region: Option<String>,
    postal_code: Option<String>,
    address_country: Option<&'static str>,
    post_office_box_number: Option<String>,
}

/// How others call a place; none is kept here.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoIdentifiers {
    google_place_id: Option<String>,
    apple_place_id: Option<String>,
    tripadvisor_location_id: Option<String>,
    yelp_place_id: Option<String>,
    facebook_place_id: Option<String>,
    foursquare_place_id: Option<String>,
    baidu_place_id: Option<String>,
    amap_place_id: Option<String>,
}

/// The texts of a product or an option.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoContent {
    title: String,
    short_description: Option<String>,
    description: Option<String>,
    features: Vec<OctoFeature>,
    #[schema(value_type = Vec<Object>)]
    faqs: Nothing,
    #[schema(value_type = Vec<Object>)]
    media: Nothing,
    locations: Vec<OctoLocation>,
    category_labels: Vec<&'static str>,
    duration_minutes_from: u32,
    duration_minutes_to: Option<u32>,
    #[schema(value_type = Vec<Object>)]
    commentary: Nothing,
}

/// The texts of a unit.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoUnitContent {
    title: Option<String>,
    short_description: String,
    features: Vec<OctoFeature>,
}

/// The texts of an availability.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoAvailabilityContent {
    title: Option<String>,
    short_description: String,
}

impl OctoContent {
    /// The texts of a product under this title.
    #[must_use]
    pub fn of(venue: &Venue, product: &Product, title: String, locale: Locale) -> Self {
        let minutes = match product.availability_type {
            AvailabilityType::StartTime => u32::from(product.slot_minutes),
            AvailabilityType::OpeningHours => 60,
        };
        let where_ = format!("{}, {} ({})", venue.name, venue.municipality, venue.region);
        let feature = |kind, it: String, en: String| OctoFeature {
            short_description: Some(match locale {
                Locale::It => it,
                Locale::En => en,
            }),
            r#type: kind,
        };
        Self {
            title,
            short_description: Some(where_),
            description: venue.website.clone(),
            features: vec![
                cancellation(product, &feature),
                feature(
                    "REDEMPTION_INSTRUCTION",
                    "Mostra il codice QR all'ingresso; ogni biglietto entra una volta".to_owned(),
                    "Show the QR code at the entrance; each ticket enters once".to_owned(),
                ),
            ],
            faqs: [],
            media: [],
            locations: vec![OctoLocation::of(venue)],
            category_labels: vec!["museums", "history"],
            duration_minutes_from: minutes,
            duration_minutes_to: None,
            commentary: [],
        }
    }
}

fn cancellation(
    product: &Product,
    feature: &impl Fn(&'static str, String, String) -> OctoFeature,
) -> OctoFeature {
    let (it, en) = match product.cancellation.refund_until_minutes_before {
        Some(minutes) => (
            format!("Rimborso intero fino a {} ore prima", minutes / 60),
            format!("Full refund until {} hours before", minutes / 60),
        ),
        None => ("Nessun rimborso".to_owned(), "No refund".to_owned()),
    };
    feature("CANCELLATION_TERM", it, en)
}

impl OctoLocation {
    fn of(venue: &Venue) -> Self {
        Self {
            title: Some(venue.name.clone()),
            short_description: None,
            types: vec!["POINT_OF_INTEREST", "ADMISSION_INCLUDED", "REDEMPTION"],
            minutes_to: None,
            minutes_at: None,
            place: OctoPlace {
                latitude: venue.latitude,
                longitude: venue.longitude,
                postal_address: OctoPostalAddress {
                    street_address: None,
                    address_locality: Some(venue.municipality.clone()),
                    address_region: Some(venue.region.clone()),
                    postal_code: None,
                    address_country: Some("IT"),
                    post_office_box_number: None,
                },
                identifiers: OctoIdentifiers::default(),
                same_as: venue.website.iter().cloned().collect(),
            },
        }
    }
}

impl OctoUnitContent {
    /// What a unit is called, whom it is for, and what they show.
    #[must_use]
    pub fn of(title: String, reason: String, show: Option<String>) -> Self {
        let shown = show.map(|text| OctoFeature {
            short_description: Some(text),
            r#type: "PREARRIVAL_INFORMATION",
        });
        Self {
            title: Some(title),
            short_description: reason,
            features: shown.into_iter().collect(),
        }
    }
}

impl OctoAvailabilityContent {
    /// What is worth knowing of a day.
    #[must_use]
    pub fn of(note: Option<String>) -> Self {
        Self { title: None, short_description: note.unwrap_or_default() }
    }
}
