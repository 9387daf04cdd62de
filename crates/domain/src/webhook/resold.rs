//! What resellers are told: that a booking of their own changed, and that what they find of places became plenty,
//! few or none. Each endpoint of a reseller is told in a form of its own, so each has events of its own.

use jiff::Timestamp;

use super::Owner;
use super::event::{EventId, EventKind, Facts, News};
use crate::booking::Booking;
use crate::id::{CallerUuid, OptionId};
use crate::resale::Resale;
use crate::slot::SlotStatus;

/// Something that a reseller is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Which kind.
    pub kind: EventKind,
    /// To what, and for the how many-th time.
    of: (String, u64),
    /// When.
    pub at: Timestamp,
}

impl Happened {
    /// The event of it for one endpoint of its reseller, which is sent this body.
    #[must_use]
    pub fn news(&self, owner: &Owner, endpoint: CallerUuid, body: String) -> News {
        let (subject, occurrence) = &self.of;
        News {
            id: EventId::of(self.kind, &format!("{endpoint}#{subject}"), *occurrence),
            kind: self.kind,
            owner: owner.clone(),
            at: self.at,
            only_for: Some(endpoint),
            facts: Facts::Written(body),
        }
    }
}

/// Whose a booking is: its reseller's, and of what was rehearsed or sold.
#[must_use]
pub fn owner_of(booking: &Booking) -> Option<Owner> {
    let resale = booking.resale.as_ref()?;
    Some(Owner::Reseller { reseller: resale.reseller.clone(), mode: resale.mode })
}

/// What a step of a resold booking asks to tell its reseller; nothing of one that is new, for whoever made it knows,
/// nor of what its reseller cannot see. `version` numbers the steps of a booking.
#[must_use]
pub fn of_step(
    old: Option<&Booking>,
    new: &Booking,
    version: u64,
    at: Timestamp,
) -> Option<Happened> {
    let old = old?;
    owner_of(new)?;
    let seen = |booking: &Booking| {
        let updated_at = booking.resale.as_ref().map(|resale| resale.updated_at);
        (booking.product_id.clone(), booking.slot, booking.units.clone(), updated_at)
    };
    if old.state == new.state && seen(old) == seen(new) {
        return None;
    }
    Some(Happened { kind: EventKind::BookingUpdate, of: (new.uuid.to_string(), version), at })
}

/// That somebody entered on a resold booking, or that this was taken back; once for each entry.
#[must_use]
pub fn of_entry(redemption: CallerUuid, is_undone: bool, at: Timestamp) -> Happened {
    let of = (redemption.to_string(), u64::from(is_undone));
    Happened { kind: EventKind::BookingUpdate, of, at }
}

/// A booking that was sold without its persons, for whoever tells that somebody entered on it; none of a hold. What
/// the reseller calls it stays, or the reseller would not know it again.
#[must_use]
pub fn without_persons(booking: &Booking, now: Timestamp) -> Option<Booking> {
    let nobodys = booking.forget_person(now).ok()?;
    let named = |resale: &Resale| Resale {
        reference: booking.resale.as_ref().and_then(|resale| resale.reference.clone()),
        ..resale.clone()
    };
    let resale = nobodys.resale.as_deref().map(named).map(Box::new);
    Some(Booking { resale, ..nobodys })
}

/// What was last told an endpoint of a slot's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldOfPlaces {
    /// How they stood. Whoever was told nothing takes it that there are plenty.
    pub status: SlotStatus,
    /// How often something was told.
    pub count: u64,
}

impl Default for ToldOfPlaces {
    fn default() -> Self {
        Self { status: SlotStatus::Available, count: 0 }
    }
}

/// What is to be told of places as they stand for resellers, and what is told by then. What changed back before anybody
/// could be told of it is not told.
#[must_use]
pub fn of_status(
    (booking, option): (&Booking, &OptionId),
    status: SlotStatus,
    told: ToldOfPlaces,
    at: Timestamp,
) -> Option<(Happened, ToldOfPlaces)> {
    if status == told.status || booking.slot.end <= at {
        return None;
    }
    let Booking { venue_id, product_id, slot, .. } = booking;
    let of = (format!("{venue_id}.{product_id}#{option}#{}", slot.id), told.count);
    let happened = Happened { kind: EventKind::AvailabilityUpdate, of, at };
    Some((happened, ToldOfPlaces { status, count: told.count + 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::tests::held;
    use crate::reseller::Mode;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn owner(text: &str) -> Owner {
        text.parse().unwrap()
    }

    #[test]
    fn a_reseller_and_its_mode_are_told_from_a_venue() {
        for text in ["20240", "live.example-tours", "test.example-tours"] {
            assert_eq!(owner(text).to_string(), text);
        }
        assert!(matches!(owner("20240"), Owner::Venue(_)));
        assert!(matches!(owner("test.a"), Owner::Reseller { mode: Mode::Test, .. }));
        assert!("sold.a".parse::<Owner>().is_err());
    }

    #[test]
    fn places_are_told_when_they_become_few_and_not_of_every_sale() {
        let booking = held();
        let told =
            |status, before| of_status((&booking, &booking.option_id), status, before, at(0));
        let nothing = ToldOfPlaces::default();
        assert_eq!(told(SlotStatus::Available, nothing), None);
        let (few, by_then) = told(SlotStatus::Limited, nothing).unwrap();
        assert_eq!(told(SlotStatus::Limited, by_then), None);
        let (none, by_then) = told(SlotStatus::SoldOut, by_then).unwrap();
        let (again, _) = told(SlotStatus::Limited, by_then).unwrap();
        let [one, other] = [1, 2].map(|end| {
            format!("00000000-0000-4000-8000-00000000000{end}").parse::<CallerUuid>().unwrap()
        });
        let owner = owner("live.example-tours");
        let id = |what: &Happened, to| what.news(&owner, to, String::new()).id;
        let ids = [id(&few, one), id(&none, one), id(&again, one), id(&few, other)];
        assert!(ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)), "{ids:?}");
        assert_eq!(
            few.news(&owner, one, "{}".to_owned()).body(7).unwrap(),
            "{}",
            "as it was written"
        );
        let over = booking.slot.end;
        let late = of_status((&booking, &booking.option_id), SlotStatus::SoldOut, nothing, over);
        assert_eq!(late, None);
    }

    #[test]
    fn a_visitors_own_booking_is_no_resellers() {
        let booking = held();
        assert_eq!(owner_of(&booking), None);
        let moved = booking.seen_at(booking.slot.end);
        assert_eq!(of_step(Some(&booking), &moved, 2, at(0)), None);
    }
}
