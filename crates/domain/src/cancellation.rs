//! Giving up a visit that is confirmed: until when, what goes back, and what becomes of its tickets.
//! The rule is kept with the booking from its hold on, so what was shown before paying is what holds.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::booking::{Booking, BookingState, Channel, StepError};
use crate::id::PaymentId;
use crate::payment::share::{self, Share};
use crate::tariff::Cents;
use crate::ticket::{Ticket, TicketState};

/// Longest notice that a rule may ask for, in minutes: a year.
pub const NOTICE_MAX_MINUTES: u32 = 366 * 24 * 60;

/// What a venue gives back to a visitor who gives a confirmed booking up. Until its slot starts the
/// places may always be given back; this is about the money. A pass may be given back until its first
/// use, and the minutes count back from the last instant for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// Minutes before the slot starts until which all of the money goes back; none when none does.
    pub refund_until_minutes_before: Option<u32>,
}

impl Default for Cancellation {
    /// All of it until a day before, unless the venue decides otherwise.
    fn default() -> Self {
        Self { refund_until_minutes_before: Some(24 * 60) }
    }
}

/// What giving a booking up means at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The places can be given back until then.
    pub until: Timestamp,
    /// The money goes back until then; none when it never does.
    pub refund_until: Option<Timestamp>,
    /// What goes back now.
    pub refund: Cents,
}

/// A confirmed booking that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The booking, cancelled.
    pub booking: Booking,
    /// Those of its tickets that admitted until now.
    pub tickets: Vec<Ticket>,
    /// The money that goes back.
    pub refund: Vec<Share>,
}

impl Booking {
    /// What giving the booking up means at `now`; none where the visitor cannot do it by themselves.
    #[must_use]
    pub fn terms(&self, now: Timestamp) -> Option<Terms> {
        let is_open = matches!(
            self.seen_at(now).state,
            BookingState::OnHold { .. }
                | BookingState::Paying { .. }
                | BookingState::Confirmed { .. }
        );
        if !is_open || self.channel == Channel::Desk {
            return None;
        }
        let refund_until = self.refund_until();
        let is_refunded = refund_until.is_some_and(|until| now <= until);
        let refund = if is_refunded { self.total() } else { Cents::ZERO };
        Some(Terms { until: self.begins_at(), refund_until, refund })
    }

    pub(crate) fn refund_until(&self) -> Option<Timestamp> {
        if let Some(offer) = &self.moving {
            return Some(offer.until);
        }
        let notice = self.cancellation.refund_until_minutes_before.map(i64::from)?;
        self.begins_at().checked_sub(notice.minutes()).ok()
    }

    /// Gives up a confirmed booking with its `tickets`. `shown` is what the visitor was told goes
    /// back, where they were told.
    ///
    /// # Errors
    /// A booking that a desk sold, a slot that has begun, a ticket that was used, or another amount
    /// than shown.
    pub fn give_up(
        &self,
        tickets: Vec<Ticket>,
        shown: Option<Cents>,
        now: Timestamp,
    ) -> Result<GivenUp, StepError> {
        let BookingState::Confirmed { payment, .. } = &self.state else {
            return Err(StepError::WrongState { state: self.state.name(), step: "given up" });
        };
        self.must_be_the_visitors()?;
        let terms = self.terms(now).ok_or(StepError::SoldAtDesk)?;
        if now >= terms.until {
            return Err(StepError::VisitBegan { at: terms.until });
        }
        if let Some(shown) = shown.filter(|shown| *shown != terms.refund) {
            return Err(StepError::RefundChanged { shown, refund: terms.refund });
        }
        self.take_back(tickets, payment.clone(), terms.refund, now)
    }

    /// Takes a confirmed booking back because the venue cannot keep its word: whatever the rule, all
    /// of the money goes back.
    ///
    /// # Errors
    /// A booking that is not confirmed, one that a desk sold, or a ticket that was used.
    pub fn call_off(&self, tickets: Vec<Ticket>, now: Timestamp) -> Result<GivenUp, StepError> {
        let BookingState::Confirmed { payment, .. } = &self.state else {
            return Err(StepError::WrongState { state: self.state.name(), step: "called off" });
        };
        if self.channel == Channel::Desk {
            return Err(StepError::SoldAtDesk);
        }
        self.take_back(tickets, payment.clone(), self.total(), now)
    }

    pub(crate) fn take_back(
        &self,
        tickets: Vec<Ticket>,
        payment: Option<PaymentId>,
        refund: Cents,
        now: Timestamp,
    ) -> Result<GivenUp, StepError> {
        let mut revoked = Vec::with_capacity(tickets.len());
        for ticket in tickets {
            match ticket.state {
                TicketState::Valid => {
                    revoked.push(Ticket { state: TicketState::Revoked { at: now }, ..ticket });
                }
                TicketState::Revoked { .. } | TicketState::Replaced { .. } => {}
                TicketState::Redeemed { at, .. } => return Err(StepError::TicketUsed { at }),
            }
        }
        let (back, _) = share::take(&self.paid_by(), refund);
        let state =
            BookingState::Cancelled { cancelled_at: now, payment, refund, exchanged_for: None };
        let booking = Self { state, ..self.clone() };
        Ok(GivenUp { booking, tickets: revoked, refund: back })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::Settlement;
    use crate::hold::tests::held;
    use crate::id::{GateId, TicketId};
    use crate::payment::ProviderOutcome;
    use crate::ticket::issue;

    /// The hold of the tests is for 10:00 in Rome.
    const START: &str = "2026-11-24T09:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn paid() -> (Booking, Vec<Ticket>) {
        let now = held().created_at;
        let payment = PaymentId::new("attempt-1").unwrap();
        let paying = held().start_payment(payment.clone(), now).unwrap();
        let Settlement::Confirm(booking) = paying.settle(&payment, ProviderOutcome::Paid, now)
        else {
            panic!("a paid booking is confirmed");
        };
        let ids = (0_u8..2).map(|number| TicketId::from_bytes([number; 10]));
        let tickets = issue(&booking, ids, now);
        (booking, tickets)
    }

    fn with_notice(minutes: Option<u32>) -> (Booking, Vec<Ticket>) {
        let (booking, tickets) = paid();
        let cancellation = Cancellation { refund_until_minutes_before: minutes };
        (Booking { cancellation, ..booking }, tickets)
    }

    #[test]
    fn all_of_the_money_goes_back_until_the_notice_and_nothing_after_it() {
        let (booking, _) = with_notice(Some(60));
        let before = booking.terms(at("2026-11-24T08:00:00Z")).unwrap();
        assert_eq!(
            (before.refund, before.refund_until),
            (Cents(1000), Some(at("2026-11-24T08:00:00Z")))
        );
        assert_eq!(booking.terms(at("2026-11-24T08:00:01Z")).unwrap().refund, Cents::ZERO);
        let (never, _) = with_notice(None);
        assert_eq!(never.terms(booking.created_at).unwrap().refund, Cents::ZERO);
    }

    #[test]
    fn a_visit_that_is_given_up_kills_its_tickets_and_names_the_money_that_goes_back() {
        let (booking, tickets) = with_notice(Some(60));
        let now = at("2026-11-24T08:00:00Z");
        let given_up = booking.give_up(tickets, Some(Cents(1000)), now).unwrap();
        assert!(given_up.tickets.iter().all(|ticket| ticket.state.name() == "REVOKED"));
        let payment = PaymentId::new("attempt-1").ok();
        assert_eq!(
            given_up.booking.state,
            BookingState::Cancelled {
                cancelled_at: now,
                payment,
                refund: Cents(1000),
                exchanged_for: None
            }
        );
    }

    #[test]
    fn the_providers_word_said_again_owes_nothing_for_a_visit_given_up() {
        let (booking, tickets) = with_notice(None);
        let given_up = booking.give_up(tickets, None, booking.created_at).unwrap().booking;
        let payment = PaymentId::new("attempt-1").unwrap();
        let again = given_up.settle(&payment, ProviderOutcome::Paid, booking.created_at);
        assert_eq!(again, Settlement::Nothing);
    }

    #[test]
    fn nobody_loses_money_by_a_deadline_that_passed_while_they_read() {
        let (booking, tickets) = with_notice(Some(60));
        let late = booking.give_up(tickets, Some(Cents(1000)), at("2026-11-24T08:30:00Z"));
        let (shown, refund) = (Cents(1000), Cents::ZERO);
        assert_eq!(late, Err(StepError::RefundChanged { shown, refund }));
    }

    #[test]
    fn a_visit_that_began_or_was_made_is_not_given_up() {
        let (booking, mut tickets) = with_notice(Some(0));
        let began = booking.give_up(tickets.clone(), None, at(START));
        assert_eq!(began, Err(StepError::VisitBegan { at: at(START) }));
        let used = at("2026-11-24T08:45:00Z");
        tickets[1].state = TicketState::Redeemed {
            at: used,
            gate: GateId::new("main").unwrap(),
            redemption: uuid::Uuid::nil().into(),
            area: None,
            exit: None,
        };
        let now = at("2026-11-24T08:50:00Z");
        assert_eq!(
            booking.give_up(tickets.clone(), None, now),
            Err(StepError::TicketUsed { at: used })
        );
        assert_eq!(booking.call_off(tickets, now), Err(StepError::TicketUsed { at: used }));
    }

    #[test]
    fn what_a_desk_sold_the_desk_takes_back() {
        let (booking, tickets) = paid();
        let sold = Booking { channel: Channel::Desk, ..booking };
        assert_eq!(sold.terms(sold.created_at), None);
        let (given_up, called_off) = (
            sold.give_up(tickets.clone(), None, sold.created_at),
            sold.call_off(tickets, sold.created_at),
        );
        assert_eq!(
            (given_up, called_off),
            (Err(StepError::SoldAtDesk), Err(StepError::SoldAtDesk))
        );
    }

    #[test]
    fn a_venue_that_closes_pays_back_whatever_the_rule() {
        let (booking, tickets) = with_notice(None);
        let called_off = booking.call_off(tickets, at("2026-11-24T08:59:00Z")).unwrap();
        let BookingState::Cancelled { refund, .. } = called_off.booking.state else {
            panic!("{:?}", called_off.booking.state);
        };
        assert_eq!(refund, Cents(1000));
    }
}
