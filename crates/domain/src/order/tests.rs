//! What an order must meet, and how its bookings stay together.

use jiff::ToSpan;
use uuid::Uuid;

use super::*;
use crate::hold::tests::{NOW, venue, visitor_asks};
use crate::risk::{Features, decide};

const SLOTS: [&str; 5] = [
    "2026-11-24T10:00",
    "2026-11-24T11:00",
    "2026-11-24T12:00",
    "2026-11-24T13:00",
    "2026-11-24T14:00",
];

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// As many adults for each of the slots.
fn visitor_orders(slots: &[&str], adults: u32) -> OrderRequest {
    let lines = slots.iter().enumerate().map(|(line, slot)| HoldRequest {
        uuid: Uuid::from_u128(10 + line as u128).into(),
        ..visitor_asks(&[("adult", adults)], slot)
    });
    OrderRequest { uuid: Uuid::from_u128(1).into(), lines: lines.collect() }
}

fn offered(request: &OrderRequest) -> Result<Vec<Offer>, OrderError> {
    let venues: Vec<Venue> = request.lines.iter().map(|_| venue()).collect();
    request.offers(&venues, now())
}

fn held() -> (Order, Vec<Booking>) {
    let request = visitor_orders(&SLOTS[..2], 1);
    let offers = offered(&request).unwrap();
    let keys = RiskKeys::of(b"key", Some("visitor-1@example.org"), None);
    request.hold(offers, &decide(&Features::default(), now()), &keys, now())
}

fn attempt() -> PaymentId {
    PaymentId::new("attempt").unwrap()
}

#[test]
fn an_order_takes_two_to_five_bookings_of_different_slots() {
    assert_eq!(offered(&visitor_orders(&SLOTS[..1], 1)), Err(OrderError::Size { given: 1 }));
    assert!(offered(&visitor_orders(&SLOTS, 1)).is_ok());
    let six: Vec<&str> = SLOTS.iter().copied().chain(["2026-11-24T15:00"]).collect();
    assert_eq!(offered(&visitor_orders(&six, 1)), Err(OrderError::Size { given: 6 }));
    let twice = visitor_orders(&[SLOTS[0], SLOTS[1], SLOTS[0]], 1);
    let slot = SLOTS[0].parse().unwrap();
    assert_eq!(offered(&twice), Err(OrderError::RepeatedSlot { line: 2, first: 0, slot }));
    let mut one_key = visitor_orders(&SLOTS[..2], 1);
    one_key.lines[1].uuid = one_key.lines[0].uuid;
    assert_eq!(offered(&one_key), Err(OrderError::RepeatedUuid { line: 1, first: 0 }));
}

#[test]
fn a_line_meets_the_rules_of_a_single_booking_or_is_named() {
    let mut request = visitor_orders(&SLOTS[..2], 1);
    request.lines[1].units.clear();
    assert_eq!(offered(&request), Err(OrderError::Line { line: 1, error: HoldError::NoUnits }));
    let mut at_desk = visitor_orders(&SLOTS[..2], 1);
    at_desk.lines[0].channel = Channel::Desk;
    assert_eq!(offered(&at_desk), Err(OrderError::Desk));
}

#[test]
fn an_order_is_never_larger_than_one_transaction() {
    let mut venue = venue();
    venue.products[0].max_units = 46;
    let ask = |adults| {
        let request = visitor_orders(&SLOTS[..2], adults);
        request.offers(&[venue.clone(), venue.clone()], now()).map(|offers| offers.len())
    };
    assert_eq!(ask(45), Ok(2));
    assert_eq!(ask(46), Err(OrderError::TooManyPlaces { requested: 92 }));
}

#[test]
fn the_bookings_of_an_order_are_held_until_one_instant_and_name_it() {
    let (order, bookings) = held();
    assert_eq!(order.bookings, [bookings[0].uuid, bookings[1].uuid]);
    assert!(bookings.iter().all(|booking| booking.order == Some(order.uuid)));
    assert_eq!(bookings[0].state, bookings[1].state);
    assert_eq!(status(&bookings), "ON_HOLD");
    let expired = expire(&bookings, now() + 15.minutes());
    assert_eq!(status(&expired), "EXPIRED");
    assert_eq!(expire(&bookings, now()), bookings);
}

#[test]
fn a_repeat_is_the_same_lines_under_the_same_keys() {
    let (_, bookings) = held();
    let request = visitor_orders(&SLOTS[..2], 1);
    assert!(request.is_repeat_of(&bookings));
    assert!(!request.is_repeat_of(&bookings[..1]));
    assert!(!visitor_orders(&SLOTS[..2], 2).is_repeat_of(&bookings));
}

#[test]
fn what_is_bought_together_takes_no_step_alone() {
    let (order, bookings) = held();
    let refused = StepError::PartOfOrder { order: order.uuid };
    let alone = &bookings[..1];
    assert_eq!(start_payment(alone, &attempt(), now()), Err(refused.clone()));
    assert_eq!(confirm_free(alone, now()), Err(refused.clone()));
    assert_eq!(cancel(alone, now()), Err(refused));
    let cancelled = cancel(&bookings, now()).unwrap();
    assert_eq!(status(&cancelled), "CANCELLED");
    assert_eq!(cancel(&cancelled[..1], now()).unwrap(), cancelled[..1], "a repeat says the same");
}

#[test]
fn one_word_of_the_provider_moves_all_bookings_of_an_order() {
    let (_, bookings) = held();
    let paying = start_payment(&bookings, &attempt(), now()).unwrap();
    let settled = |of: &[Booking], outcome| settle(of, &attempt(), outcome, now());
    let Some(Settlement::Confirm(confirmed)) = settled(&paying, ProviderOutcome::Paid) else {
        panic!("a paid order is confirmed");
    };
    assert_eq!((status(&confirmed), confirmed.len()), ("CONFIRMED", 2));
    assert_eq!(settled(&confirmed, ProviderOutcome::Paid), Some(Settlement::Nothing));
    let Some(Settlement::Retry(again)) = settled(&paying, ProviderOutcome::Declined) else {
        panic!("a declined order has the rest of its time");
    };
    assert_eq!(status(&again), "ON_HOLD");
    let cancelled = cancel(&again, now()).unwrap();
    assert_eq!(settled(&cancelled, ProviderOutcome::Paid), Some(Settlement::Refund));
}

#[test]
fn bookings_read_while_somebody_moved_them_are_read_again() {
    let (_, bookings) = held();
    let paying = start_payment(&bookings, &attempt(), now()).unwrap();
    let torn = [paying[0].clone(), bookings[1].clone()];
    assert!(is_torn(&torn) && !is_torn(&paying) && !is_torn(&bookings));
    assert_eq!(settle(&torn, &attempt(), ProviderOutcome::Paid, now()), None);
}

#[test]
fn an_order_with_one_free_visit_is_paid_as_a_whole_and_a_free_one_is_not() {
    let (_, mut bookings) = held();
    bookings[0].units[0].price_cents = Cents::ZERO;
    assert_eq!(total(&bookings), Cents(1000));
    let amount = Cents(1000);
    assert_eq!(confirm_free(&bookings, now()), Err(StepError::PaymentRequired { amount }));
    assert!(start_payment(&bookings, &attempt(), now()).is_ok());
    bookings[1].units[0].price_cents = Cents::ZERO;
    assert_eq!(start_payment(&bookings, &attempt(), now()), Err(StepError::NothingToPay));
    assert_eq!(status(&confirm_free(&bookings, now()).unwrap()), "CONFIRMED");
}
