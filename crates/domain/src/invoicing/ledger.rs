//! What a reseller owes, entry by entry. A sale and its giving back are entries of the instants at which they
//! happened, so what is corrected after a month is over is in the month of the correction, and a closed month
//! never changes. Entries name no customer.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::booking::{Booking, BookingState};
use crate::id::{CallerUuid, ProductId, SupplierId, VenueId};
use crate::invoicing::month::Month;
use crate::invoicing::terms::{Agreed, Dealing, Terms};
use crate::reseller::Mode;
use crate::tariff::Cents;
use crate::venue::FiscalClass;

/// Longest note of a payment, in characters.
const NOTE_MAX_CHARS: usize = 140;

/// Most cents in one payment: ten million euro.
const PAYMENT_MAX: i64 = 1_000_000_000;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryKind {
    /// A booking was confirmed.
    Sold,
    /// It was given up or called off; nothing is taken off what is owed where the rule gives nothing back.
    Cancelled,
}

impl EntryKind {
    /// The kind as written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sold => "SOLD",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A line of a reseller's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub kind: EntryKind,
    /// The booking, as OCTO's `supplierReference` names it.
    pub reference: String,
    /// Where.
    pub venue_id: VenueId,
    /// What that was called when it was held.
    pub venue_name: String,
    /// Who operates the venue; none for the installation's own supplier.
    pub supplier_id: Option<SupplierId>,
    /// What.
    pub product_id: ProductId,
    /// How that stands before the tax office.
    pub fiscal_class: FiscalClass,
    /// Day of the visit.
    pub visit_day: Date,
    /// People.
    pub places: u32,
    /// What customers pay; below nothing where it goes back.
    pub gross_cents: Cents,
    /// What the reseller keeps of it.
    pub commission_cents: Cents,
    /// What it owes: what customers pay but for what it keeps.
    pub net_cents: Cents,
}

impl Entry {
    /// The entry that a step of a booking makes; none where it makes none.
    #[must_use]
    pub fn of(from: &Booking, to: &Booking) -> Option<Self> {
        let resale = to.resale.as_ref().filter(|resale| resale.mode == Mode::Live)?;
        let dealing = resale.dealing.as_ref()?;
        let agreed = dealing.agreed.as_ref()?;
        let was_sold = matches!(from.state, BookingState::Confirmed { .. });
        let commission = agreed.commission_of(&to.units);
        let (at, kind, gross, commission) = match &to.state {
            BookingState::Confirmed { confirmed_at, .. } if !was_sold => {
                (*confirmed_at, EntryKind::Sold, to.total(), commission)
            }
            BookingState::Cancelled { cancelled_at, refund, .. } if was_sold => {
                let back = share(commission, *refund, to.total());
                (*cancelled_at, EntryKind::Cancelled, Cents(-refund.0), Cents(-back.0))
            }
            _ => return None,
        };
        Some(Self {
            at,
            kind,
            reference: to.uuid.reference(),
            venue_id: to.venue_id.clone(),
            venue_name: dealing.venue_name.clone(),
            supplier_id: dealing.supplier_id.clone(),
            product_id: to.product_id.clone(),
            fiscal_class: dealing.fiscal_class,
            visit_day: to.slot.id.day(),
            places: to.places(),
            gross_cents: gross,
            commission_cents: commission,
            net_cents: Cents(gross.0 - commission.0),
        })
    }

    /// The month whose statement it is in.
    #[must_use]
    pub fn month(&self) -> Month {
        Month::of(self.at)
    }
}

/// The part of a commission that goes back with a part of a price.
fn share(commission: Cents, refund: Cents, total: Cents) -> Cents {
    if refund == total {
        return commission;
    }
    if total.0 <= 0 {
        return Cents::ZERO;
    }
    let part = i128::from(commission.0) * i128::from(refund.0) / i128::from(total.0);
    Cents(i64::try_from(part).unwrap_or(commission.0))
}

/// Where a reseller stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Counts the changes of the terms; 0 where none were agreed.
    pub version: u64,
    /// What is agreed.
    pub terms: Option<Terms>,
    /// What it owes; below nothing where it paid in advance.
    pub owed_cents: Cents,
}

/// A reseller would owe more than was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the booking's {} would be owed beside {}, and the limit agreed is {}",
    euro(*.net), euro(*.owed), euro(*.limit)
)]
pub struct OverLimit {
    /// What the booking makes.
    pub net: Cents,
    /// What is owed already.
    pub owed: Cents,
    /// Up to how much may be.
    pub limit: Cents,
}

impl Account {
    /// What is agreed for a booking by the terms as they stand.
    #[must_use]
    pub fn agreed(&self, booking: &Booking) -> Agreed {
        self.terms.as_ref().map(|terms| terms.agree(self.version, booking)).unwrap_or_default()
    }

    /// The booking as it is confirmed, with what is agreed for it.
    #[must_use]
    pub fn deal(&self, booking: Booking) -> Booking {
        let agreed = Some(self.agreed(&booking));
        let resale = booking.resale.clone().map(|mut resale| {
            // What was held before there were accounts does not say.
            let name = booking.venue_id.to_string();
            let unknown = || Dealing::of(name, None, FiscalClass::Undecided);
            let dealing = resale.dealing.take().unwrap_or_else(unknown);
            resale.dealing = Some(Dealing { agreed, ..dealing });
            resale
        });
        Booking { resale, ..booking }
    }

    /// The most that may be owed before a sale that makes so much; none where nothing bounds it.
    ///
    /// # Errors
    /// More is owed.
    pub fn bound(&self, net: Cents) -> Result<Option<Cents>, OverLimit> {
        let limit = self.terms.as_ref().and_then(|terms| terms.credit_limit_cents);
        let Some(limit) = limit.filter(|_| net > Cents::ZERO) else { return Ok(None) };
        let bound = Cents(limit.0 - net.0);
        if self.owed_cents <= bound {
            Ok(Some(bound))
        } else {
            Err(OverLimit { net, owed: self.owed_cents, limit })
        }
    }
}

/// Money that came from a reseller, as an operator found it on the bank's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// The operator's key of it.
    pub uuid: CallerUuid,
    /// The bank's date.
    pub on: Date,
    /// How much.
    pub cents: Cents,
    /// What it was for, such as the number of an invoice.
    #[serde(default)]
    pub note: String,
}

/// Why money was not received like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceivedError {
    /// Nothing, or more than anybody pays.
    #[error("a payment is 1 to {PAYMENT_MAX} cents")]
    BadAmount,
    /// A note that is too long.
    #[error("a note has at most {NOTE_MAX_CHARS} characters")]
    BadNote,
}

impl Received {
    /// Checks that it can be put in the books.
    ///
    /// # Errors
    /// An amount that is none, or a note that is too long.
    pub fn check(&self) -> Result<(), ReceivedError> {
        if !(1..=PAYMENT_MAX).contains(&self.cents.0) {
            return Err(ReceivedError::BadAmount);
        }
        let is_short = self.note.chars().count() <= NOTE_MAX_CHARS;
        if is_short && !self.note.chars().any(char::is_control) {
            Ok(())
        } else {
            Err(ReceivedError::BadNote)
        }
    }
}

/// Cents as people read them: `12.50 EUR`.
#[must_use]
pub fn euro(cents: Cents) -> String {
    format!("{} EUR", decimal(cents))
}

/// Cents as a decimal number with two digits: `-12.50`.
#[must_use]
pub fn decimal(cents: Cents) -> String {
    let sign = if cents.0 < 0 { "-" } else { "" };
    let whole = cents.0.unsigned_abs();
    format!("{sign}{}.{:02}", whole / 100, whole % 100)
}
