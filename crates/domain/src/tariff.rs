//! What a visit costs and why. Prices are integer cents; the reason is shown before paying and
//! printed on the ticket. The shipped tariffs follow the state museums: free under 18, EUR 2 from
//! 18 to 25, under 12 only when accompanied (DM 507/1997 as amended by DM 13 of 9 January 2019),
//! first Sunday of the month free for all (DM 13/2019).

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use crate::id::UnitId;
use crate::text::Text;

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

/// OCTO's kinds of unit that the shipped tariffs use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UnitKind {
    /// Full price.
    Adult,
    /// 18 to 25.
    Youth,
    /// Under 18.
    Child,
    /// Any other right, such as a reader's desk.
    Other,
}

/// The kind of visitor who pays one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Identifies the unit within its option.
    pub id: UnitId,
    /// OCTO's kind.
    pub kind: UnitKind,
    /// What it is called.
    pub name: Text,
    /// Price on a day without a special rule.
    pub price_cents: Cents,
    /// Why it costs that.
    pub reason: Text,
    /// The document shown at the gate, where one is needed.
    pub document: Option<Text>,
    /// Lowest age on the day of the visit, in years.
    pub min_age: Option<u8>,
    /// Highest age on the day of the visit, in years.
    pub max_age: Option<u8>,
    /// Units one of which must come along; empty when the visitor may come alone.
    pub accompanied_by: Vec<UnitId>,
}

/// A rule that makes some days free for everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreeDay {
    /// The first Sunday of each month (DM 13/2019).
    FirstSunday,
}

impl FreeDay {
    /// Whether the rule makes this day free.
    #[must_use]
    pub fn covers(self, day: Date) -> bool {
        match self {
            Self::FirstSunday => day.weekday() == Weekday::Sunday && day.day() <= 7,
        }
    }

    /// The reason told to visitors.
    #[must_use]
    pub fn reason(self) -> Text {
        match self {
            Self::FirstSunday => Text::new(
                "Prima domenica del mese: ingresso gratuito per tutti (DM 13/2019)",
                "First Sunday of the month: free for all (DM 13/2019)",
            ),
        }
    }
}

/// What one unit costs on one day, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The amount for one.
    pub cents: Cents,
    /// Why.
    pub reason: Text,
}

/// The price of `unit` on `day` under the product's rules for free days.
#[must_use]
pub fn price(unit: &Unit, free_days: &[FreeDay], day: Date) -> Price {
    match free_days.iter().find(|rule| rule.covers(day)) {
        Some(rule) if unit.price_cents > Cents::ZERO => {
            Price { cents: Cents::ZERO, reason: rule.reason() }
        }
        _ => Price { cents: unit.price_cents, reason: unit.reason.clone() },
    }
}

/// The units of a state museum that asks `full_price` of an adult.
///
/// # Errors
/// Never in practice: the unit ids are well-formed literals.
pub fn state_museum_units(full_price: Cents) -> Result<Vec<Unit>, crate::id::InvalidId> {
    let adult = UnitId::new("adult")?;
    let youth = UnitId::new("youth")?;
    // A museum that is free, or cheaper than the reduction, asks no more of the young.
    let youth_price = full_price.min(Cents(200));
    let paying = full_price > Cents::ZERO;
    let identity = Text::new("Documento di identità", "Identity document");
    let unit = |id: &UnitId, kind, name: Text, price_cents, reason: Text| Unit {
        id: id.clone(),
        kind,
        name,
        price_cents,
        reason,
        document: None,
        min_age: None,
        max_age: None,
        accompanied_by: Vec::new(),
    };
    let free_under_18 = Text::new(
        "Gratuito sotto i 18 anni, di ogni nazionalità (DM 507/1997)",
        "Free under 18, any nationality (DM 507/1997)",
    );
    let free_for_all = Text::new("Ingresso gratuito per tutti", "Free for everyone");
    let reason_or_free = |reason: Text| if paying { reason } else { free_for_all.clone() };
    Ok(vec![
        Unit {
            min_age: Some(18),
            ..unit(
                &adult,
                UnitKind::Adult,
                Text::new("Intero", "Adult"),
                full_price,
                reason_or_free(Text::new("Biglietto intero", "Full price")),
            )
        },
        Unit {
            min_age: Some(18),
            max_age: Some(25),
            document: paying.then(|| identity.clone()),
            ..unit(
                &youth,
                UnitKind::Youth,
                Text::new("Giovani 18-25", "Youth 18-25"),
                youth_price,
                reason_or_free(Text::new(
                    "Agevolato dai 18 ai 25 anni, cittadini UE e Paesi con reciprocità (DM 13/2019)",
                    "Reduced from 18 to 25, citizens of the EU and of countries with reciprocity (DM 13/2019)",
                )),
            )
        },
        Unit {
            min_age: Some(12),
            max_age: Some(17),
            document: paying.then(|| identity.clone()),
            ..unit(
                &UnitId::new("minor")?,
                UnitKind::Child,
                Text::new("Ragazzi 12-17", "Minors 12-17"),
                Cents::ZERO,
                reason_or_free(free_under_18.clone()),
            )
        },
        Unit {
            max_age: Some(11),
            accompanied_by: vec![adult.clone(), youth.clone()],
            ..unit(
                &UnitId::new("child")?,
                UnitKind::Child,
                Text::new("Bambini sotto i 12, accompagnati", "Children under 12, accompanied"),
                Cents::ZERO,
                reason_or_free(free_under_18),
            )
        },
    ])
}

/// The only unit of a reading room: a reader at a desk, free of charge.
///
/// # Errors
/// Never in practice: the unit id is a well-formed literal.
pub fn reading_room_units() -> Result<Vec<Unit>, crate::id::InvalidId> {
    Ok(vec![Unit {
        id: UnitId::new("reader")?,
        kind: UnitKind::Other,
        name: Text::new("Lettore", "Reader"),
        price_cents: Cents::ZERO,
        reason: Text::new("Consultazione gratuita", "Consultation is free"),
        document: Some(Text::new("Documento di identità", "Identity document")),
        min_age: None,
        max_age: None,
        accompanied_by: Vec::new(),
    }])
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn cents_of(id: &str, full_price: i64, day: Date) -> i64 {
        let units = state_museum_units(Cents(full_price)).unwrap();
        let unit = units.iter().find(|unit| unit.id.as_str() == id).unwrap();
        price(unit, &[FreeDay::FirstSunday], day).cents.0
    }

    #[test]
    fn the_young_pay_two_euro_and_minors_nothing() {
        let tuesday = date(2026, 11, 24);
        assert_eq!(cents_of("adult", 1000, tuesday), 1000);
        assert_eq!(cents_of("youth", 1000, tuesday), 200);
        assert_eq!(cents_of("minor", 1000, tuesday), 0);
        assert_eq!(cents_of("child", 1000, tuesday), 0);
    }

    #[test]
    fn a_reduction_never_costs_more_than_the_full_price() {
        assert_eq!(cents_of("youth", 150, date(2026, 11, 24)), 150);
        assert_eq!(cents_of("youth", 0, date(2026, 11, 24)), 0);
    }

    #[test]
    fn the_first_sunday_is_free_and_the_second_is_not() {
        assert_eq!(cents_of("adult", 1000, date(2026, 12, 6)), 0);
        assert_eq!(cents_of("adult", 1000, date(2026, 12, 13)), 1000);
    }
}
