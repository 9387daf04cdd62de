//! Orders: several visits bought in one go, all or nothing, and paid once. Until they are confirmed
//! the bookings of an order move together and only through it; afterwards each is given up by
//! itself, by its own rule. A booking bought by itself is the case of one.

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::booking::{Booking, BookingState, Channel, Settlement, StepError};
use crate::hold::{HoldError, HoldRequest, Offer};
use crate::id::{CallerUuid, PaymentId, SlotId};
use crate::payment::ProviderOutcome;
use crate::risk::{Decision, RiskKeys};
use crate::tariff::Cents;
use crate::venue::Venue;

/// Fewest bookings of an order: one alone is a booking.
pub const ORDER_MIN_BOOKINGS: usize = 2;

/// Most bookings of an order.
pub const ORDER_MAX_BOOKINGS: usize = 5;

/// Most places of an order: its bookings, their parts of the payment and a ticket for each place are
/// confirmed in one transaction, which takes a hundred writes.
pub const ORDER_MAX_PLACES: u32 = 90;

/// Several visits bought in one go. Where it stands, its bookings say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The caller's key.
    pub uuid: CallerUuid,
    /// Its bookings, in the order in which they were asked for.
    pub bookings: Vec<CallerUuid>,
    /// When it was held.
    pub created_at: Timestamp,
}

/// What a visitor asks for in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRequest {
    /// The caller's key.
    pub uuid: CallerUuid,
    /// The visits, all for one contact, in one language and through one channel.
    pub lines: Vec<HoldRequest>,
}

/// Why an order cannot be held. Lines are counted from 0.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// One is a booking, and many are for a group office.
    #[error(
        "{given} bookings are asked for, an order takes {ORDER_MIN_BOOKINGS} to {ORDER_MAX_BOOKINGS}"
    )]
    Size { given: usize },
    /// A desk's drawer takes money for one booking at a time, and a reseller is invoiced by booking.
    #[error("desks and resellers sell booking by booking")]
    Desk,
    /// Two lines under one key.
    #[error("the uuid is that of booking {first} too")]
    RepeatedUuid { line: usize, first: usize },
    /// Two lines for one slot.
    #[error("slot `{slot}` of the same product is asked for in booking {first} too")]
    RepeatedSlot { line: usize, first: usize, slot: SlotId },
    /// Two lines with one discount code.
    #[error("the code is given for booking {first} too")]
    RepeatedVoucher { line: usize, first: usize },
    /// A line breaks a rule that a single booking must meet.
    #[error("{error}")]
    Line { line: usize, error: HoldError },
    /// More than can be confirmed at once.
    #[error("{requested} places are asked for, an order takes at most {ORDER_MAX_PLACES}")]
    TooManyPlaces { requested: u32 },
}

impl OrderRequest {
    /// Checks every line against what its venue sells, and prices it; the venues are those of the
    /// lines, in their order.
    ///
    /// # Errors
    /// The first rule that is not met.
    pub fn offers(&self, venues: &[Venue], now: Timestamp) -> Result<Vec<Offer>, OrderError> {
        self.check()?;
        let mut offers = Vec::with_capacity(self.lines.len());
        for (line, (request, venue)) in self.lines.iter().zip(venues).enumerate() {
            let offer = request.offer(venue, now);
            offers.push(offer.map_err(|error| OrderError::Line { line, error })?);
        }
        // Each line is within its product's limit, so the sum is no large number.
        let requested = offers.iter().map(Offer::places).sum();
        if requested > ORDER_MAX_PLACES {
            return Err(OrderError::TooManyPlaces { requested });
        }
        Ok(offers)
    }

    /// Checks what can be said of the lines without their venues.
    ///
    /// # Errors
    /// The first rule that is not met.
    pub fn check(&self) -> Result<(), OrderError> {
        let given = self.lines.len();
        if !(ORDER_MIN_BOOKINGS..=ORDER_MAX_BOOKINGS).contains(&given) {
            return Err(OrderError::Size { given });
        }
        let alone = |line: &HoldRequest| matches!(line.channel, Channel::Desk | Channel::Reseller);
        if self.lines.iter().any(alone) {
            return Err(OrderError::Desk);
        }
        let slot = |of: &HoldRequest| (of.venue_id.clone(), of.product_id.clone(), of.slot_id);
        for (line, request) in self.lines.iter().enumerate() {
            for (first, before) in self.lines[..line].iter().enumerate() {
                if before.uuid == request.uuid {
                    return Err(OrderError::RepeatedUuid { line, first });
                }
                // Their places would be two writes to one item in one transaction.
                if slot(before) == slot(request) {
                    return Err(OrderError::RepeatedSlot { line, first, slot: request.slot_id });
                }
                // So would be two uses of one code.
                if request.voucher.is_some() && before.voucher == request.voucher {
                    return Err(OrderError::RepeatedVoucher { line, first });
                }
            }
        }
        Ok(())
    }

    /// Turns accepted offers into an order and its bookings, all on hold until the same instant.
    #[must_use]
    pub fn hold(
        self,
        offers: Vec<Offer>,
        decision: &Decision,
        keys: &RiskKeys,
        now: Timestamp,
    ) -> (Order, Vec<Booking>) {
        let uuid = self.uuid;
        let held = self.lines.into_iter().zip(offers).map(|(request, offer)| Booking {
            order: Some(uuid),
            ..request.hold(offer, decision.clone(), keys.clone(), now)
        });
        let bookings: Vec<Booking> = held.collect();
        let order = Order {
            uuid,
            bookings: bookings.iter().map(|booking| booking.uuid).collect(),
            created_at: now,
        };
        (order, bookings)
    }

    /// Whether the same was asked for before; `bookings` are what is there under its key.
    #[must_use]
    pub fn is_repeat_of(&self, bookings: &[Booking]) -> bool {
        let asked = self.lines.iter().map(|line| (line.uuid, line.fingerprint()));
        asked.eq(bookings.iter().map(|booking| (booking.uuid, booking.fingerprint.clone())))
    }
}

/// What is to be paid for bookings together.
#[must_use]
pub fn total(bookings: &[Booking]) -> Cents {
    bookings.iter().map(Booking::due).sum()
}

/// Where an order stands: where all its bookings stand until they are confirmed, then confirmed for as
/// long as one of them is.
#[must_use]
pub fn status(bookings: &[Booking]) -> &'static str {
    let confirmed = |booking: &&Booking| matches!(booking.state, BookingState::Confirmed { .. });
    let speaks = bookings.iter().find(confirmed).or(bookings.first());
    speaks.map_or("EXPIRED", |booking| booking.state.name())
}

/// Whether bookings were read one by one while a step of all of them was being written: until they are
/// confirmed or end, they stand together.
#[must_use]
pub fn is_torn(bookings: &[Booking]) -> bool {
    let is_open = |booking: &Booking| {
        matches!(booking.state, BookingState::OnHold { .. } | BookingState::Paying { .. })
    };
    let name = |booking: &Booking| booking.state.name();
    bookings.iter().any(is_open) && bookings.windows(2).any(|two| name(&two[0]) != name(&two[1]))
}

/// Begins an attempt to pay for bookings that are bought together. Repeated while one runs, it answers
/// that one.
///
/// # Errors
/// Nothing to pay, a part of an order, an ended hold, or a state that is not open.
pub fn start_payment(
    bookings: &[Booking],
    payment: &PaymentId,
    now: Timestamp,
) -> Result<Vec<Booking>, StepError> {
    must_be_whole(bookings)?;
    if total(bookings) == Cents::ZERO {
        return Err(StepError::NothingToPay);
    }
    bookings.iter().map(|booking| booking.start_payment(payment.clone(), now)).collect()
}

/// Confirms bookings that are bought together and cost nothing. Repeated, it answers the same.
///
/// # Errors
/// Something to pay, a part of an order, an ended hold, or a state that is not open.
pub fn confirm_free(bookings: &[Booking], now: Timestamp) -> Result<Vec<Booking>, StepError> {
    must_be_whole(bookings)?;
    let amount = total(bookings);
    bookings.iter().map(|booking| booking.confirm_free(amount, now)).collect()
}

/// Gives up a hold of bookings that are bought together. Repeated, it answers the same.
///
/// # Errors
/// A part of an order, or bookings that are being paid for or confirmed.
pub fn cancel(bookings: &[Booking], now: Timestamp) -> Result<Vec<Booking>, StepError> {
    must_be_whole(bookings)?;
    bookings.iter().map(|booking| booking.cancel(now)).collect()
}

/// Ends the hold of bookings that are bought together; as they are, where it has not ended.
#[must_use]
pub fn expire(bookings: &[Booking], now: Timestamp) -> Vec<Booking> {
    let expired: Option<_> = bookings.iter().map(|booking| booking.expire(now)).collect();
    expired.unwrap_or_else(|| bookings.to_vec())
}

/// What the provider's word about the attempt `payment` does to all bookings that it pays for. None
/// where they do not stand together, because somebody moved them between two readings: read again.
#[must_use]
pub fn settle(
    bookings: &[Booking],
    payment: &PaymentId,
    outcome: ProviderOutcome,
    now: Timestamp,
) -> Option<Settlement<Vec<Booking>>> {
    let mut moved = Vec::with_capacity(bookings.len());
    let mut kind = Settlement::Nothing;
    for booking in bookings {
        kind = match booking.settle(payment, outcome, now) {
            Settlement::Confirm(next) => {
                moved.push(next);
                Settlement::Confirm(())
            }
            Settlement::Retry(next) => {
                moved.push(next);
                Settlement::Retry(())
            }
            Settlement::Release(next) => {
                moved.push(next);
                Settlement::Release(())
            }
            Settlement::Refund => Settlement::Refund,
            Settlement::Nothing => Settlement::Nothing,
        };
    }
    if !moved.is_empty() && moved.len() != bookings.len() {
        return None;
    }
    Some(match kind {
        Settlement::Confirm(()) => Settlement::Confirm(moved),
        Settlement::Retry(()) => Settlement::Retry(moved),
        Settlement::Release(()) => Settlement::Release(moved),
        Settlement::Refund => Settlement::Refund,
        Settlement::Nothing => Settlement::Nothing,
    })
}

/// A booking that is held or paid for in an order takes no step without the others.
fn must_be_whole(bookings: &[Booking]) -> Result<(), StepError> {
    let [alone] = bookings else { return Ok(()) };
    let is_open = matches!(alone.state, BookingState::OnHold { .. } | BookingState::Paying { .. });
    match alone.order {
        Some(order) if is_open => Err(StepError::PartOfOrder { order }),
        Some(_) | None => Ok(()),
    }
}
