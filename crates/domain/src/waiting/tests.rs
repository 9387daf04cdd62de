//! Who may wait, and whose turn it is.

use jiff::SignedDuration;

use super::*;
use crate::hold::tests::{venue, visitor_asks};
use crate::mail::{MailKind, told};
use crate::risk::{Features, decide};

const SLOT: &str = "2026-11-24T12:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-24T08:00:00Z")
}

fn taken(taken: u32) -> Counts {
    Counts { taken, ..Counts::default() }
}

/// A party of so many minors behind those who wait already, in a slot of thirty places.
fn joins(line: &[Waiting], people: u32, places_taken: u32) -> Result<Waiting, JoinError> {
    let mut request = visitor_asks(&[("minor", people)], SLOT);
    let number = u128::try_from(line.len()).unwrap() + 10;
    request.uuid = uuid::Uuid::from_u128(number).into();
    let keys = RiskKeys::of(b"key", Some(&format!("visitor-{number}@example.org")), None);
    let offer = request.offer(&venue(), now()).unwrap();
    let decision = decide(&Features::default(), now());
    request.join(&offer, &taken(places_taken), line, (decision, keys), now())
}

fn line(parties: &[u32]) -> Vec<Waiting> {
    let mut line = Vec::new();
    for people in parties {
        let waiting = joins(&line, *people, 30).unwrap();
        line.push(waiting);
    }
    line
}

fn turns(line: &[Waiting], left: u32) -> Vec<u32> {
    in_turn(line, &venue(), left, now()).iter().map(|(_, offer)| offer.places()).collect()
}

#[test]
fn who_came_first_is_served_first_and_a_party_that_does_not_fit_lets_the_others_pass() {
    let line = line(&[4, 2, 1, 3]);
    assert_eq!(turns(&line, 0), Vec::<u32>::new());
    assert_eq!(turns(&line, 1), [1]);
    assert_eq!(turns(&line, 3), [2, 1], "the party of four waits on, three are not kept for it");
    assert_eq!(turns(&line, 4), [4]);
    assert_eq!(turns(&line, 7), [4, 2, 1]);
    assert_eq!(turns(&line, 30), [4, 2, 1, 3]);
}

#[test]
fn who_can_be_offered_nothing_keeps_nobody_waiting() {
    let mut line = line(&[2, 2]);
    line[0].request.units[0].unit_id = crate::id::UnitId::new("gone").unwrap();
    let venue = venue();
    let turns = in_turn(&line, &venue, 2, now());
    assert_eq!(
        turns.iter().map(|(one, _)| one.request.uuid).collect::<Vec<_>>(),
        [line[1].request.uuid]
    );
}

#[test]
fn nobody_waits_who_need_not_or_in_vain() {
    assert_eq!(joins(&[], 2, 28), Err(JoinError::PlacesLeft { requested: 2, vacancies: 2 }));
    assert!(joins(&[], 2, 29).is_ok(), "one place is no place for two");
    let mut small = venue();
    small.products[0].capacity = 3;
    let request = visitor_asks(&[("minor", 4)], SLOT);
    let offer = request.offer(&small, now()).unwrap();
    let why = (decide(&Features::default(), now()), RiskKeys { contact: None, client: None });
    assert_eq!(
        request.clone().join(&offer, &taken(3), &[], why.clone(), now()),
        Err(JoinError::NeverFits { requested: 4, most: 3 })
    );
    let offer = request.offer(&venue(), now()).unwrap();
    let began = offer.slot.start;
    assert_eq!(
        request.join(&offer, &taken(30), &[], why, began),
        Err(JoinError::SlotBegan { at: began })
    );
}

#[test]
fn one_contact_waits_once_and_a_line_has_an_end() {
    let first = joins(&[], 1, 30).unwrap();
    let mut twin = visitor_asks(&[("minor", 1)], SLOT);
    twin.uuid = uuid::Uuid::from_u128(99).into();
    let offer = twin.offer(&venue(), now()).unwrap();
    let why = (first.decision.clone(), first.risk_keys.clone());
    let again = twin.join(&offer, &taken(30), std::slice::from_ref(&first), why, now());
    assert_eq!(again, Err(JoinError::AlreadyWaiting));
    assert_eq!(joins(&line(&[1; LINE_MAX]), 1, 30), Err(JoinError::LineFull));
}

#[test]
fn places_on_offer_are_kept_for_two_hours_or_until_the_slot_starts() {
    let waiting = joins(&[], 2, 30).unwrap();
    let offer = |now| waiting.request.offer(&venue(), now).unwrap();
    let expiry = |now| match waiting.offered(offer(now), now).0.state {
        BookingState::OnHold { expires_at, .. } => expires_at,
        other => panic!("{other:?}"),
    };
    assert_eq!(expiry(now()), now() + SignedDuration::from_hours(2));
    let late = waiting.slot.start - SignedDuration::from_mins(10);
    assert_eq!(expiry(late), waiting.slot.start);
    let (booking, behind) = waiting.offered(offer(now()), now());
    assert_eq!(booking.uuid, waiting.request.uuid, "the key they know opens it");
    assert_eq!(booking.fingerprint, waiting.fingerprint);
    assert_eq!(booking.contact, waiting.request.contact);
    assert_eq!(behind.request.contact, None, "one copy is enough");
    assert_eq!(told(None, &booking), Some(MailKind::Offered));
}

#[test]
fn who_leaves_or_waited_in_vain_is_forgotten_and_who_has_an_offer_gives_it_back_as_a_booking() {
    let waiting = joins(&[], 2, 30).unwrap();
    let left = waiting.leave(now()).unwrap();
    assert_eq!((left.request.contact.clone(), left.risk_keys.contact.clone()), (None, None));
    assert_ne!(left.fingerprint, waiting.fingerprint, "a hash of the contact is one, too");
    assert_eq!(left.leave(now()).unwrap(), left);
    let ended = waiting.seen_at(waiting.slot.start);
    assert_eq!(ended.state.name(), "ENDED");
    assert_eq!(ended.request.contact, None);
    assert_eq!(ended.leave(now()).unwrap().state.name(), "LEFT");
    let offer = waiting.request.offer(&venue(), now()).unwrap();
    let (_, behind) = waiting.offered(offer, now());
    assert_eq!(behind.leave(now()), Err(OnOffer { offered_at: now() }));
}
