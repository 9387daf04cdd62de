//! A template: parts of an offer that the platform's operator keeps for many venues. A venue that follows one
//! has its parts as they are there, written into its own record, so that whoever reads a venue needs to know
//! of no template. A part that the venue changed itself is its own, and stays so until it is given back.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::admission::AdmissionRule;
use crate::calendar::{Closure, Opening};
use crate::cancellation::Cancellation;
use crate::exchange::ExchangeRule;
use crate::group::GroupRule;
use crate::id::{ProductId, TemplateId};
use crate::offer::OfferError;
use crate::tariff::{Cents, FreeDay, Surcharge};
use crate::text::Text;
use crate::venue::{Product, ProductOption, Venue, VenueKind, at_full_price, shipped_product};

/// Most bytes of JSON of a template's parts: they are written into each venue's record beside its own.
pub const TEMPLATE_MAX_BYTES: usize = 100 * 1024;

/// The full price that the parts of a template are checked with.
const FULL_PRICE: Cents = Cents(1_000);

/// Parts of an offer, kept for many venues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Identifies it.
    pub id: TemplateId,
    /// What it is called.
    pub name: Text,
    /// Kinds of venues that follow it unless they decided otherwise; none asks nobody.
    #[serde(default)]
    pub kinds: Vec<VenueKind>,
    /// The product of each venue that its parts are of.
    pub product_id: ProductId,
    /// The parts.
    pub parts: Parts,
}

/// What a template says; of a part that is left out it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parts {
    /// Who pays what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tariffs: Option<Tariffs>,
    /// What goes back to a visitor who gives a booking up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancellation: Option<Cancellation>,
    /// Until when a booking may be exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeRule>,
    /// How tickets admit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admission: Option<AdmissionRule>,
    /// What is taken of groups and school classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<GroupRule>,
    /// Days on which all of them are closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closures: Option<Vec<Closure>>,
}

/// Who pays what, for many venues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariffs {
    /// What a full ticket costs.
    pub full_price: FullPrice,
    /// Ways to take the product, with their tariffs.
    pub options: Vec<ProductOption>,
    /// Days on which everything is free.
    #[serde(default)]
    pub free_days: Vec<FreeDay>,
    /// What is added to prices for a time.
    #[serde(default)]
    pub surcharges: Vec<Surcharge>,
}

/// Whose price a full ticket has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FullPrice {
    /// The venue's own, `full_price_cents`; reductions cost no more than that.
    Venue,
    /// As the template says.
    Template,
}

/// A part that a venue may have as its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Who pays what, free days and surcharges with it.
    Tariffs,
    /// What goes back.
    Cancellation,
    /// Until when a booking is exchanged.
    Exchange,
    /// How tickets admit.
    Admission,
    /// Groups and school classes.
    Groups,
    /// Closed days.
    Closures,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 6] = [
        Self::Tariffs,
        Self::Cancellation,
        Self::Exchange,
        Self::Admission,
        Self::Groups,
        Self::Closures,
    ];
}

/// Whether a venue follows a template.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Follows {
    /// It never decided: a template for its kind is followed.
    #[default]
    Undecided,
    /// It decided to follow none.
    None,
    /// It follows one.
    Template(Following),
}

/// How a venue follows a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Following {
    /// The template.
    pub template_id: TemplateId,
    /// The product that it is about.
    pub product_id: ProductId,
    /// The version of the template that the venue has; zero before the first.
    pub version: u64,
    /// Parts that the venue keeps as its own.
    pub own: BTreeSet<Part>,
    /// Why the template's newest version does not fit the venue, where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misfit: Option<String>,
}

/// Why a template cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A part of it cannot be offered.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// Words are missing in a language.
    #[error("the name is missing in Italian or in English")]
    Nameless,
    /// The tariffs are none of a product.
    #[error("no product can be made of the parts")]
    NoProduct,
}

impl TemplateError {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::Offer(error) => format!("parts.{}", error.field()),
            Self::Nameless => "name".to_owned(),
            Self::NoProduct => "parts".to_owned(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Offer(error) => error.fix(),
            Self::Nameless => "write it as {\"it\": …, \"en\": …}, neither empty",
            Self::NoProduct => "leave parts out until one is accepted",
        }
    }
}

impl Template {
    /// Checks that venues can offer its parts, as far as that holds for all of them.
    ///
    /// # Errors
    /// The first part at fault.
    pub fn check(&self) -> Result<(), TemplateError> {
        if !self.name.is_complete() {
            return Err(TemplateError::Nameless);
        }
        let product = shipped_product(VenueKind::Museum, FULL_PRICE, None);
        let mut product = product.map_err(|_| TemplateError::NoProduct)?;
        for part in Part::ALL {
            self.set(part, &mut product, FULL_PRICE);
        }
        product.check()?;
        let closures = self.parts.closures.clone().unwrap_or_default();
        Ok(Opening { week: Vec::new(), closures }.check()?)
    }

    /// Whether it says something of a part.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        match part {
            Part::Tariffs => self.parts.tariffs.is_some(),
            Part::Cancellation => self.parts.cancellation.is_some(),
            Part::Exchange => self.parts.exchange.is_some(),
            Part::Admission => self.parts.admission.is_some(),
            Part::Groups => self.parts.groups.is_some(),
            Part::Closures => self.parts.closures.is_some(),
        }
    }

    /// Writes a part into a product of a venue with that full price. Closures are none of a product.
    fn set(&self, part: Part, product: &mut Product, full_price: Cents) {
        let parts = &self.parts;
        match part {
            Part::Tariffs => {
                let Some(tariffs) = &parts.tariffs else { return };
                product.options.clone_from(&tariffs.options);
                product.free_days.clone_from(&tariffs.free_days);
                product.surcharges.clone_from(&tariffs.surcharges);
                if tariffs.full_price == FullPrice::Venue {
                    at_full_price(product, full_price);
                }
            }
            Part::Cancellation => {
                product.cancellation = parts.cancellation.unwrap_or(product.cancellation);
            }
            Part::Exchange if parts.exchange.is_some() => {
                product.exchange.clone_from(&parts.exchange);
            }
            Part::Admission => {
                if let Some(admission) = &parts.admission {
                    product.admission.clone_from(admission);
                }
            }
            Part::Groups if parts.groups.is_some() => product.groups.clone_from(&parts.groups),
            Part::Exchange | Part::Groups | Part::Closures => {}
        }
    }

    /// Whether a venue that never decided follows it.
    #[must_use]
    pub fn is_for(&self, venue: &Venue) -> bool {
        venue.follows == Follows::Undecided
            && self.kinds.contains(&venue.kind)
            && venue.product(&self.product_id).is_some()
    }

    /// How a venue begins to follow it: what is otherwise there today is its own.
    #[must_use]
    pub fn joined_by(&self, venue: &Venue) -> Following {
        let own = Part::ALL.into_iter().filter(|part| self.has(*part) && !self.is_in(*part, venue));
        Following {
            template_id: self.id.clone(),
            product_id: self.product_id.clone(),
            version: 0,
            own: own.collect(),
            misfit: None,
        }
    }

    /// Whether a part stands in the venue as it does here.
    fn is_in(&self, part: Part, venue: &Venue) -> bool {
        if part == Part::Closures {
            return self.parts.closures.as_ref() == Some(&venue.opening.closures);
        }
        venue.product(&self.product_id).is_some_and(|product| {
            let mut set = product.clone();
            self.set(part, &mut set, venue.full_price_cents);
            set == *product
        })
    }

    /// The parts that are otherwise in a venue now than before.
    #[must_use]
    pub fn changed(&self, before: &Venue, now: &Venue) -> Vec<Part> {
        let (old, new) = (before.product(&self.product_id), now.product(&self.product_id));
        let is_changed = |part: &Part| match (part, old, new) {
            (Part::Closures, ..) => before.opening.closures != now.opening.closures,
            (_, Some(old), Some(new)) => !is_same(*part, old, new),
            _ => false,
        };
        Part::ALL.into_iter().filter(is_changed).collect()
    }

    /// The venue as one that follows it so and has its parts in this version, but for its own. Where they do
    /// not fit, the venue stays as it was, and says why.
    #[must_use]
    pub fn followed(&self, venue: &Venue, following: Following, version: u64) -> Venue {
        let following = Following { version, misfit: None, ..following };
        let mut to = venue.clone();
        for part in Part::ALL.into_iter().filter(|part| !following.own.contains(part)) {
            if let (Part::Closures, Some(closures)) = (part, &self.parts.closures) {
                to.opening.closures.clone_from(closures);
            }
            let full_price = to.full_price_cents;
            if let Some(product) = to.products.iter_mut().find(|one| one.id == self.product_id) {
                self.set(part, product, full_price);
            }
        }
        match misfit(&to, &self.product_id) {
            None => Venue { follows: Follows::Template(following), ..to },
            Some(why) => {
                let following = Following { misfit: Some(why), ..following };
                Venue { follows: Follows::Template(following), ..venue.clone() }
            }
        }
    }
}

/// Why a venue cannot offer its product so.
fn misfit(venue: &Venue, product: &ProductId) -> Option<String> {
    let Some(product) = venue.product(product) else {
        return Some(format!("the venue has no product `{product}`"));
    };
    let offered = product.check().and_then(|()| venue.opening.check());
    let areas = || venue.premises.check_product(product).err().map(|error| error.to_string());
    offered.err().map(|error| error.to_string()).or_else(areas)
}

impl Venue {
    /// Notes that parts which its staff changed are its own: those that differ from `before`.
    pub fn note_own(&mut self, before: &Self) {
        let Follows::Template(following) = &self.follows else { return };
        let mut following = following.clone();
        let product = |venue: &Self| venue.product(&following.product_id).cloned();
        let (old, new) = (product(before), product(self));
        let changed = |part: Part| match (part, &old, &new) {
            (Part::Closures, ..) => before.opening.closures != self.opening.closures,
            (_, Some(old), Some(new)) => !is_same(part, old, new),
            _ => false,
        };
        following
            .own
            .extend(Part::ALL.into_iter().filter(|part| changed(*part)).collect::<Vec<_>>());
        self.follows = Follows::Template(following);
    }
}

fn is_same(part: Part, old: &Product, new: &Product) -> bool {
    match part {
        Part::Tariffs => {
            (&old.options, &old.free_days, &old.surcharges)
                == (&new.options, &new.free_days, &new.surcharges)
        }
        Part::Cancellation => old.cancellation == new.cancellation,
        Part::Exchange => old.exchange == new.exchange,
        Part::Admission => old.admission == new.admission,
        Part::Groups => old.groups == new.groups,
        Part::Closures => true,
    }
}
