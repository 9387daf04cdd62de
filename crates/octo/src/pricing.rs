//! Prices, as the capability `octo/pricing` writes them. `net` is what the reseller owes by what is agreed with it,
//! and unknown where nothing is; visits to museums bear no tax.

use atrio_domain::invoicing::ledger::Account;
use atrio_domain::invoicing::terms::{Agreed, kept_by_venue};
use atrio_domain::tariff::{CURRENCY, Cents, PriceComponent, Unit};
use atrio_domain::venue::{Product, Venue};
use serde::Serialize;
use utoipa::ToSchema;

use crate::content::Nothing;
use crate::viewer::Caller;

/// What a customer pays, and what of it the reseller owes where that is agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// What a customer pays.
    pub retail: Cents,
    /// What of it the reseller owes.
    pub net: Option<Cents>,
}

impl Amounts {
    /// Of one ticket of a unit, by the parts of its price.
    pub fn of_unit(
        caller: &Caller,
        (venue, product): (&Venue, &Product),
        unit: &Unit,
        components: &[PriceComponent],
    ) -> Self {
        let retail: Cents = components.iter().map(|component| component.price_cents).sum();
        let terms = caller.account.as_ref().and_then(|account| account.terms.as_ref());
        let net = terms.map(|terms| {
            let commission = terms.commission_for(&venue.id, &product.id, &unit.id);
            Cents(retail.0 - commission.of(kept_by_venue(retail, components)).0)
        });
        Self { retail, net }
    }

    /// Of so many.
    pub fn times(self, quantity: u32) -> Self {
        Self { retail: self.retail.times(quantity), net: self.net.map(|net| net.times(quantity)) }
    }

    /// Of several together.
    pub fn sum(all: impl IntoIterator<Item = Self>, caller: &Caller) -> Self {
        let known = caller.account.as_ref().is_some_and(|account| account.terms.is_some());
        let nothing = Self { retail: Cents::ZERO, net: known.then_some(Cents::ZERO) };
        all.into_iter().fold(nothing, |sum, one| Self {
            retail: Cents(sum.retail.0 + one.retail.0),
            net: sum.net.zip(one.net).map(|(sum, one)| Cents(sum.0 + one.0)),
        })
    }
}

/// What a reseller keeps of a booking: what was agreed when it was confirmed, or what is now; none where nothing
/// is.
pub fn agreed(
    account: Option<&Account>,
    booking: &atrio_domain::booking::Booking,
) -> Option<Agreed> {
    let dealing = booking.resale.as_ref().and_then(|resale| resale.dealing.as_ref());
    match dealing.and_then(|dealing| dealing.agreed.as_ref()) {
        Some(agreed) => Some(agreed.clone()).filter(|agreed| agreed.terms_version > 0),
        None => account.filter(|account| account.terms.is_some()).map(|one| one.agreed(booking)),
    }
}

/// A price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoPricing {
    /// Cents, before anything is taken off.
    original: i64,
    /// Cents that the customer pays.
    retail: i64,
    /// Cents of them that the reseller owes, where that is agreed.
    net: Option<i64>,
    currency: &'static str,
    currency_precision: u32,
    #[schema(value_type = Vec<Object>)]
    included_taxes: Nothing,
}

/// The price of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoUnitPricing {
    unit_id: String,
    #[serde(flatten)]
    pricing: OctoPricing,
}

impl OctoPricing {
    /// As much.
    #[must_use]
    pub fn of(amounts: Amounts) -> Self {
        Self {
            original: amounts.retail.0,
            retail: amounts.retail.0,
            net: amounts.net.map(|net| net.0),
            currency: CURRENCY,
            currency_precision: 2,
            included_taxes: [],
        }
    }
}

impl OctoUnitPricing {
    /// As much of a unit.
    #[must_use]
    pub fn of(unit: &str, amounts: Amounts) -> Self {
        Self { unit_id: unit.to_owned(), pricing: OctoPricing::of(amounts) }
    }
}
