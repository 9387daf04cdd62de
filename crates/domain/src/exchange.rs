//! Exchange of a confirmed booking for one of another slot: whether and until when, what the new one is
//! asked for with, and what becomes of both when it is confirmed. The new booking is a hold like any
//! other which names the one that it replaces; until it is confirmed the old one is untouched. What was
//! paid is carried over, so only a difference is paid or goes back.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::booking::{Booking, BookingState, Channel, Origin};
use crate::cancellation::{Cancellation, GivenUp};
use crate::hold::{HoldRequest, Offer, UnitQuantity};
use crate::holder::Holders;
use crate::id::{CallerUuid, SlotId, UnitId};
use crate::payment::share;
use crate::person_limit::Counted;
use crate::risk::{Decision, RiskKeys};
use crate::tariff::Cents;
use crate::text::Text;
use crate::ticket::{Ticket, TicketState};
use crate::venue::Venue;
use crate::voucher::VoucherUse;

/// Most places and pieces of a booking that is exchanged: its tickets end and the new ones begin in one
/// transaction, which takes a hundred writes.
pub const EXCHANGE_MAX_PLACES: usize = 40;

/// Most payments that a booking stands on: each exchange for a dearer visit adds one.
pub const EXCHANGE_MAX_PAYMENTS: usize = 4;

/// Whether a venue exchanges a product's bookings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRule {
    /// Minutes before the slot starts until which a booking may be exchanged; none when it never may.
    pub until_minutes_before: Option<u32>,
    /// Why so, as visitors are told before they pay.
    pub reason: Text,
}

/// What a hold comes in the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// The booking.
    pub booking: CallerUuid,
    /// What was paid for it and pays for this one.
    pub credit_cents: Cents,
    /// The use of its discount code, which passes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voucher: Option<VoucherUse>,
    /// Under whom its places are counted, which passes on where both are counted together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

/// Why a booking is not exchanged.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The venue does not do it.
    #[error("the booking is not exchanged: {}", .reason.en)]
    NotOffered { reason: Text },
    /// The term has passed.
    #[error("the booking could be exchanged until {until}")]
    TooLate { until: Timestamp },
    /// The visit has begun.
    #[error("the visit began at {at}")]
    Began { at: Timestamp },
    /// Somebody entered.
    #[error("a ticket of the booking was used at {at}")]
    Used { at: Timestamp },
    /// A desk sold it.
    #[error("the booking was sold at a desk")]
    SoldAtDesk,
    /// A reseller sold it.
    #[error("the booking was sold by a reseller")]
    Resold,
    /// A manager decided on it.
    #[error("the booking is a group's")]
    Group,
    /// It was bought with others.
    #[error("the booking is part of the order `{order}`")]
    PartOfOrder { order: CallerUuid },
    /// It is not confirmed.
    #[error("the booking is {state}")]
    NotConfirmed { state: &'static str },
    /// It is for that slot already.
    #[error("the booking is for slot `{slot}` already")]
    SameSlot { slot: SlotId },
    /// More than one transaction takes.
    #[error("{items} places and pieces are exchanged at a time at most {EXCHANGE_MAX_PLACES}")]
    TooLarge { items: usize },
    /// It stands on many payments.
    #[error("the booking stands on {payments} payments, no more are added")]
    TooOften { payments: usize },
    /// Nobody is known who could be written to.
    #[error("the booking names nobody to write to")]
    Nobody,
    /// It is not what it was when the new places were held.
    #[error("booking `{booking}` changed since these places were held")]
    Changed { booking: CallerUuid },
}

impl ExchangeError {
    /// The same in the words that visitors are told.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::NotOffered { reason } => reason.clone(),
            Self::TooLate { .. } => Text::new(
                "Il termine per spostare la visita è passato",
                "The term for moving the visit has passed",
            ),
            Self::Began { .. } => Text::new("La visita è già iniziata", "The visit has begun"),
            Self::Used { .. } => Text::new(
                "Un biglietto della prenotazione è già stato usato",
                "A ticket of the booking was used",
            ),
            Self::SoldAtDesk => Text::new(
                "La biglietteria che ha venduto la prenotazione può cambiarla",
                "The desk that sold the booking can change it",
            ),
            Self::Resold => Text::new(
                "Chi ha venduto la visita può cambiarla",
                "Whoever sold the visit can change it",
            ),
            Self::Group => Text::new(
                "Le visite di gruppo si concordano con la sede",
                "Visits of groups are agreed with the venue",
            ),
            Self::PartOfOrder { .. } => Text::new(
                "La visita è stata acquistata con altre e non si sposta da sola",
                "The visit was bought with others and is not moved by itself",
            ),
            Self::NotConfirmed { .. } => {
                Text::new("La prenotazione non è confermata", "The booking is not confirmed")
            }
            Self::SameSlot { .. } => Text::new(
                "La prenotazione è già per questo orario",
                "The booking is for this time already",
            ),
            Self::TooLarge { .. } => Text::new(
                "La prenotazione è troppo numerosa per essere spostata",
                "The booking is too large to be moved",
            ),
            Self::TooOften { .. } => Text::new(
                "La prenotazione è già stata spostata troppe volte",
                "The booking was moved too often",
            ),
            Self::Nobody => Text::new(
                "La prenotazione non ha più un contatto",
                "The booking has no contact any more",
            ),
            Self::Changed { .. } => Text::new(
                "La prenotazione da spostare è cambiata nel frattempo",
                "The booking to be moved has changed meanwhile",
            ),
        }
    }
}

/// What a venue that has no rule says.
fn no_rule() -> Text {
    Text::new("La sede non sposta le prenotazioni", "The venue moves no booking to another time")
}

/// Both bookings of an exchange that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// The new booking, confirmed, with the money that was carried over.
    pub new: Booking,
    /// The old booking as its places and uses go back: without what passes on to the new one.
    pub released: Booking,
    /// The old booking, cancelled, its tickets, and the difference that goes back.
    pub old: GivenUp,
}

impl Booking {
    /// Until when it may be exchanged by its rule, or by an offer of the venue to move it; none when it
    /// never may.
    #[must_use]
    pub fn exchange_until(&self) -> Option<Timestamp> {
        if let Some(offer) = &self.moving {
            return Some(offer.until);
        }
        let notice = self.exchange.as_ref()?.until_minutes_before.map(i64::from)?;
        self.slot.start.checked_sub(notice.minutes()).ok()
    }

    /// Whether it may be exchanged at `now`, whatever for; answers until when.
    ///
    /// # Errors
    /// Why not.
    pub fn may_be_exchanged(
        &self,
        tickets: &[Ticket],
        now: Timestamp,
    ) -> Result<Timestamp, ExchangeError> {
        self.can_be_exchanged(tickets)?;
        let Some(until) = self.exchange_until() else {
            let reason = self.exchange.as_ref().map_or_else(no_rule, |rule| rule.reason.clone());
            return Err(ExchangeError::NotOffered { reason });
        };
        if self.slot.start <= now && self.moving.is_none() {
            return Err(ExchangeError::Began { at: self.slot.start });
        }
        if until <= now { Err(ExchangeError::TooLate { until }) } else { Ok(until) }
    }

    /// Whether it may be exchanged by what it is, at any time.
    pub(crate) fn can_be_exchanged(&self, tickets: &[Ticket]) -> Result<(), ExchangeError> {
        self.is_exchangeable(tickets)?;
        if self.contact.is_none() {
            return Err(ExchangeError::Nobody);
        }
        let items = self.places() as usize + self.uses.len();
        if items > EXCHANGE_MAX_PLACES {
            return Err(ExchangeError::TooLarge { items });
        }
        let payments = self.paid_by().len();
        if payments > EXCHANGE_MAX_PAYMENTS {
            return Err(ExchangeError::TooOften { payments });
        }
        Ok(())
    }

    fn is_exchangeable(&self, tickets: &[Ticket]) -> Result<(), ExchangeError> {
        if !matches!(self.state, BookingState::Confirmed { .. }) {
            return Err(ExchangeError::NotConfirmed { state: self.state.name() });
        }
        match self.channel {
            Channel::Desk => return Err(ExchangeError::SoldAtDesk),
            Channel::Reseller => return Err(ExchangeError::Resold),
            Channel::Web | Channel::Totem => {}
        }
        if self.origin == Origin::Group {
            return Err(ExchangeError::Group);
        }
        if let Some(order) = self.order {
            return Err(ExchangeError::PartOfOrder { order });
        }
        let used = tickets.iter().find_map(|ticket| match ticket.state {
            TicketState::Redeemed { at, .. } => Some(at),
            _ => None,
        });
        used.map_or(Ok(()), |at| Err(ExchangeError::Used { at }))
    }

    /// The request for a hold in its place: the same people, another slot.
    ///
    /// # Errors
    /// The slot that it is for.
    pub fn asks_for(&self, uuid: CallerUuid, slot: SlotId) -> Result<HoldRequest, ExchangeError> {
        if self.slot.id == slot {
            return Err(ExchangeError::SameSlot { slot });
        }
        let units = self.party().into_iter();
        Ok(HoldRequest {
            uuid,
            venue_id: self.venue_id.clone(),
            product_id: self.product_id.clone(),
            option_id: self.option_id.clone(),
            slot_id: slot,
            units: units.map(|(unit_id, quantity)| UnitQuantity { unit_id, quantity }).collect(),
            pieces: self.pieces().cloned().collect(),
            contact: self.contact.clone(),
            locale: self.locale,
            channel: self.channel,
            voucher: None,
            replaces: Some(self.uuid),
        })
    }

    /// How many of each unit come; a unit may stand in several lines of other prices.
    fn party(&self) -> Vec<(UnitId, u32)> {
        let mut party: Vec<(UnitId, u32)> = Vec::new();
        for line in &self.units {
            match party.iter_mut().find(|(unit, _)| *unit == line.unit_id) {
                Some((_, quantity)) => *quantity += line.quantity,
                None => party.push((line.unit_id.clone(), line.quantity)),
            }
        }
        party
    }

    /// Prices the hold in its place as today, with the discount code that it has, where that still
    /// reduces the new visit. Its use passes on, none is counted anew. A visit that the venue moves costs no
    /// more than it did.
    pub fn reduces(&self, request: &HoldRequest, offer: &mut Offer, venue: &Venue, now: Timestamp) {
        if let Some(used) = &self.voucher {
            // A code that is over, or not for that day, leaves the usual price.
            let _ = request.reduce(offer, venue, used.clone(), now);
        }
        self.caps(offer);
    }

    /// The hold in its place. It ends with the term of the exchange at the latest, and promises no money
    /// back where the old booking does so no more.
    #[must_use]
    pub fn replaced_by(
        &self,
        request: HoldRequest,
        mut offer: Offer,
        decision: Decision,
        keys: RiskKeys,
        now: Timestamp,
    ) -> Self {
        let voucher = offer.voucher.take();
        if self.terms(now).is_none_or(|terms| terms.refund_until.is_none_or(|until| until < now)) {
            offer.cancellation = Cancellation { refund_until_minutes_before: None };
        }
        let mut hold = request.hold(offer, decision, keys, now);
        let as_before = Self { counted: self.counted.clone(), ..hold.clone() };
        let is_counted_with = |(_, span): (&Counted, String)| {
            self.counted_for().is_some_and(|(_, before)| before == span)
                && self.product_id == hold.product_id
        };
        let counted = as_before.counted_for().is_some_and(is_counted_with);
        let counted = self.counted.clone().filter(|_| counted);
        if counted.is_some() {
            hold.counted = None;
        }
        hold.holders = self.holders.clone();
        hold.replaces =
            Some(Replaces { booking: self.uuid, credit_cents: self.total(), voucher, counted });
        if let (BookingState::OnHold { expires_at, .. }, Some(until)) =
            (&mut hold.state, self.exchange_until())
        {
            *expires_at = (*expires_at).min(until.max(now));
        }
        hold
    }

    /// The hold whose difference was paid when the booking that it replaces could not be exchanged any
    /// more.
    #[must_use]
    pub fn unexchanged(&self, now: Timestamp) -> Self {
        Self { state: BookingState::Expired { expired_at: now }, ..self.clone() }
    }

    /// Exchanges it, with its `tickets`, for `new`, which is confirmed in the same transaction.
    ///
    /// # Errors
    /// It is no more what it was when the new places were held, or a ticket was used.
    pub fn exchange(
        &self,
        tickets: Vec<Ticket>,
        new: Self,
        now: Timestamp,
    ) -> Result<Exchanged, ExchangeError> {
        self.is_exchangeable(&tickets)?;
        let changed = || ExchangeError::Changed { booking: self.uuid };
        let replaced = new.replaces.clone().filter(|replaced| replaced.booking == self.uuid);
        let replaced = replaced.ok_or_else(changed)?;
        let sorted = |booking: &Self| booking.party().into_iter().collect::<BTreeMap<_, _>>();
        if replaced.credit_cents != self.total() || sorted(self) != sorted(&new) {
            return Err(changed());
        }
        let refund = Cents((self.total().0 - new.total().0).max(0));
        let (_, carried) = share::take(&self.paid_by(), refund);
        let payment = match &self.state {
            BookingState::Confirmed { payment, .. } => payment.clone(),
            _ => None,
        };
        let mut old = self.take_back(tickets, payment, refund, now).map_err(|_| changed())?;
        if let BookingState::Cancelled { exchanged_for, .. } = &mut old.booking.state {
            *exchanged_for = Some(new.uuid);
        }
        let released = Self {
            voucher: self.voucher.clone().filter(|_| replaced.voucher.is_none()),
            counted: self.counted.clone().filter(|_| replaced.counted.is_none()),
            ..self.clone()
        };
        let holders = if self.holders.names.is_empty() { &new.holders } else { &self.holders };
        let new = Self {
            carried,
            holders: Holders::clone(holders),
            voucher: replaced.voucher.or(new.voucher.clone()),
            counted: replaced.counted.or(new.counted.clone()),
            ..new
        };
        Ok(Exchanged { new, released, old })
    }
}
