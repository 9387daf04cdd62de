//! A venue and what it sells: products, their options and units, and the hours it keeps.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::admission::AdmissionRule;
use crate::calendar::Opening;
use crate::cancellation::Cancellation;
use crate::exchange::ExchangeRule;
use crate::group::GroupRule;
use crate::id::{OptionId, ProductId, ResourceId, VenueId};
use crate::minimum::Minimum;
use crate::on_sale::OnSale;
use crate::pass::{PassRef, PassRule};
use crate::person_limit::PersonLimit;
use crate::premises::Premises;
use crate::quota::Quota;
use crate::resource::{Need, Resource};
use crate::supplier::SuppliedBy;
use crate::tariff::{Cents, FreeDay, Surcharge, Tariff, Unit, UnitKind, usual_price};
use crate::template::Follows;
use crate::text::Text;
use crate::voucher::Campaign;

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
    /// A visit begins whenever the venue is open on a stated day; a pass whenever its term lets it.
    OpeningHours,
}

/// Whether resellers may sell a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Resellers {
    /// None may.
    #[default]
    Closed,
    /// Those may that sell for the venue.
    Open,
}

impl Resellers {
    /// Whether none may, which is what a product says nothing of.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        *self == Self::Closed
    }
}

/// How a product stands before the tax office. What falls under which class is a jurist's word: a
/// show or an exhibition inside a museum may be neither of the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FiscalClass {
    /// A visit to a museum, gallery, monument, park or the like: exempt from VAT by article 10
    /// number 22 of DPR 633/1972.
    ExemptVisit,
    /// Nothing is charged, as for a desk in a reading room.
    NoCharge,
    /// A show, which may have to be sold by a system approved for automated ticketing (SIAE).
    Show,
    /// Not decided.
    Undecided,
}

impl FiscalClass {
    /// The class as written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExemptVisit => "EXEMPT_VISIT",
            Self::NoCharge => "NO_CHARGE",
            Self::Show => "SHOW",
            Self::Undecided => "UNDECIDED",
        }
    }
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
    /// Price of a full ticket as the venue stated it, before its tariffs; zero is free.
    pub full_price_cents: Cents,
    /// Visitors in the year of the survey, where known.
    pub annual_visitors: Option<u32>,
    /// The venue's own site.
    pub website: Option<String>,
    /// Where the hours come from.
    pub hours: HoursSource,
    /// When it is open.
    pub opening: Opening,
    /// What visits of its products occupy together.
    pub resources: Vec<Resource>,
    /// Its areas, and how many people may be present.
    pub premises: Premises,
    /// What it sells.
    pub products: Vec<Product>,
    /// What it takes off for who has a code.
    pub campaigns: Vec<Campaign>,
    /// Passes of other venues that it lets in with.
    pub honoured_passes: Vec<PassRef>,
    /// Whether parts of its offer follow a template.
    pub follows: Follows,
    /// Who operates it.
    #[serde(default)]
    pub supplied_by: SuppliedBy,
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
    /// Length of a slot in minutes; by opening hours, a day is one slot, however long.
    pub slot_minutes: u16,
    /// Places in each slot.
    pub capacity: u32,
    /// Most places in one booking.
    pub max_units: u32,
    /// Places reserved for channels; together at most the capacity.
    #[serde(default)]
    pub quotas: Vec<Quota>,
    /// Among how many items the places of a slot are spread that more people want in a second than one
    /// item takes; none for one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<u8>,
    /// What each visit occupies of the venue's resources.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Most pieces, by shelfmark, that one booking asks for; each is lent to one booking at a time.
    #[serde(default)]
    pub pieces_max: u32,
    /// The fewest people for whom a slot takes place; none where it always does.
    #[serde(default)]
    pub minimum: Option<Minimum>,
    /// What goes back to a visitor who gives a booking up.
    #[serde(default)]
    pub cancellation: Cancellation,
    /// Until when a booking may be exchanged for another slot; none never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeRule>,
    /// What it takes of groups and school classes; none takes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<GroupRule>,
    /// How many tickets one person takes, across bookings; none for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_limit: Option<PersonLimit>,
    /// Sales of some of its days that open at an hour, with a line before each; all other days are on
    /// sale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_sales: Vec<OnSale>,
    /// How its tickets admit.
    #[serde(default)]
    pub admission: AdmissionRule,
    /// What it is good for, where it is a pass; none for visits of slots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<PassRule>,
    /// Whether resellers may sell it.
    #[serde(default, skip_serializing_if = "Resellers::is_closed")]
    pub resellers: Resellers,
    /// How it stands before the tax office.
    pub fiscal_class: FiscalClass,
    /// Days on which everything is free.
    #[serde(default)]
    pub free_days: Vec<FreeDay>,
    /// What is added to its prices for a time.
    #[serde(default)]
    pub surcharges: Vec<Surcharge>,
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
    /// Who pays what, in order of time; one for each day between the first and the last.
    pub tariffs: Vec<Tariff>,
}

impl Venue {
    /// The zone its days and slots are written in. All venues are Italian.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        time_zone()
    }

    /// The local day at `now`.
    #[must_use]
    pub fn day_at(&self, now: Timestamp) -> Date {
        day_at(now)
    }

    /// The product of that id.
    #[must_use]
    pub fn product(&self, id: &ProductId) -> Option<&Product> {
        self.products.iter().find(|product| &product.id == id)
    }

    /// The resource of that id.
    #[must_use]
    pub fn resource(&self, id: &ResourceId) -> Option<&Resource> {
        self.resources.iter().find(|resource| &resource.id == id)
    }

    /// Price of a full ticket on `day`, were it not a free one: that of the first product's tariff, or
    /// what the venue stated where that has none.
    #[must_use]
    pub fn full_price_on(&self, day: Date) -> Cents {
        let by_tariff = || {
            let product = self.products.first()?;
            let tariff = product.options.first()?.tariff_on(day)?;
            let unit = tariff.units.iter().find(|unit| unit.kind == UnitKind::Adult)?;
            Some(usual_price(product, unit, day))
        };
        by_tariff().unwrap_or(self.full_price_cents)
    }
}

impl Product {
    /// The option of that id.
    #[must_use]
    pub fn option(&self, id: &OptionId) -> Option<&ProductOption> {
        self.options.iter().find(|option| &option.id == id)
    }

    /// The rule that makes `day` free for everyone, if one does.
    #[must_use]
    pub fn free_day(&self, day: Date) -> Option<&FreeDay> {
        self.free_days.iter().find(|rule| rule.covers(day))
    }

    /// The units of all its options, of any time.
    pub fn all_units(&self) -> impl Iterator<Item = &Unit> {
        self.options.iter().flat_map(|option| &option.tariffs).flat_map(|tariff| &tariff.units)
    }
}

impl ProductOption {
    /// The tariff of visits of that day.
    #[must_use]
    pub fn tariff_on(&self, day: Date) -> Option<&Tariff> {
        self.tariffs.iter().find(|tariff| tariff.valid.covers(day))
    }
}

/// The zone of every venue, as named by the IANA database.
pub const TIME_ZONE: &str = "Europe/Rome";

/// The day at every venue at an instant.
#[must_use]
pub fn day_at(at: Timestamp) -> Date {
    at.to_zoned_datetime(time_zone()).date()
}

/// The zone of every venue.
pub(crate) fn time_zone() -> TimeZone {
    // The zone database is compiled in, so the lookup cannot fail on any machine; a test holds this
    // true.
    TimeZone::get(TIME_ZONE).unwrap_or(TimeZone::UTC)
}

/// The admission that a sample museum starts with: the tariff of the state museums.
const MUSEUM: &str = include_str!("../../../samples/products/museum.json");

/// What a sample library or archive starts with: a desk in its reading room.
const READING_ROOM: &str = include_str!("../../../samples/products/reading-room.json");

/// The unit whose price is a venue's own; the others of the shipped tariff are reductions.
const FULL_PRICE_UNIT: &str = "adult";

/// The admission of a museum, or the reading room of a library or archive, with the tariffs
/// every sample venue starts with.
///
/// # Errors
/// Never in practice: a test reads both files.
pub fn shipped_product(
    kind: VenueKind,
    full_price: Cents,
    annual_visitors: Option<u32>,
) -> Result<Product, serde_json::Error> {
    match kind {
        VenueKind::Museum => {
            let product: Product = serde_json::from_str(MUSEUM)?;
            let capacity = slot_capacity(annual_visitors);
            let mut product = Product { capacity, ..product };
            at_full_price(&mut product, full_price);
            Ok(product)
        }
        VenueKind::Library | VenueKind::Archive => serde_json::from_str(READING_ROOM),
    }
}

/// Sets the product of a museum that asks `full_price` of an adult: no reduction costs more than that, and
/// where everyone enters for nothing nobody needs a reason or a document.
pub(crate) fn at_full_price(product: &mut Product, full_price: Cents) {
    let is_free = full_price <= Cents::ZERO;
    if is_free {
        product.free_days.clear();
    }
    for tariff in product.options.iter_mut().flat_map(|option| &mut option.tariffs) {
        if is_free {
            tariff.units.retain(Unit::is_usual);
        }
        let kept: Vec<_> = tariff.units.iter().map(|unit| unit.id.clone()).collect();
        for unit in &mut tariff.units {
            unit.accompanied_by.retain(|id| kept.contains(id));
            unit.price_cents = match unit.id.as_str() {
                FULL_PRICE_UNIT => full_price,
                _ => unit.price_cents.min(full_price),
            };
            if is_free {
                unit.reason = Text::new("Ingresso gratuito per tutti", "Free for everyone");
                unit.conditions.clear();
                unit.documents.clear();
            }
        }
    }
}

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
