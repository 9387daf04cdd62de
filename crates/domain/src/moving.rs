//! A visit that the venue cannot keep its word for, offered a move: until a deadline its visitor may
//! exchange it for any other slot, whatever the product's rule says and at no more than was paid, or give it
//! up and be paid back. Who does neither is called off and paid back when the deadline has passed.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::booking::{Booking, StepError};
use crate::hold::Offer;
use crate::tariff::Cents;
use crate::text::Text;
use crate::ticket::Ticket;

/// Most days that a visitor is given to choose: the booking is kept for longer than that after its visit.
pub const MOVE_MAX_DAYS: u32 = 28;

/// That a venue offered a move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveOffer {
    /// When.
    pub offered_at: Timestamp,
    /// The visitor chooses before then.
    pub until: Timestamp,
    /// Why the visit cannot be, as visitors are told.
    pub reason: Text,
}

impl MoveOffer {
    /// An offer made at `now` for so many days.
    #[must_use]
    pub fn of_days(days: u32, reason: Text, now: Timestamp) -> Self {
        let hours = i64::from(days.min(MOVE_MAX_DAYS)) * 24;
        let until = now.saturating_add(hours.hours()).unwrap_or(Timestamp::MAX);
        Self { offered_at: now, until, reason }
    }
}

impl Booking {
    /// The booking with a move on offer. One that has an offer keeps it.
    ///
    /// # Errors
    /// It cannot be exchanged, whatever for: not confirmed, a group's, sold at a desk or with others, too
    /// large, or a ticket of it was used.
    pub fn offered_move(&self, tickets: &[Ticket], offer: MoveOffer) -> Result<Self, StepError> {
        self.can_be_exchanged(tickets)?;
        let moving = self.moving.clone().or(Some(offer));
        Ok(Self { moving, ..self.clone() })
    }

    /// The booking as one that stands, for its slot is offered again or somebody has entered.
    #[must_use]
    pub fn not_moving(&self) -> Self {
        Self { moving: None, ..self.clone() }
    }

    /// Lets a visit that the venue moves cost no more than what was paid: where the other slot is dearer,
    /// the lines of the booking stand.
    pub(crate) fn caps(&self, offer: &mut Offer) {
        let total: Cents =
            offer.units.iter().map(|line| line.price_cents.times(line.quantity)).sum();
        if self.moving.is_some() && total > self.total() {
            offer.units.clone_from(&self.units);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::Channel;
    use crate::exchange::ExchangeError;
    use crate::mail::tests::confirmed_booking;

    fn offer(days: u32) -> MoveOffer {
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        MoveOffer::of_days(days, Text::new("Chiuso", "Closed"), now)
    }

    #[test]
    fn a_visit_that_the_venue_moves_may_be_moved_after_its_slot_and_whatever_the_rule() {
        let booking = confirmed_booking();
        let late = "2026-11-25T10:00:00Z".parse().unwrap();
        assert!(matches!(
            booking.may_be_exchanged(&[], late),
            Err(ExchangeError::NotOffered { .. })
        ));
        let moving = booking.offered_move(&[], offer(7)).unwrap();
        let until = "2026-11-27T10:00:00Z".parse().unwrap();
        assert_eq!(moving.may_be_exchanged(&[], late), Ok(until));
        assert!(moving.may_be_exchanged(&[], until).is_err());
        let terms = moving.terms(late).unwrap();
        assert_eq!((terms.until, terms.refund_until), (until, Some(until)));
    }

    #[test]
    fn an_offer_made_again_gives_no_more_time() {
        let moving = confirmed_booking().offered_move(&[], offer(7)).unwrap();
        let again = moving.offered_move(&[], offer(28)).unwrap();
        assert_eq!(again, moving);
        assert_eq!(again.not_moving(), confirmed_booking());
    }

    #[test]
    fn what_a_desk_sold_it_moves_itself() {
        let sold = Booking { channel: Channel::Desk, ..confirmed_booking() };
        let refused = sold.offered_move(&[], offer(7));
        assert_eq!(refused, Err(StepError::Exchange(ExchangeError::SoldAtDesk)));
    }
}
