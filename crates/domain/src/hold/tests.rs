//! What a request must meet, and what becomes of a booking on hold.

use uuid::Uuid;

use super::*;
use crate::booking::{Settlement, StepError};
use crate::calendar::{Closure, Opening};
use crate::order;
use crate::payment::{ProviderOutcome, payment_id};
use crate::premises::Premises;
use crate::resource::{Need, Per, Resource};
use crate::risk::{Features, decide};
use crate::tariff::Cents;
use crate::venue::{HoursSource, VenueKind, shipped_product};

pub(crate) const NOW: &str = "2026-11-24T08:00:00Z";

pub(crate) fn venue() -> Venue {
    Venue {
        id: VenueId::new("20240").unwrap(),
        name: "Museo di prova".into(),
        kind: VenueKind::Museum,
        category: None,
        municipality: "Matera".into(),
        region: "Basilicata".into(),
        latitude: 40.66,
        longitude: 16.61,
        full_price_cents: Cents(1000),
        annual_visitors: Some(21_080),
        website: None,
        hours: HoursSource::DefaultWeek,
        opening: Opening::default_week(),
        resources: Vec::new(),
        premises: Premises::default(),
        products: vec![shipped_product(VenueKind::Museum, Cents(1000), Some(21_080)).unwrap()],
        campaigns: Vec::new(),
        honoured_passes: Vec::new(),
        follows: crate::template::Follows::Undecided,
        supplied_by: crate::supplier::SuppliedBy::default(),
    }
}

pub(crate) fn visitor_asks(units: &[(&str, u32)], slot: &str) -> HoldRequest {
    HoldRequest {
        uuid: Uuid::from_u128(1).into(),
        venue_id: VenueId::new("20240").unwrap(),
        product_id: ProductId::new("admission").unwrap(),
        option_id: OptionId::new("standard").unwrap(),
        slot_id: slot.parse().unwrap(),
        units: units
            .iter()
            .map(|(id, quantity)| UnitQuantity {
                unit_id: UnitId::new(*id).unwrap(),
                quantity: *quantity,
            })
            .collect(),
        pieces: Vec::new(),
        voucher: None,
        contact: Some(Contact {
            full_name: "Visitor 1".into(),
            email: "visitor-1@example.org".into(),
            phone: None,
        }),
        locale: Locale::It,
        channel: Channel::Web,
        replaces: None,
    }
}

fn offered(units: &[(&str, u32)], slot: &str) -> Result<Offer, HoldError> {
    visitor_asks(units, slot).offer(&venue(), NOW.parse().unwrap())
}

pub(crate) fn held() -> Booking {
    let now = NOW.parse().unwrap();
    let request = visitor_asks(&[("adult", 1), ("child", 1)], "2026-11-24T10:00");
    let offer = request.offer(&venue(), now).unwrap();
    let keys = RiskKeys::of(b"key", Some("visitor-1@example.org"), None);
    request.hold(offer, decide(&Features::default(), now), keys, now)
}

#[test]
fn a_child_comes_only_with_somebody_grown_up() {
    let slot = "2026-11-24T10:00";
    assert!(matches!(offered(&[("child", 1)], slot), Err(HoldError::Unaccompanied { .. })));
    assert!(matches!(
        offered(&[("child", 1), ("minor", 1)], slot),
        Err(HoldError::Unaccompanied { .. })
    ));
    assert!(offered(&[("child", 1), ("youth", 1)], slot).is_ok());
    assert!(offered(&[("minor", 1)], slot).is_ok());
}

#[test]
fn one_companion_comes_with_each_disabled_visitor_and_none_alone() {
    let slot = "2026-11-24T10:00";
    let too_many = |units: &[(&str, u32)]| match offered(units, slot) {
        Err(HoldError::TooManyCompanions { companions, accompanied, .. }) => {
            Some((companions, accompanied))
        }
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    };
    assert_eq!(too_many(&[("companion", 1)]), Some((1, 0)));
    assert_eq!(too_many(&[("companion", 1), ("adult", 1)]), Some((1, 0)));
    assert_eq!(too_many(&[("disabled", 1), ("companion", 2)]), Some((2, 1)));
    assert_eq!(too_many(&[("disabled", 2), ("companion", 2)]), None);
    assert_eq!(too_many(&[("disabled", 1)]), None);
    // A companion is grown up, and so is a visitor with a disability until the gate sees them.
    assert_eq!(too_many(&[("disabled", 1), ("companion", 1), ("child", 3)]), None);
}

#[test]
fn a_day_without_a_tariff_is_not_sold() {
    let mut venue = venue();
    venue.products[0].options[0].tariffs[0].valid.to = Some(jiff::civil::date(2026, 11, 24));
    let asked = |slot| visitor_asks(&[("adult", 1)], slot).offer(&venue, NOW.parse().unwrap());
    assert!(asked("2026-11-24T10:00").is_ok());
    assert!(matches!(asked("2026-11-25T10:00"), Err(HoldError::NoTariff { .. })));
}

#[test]
fn a_day_that_takes_no_booking_is_sold_at_the_desk_alone() {
    let mut venue = venue();
    venue.products[0].free_days[0].entry = crate::tariff::Entry::AtTheDoor;
    let asked = |channel, slot| {
        let request = HoldRequest { channel, ..visitor_asks(&[("adult", 1)], slot) };
        request.offer(&venue, NOW.parse().unwrap())
    };
    let (sunday, tuesday) = ("2026-12-06T10:00", "2026-11-24T10:00");
    for channel in [Channel::Web, Channel::Totem] {
        assert!(matches!(asked(channel, sunday), Err(HoldError::TakesNoBooking { .. })));
        assert!(asked(channel, tuesday).is_ok());
    }
    assert_eq!(asked(Channel::Desk, sunday).unwrap().units[0].price_cents, Cents::ZERO);
}

#[test]
fn what_was_held_keeps_its_price_its_parts_and_what_the_gate_looks_at() {
    let offer = offered(&[("adult", 2), ("youth", 1)], "2026-11-24T10:00").unwrap();
    let [adult, youth] = offer.units.as_slice() else { panic!("{offer:?}") };
    assert_eq!((adult.price_cents, adult.components.len()), (Cents(1000), 1));
    assert_eq!(adult.document, None);
    let shown = youth.document.as_ref().unwrap();
    assert!(shown.en.starts_with("Identity document; aged 18 to 25"), "{}", shown.en);
}

#[test]
fn a_party_has_one_to_ten_people_however_large_the_numbers() {
    let slot = "2026-11-24T10:00";
    assert_eq!(offered(&[], slot), Err(HoldError::NoUnits));
    assert_eq!(offered(&[("adult", 0)], slot), Err(HoldError::NoUnits));
    assert!(offered(&[("adult", 10)], slot).is_ok());
    assert!(matches!(
        offered(&[("adult", u32::MAX), ("minor", u32::MAX)], slot),
        Err(HoldError::TooManyUnits { .. })
    ));
    assert!(matches!(
        offered(&[("adult", 1), ("adult", 1)], slot),
        Err(HoldError::RepeatedUnit { .. })
    ));
}

#[test]
fn only_a_slot_that_is_still_to_end_can_be_held() {
    let one = [("adult", 1)];
    assert!(matches!(offered(&one, "2026-11-22T10:00"), Err(HoldError::PastDay { .. })));
    assert!(matches!(offered(&one, "2026-11-30T10:00"), Err(HoldError::ClosedDay { .. })));
    assert!(matches!(offered(&one, "2026-11-24T10:30"), Err(HoldError::UnknownSlot { .. })));
    assert!(matches!(offered(&one, "2027-11-24T10:00"), Err(HoldError::TooFarAhead { .. })));
    // 9:00 in Rome is 8:00 UTC: the slot that starts now is on sale.
    assert!(offered(&one, "2026-11-24T09:00").is_ok());
}

#[test]
fn a_hold_past_its_time_is_expired_wherever_it_is_read() {
    let booking = held();
    let late = NOW.parse::<Timestamp>().unwrap() + HOLD_TTL_SECONDS.seconds();
    assert_eq!(booking.seen_at(late).state.name(), "EXPIRED");
    assert!(matches!(
        booking.start_payment(payment_id(booking.uuid, 1).unwrap(), late),
        Err(StepError::HoldExpired { .. })
    ));
    assert!(booking.expire(late).is_some());
    assert!(booking.expire(NOW.parse().unwrap()).is_none());
}

#[test]
fn a_paying_booking_outlives_its_hold_and_the_provider_decides() {
    let now: Timestamp = NOW.parse().unwrap();
    let payment = payment_id(held().uuid, 1).unwrap();
    let paying = held().start_payment(payment.clone(), now).unwrap();
    let late = now + 3.hours();
    assert_eq!(paying.seen_at(late).state.name(), "PAYING");
    let Settlement::Confirm(confirmed) = paying.settle(&payment, ProviderOutcome::Paid, late)
    else {
        panic!("a paid booking is confirmed");
    };
    assert_eq!(confirmed.settle(&payment, ProviderOutcome::Paid, late), Settlement::Nothing);
    assert!(matches!(
        paying.settle(&payment, ProviderOutcome::Declined, now),
        Settlement::Retry(_)
    ));
    assert!(matches!(
        paying.settle(&payment, ProviderOutcome::Declined, late),
        Settlement::Release(_)
    ));
}

#[test]
fn money_for_a_booking_that_is_no_more_goes_back() {
    let now: Timestamp = NOW.parse().unwrap();
    let payment = payment_id(held().uuid, 1).unwrap();
    let cancelled = held().cancel(now).unwrap();
    assert_eq!(cancelled.settle(&payment, ProviderOutcome::Paid, now), Settlement::Refund);
}

#[test]
fn a_priced_booking_is_not_confirmed_without_payment() {
    let amount = Cents(1000);
    let confirmed = order::confirm_free(&[held()], NOW.parse().unwrap());
    assert_eq!(confirmed, Err(StepError::PaymentRequired { amount }));
}

#[test]
fn only_a_desk_sells_to_somebody_without_a_name() {
    let asked = |channel| {
        let request = visitor_asks(&[("adult", 1)], "2026-11-24T10:00");
        let request = HoldRequest { contact: None, channel, ..request };
        request.offer(&venue(), NOW.parse().unwrap()).err()
    };
    assert_eq!(asked(Channel::Web), Some(HoldError::NoContact));
    assert_eq!(asked(Channel::Totem), Some(HoldError::NoContact));
    assert_eq!(asked(Channel::Desk), None);
}

#[test]
fn a_contact_that_cannot_be_reached_is_refused() {
    let with = |email: &str, phone: Option<&str>| {
        let contact = Contact {
            full_name: "Visitor 1".into(),
            email: email.into(),
            phone: phone.map(Into::into),
        };
        contact.check()
    };
    assert_eq!(with("visitor@example.org", Some("+39 055 123456")), Ok(()));
    for bad in ["", "visitor", "@example.org", "a@b", "a@b@c.org", "a b@c.org", "a@.org"] {
        assert_eq!(with(bad, None), Err(HoldError::BadEmail), "{bad}");
    }
    assert_eq!(with("visitor@example.org", Some("call me")), Err(HoldError::BadPhone));
}

#[test]
fn no_log_can_print_a_contact() {
    let printed = format!("{:?}", held());
    assert!(!printed.contains("example.org") && !printed.contains("Visitor 1"));
}

/// A guided tour in a room for 25, by the one guide who speaks the language.
fn venue_with_tour() -> Venue {
    let mut venue = venue();
    let resource = |id: &str, quantity| Resource {
        id: ResourceId::new(id).unwrap(),
        name: Text::new("Risorsa", "Resource"),
        quantity,
        closures: Vec::new(),
    };
    venue.resources = vec![resource("room", 6), resource("guide", 1)];
    let need = |id: &str, per| Need { resource_id: ResourceId::new(id).unwrap(), quantity: 1, per };
    venue.products[0].needs = vec![need("room", Per::Place), need("guide", Per::Booking)];
    venue.products[0].pieces_max = 2;
    venue
}

fn uses(request: &HoldRequest, venue: &Venue) -> Result<Vec<(String, u32, u32)>, HoldError> {
    let offer = request.offer(venue, NOW.parse().unwrap())?;
    let used = offer.uses.iter();
    Ok(used.map(|used| (used.resource.to_string(), used.quantity, used.limit)).collect())
}

#[test]
fn a_party_occupies_the_room_by_heads_and_the_guide_as_one() {
    let mut request = visitor_asks(&[("adult", 4)], "2026-11-24T10:00");
    request.pieces = vec![Shelfmark::new("b. 1").unwrap()];
    let expected = [("room", 4, 6), ("guide", 1, 1), ("B. 1", 1, 1)]
        .map(|(id, quantity, limit)| (id.to_owned(), quantity, limit));
    assert_eq!(uses(&request, &venue_with_tour()), Ok(expected.to_vec()));
}

#[test]
fn what_the_venue_never_has_is_refused_before_anything_is_counted() {
    let mut venue = venue_with_tour();
    let slot = "2026-11-24T10:00";
    let many = visitor_asks(&[("adult", 7)], slot);
    assert!(matches!(
        uses(&many, &venue),
        Err(HoldError::ResourceTooSmall { needed: 7, quantity: 6, .. })
    ));
    let mut twice = visitor_asks(&[("adult", 1)], slot);
    twice.pieces = vec![Shelfmark::new("b. 1").unwrap(), Shelfmark::new("B.  1").unwrap()];
    assert!(matches!(uses(&twice, &venue), Err(HoldError::RepeatedPiece { index: 1, .. })));
    twice.pieces = ["1", "2", "3"].map(|text| Shelfmark::new(text).unwrap()).to_vec();
    assert!(matches!(uses(&twice, &venue), Err(HoldError::TooManyPieces { pieces_max: 2, .. })));
    let day = "2026-11-24".parse().unwrap();
    let reason = Text::new("In ferie", "On leave");
    venue.resources[1].closures = vec![Closure { from: day, to: day, reason }];
    let one = visitor_asks(&[("adult", 1)], slot);
    assert!(matches!(uses(&one, &venue), Err(HoldError::ResourceClosed { .. })));
}

#[test]
fn other_pieces_are_another_request() {
    let mut request = visitor_asks(&[("adult", 1)], "2026-11-24T10:00");
    let without = request.fingerprint();
    request.pieces = vec![Shelfmark::new("b. 1").unwrap()];
    assert_ne!(request.fingerprint(), without);
}
