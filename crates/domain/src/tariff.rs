//! What a visit costs and why, as dated data. A product's option has a tariff for each time, a tariff
//! has units with the rights they stand on, and every rule says where it is written. Prices are
//! integer cents; the reason is shown before paying and printed on the ticket.

mod check;
mod condition;
mod free_day;
mod surcharge;
#[cfg(test)]
mod tests;
mod validity;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::check::{TariffError, TariffFault};
pub use self::condition::{Condition, Country, Town};
pub use self::free_day::{Days, Entry, FreeDay};
pub use self::surcharge::{Beneficiary, BodyCode, InvalidBodyCode, Surcharge};
pub use self::validity::Validity;
use crate::id::UnitId;
use crate::text::Text;
use crate::venue::Product;

/// An amount in euro cents. Never a float.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    /// Nothing to pay.
    pub const ZERO: Self = Self(0);

    /// The amount for so many units.
    #[must_use]
    pub fn times(self, quantity: u32) -> Self {
        Self(self.0 * i64::from(quantity))
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

/// The only currency sold in so far, ISO 4217.
pub const CURRENCY: &str = "EUR";

/// OCTO's kinds of unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UnitKind {
    /// Full price.
    Adult,
    /// 18 to 25.
    Youth,
    /// Under 18.
    Child,
    /// Enrolled somewhere.
    Student,
    /// Any other right, such as a reader's desk.
    Other,
}

/// The units of an option for a time. What a visit costs follows from the day of the visit; what was
/// booked keeps what it was sold at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    /// Visits of which days.
    #[serde(default)]
    pub valid: Validity,
    /// Who pays what; at least one.
    pub units: Vec<Unit>,
}

/// The kind of visitor who pays one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Identifies the unit within its option.
    pub id: UnitId,
    /// OCTO's kind.
    pub kind: UnitKind,
    /// What it is called.
    pub name: Text,
    /// Price on a day without a special rule, before surcharges.
    pub price_cents: Cents,
    /// Why it costs that.
    pub reason: Text,
    /// Lowest age on the day of the visit, in years.
    #[serde(default)]
    pub min_age: Option<u8>,
    /// Highest age on the day of the visit, in years.
    #[serde(default)]
    pub max_age: Option<u8>,
    /// What else the visitor must be; all of it.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// What the visitor shows at the gate.
    #[serde(default)]
    pub documents: Vec<Text>,
    /// Units one of which must come along; empty when the visitor may come alone.
    #[serde(default)]
    pub accompanied_by: Vec<UnitId>,
    /// Units whose companion this is, one for each of them; empty for a visitor in their own right.
    #[serde(default)]
    pub companion_of: Vec<UnitId>,
    /// Where the rule is written.
    pub source: String,
}

impl Unit {
    /// Whether many visitors have it, so that a page shows it first: it stands on nothing but an
    /// identity document.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.companion_of.is_empty() && !self.conditions.iter().any(Condition::is_special)
    }

    /// What the visitor must be, in words: age, then the rest.
    #[must_use]
    pub fn conditions_in_words(&self) -> Vec<Text> {
        let rest = self.conditions.iter().map(Condition::words);
        self.age_in_words().into_iter().chain(rest).collect()
    }

    fn age_in_words(&self) -> Option<Text> {
        match (self.min_age, self.max_age) {
            (None, None) => None,
            (Some(min), None) => {
                Some(Text::new(format!("da {min} anni"), format!("from age {min}")))
            }
            (None, Some(max)) => {
                let below = u16::from(max) + 1;
                Some(Text::new(format!("sotto i {below} anni"), format!("under {below}")))
            }
            (Some(min), Some(max)) => {
                Some(Text::new(format!("da {min} a {max} anni"), format!("aged {min} to {max}")))
            }
        }
    }

    /// What the gate looks at: documents, who comes along, and what the visitor must be.
    #[must_use]
    pub fn shown_at_gate(&self) -> Option<Text> {
        let mut parts = self.documents.clone();
        parts.extend(self.company());
        if !self.companion_of.is_empty() {
            let (it, en) =
                ("entra con la persona che accompagna", "enters with whom they accompany");
            parts.push(Text::new(it, en));
        }
        if parts.is_empty() && self.conditions.is_empty() {
            return None;
        }
        parts.extend(self.conditions_in_words());
        Some(Text::list(parts.into_iter(), "; ").with_capital())
    }

    /// What the gate looks at on a day that is free for all: only who comes along.
    fn shown_on_free_day(&self) -> Option<Text> {
        let company = self.company()?;
        let age = self.age_in_words();
        Some(Text::list(std::iter::once(company).chain(age), "; ").with_capital())
    }

    fn company(&self) -> Option<Text> {
        let alone = self.accompanied_by.is_empty();
        (!alone).then(|| Text::new("entra solo accompagnato", "enters only accompanied"))
    }
}

/// A part of a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceComponent {
    /// What it is for.
    pub name: Text,
    /// How much, for one ticket.
    pub price_cents: Cents,
    /// Who receives it; none for the body that runs the venue.
    pub beneficiary: Option<Beneficiary>,
}

/// What one unit costs on one day, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The amount for one.
    pub cents: Cents,
    /// Its parts, which sum up to it; empty where nothing is paid.
    pub components: Vec<PriceComponent>,
    /// Why.
    pub reason: Text,
    /// What the gate looks at, where it looks at anything.
    pub show: Option<Text>,
}

/// The price of a unit of `product` on `day`. The caller takes the unit from the tariff of that day.
#[must_use]
pub fn price(product: &Product, unit: &Unit, day: Date) -> Price {
    if let Some(free) = product.free_day(day) {
        let (reason, show) = (free.reason.clone(), unit.shown_on_free_day());
        return Price { cents: Cents::ZERO, components: Vec::new(), reason, show };
    }
    let components = usual_components(product, unit, day);
    Price {
        cents: components.iter().map(|component| component.price_cents).sum(),
        components,
        reason: unit.reason.clone(),
        show: unit.shown_at_gate(),
    }
}

/// What a unit costs on `day`, were it not a free one.
#[must_use]
pub fn usual_price(product: &Product, unit: &Unit, day: Date) -> Cents {
    usual_components(product, unit, day).iter().map(|component| component.price_cents).sum()
}

/// The parts of what a unit costs on `day`, were it not a free one.
#[must_use]
pub fn usual_components(product: &Product, unit: &Unit, day: Date) -> Vec<PriceComponent> {
    if unit.price_cents <= Cents::ZERO {
        return Vec::new();
    }
    let ticket = PriceComponent {
        name: product.name.clone(),
        price_cents: unit.price_cents,
        beneficiary: None,
    };
    let is_paid = |surcharge: &&Surcharge| {
        surcharge.valid.covers(day)
            && (surcharge.units.is_empty() || surcharge.units.contains(&unit.id))
    };
    let surcharges = product.surcharges.iter().filter(is_paid).map(|surcharge| PriceComponent {
        name: surcharge.name.clone(),
        price_cents: surcharge.amount_cents,
        beneficiary: Some(surcharge.beneficiary.clone()),
    });
    std::iter::once(ticket).chain(surcharges).collect()
}
