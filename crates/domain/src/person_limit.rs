//! At most so many tickets for one person, across bookings: who has had their part of a day or a slot
//! leaves the rest to others. A person is the keyed hash of a mail address, by which nobody is known.

use serde::{Deserialize, Serialize};

use crate::booking::Booking;
use crate::group::QuotaPer;

/// How many tickets of a product one person takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonLimit {
    /// At most so many.
    pub tickets: u32,
    /// For visits of each.
    pub per: QuotaPer,
}

/// Under whom the places of a booking are counted, and how many they may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The keyed hash of who books.
    pub person: String,
    /// The limit as it was at the hold.
    pub limit: PersonLimit,
}

impl Booking {
    /// What a limit counts together: the local day or start of the visit. None where nothing is counted.
    #[must_use]
    pub fn counted_for(&self) -> Option<(&Counted, String)> {
        let counted = self.counted.as_ref()?;
        let span = match counted.limit.per {
            QuotaPer::Day => self.slot.id.day().to_string(),
            QuotaPer::Slot => self.slot.id.to_string(),
        };
        Some((counted, span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::HoldError;
    use crate::hold::tests::{NOW, venue, visitor_asks};
    use crate::risk::{Features, RiskKeys, decide};

    const SLOT: &str = "2026-11-25T10:00";

    fn held(per: QuotaPer, email: Option<&str>) -> Booking {
        let mut museum = venue();
        museum.products[0].person_limit = Some(PersonLimit { tickets: 2, per });
        let (now, request) = (NOW.parse().unwrap(), visitor_asks(&[("adult", 2)], SLOT));
        let offer = request.offer(&museum, now).unwrap();
        let keys = RiskKeys::of(b"key", email, Some("192.0.2.7"));
        request.hold(offer, decide(&Features::default(), now), keys, now)
    }

    #[test]
    fn a_booking_is_counted_under_a_hash_of_who_books_for_its_day_or_its_slot() {
        let email = "visitor-1@example.org";
        let by_day = held(QuotaPer::Day, Some(email));
        let (counted, span) = by_day.counted_for().unwrap();
        assert_eq!(span, "2026-11-25");
        assert!(!counted.person.contains("visitor"), "{}", counted.person);
        let by_slot = held(QuotaPer::Slot, Some(" Visitor-1@example.org"));
        let (same, span) = by_slot.counted_for().unwrap();
        assert_eq!((span.as_str(), &same.person), (SLOT, &counted.person));
        assert_eq!(held(QuotaPer::Slot, None).counted_for(), None, "a clerk sees who it is");
    }

    #[test]
    fn one_booking_alone_takes_no_more_than_one_person_may() {
        let mut museum = venue();
        museum.products[0].person_limit = Some(PersonLimit { tickets: 2, per: QuotaPer::Day });
        let now = NOW.parse().unwrap();
        let refused = visitor_asks(&[("adult", 2), ("minor", 1)], SLOT).offer(&museum, now);
        assert!(
            matches!(refused, Err(HoldError::OverPersonLimit { requested: 3, .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn who_is_forgotten_is_counted_on_but_not_named() {
        let hold = held(QuotaPer::Day, Some("visitor-1@example.org"));
        let late = hold.created_at + jiff::SignedDuration::from_hours(1);
        assert_eq!(hold.forget_person(late).unwrap().counted, None);
    }
}
