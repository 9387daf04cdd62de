use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::admission::{AdmissionRule, Reentry};
use crate::redemption::{Direction, Redemption, Refusal, Scan, judge, pass};
use crate::ticket::{Grant, sample, sign, verify};
use crate::venue::{AvailabilityType, Product, Resellers, VenueKind, shipped_product};

fn venue(id: &str) -> VenueId {
    VenueId::new(id).unwrap()
}

fn opens(id: &str, entries: Entries) -> Opens {
    Opens { venue_id: venue(id), name: format!("Museo {id}"), entries, areas: Vec::new() }
}

const ONCE: Entries = Entries::Times { times: 1 };

/// Three venues, once each, within three days of the first entry.
fn rule() -> PassRule {
    PassRule {
        term: Term::FromFirstEntry { days: 3, first_within_days: 30 },
        opens: vec![opens("20240", ONCE), opens("106484", ONCE), opens("105950", ONCE)],
    }
}

fn pass_of(rule: PassRule) -> Ticket {
    let Day::Open { slots } = rule.day(date(2026, 11, 24), &time_zone()) else { panic!() };
    let mut ticket = sample::ticket();
    ticket.entitlement.slot = slots[0];
    ticket.entitlement.grant = Grant::Pass;
    ticket.pass = Some(Pass::unused(rule));
    ticket
}

fn goes(
    ticket: &Ticket,
    direction: Direction,
    at_venue: &str,
    nonce: u128,
    now: &str,
) -> Result<Redemption, Refusal> {
    let (venue, gate) = (venue(at_venue), GateId::new("main").unwrap());
    let (uuid, at) = (Uuid::from_u128(nonce).into(), now.parse().unwrap());
    pass(ticket.clone(), &Scan { uuid, venue: &venue, gate: &gate, area: None, direction, at })
}

fn enters(ticket: &Ticket, at_venue: &str, nonce: u128, now: &str) -> Result<Redemption, Refusal> {
    goes(ticket, Direction::Entry, at_venue, nonce, now)
}

#[test]
fn a_pass_admits_once_at_each_of_its_venues_until_the_end_of_its_third_day() {
    let first = enters(&pass_of(rule()), "20240", 1, "2026-11-26T09:10:00Z").unwrap();
    assert_eq!(first.venue, venue("20240"));
    let again = enters(&first.ticket, "20240", 1, "2026-11-26T09:11:00Z").unwrap();
    assert_eq!(again.ticket, first.ticket, "the same scan is the same entry");
    let twice = enters(&first.ticket, "20240", 2, "2026-11-27T09:00:00Z").unwrap_err();
    assert!(matches!(twice, Refusal::PassSpent { entries: 1, .. }), "{twice}");
    let second = enters(&first.ticket, "106484", 3, "2026-11-27T09:00:00Z").unwrap();
    let elsewhere = enters(&second.ticket, "1", 4, "2026-11-27T09:00:00Z").unwrap_err();
    assert!(matches!(elsewhere, Refusal::PassElsewhere { opens, .. } if opens.len() == 3));
    let late = enters(&second.ticket, "105950", 5, "2026-11-28T23:00:00Z").unwrap_err();
    assert!(matches!(late, Refusal::TooLate { .. }), "the third day has ended in Rome");
    let third = enters(&second.ticket, "105950", 5, "2026-11-28T22:59:59Z").unwrap();
    assert_eq!(third.ticket.pass.unwrap().used.changes, 3);
}

#[test]
fn a_pass_is_used_for_the_first_time_in_time_and_not_before_its_day() {
    let pass = pass_of(rule());
    let at = |now| enters(&pass, "20240", 1, now);
    assert!(matches!(at("2026-11-23T22:59:59Z"), Err(Refusal::TooEarly { .. })));
    assert!(at("2026-11-23T23:00:00Z").is_ok());
    assert!(at("2026-12-23T22:59:59Z").is_ok());
    assert!(matches!(at("2026-12-23T23:00:00Z"), Err(Refusal::TooLate { .. })));
}

#[test]
fn a_season_ends_on_its_last_day_and_has_no_pass_outside() {
    let (from, to) = (date(2026, 11, 1), date(2026, 11, 30));
    let season = PassRule { term: Term::Season { from, to }, ..rule() };
    assert!(matches!(season.day(date(2026, 12, 1), &time_zone()), Day::Closed { .. }));
    let pass = pass_of(season);
    assert!(enters(&pass, "20240", 1, "2026-11-30T22:59:00Z").is_ok());
    let late = enters(&pass, "20240", 1, "2026-11-30T23:00:00Z");
    assert!(matches!(late, Err(Refusal::TooLate { .. })));
}

#[test]
fn a_daily_pass_admits_tomorrow_again_and_an_unlimited_one_at_once() {
    let one = |entries| pass_of(PassRule { opens: vec![opens("20240", entries)], ..rule() });
    let first = enters(&one(Entries::Daily), "20240", 1, "2026-11-24T09:00:00Z").unwrap();
    let twice = enters(&first.ticket, "20240", 2, "2026-11-24T15:00:00Z");
    assert!(matches!(twice, Err(Refusal::PassSpent { .. })));
    assert!(enters(&first.ticket, "20240", 2, "2026-11-25T09:00:00Z").is_ok());
    let first = enters(&one(Entries::Unlimited), "20240", 1, "2026-11-24T09:00:00Z").unwrap();
    assert!(enters(&first.ticket, "20240", 2, "2026-11-24T15:00:00Z").is_ok());
}

#[test]
fn who_goes_out_for_lunch_comes_back_on_the_same_entry_where_the_product_says_so() {
    let mut pass = pass_of(rule());
    pass.admission = AdmissionRule { reentry: Reentry::SameDay, ..AdmissionRule::default() };
    let out = |ticket: &Ticket, nonce, now| goes(ticket, Direction::Exit, "20240", nonce, now);
    assert!(matches!(out(&pass, 9, "2026-11-24T09:00:00Z"), Err(Refusal::NotInside { .. })));
    let entry = enters(&pass, "20240", 1, "2026-11-24T09:00:00Z").unwrap();
    let exit = out(&entry.ticket, 2, "2026-11-24T11:00:00Z").unwrap();
    assert_eq!(exit.after, Some(entry.uuid));
    let back = enters(&exit.ticket, "20240", 3, "2026-11-24T13:00:00Z").unwrap();
    assert_eq!(back.ticket.pass.as_ref().unwrap().used.visits[0].entries, 1);
    let exit = out(&back.ticket, 4, "2026-11-24T15:00:00Z").unwrap();
    let tomorrow = enters(&exit.ticket, "20240", 5, "2026-11-25T09:00:00Z");
    assert!(matches!(tomorrow, Err(Refusal::PassSpent { .. })));
}

#[test]
fn an_entry_taken_back_leaves_the_pass_as_it_was_and_unused_if_it_was_the_first() {
    let pass = pass_of(rule());
    let first = enters(&pass, "20240", 1, "2026-11-24T09:00:00Z").unwrap();
    let undone = first.ticket.clone().used_as(first.pass_before.clone().unwrap());
    assert_eq!(undone.state, TicketState::Valid);
    assert_eq!(undone.pass.as_ref().unwrap().used.first_at, None);
    assert_eq!(undone.pass.as_ref().unwrap().used.changes, 2, "no gate takes it for untouched");
    let second = enters(&first.ticket, "106484", 2, "2026-11-24T12:00:00Z").unwrap();
    let undone = second.ticket.clone().used_as(second.pass_before.unwrap());
    assert_eq!(undone.state, first.ticket.state);
    assert!(enters(&undone, "106484", 3, "2026-11-24T13:00:00Z").is_ok());
}

#[test]
fn a_gate_that_is_by_itself_refuses_a_pass_for_it_cannot_count() {
    let pass = pass_of(rule());
    let (venue, gate) = (venue("20240"), GateId::new("main").unwrap());
    let at = "2026-11-24T09:00:00Z".parse().unwrap();
    let (uuid, direction) = (Uuid::nil().into(), Direction::Entry);
    let scan = Scan { uuid, venue: &venue, gate: &gate, area: None, direction, at };
    let judged = judge(&pass.entitlement, &pass.admission, &pass.state, &scan);
    assert_eq!(judged, Err(Refusal::PassNeedsLine));
}

#[test]
fn the_code_of_a_pass_says_that_it_is_one_and_is_as_short_as_any() {
    let key = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
    let mut longest = pass_of(PassRule {
        term: Term::FromFirstEntry { days: TERM_MAX_DAYS, first_within_days: TERM_MAX_DAYS },
        ..rule()
    });
    longest.entitlement.product = ProductId::new("x".repeat(IDS_MAX_CHARS - 5)).unwrap();
    for seller in ["20000019", "Q123456789"] {
        longest.entitlement.venue = venue(seller);
        let code = sign(&longest.entitlement, &key).unwrap();
        assert!(code.len() < 200, "{} characters", code.len());
        assert_eq!(verify(&code, &[key.verifying_key()]), Ok(longest.entitlement.clone()));
    }
}

#[test]
fn a_pass_goes_back_until_its_first_use_by_the_last_instant_for_it() {
    let booking = Booking { pass: Some(rule()), ..crate::mail::tests::confirmed_booking() };
    let slot = pass_of(rule()).entitlement.slot;
    let booking = Booking { slot, ..booking };
    let terms = booking.terms("2026-11-25T09:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(terms.until, "2026-12-23T23:00:00Z".parse().unwrap());
    assert_eq!(terms.refund_until, Some("2026-12-22T23:00:00Z".parse().unwrap()));
}

#[test]
fn a_pass_that_cannot_be_sold_is_refused_where_it_is_wrong() {
    type Spoil = fn(&mut PassRule);
    let mut product = shipped_product(VenueKind::Museum, crate::tariff::Cents(500), None).unwrap();
    product.pass = Some(rule());
    assert_eq!(product.check().unwrap_err().field(), "availability_type");
    product.availability_type = AvailabilityType::OpeningHours;
    product.id = ProductId::new("card").unwrap();
    let field = |spoil: fn(&mut Product)| {
        let mut product = product.clone();
        product.free_days.clear();
        (product.exchange, product.groups) = (None, None);
        spoil(&mut product);
        product.check().err().map(|error| error.field())
    };
    assert_eq!(field(|_| {}), None);
    assert_eq!(field(|product| product.resellers = Resellers::Open).as_deref(), Some("resellers"));
    let long = |product: &mut Product| product.id = ProductId::new("three-museums").unwrap();
    assert_eq!(field(long).as_deref(), Some("id"));
    let cases: [(Spoil, &str); 6] = [
        (|rule| rule.opens.clear(), "pass.opens"),
        (|rule| rule.opens[1].venue_id = rule.opens[0].venue_id.clone(), "pass.opens[1].venue_id"),
        (|rule| rule.opens[2].name.clear(), "pass.opens[2].name"),
        (|rule| rule.opens[0].entries = Entries::Times { times: 0 }, "pass.opens[0].entries.times"),
        (
            |rule| rule.term = Term::FromFirstEntry { days: 0, first_within_days: 1 },
            "pass.term.days",
        ),
        (
            |rule| {
                let (from, to) = (date(2026, 12, 2), date(2026, 12, 1));
                rule.term = Term::Season { from, to };
            },
            "pass.term.to",
        ),
    ];
    for (spoil, wrong) in cases {
        let mut rule = rule();
        spoil(&mut rule);
        assert_eq!(rule.check().unwrap_err().field(), wrong);
    }
}

#[test]
fn a_pass_says_where_and_until_when() {
    let pass = pass_of(rule());
    let words = |ticket: &Ticket| {
        let pass = ticket.pass.as_ref().unwrap();
        pass.rule.validity_in_words(&ticket.entitlement.slot, &pass.used).en
    };
    assert_eq!(words(&pass), "3 days from the first entry, which is from 24.11.2026 to 23.12.2026");
    let entry = enters(&pass, "20240", 1, "2026-11-26T09:10:00Z").unwrap();
    assert_eq!(words(&entry.ticket), "until 28.11.2026");
    let opens = rule().opens_in_words().it;
    assert!(opens.starts_with("Museo 20240: un ingresso; Museo 106484"), "{opens}");
}
