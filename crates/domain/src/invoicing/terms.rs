//! What is agreed with a reseller: what it keeps of a price, up to how much it may owe, who is invoiced. What a
//! booking makes of that is fixed when it is confirmed, so that terms which change later change no sale.

use serde::{Deserialize, Serialize};

use crate::booking::{Booking, UnitLine};
use crate::id::{ProductId, SupplierId, UnitId, VenueId};
use crate::invoicing::firm::{Firm, FirmError};
use crate::tariff::{Cents, PriceComponent};
use crate::venue::FiscalClass;

/// Hundredths of a per cent in the whole.
pub const WHOLE: u16 = 10_000;

/// Most cents in one amount of the terms: ten million euro.
const MOST: i64 = 1_000_000_000;

/// Most exceptions of one reseller.
pub const EXCEPTIONS_MAX: usize = 200;

/// Longest time to pay an invoice, in days.
const PAYMENT_DAYS_MAX: u16 = 180;

/// What a reseller keeps of the price of one ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Commission {
    /// So many hundredths of a per cent, rounded to the cent for each ticket, half a cent up.
    BasisPoints(u16),
    /// So many cents a ticket, and never more than it costs.
    Cents(i64),
}

impl Commission {
    /// What is kept of what the venue would keep of a ticket.
    #[must_use]
    pub fn of(self, price: Cents) -> Cents {
        if price.0 <= 0 {
            return Cents::ZERO;
        }
        let kept = match self {
            Self::BasisPoints(points) => {
                let whole = i128::from(WHOLE);
                let cents = (i128::from(price.0) * i128::from(points) + whole / 2) / whole;
                i64::try_from(cents).unwrap_or(price.0)
            }
            Self::Cents(cents) => cents,
        };
        Cents(kept.clamp(0, price.0))
    }
}

/// A commission for some of what is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Of which venue.
    pub venue_id: VenueId,
    /// Of which of its products; of all, where none is named.
    #[serde(default)]
    pub product_id: Option<ProductId>,
    /// For which unit of that product; for all, where none is named.
    #[serde(default)]
    pub unit_id: Option<UnitId>,
    /// What the reseller keeps.
    pub commission: Commission,
}

impl Exception {
    /// How particular it is; none where it is not about this ticket.
    fn rank(&self, venue: &VenueId, product: &ProductId, unit: &UnitId) -> Option<u8> {
        let is_other = self.venue_id != *venue
            || self.product_id.as_ref().is_some_and(|own| own != product)
            || self.unit_id.as_ref().is_some_and(|own| own != unit);
        let named = u8::from(self.product_id.is_some()) + u8::from(self.unit_id.is_some());
        (!is_other).then_some(named)
    }
}

/// What is agreed with a reseller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What it keeps of a ticket's price, where no exception says otherwise. What a surcharge gives to another
    /// body it keeps nothing of.
    pub commission: Commission,
    /// What it keeps of some; the most particular counts.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// Up to how much it may owe; none for no limit, zero for who pays in advance.
    #[serde(default)]
    pub credit_limit_cents: Option<Cents>,
    /// Within how many days of its date an invoice is paid.
    #[serde(default = "usual_payment_days")]
    pub payment_days: u16,
    /// Who is invoiced.
    #[serde(default)]
    pub firm: Option<Firm>,
}

fn usual_payment_days() -> u16 {
    30
}

/// Why nothing can be agreed like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// More than all of a price, or less than nothing.
    #[error("a commission is 0 to {WHOLE} basis points, or 0 to {MOST} cents a ticket")]
    BadCommission,
    /// Less than nothing, or more than anybody owes.
    #[error("a limit is 0 to {MOST} cents")]
    BadLimit,
    /// Too many exceptions.
    #[error("{given} exceptions are given, {EXCEPTIONS_MAX} are taken")]
    TooManyExceptions {
        /// How many.
        given: usize,
    },
    /// A unit of no product.
    #[error("an exception for unit `{unit}` names no product")]
    UnitAlone {
        /// Which.
        unit: UnitId,
    },
    /// Two exceptions for the same.
    #[error("two exceptions are about the same tickets of venue `{venue}`")]
    Repeated {
        /// Of which venue.
        venue: VenueId,
    },
    /// Too long to pay.
    #[error("an invoice is paid within 0 to {PAYMENT_DAYS_MAX} days")]
    BadPaymentDays,
    /// The firm cannot be invoiced.
    #[error("firm: {0}")]
    Firm(FirmError),
}

impl TermsError {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::BadCommission => "commission".to_owned(),
            Self::BadLimit => "credit_limit_cents".to_owned(),
            Self::TooManyExceptions { .. } | Self::UnitAlone { .. } | Self::Repeated { .. } => {
                "exceptions".to_owned()
            }
            Self::BadPaymentDays => "payment_days".to_owned(),
            Self::Firm(error) => format!("firm.{}", error.field()),
        }
    }

    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::BadCommission => {
                "write `{\"basis_points\": 1500}` for 15 per cent, or `{\"cents\": 200}`"
            }
            Self::BadLimit => "write cents, or leave it out for no limit",
            Self::TooManyExceptions { .. } => "agree on fewer, for whole venues",
            Self::UnitAlone { .. } => "name the product of the unit",
            Self::Repeated { .. } => "keep one of the two",
            Self::BadPaymentDays => "write a number of days",
            Self::Firm(error) => error.fix(),
        }
    }
}

impl Terms {
    /// Checks that it can be sold, owed and invoiced by.
    ///
    /// # Errors
    /// The first thing that cannot be right.
    pub fn check(&self) -> Result<(), TermsError> {
        let commissions = self.exceptions.iter().map(|exception| exception.commission);
        for commission in std::iter::once(self.commission).chain(commissions) {
            let is_right = match commission {
                Commission::BasisPoints(points) => points <= WHOLE,
                Commission::Cents(cents) => (0..=MOST).contains(&cents),
            };
            if !is_right {
                return Err(TermsError::BadCommission);
            }
        }
        if self.exceptions.len() > EXCEPTIONS_MAX {
            return Err(TermsError::TooManyExceptions { given: self.exceptions.len() });
        }
        for (index, exception) in self.exceptions.iter().enumerate() {
            if let (Some(unit), None) = (&exception.unit_id, &exception.product_id) {
                return Err(TermsError::UnitAlone { unit: unit.clone() });
            }
            let about = |one: &Exception| {
                (one.venue_id.clone(), one.product_id.clone(), one.unit_id.clone())
            };
            if self.exceptions.iter().skip(index + 1).any(|one| about(one) == about(exception)) {
                return Err(TermsError::Repeated { venue: exception.venue_id.clone() });
            }
        }
        if self.credit_limit_cents.is_some_and(|limit| !(0..=MOST).contains(&limit.0)) {
            return Err(TermsError::BadLimit);
        }
        if self.payment_days > PAYMENT_DAYS_MAX {
            return Err(TermsError::BadPaymentDays);
        }
        self.firm.as_ref().map_or(Ok(()), |firm| firm.check().map_err(TermsError::Firm))
    }

    /// What the reseller keeps of tickets of that unit.
    #[must_use]
    pub fn commission_for(
        &self,
        venue: &VenueId,
        product: &ProductId,
        unit: &UnitId,
    ) -> Commission {
        let ranked = self.exceptions.iter().filter_map(|exception| {
            exception.rank(venue, product, unit).map(|rank| (rank, exception.commission))
        });
        ranked.max_by_key(|(rank, _)| *rank).map_or(self.commission, |(_, commission)| commission)
    }

    /// What a booking makes for the reseller, by these terms as they stood at a version.
    #[must_use]
    pub fn agree(&self, version: u64, booking: &Booking) -> Agreed {
        let one = |line: &UnitLine| {
            let commission =
                self.commission_for(&booking.venue_id, &booking.product_id, &line.unit_id);
            let kept = kept_by_venue(line.price_cents, &line.components);
            AgreedUnit { unit_id: line.unit_id.clone(), commission_cents: commission.of(kept) }
        };
        Agreed { terms_version: version, units: booking.units.iter().map(one).collect() }
    }
}

/// What a venue would keep of a ticket: its price but for what goes to other bodies.
#[must_use]
pub fn kept_by_venue(price: Cents, components: &[PriceComponent]) -> Cents {
    let others = components.iter().filter(|component| component.beneficiary.is_some());
    let others: Cents = others.map(|component| component.price_cents).sum();
    Cents(price.0 - others.0)
}

/// What a reseller keeps of one ticket of a unit, as it was agreed when the booking was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedUnit {
    /// The unit.
    pub unit_id: UnitId,
    /// What it keeps of one.
    pub commission_cents: Cents,
}

/// What was agreed when a booking was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Agreed {
    /// The version of the terms; 0 where there were none, and nothing is kept.
    pub terms_version: u64,
    /// What is kept, by unit.
    pub units: Vec<AgreedUnit>,
}

impl Agreed {
    /// What the reseller keeps of one ticket of a unit.
    #[must_use]
    pub fn commission(&self, unit: &UnitId) -> Cents {
        let found = self.units.iter().find(|one| one.unit_id == *unit);
        found.map_or(Cents::ZERO, |one| one.commission_cents)
    }

    /// What it keeps of a booking.
    #[must_use]
    pub fn commission_of(&self, units: &[UnitLine]) -> Cents {
        units.iter().map(|line| self.commission(&line.unit_id).times(line.quantity)).sum()
    }
}

/// What the accounts of a resold booking need to know of what was sold, as it was when it was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dealing {
    /// What the venue is called.
    pub venue_name: String,
    /// Who operates the venue; none for the installation's own supplier.
    pub supplier_id: Option<SupplierId>,
    /// How the product stands before the tax office.
    pub fiscal_class: FiscalClass,
    /// What was agreed when it was confirmed; none before.
    pub agreed: Option<Agreed>,
}

impl Dealing {
    /// Nothing is agreed yet.
    #[must_use]
    pub fn of(
        venue_name: String,
        supplier_id: Option<SupplierId>,
        fiscal_class: FiscalClass,
    ) -> Self {
        Self { venue_name, supplier_id, fiscal_class, agreed: None }
    }
}
