//! What is added to a price for a time, and for whom. A surcharge raises what somebody pays; whoever
//! enters for nothing still does.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Cents, Validity};
use crate::id::UnitId;
use crate::text::Text;

/// An amount added to the price of each ticket that is paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surcharge {
    /// What it is called.
    pub name: Text,
    /// How much, for one ticket.
    pub amount_cents: Cents,
    /// Who receives it.
    pub beneficiary: Beneficiary,
    /// Visits of which days it is paid for.
    #[serde(default)]
    pub valid: Validity,
    /// Who pays it; empty for every unit that pays.
    #[serde(default)]
    pub units: Vec<UnitId>,
    /// Where the rule is written.
    pub source: String,
}

/// A body that receives a part of a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beneficiary {
    /// What it is called.
    pub name: String,
    /// Its fiscal code.
    pub fiscal_code: BodyCode,
}

/// The fiscal code of a body: 11 digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BodyCode(String);

/// Why a text is not the fiscal code of a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not the fiscal code of a body: 11 digits")]
pub struct InvalidBodyCode {
    /// What was given, cut to a readable length.
    value: String,
}

impl TryFrom<String> for BodyCode {
    type Error = InvalidBodyCode;

    fn try_from(value: String) -> Result<Self, InvalidBodyCode> {
        if value.len() == 11 && value.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(value))
        } else {
            Err(InvalidBodyCode { value: value.chars().take(40).collect() })
        }
    }
}

impl From<BodyCode> for String {
    fn from(code: BodyCode) -> Self {
        code.0
    }
}

impl fmt::Display for BodyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
