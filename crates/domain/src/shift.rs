//! A clerk's shift at a desk: a drawer that opens with a float, takes money for sales, gives it back
//! for voids, and is counted at the end. A sale and the drawer agree at every step.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::booking::Booking;
use crate::id::{CallerUuid, DeskId, UnitId, VenueId};
use crate::tariff::Cents;
use crate::text::Text;

/// Most money a drawer opens with, takes in one sale or is counted at: a slip of the hand is more.
pub const DRAWER_MAX: Cents = Cents(10_000_000);

/// Longest reason for a void, in characters.
pub const REASON_MAX_CHARS: usize = 200;

/// How a desk is paid. Cash desks and cards at the window are the exceptions that a public body has
/// from paying through pagoPA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Coins and notes, into the drawer.
    Cash,
    /// A card, on the desk's terminal.
    Card,
    /// Nothing to pay.
    Free,
}

impl Method {
    /// The method as written in requests and accounts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cash => "CASH",
            Self::Card => "CARD",
            Self::Free => "FREE",
        }
    }
}

/// Money and people of a shift so far. Voided sales are taken out of the sums and counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Sales that stand.
    pub sales: u32,
    /// People in them.
    pub visitors: u32,
    /// Of them, those who paid nothing.
    pub free_visitors: u32,
    /// Taken in cash, less what was given back.
    pub cash_cents: Cents,
    /// Taken by card, less what was given back.
    pub card_cents: Cents,
    /// Sales that were voided.
    pub voids: u32,
    /// Sales that came in after the drawer was counted, from a desk whose line was down.
    #[serde(default)]
    pub late_sales: u32,
}

/// Where a shift stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShiftState {
    /// It sells.
    Open,
    /// The drawer was counted.
    Closed {
        /// When.
        at: Timestamp,
        /// What was in the drawer.
        counted_cents: Cents,
    },
}

/// A shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The caller's key.
    pub uuid: CallerUuid,
    /// Where.
    pub venue: VenueId,
    /// At which desk.
    pub desk: DeskId,
    /// Who opened it, as the identity provider numbers staff.
    pub clerk: String,
    /// When.
    pub opened_at: Timestamp,
    /// What was in the drawer before the first sale.
    pub float_cents: Cents,
    /// What happened since.
    pub totals: Totals,
    /// Where it stands.
    pub state: ShiftState,
}

/// So many people of one unit in a sale, at a price, for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldUnit {
    /// The unit.
    pub unit_id: UnitId,
    /// How many.
    pub quantity: u32,
    /// Price of one.
    pub price_cents: Cents,
    /// Why it costs that.
    pub reason: Text,
}

/// A sale that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    /// When.
    pub at: Timestamp,
    /// Why, in the clerk's words.
    pub reason: String,
}

/// A sale at a desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// What was sold.
    pub booking: CallerUuid,
    /// In which shift.
    pub shift: CallerUuid,
    /// How it was paid.
    pub method: Method,
    /// How much.
    pub amount_cents: Cents,
    /// What the visitor handed over; none unless in cash.
    pub given_cents: Option<Cents>,
    /// To whom, by unit.
    pub units: Vec<SoldUnit>,
    /// When.
    pub sold_at: Timestamp,
    /// That it was taken back.
    pub void: Option<Void>,
}

/// Why a shift does not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShiftError {
    /// The amount cannot be in a drawer.
    #[error("{} cents are not 0 to {}", .amount.0, DRAWER_MAX.0)]
    Amount {
        /// In which field.
        field: &'static str,
        /// What was written.
        amount: Cents,
    },
    /// The drawer was counted already.
    #[error("the shift was closed at {closed_at}")]
    Closed {
        /// When.
        closed_at: Timestamp,
    },
    /// Closed before, with another count.
    #[error("the shift was closed with {} cents counted", .counted.0)]
    CountedOtherwise {
        /// What was counted then.
        counted: Cents,
    },
    /// The booking is another venue's.
    #[error("the booking is for venue `{booking}`, the shift is at `{shift}`")]
    OtherVenue {
        /// The booking's.
        booking: VenueId,
        /// The shift's.
        shift: VenueId,
    },
    /// The booking was not made at a desk.
    #[error("the booking came through {channel}, a desk sells what it held itself")]
    OtherChannel {
        /// Its channel.
        channel: &'static str,
    },
    /// There is something to pay, or nothing.
    #[error("{} cents are to be paid, which does not go with {method:?}", .amount.0)]
    WrongMethod {
        /// How much.
        amount: Cents,
        /// What was asked.
        method: Method,
    },
    /// Less was handed over than it costs.
    #[error("{} cents were given, {} are to be paid", .given.0, .amount.0)]
    TooLittle {
        /// Handed over.
        given: Cents,
        /// How much it costs.
        amount: Cents,
    },
    /// The reason is missing or too long.
    #[error("the reason has {length} characters, 1 to {REASON_MAX_CHARS} are taken")]
    BadReason {
        /// How many it has.
        length: usize,
    },
}

fn check_amount(field: &'static str, amount: Cents) -> Result<(), ShiftError> {
    if (Cents::ZERO..=DRAWER_MAX).contains(&amount) {
        Ok(())
    } else {
        Err(ShiftError::Amount { field, amount })
    }
}

impl Shift {
    /// Opens a drawer.
    ///
    /// # Errors
    /// [`ShiftError::Amount`] for a float that no drawer holds.
    pub fn open(
        uuid: CallerUuid,
        venue: VenueId,
        desk: DeskId,
        clerk: String,
        float_cents: Cents,
        now: Timestamp,
    ) -> Result<Self, ShiftError> {
        check_amount("float_cents", float_cents)?;
        let (totals, state) = (Totals::default(), ShiftState::Open);
        Ok(Self { uuid, venue, desk, clerk, opened_at: now, float_cents, totals, state })
    }

    /// What should be in the drawer.
    #[must_use]
    pub fn expected_cents(&self) -> Cents {
        Cents(self.float_cents.0 + self.totals.cash_cents.0)
    }

    /// What was counted, less what should have been there; none while it is open.
    #[must_use]
    pub fn difference_cents(&self) -> Option<Cents> {
        match self.state {
            ShiftState::Open => None,
            ShiftState::Closed { counted_cents, .. } => {
                Some(Cents(counted_cents.0 - self.expected_cents().0))
            }
        }
    }

    /// Takes the money for a booking, and the shift after it.
    ///
    /// # Errors
    /// A closed shift, a booking that is not this desk's to sell, or money that does not fit.
    pub fn sell(
        &self,
        booking: &Booking,
        method: Method,
        given_cents: Option<Cents>,
        now: Timestamp,
    ) -> Result<(Self, Sale), ShiftError> {
        self.must_be_open()?;
        self.took(booking, method, given_cents, now)
    }

    /// Files a sale that the desk made while its line was down, and the shift after it. The money is in the
    /// drawer, so one that was counted meanwhile takes it too, and says that its account changed.
    ///
    /// # Errors
    /// A booking that is not this desk's to sell, or money that does not fit.
    pub fn file(
        &self,
        booking: &Booking,
        method: Method,
        given_cents: Option<Cents>,
        sold_at: Timestamp,
    ) -> Result<(Self, Sale), ShiftError> {
        let (mut next, sale) = self.took(booking, method, given_cents, sold_at)?;
        if matches!(self.state, ShiftState::Closed { .. }) {
            next.totals.late_sales += 1;
        }
        Ok((next, sale))
    }

    fn took(
        &self,
        booking: &Booking,
        method: Method,
        given_cents: Option<Cents>,
        sold_at: Timestamp,
    ) -> Result<(Self, Sale), ShiftError> {
        if booking.venue_id != self.venue {
            let (booking, shift) = (booking.venue_id.clone(), self.venue.clone());
            return Err(ShiftError::OtherVenue { booking, shift });
        }
        if booking.channel != crate::booking::Channel::Desk {
            return Err(ShiftError::OtherChannel { channel: booking.channel.name() });
        }
        let amount = booking.total();
        if (amount == Cents::ZERO) != (method == Method::Free) {
            return Err(ShiftError::WrongMethod { amount, method });
        }
        let given_cents = given_cents.filter(|_| method == Method::Cash);
        if let Some(given) = given_cents {
            check_amount("given_cents", given)?;
            if given < amount {
                return Err(ShiftError::TooLittle { given, amount });
            }
        }
        let sale = Sale {
            booking: booking.uuid,
            shift: self.uuid,
            method,
            amount_cents: amount,
            given_cents,
            units: booking
                .units
                .iter()
                .map(|line| SoldUnit {
                    unit_id: line.unit_id.clone(),
                    quantity: line.quantity,
                    price_cents: line.price_cents,
                    reason: line.reason.clone(),
                })
                .collect(),
            sold_at,
            void: None,
        };
        Ok((self.with(&sale, 1), sale))
    }

    /// Gives the money of a sale back, and the shift after it.
    ///
    /// # Errors
    /// A closed shift, or a reason that says nothing.
    pub fn void(
        &self,
        sale: &Sale,
        reason: &str,
        now: Timestamp,
    ) -> Result<(Self, Sale), ShiftError> {
        self.must_be_open()?;
        let reason = reason.trim().to_owned();
        let length = reason.chars().count();
        if !(1..=REASON_MAX_CHARS).contains(&length) {
            return Err(ShiftError::BadReason { length });
        }
        let mut next = self.with(sale, -1);
        next.totals.voids += 1;
        Ok((next, Sale { void: Some(Void { at: now, reason }), ..sale.clone() }))
    }

    /// Counts the drawer and ends the shift. Repeated with the same count, it answers the same.
    ///
    /// # Errors
    /// A count that no drawer holds, or another count than before.
    pub fn close(&self, counted_cents: Cents, now: Timestamp) -> Result<Self, ShiftError> {
        check_amount("counted_cents", counted_cents)?;
        match self.state {
            ShiftState::Closed { counted_cents: before, .. } if before == counted_cents => {
                Ok(self.clone())
            }
            ShiftState::Closed { counted_cents: counted, .. } => {
                Err(ShiftError::CountedOtherwise { counted })
            }
            ShiftState::Open => {
                Ok(Self { state: ShiftState::Closed { at: now, counted_cents }, ..self.clone() })
            }
        }
    }

    fn must_be_open(&self) -> Result<(), ShiftError> {
        match self.state {
            ShiftState::Open => Ok(()),
            ShiftState::Closed { at, .. } => Err(ShiftError::Closed { closed_at: at }),
        }
    }

    /// The shift with a sale in its sums, or taken out of them.
    fn with(&self, sale: &Sale, sign: i32) -> Self {
        let mut next = self.clone();
        let totals = &mut next.totals;
        let moved = |sum: u32, by: u32| sum.saturating_add_signed(sign * by.cast_signed());
        totals.sales = moved(totals.sales, 1);
        for unit in &sale.units {
            totals.visitors = moved(totals.visitors, unit.quantity);
            if unit.price_cents == Cents::ZERO {
                totals.free_visitors = moved(totals.free_visitors, unit.quantity);
            }
        }
        let amount = sale.amount_cents.0 * i64::from(sign);
        match sale.method {
            Method::Cash => totals.cash_cents.0 += amount,
            Method::Card => totals.card_cents.0 += amount,
            Method::Free => {}
        }
        next
    }
}
