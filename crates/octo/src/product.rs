//! Products, options and units.

use atrio_domain::booking::Channel;
use atrio_domain::quota::max_units;
use atrio_domain::tariff::{CURRENCY, Unit, UnitKind, price, usual_components};
use atrio_domain::venue::{AvailabilityType, Product, ProductOption, TIME_ZONE, Venue};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::product_id;
use crate::clock;
use crate::content::{OctoContent, OctoUnitContent};
use crate::pricing::{Amounts, OctoPricing};
use crate::viewer::Caller;

/// Lowest and highest age where a unit has no limit, for OCTO knows no unit without them.
const AGES: (u8, u8) = (0, 99);

/// How a product's tickets are carried: a code to show, and a page to print.
pub const DELIVERY_FORMATS: [&str; 2] = ["QRCODE", "PDF_URL"];

/// Each person has a ticket of their own.
pub const DELIVERY_METHODS: [&str; 1] = ["TICKET"];

/// A ticket is shown on a screen.
pub const REDEMPTION_METHOD: &str = "DIGITAL";

/// Where a price is written: on offer, or as it stands in a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// On offer.
    OnOffer,
    /// In a booking.
    InBooking,
}

/// Something to sell.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoProduct {
    id: String,
    internal_name: String,
    reference: Option<String>,
    locale: &'static str,
    time_zone: &'static str,
    allow_freesale: bool,
    instant_confirmation: bool,
    instant_delivery: bool,
    availability_required: bool,
    #[schema(value_type = String)]
    availability_type: AvailabilityType,
    delivery_formats: [&'static str; 2],
    delivery_methods: [&'static str; 1],
    redemption_method: &'static str,
    options: Vec<OctoOption>,
    #[serde(flatten)]
    pricing: Option<OctoProductPricing>,
    #[serde(flatten)]
    content: Option<OctoContent>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoProductPricing {
    default_currency: &'static str,
    available_currencies: [&'static str; 1],
    pricing_per: &'static str,
}

/// A way to take a product.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoOption {
    id: String,
    default: bool,
    internal_name: String,
    reference: Option<String>,
    availability_local_start_times: Vec<String>,
    /// Until when all of the money goes back, in words.
    cancellation_cutoff: String,
    cancellation_cutoff_amount: u32,
    cancellation_cutoff_unit: &'static str,
    required_contact_fields: Vec<&'static str>,
    restrictions: OctoOptionRestrictions,
    units: Vec<OctoUnit>,
    #[serde(flatten)]
    content: Option<OctoContent>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoOptionRestrictions {
    min_units: u32,
    max_units: Option<u32>,
}

/// A kind of visitor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoUnit {
    id: String,
    internal_name: String,
    reference: Option<String>,
    #[schema(value_type = String)]
    r#type: UnitKind,
    restrictions: OctoUnitRestrictions,
    required_contact_fields: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing_from: Option<Vec<OctoPricing>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<Vec<OctoPricing>>,
    #[serde(flatten)]
    content: Option<OctoUnitContent>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OctoUnitRestrictions {
    min_age: u8,
    max_age: u8,
    id_required: bool,
    min_quantity: Option<u32>,
    max_quantity: Option<u32>,
    pax_count: u32,
    accompanied_by: Vec<String>,
}

impl OctoProduct {
    /// As it is offered at `now`.
    #[must_use]
    pub fn of(venue: &Venue, product: &Product, caller: &Caller, now: Timestamp) -> Self {
        Self::shown(venue, product, caller, (venue.day_at(now), Shown::OnOffer))
    }

    /// As it stands for visits of that day.
    #[must_use]
    pub fn shown(
        venue: &Venue,
        product: &Product,
        caller: &Caller,
        (day, shown): (Date, Shown),
    ) -> Self {
        let options = product.options.iter().enumerate().map(|(index, option)| OctoOption {
            default: index == 0,
            ..OctoOption::shown(venue, product, option, caller, (day, shown))
        });
        let pricing = OctoProductPricing {
            default_currency: CURRENCY,
            available_currencies: [CURRENCY],
            pricing_per: "UNIT",
        };
        let name = product.name.in_locale(caller.locale);
        let content = || {
            let title = format!("{name}, {}", venue.name);
            OctoContent::of(venue, product, title, caller.locale)
        };
        Self {
            id: product_id(&venue.id, &product.id),
            internal_name: format!("{}: {}", venue.name, product.name.it),
            reference: None,
            locale: match caller.locale {
                atrio_domain::text::Locale::It => "it",
                atrio_domain::text::Locale::En => "en",
            },
            time_zone: TIME_ZONE,
            allow_freesale: false,
            instant_confirmation: true,
            instant_delivery: true,
            availability_required: true,
            availability_type: product.availability_type,
            delivery_formats: DELIVERY_FORMATS,
            delivery_methods: DELIVERY_METHODS,
            redemption_method: REDEMPTION_METHOD,
            options: options.collect(),
            pricing: caller.capabilities.pricing.then_some(pricing),
            content: caller.capabilities.content.then(content),
        }
    }
}

impl OctoOption {
    /// As it stands for visits of that day; by itself it is no default.
    #[must_use]
    pub fn shown(
        venue: &Venue,
        product: &Product,
        option: &ProductOption,
        caller: &Caller,
        (day, shown): (Date, Shown),
    ) -> Self {
        let (amount, unit, words) = cutoff(product);
        let name = option.name.in_locale(caller.locale).to_owned();
        let units = units(option, day);
        let names = names_required(product);
        Self {
            id: option.id.to_string(),
            default: product.options.first().is_some_and(|first| first.id == option.id),
            internal_name: option.name.it.clone(),
            reference: None,
            availability_local_start_times: venue
                .opening
                .start_times(product)
                .into_iter()
                .map(clock)
                .collect(),
            cancellation_cutoff: words,
            cancellation_cutoff_amount: amount,
            cancellation_cutoff_unit: unit,
            required_contact_fields: Vec::new(),
            restrictions: OctoOptionRestrictions {
                min_units: 1,
                max_units: Some(max_units(&product.quotas, Channel::Reseller, product.max_units)),
            },
            units: units
                .iter()
                .map(|unit| OctoUnit {
                    required_contact_fields: names.clone(),
                    ..OctoUnit::shown((venue, product), unit, caller, (day, shown))
                })
                .collect(),
            content: caller
                .capabilities
                .content
                .then(|| OctoContent::of(venue, product, name, caller.locale)),
        }
    }
}

impl OctoUnit {
    /// As it stands for visits of that day.
    #[must_use]
    pub fn shown(
        (venue, product): (&Venue, &Product),
        unit: &Unit,
        caller: &Caller,
        (day, shown): (Date, Shown),
    ) -> Self {
        let text = |text: &atrio_domain::text::Text| text.in_locale(caller.locale).to_owned();
        let priced = |wanted| {
            let components = match wanted {
                Shown::OnOffer => usual_components(product, unit, day),
                Shown::InBooking => price(product, unit, day).components,
            };
            let granted = caller.capabilities.pricing && shown == wanted;
            let amounts = || Amounts::of_unit(caller, (venue, product), unit, &components);
            granted.then(|| vec![OctoPricing::of(amounts())])
        };
        Self {
            id: unit.id.to_string(),
            internal_name: unit.name.it.clone(),
            reference: None,
            r#type: unit.kind,
            restrictions: OctoUnitRestrictions {
                min_age: unit.min_age.unwrap_or(AGES.0),
                max_age: unit.max_age.unwrap_or(AGES.1),
                id_required: !unit.documents.is_empty(),
                min_quantity: None,
                max_quantity: None,
                pax_count: 1,
                accompanied_by: unit
                    .accompanied_by
                    .iter()
                    .chain(&unit.companion_of)
                    .map(ToString::to_string)
                    .collect(),
            },
            required_contact_fields: names_required(product),
            pricing_from: priced(Shown::OnOffer),
            pricing: priced(Shown::InBooking),
            content: caller.capabilities.content.then(|| {
                let show = unit.shown_at_gate().map(|show| text(&show));
                OctoUnitContent::of(text(&unit.name), text(&unit.reason), show)
            }),
        }
    }
}

/// Who can come on that day, or, where nobody can yet, from the first day on sale on.
#[must_use]
pub fn units(option: &ProductOption, day: Date) -> Vec<Unit> {
    let next = || {
        let to_come =
            option.tariffs.iter().filter(|tariff| tariff.valid.to.is_none_or(|to| day <= to));
        to_come.min_by_key(|tariff| tariff.valid.from)
    };
    let tariff = option.tariff_on(day).or_else(next).or(option.tariffs.last());
    tariff.map(|tariff| tariff.units.clone()).unwrap_or_default()
}

/// Tickets that name who enters need the names.
fn names_required(product: &Product) -> Vec<&'static str> {
    match product.admission.holder_names {
        Some(_) => vec!["firstName", "lastName"],
        None => Vec::new(),
    }
}

/// Until when all of the money goes back: amount, unit, words.
fn cutoff(product: &Product) -> (u32, &'static str, String) {
    let Some(minutes) = product.cancellation.refund_until_minutes_before else {
        return (0, "hour", "no refund".to_owned());
    };
    let (amount, unit) =
        if minutes > 0 && minutes % 60 == 0 { (minutes / 60, "hour") } else { (minutes, "minute") };
    let plural = if amount == 1 { "" } else { "s" };
    (amount, unit, format!("{amount} {unit}{plural}"))
}
