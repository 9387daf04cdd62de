//! Who reads: the reseller, and what of OCTO beside the core it asks for.

use atrio_domain::invoicing::ledger::Account;
use atrio_domain::reseller::{Mode, Reseller};
use atrio_domain::text::Locale;

/// The capability of prices.
pub const PRICING: &str = "octo/pricing";

/// The capability of texts.
pub const CONTENT: &str = "octo/content";

/// The capability of being told.
pub const WEBHOOKS: &str = "octo/webhooks";

/// What a reseller asked for beside OCTO's core and is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Prices.
    pub pricing: bool,
    /// Texts.
    pub content: bool,
    /// Its servers are told.
    pub webhooks: bool,
}

impl Capabilities {
    /// Those of these names that are had here; others are passed over.
    #[must_use]
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut granted = Self::default();
        for name in names {
            match name.trim() {
                PRICING => granted.pricing = true,
                CONTENT => granted.content = true,
                WEBHOOKS => granted.webhooks = true,
                _ => {}
            }
        }
        granted
    }

    /// Their names.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let all = [(self.pricing, PRICING), (self.content, CONTENT), (self.webhooks, WEBHOOKS)];
        all.into_iter().filter(|(is_granted, _)| *is_granted).map(|(_, name)| name).collect()
    }
}

/// A reseller whose key is good.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Which.
    pub reseller: Reseller,
    /// Whether its key sells or rehearses.
    pub mode: Mode,
    /// What it is given beside OCTO's core.
    pub capabilities: Capabilities,
    /// In which language it is answered.
    pub locale: Locale,
    /// What is agreed with it, for who asks for prices.
    pub account: Option<Account>,
}
