//! Prices, as the capability `octo/pricing` writes them. What a reseller pays of a price is agreed with it and
//! invoiced, so `net` is not known here; visits to museums bear no tax.

use atrio_domain::tariff::{CURRENCY, Cents};
use serde::Serialize;
use utoipa::ToSchema;

use crate::content::Nothing;

/// A price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OctoPricing {
    /// Cents, before anything is taken off.
    original: i64,
    /// Cents that the customer pays.
    retail: i64,
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
    /// So many cents.
    #[must_use]
    pub fn of(cents: Cents) -> Self {
        Self {
            original: cents.0,
            retail: cents.0,
            net: None,
            currency: CURRENCY,
            currency_precision: 2,
            included_taxes: [],
        }
    }
}

impl OctoUnitPricing {
    /// So many cents of a unit.
    #[must_use]
    pub fn of(unit: &str, cents: Cents) -> Self {
        Self { unit_id: unit.to_owned(), pricing: OctoPricing::of(cents) }
    }
}
