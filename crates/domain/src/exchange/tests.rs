use super::*;
use crate::booking::Settlement;
use crate::hold::tests::{NOW, held, venue, visitor_asks};
use crate::id::{CampaignId, GateId, PaymentId, TicketId};
use crate::payment::ProviderOutcome;
use crate::payment::share::Share;
use crate::person_limit::PersonLimit;
use crate::risk::{Features, decide};
use crate::ticket::issue;
use crate::voucher::{Campaign, Effect, VoucherKey};

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn rule(minutes: Option<u32>) -> Option<ExchangeRule> {
    Some(ExchangeRule { until_minutes_before: minutes, reason: Text::new("Perché", "Because") })
}

/// Adult and child at ten for ten euro, paid, with their tickets.
fn paid() -> (Booking, Vec<Ticket>) {
    let payment = PaymentId::new("first").unwrap();
    let hold = Booking { exchange: rule(Some(30)), ..held() };
    let paying = hold.start_payment(payment.clone(), now()).unwrap();
    let Settlement::Confirm(booking) = paying.settle(&payment, ProviderOutcome::Paid, now()) else {
        panic!("a paid booking is confirmed");
    };
    let tickets = issue(&booking, (0_u8..2).map(|n| TicketId::from_bytes([n; 10])), now());
    (booking, tickets)
}

/// A hold in its place at eleven, for so much.
fn moved_to_eleven(booking: &Booking, cents: i64) -> Booking {
    moved(booking, "2026-11-24T11:00", cents, &venue())
}

fn moved(booking: &Booking, slot: &str, cents: i64, venue: &Venue) -> Booking {
    let uuid = uuid::Uuid::from_u128(2).into();
    let request = booking.asks_for(uuid, slot.parse().unwrap()).unwrap();
    let mut offer = request.offer(venue, now()).unwrap();
    booking.reduces(&request, &mut offer, venue, now());
    offer.units[0].price_cents = Cents(cents);
    let keys = RiskKeys::of(b"key", Some("visitor-1@example.org"), None);
    booking.replaced_by(request, offer, decide(&Features::default(), now()), keys, now())
}

fn confirmed(hold: &Booking, payment: &str) -> Booking {
    if hold.due() == Cents::ZERO {
        return hold.confirm_free(hold.due(), now()).unwrap();
    }
    let payment = PaymentId::new(payment).unwrap();
    let paying = hold.start_payment(payment.clone(), now()).unwrap();
    match paying.settle(&payment, ProviderOutcome::Paid, now()) {
        Settlement::Confirm(booking) => booking,
        other => panic!("{other:?}"),
    }
}

fn shares(of: &[Share]) -> Vec<(&str, i64)> {
    of.iter().map(|share| (share.payment.as_str(), share.cents.0)).collect()
}

#[test]
fn a_dearer_visit_costs_the_difference_and_stands_on_both_payments() {
    let (old, tickets) = paid();
    let hold = moved_to_eleven(&old, 1_400);
    assert_eq!((hold.due(), hold.places()), (Cents(400), 2));
    let Exchanged { new, old: given_up, .. } =
        old.exchange(tickets, confirmed(&hold, "second"), now()).unwrap();
    assert_eq!(shares(&new.paid_by()), [("second", 400), ("first", 1_000)]);
    assert!(given_up.refund.is_empty());
    assert!(given_up.tickets.iter().all(|ticket| ticket.state.name() == "REVOKED"));
    let BookingState::Cancelled { refund, exchanged_for, .. } = given_up.booking.state else {
        panic!("{:?}", given_up.booking.state);
    };
    assert_eq!((refund, exchanged_for), (Cents::ZERO, Some(new.uuid)));
    // Called off later, all of both goes back, and no more.
    let back = new.call_off(Vec::new(), now()).unwrap();
    assert_eq!(shares(&back.refund), [("second", 400), ("first", 1_000)]);
}

#[test]
fn a_cheaper_visit_gives_the_difference_back_once() {
    let (old, tickets) = paid();
    let hold = moved_to_eleven(&old, 700);
    assert_eq!(hold.due(), Cents::ZERO);
    let exchanged = old.exchange(tickets, confirmed(&hold, ""), now()).unwrap();
    assert_eq!(shares(&exchanged.old.refund), [("first", 300)]);
    assert_eq!(shares(&exchanged.new.paid_by()), [("first", 700)]);
    let back = exchanged.new.call_off(Vec::new(), now()).unwrap();
    assert_eq!(shares(&back.refund), [("first", 700)]);
}

#[test]
fn a_visit_is_moved_by_its_own_rule_and_the_venue_says_why_not() {
    let (booking, tickets) = paid();
    let may = |booking: &Booking, at: &str| booking.may_be_exchanged(&tickets, at.parse().unwrap());
    let until = "2026-11-24T08:30:00Z".parse().unwrap();
    assert_eq!(may(&booking, "2026-11-24T08:29:59Z"), Ok(until));
    assert_eq!(may(&booking, "2026-11-24T08:30:00Z"), Err(ExchangeError::TooLate { until }));
    assert!(matches!(may(&booking, "2026-11-24T09:00:00Z"), Err(ExchangeError::Began { .. })));
    let never = Booking { exchange: rule(None), ..booking.clone() };
    let reason = Text::new("Perché", "Because");
    assert_eq!(may(&never, NOW), Err(ExchangeError::NotOffered { reason }));
    let silent = Booking { exchange: None, ..booking.clone() };
    assert!(matches!(may(&silent, NOW), Err(ExchangeError::NotOffered { .. })));
    let desk = Booking { channel: Channel::Desk, ..booking.clone() };
    assert_eq!(may(&desk, NOW), Err(ExchangeError::SoldAtDesk));
    let group = Booking { origin: Origin::Group, ..booking.clone() };
    assert_eq!(may(&group, NOW), Err(ExchangeError::Group));
    let order = booking.uuid;
    let ordered = Booking { order: Some(order), ..booking.clone() };
    assert_eq!(may(&ordered, NOW), Err(ExchangeError::PartOfOrder { order }));
    let slot = booking.slot.id;
    let same = booking.asks_for(booking.uuid, slot).unwrap_err();
    assert_eq!(same, ExchangeError::SameSlot { slot });
}

#[test]
fn a_hold_ends_with_the_term_of_the_exchange_at_the_latest() {
    let (booking, _) = paid();
    let until = booking.exchange_until().unwrap();
    let late = until - jiff::SignedDuration::from_mins(5);
    let request = booking.asks_for(booking.uuid, "2026-11-24T11:00".parse().unwrap()).unwrap();
    let offer = request.offer(&venue(), late).unwrap();
    let keys = RiskKeys { contact: None, client: None };
    let hold = booking.replaced_by(request, offer, decide(&Features::default(), late), keys, late);
    assert_eq!(hold.state, BookingState::OnHold { expires_at: until, declined: None });
}

#[test]
fn money_that_would_not_go_back_any_more_does_not_go_back_by_a_detour() {
    let (booking, _) = paid();
    let early = Cancellation { refund_until_minutes_before: Some(0) };
    let open = Booking { cancellation: early, ..booking.clone() };
    assert!(moved_to_eleven(&open, 1_000).terms(now()).unwrap().refund_until.is_some());
    let kept = Cancellation { refund_until_minutes_before: None };
    let strict = Booking { cancellation: kept, ..booking };
    assert_eq!(moved_to_eleven(&strict, 1_000).terms(now()).unwrap().refund_until, None);
}

#[test]
fn what_changed_or_was_used_since_the_hold_is_not_exchanged() {
    let (old, tickets) = paid();
    let new = confirmed(&moved_to_eleven(&old, 1_000), "");
    let mut smaller = old.clone();
    smaller.units[1].quantity += 1;
    let booking = old.uuid;
    let changed = smaller.exchange(tickets.clone(), new.clone(), now());
    assert_eq!(changed, Err(ExchangeError::Changed { booking }));
    let mut used = tickets.clone();
    let at = now();
    used[0].state = TicketState::Redeemed {
        at,
        gate: GateId::new("main").unwrap(),
        redemption: booking,
        area: None,
        exit: None,
    };
    assert_eq!(old.exchange(used, new.clone(), now()), Err(ExchangeError::Used { at }));
    let gone = old.exchange(tickets.clone(), new.clone(), now()).unwrap().old.booking;
    assert!(gone.cancel(now()).is_err(), "who gives up means the visit in its place");
    let twice = gone.exchange(tickets, new, now());
    assert_eq!(twice, Err(ExchangeError::NotConfirmed { state: "CANCELLED" }));
}

#[test]
fn a_code_and_a_persons_part_pass_on_and_are_counted_once() {
    let mut museum = venue();
    let id = CampaignId::new("autumn").unwrap();
    museum.campaigns.push(Campaign {
        id: id.clone(),
        name: Text::new("Autunno", "Autumn"),
        effect: Effect::CentsOffTicket(Cents(100)),
        products: Vec::new(),
        options: Vec::new(),
        units: Vec::new(),
        sold: crate::tariff::Validity::default(),
        visited: crate::tariff::Validity::default(),
        max_tickets: None,
        with_reduced: false,
    });
    let limit = PersonLimit { tickets: 2, per: crate::group::QuotaPer::Day };
    museum.products[0].person_limit = Some(limit);
    let (booking, tickets) = paid();
    let key = VoucherKey::of(b"key", "AUTUNNO-2026").unwrap();
    let voucher = Some(VoucherUse { campaign: id, key });
    let counted = Some(Counted { person: "hash".into(), limit });
    let booking = Booking { voucher: voucher.clone(), counted: counted.clone(), ..booking };
    let same_day = moved(&booking, "2026-11-24T11:00", 1_000, &museum);
    assert_eq!((&same_day.voucher, &same_day.counted), (&None, &None), "nothing is taken twice");
    assert!(same_day.units[0].reason.en.contains("Autumn"), "{:?}", same_day.units[0].reason);
    let exchanged = booking.exchange(tickets, confirmed(&same_day, ""), now()).unwrap();
    assert_eq!((&exchanged.new.voucher, &exchanged.new.counted), (&voucher, &counted));
    assert_eq!((exchanged.released.voucher, exchanged.released.counted), (None, None));
    let other_day = moved(&booking, "2026-11-25T11:00", 1_000, &museum);
    let replaced = other_day.replaces.unwrap();
    assert!(other_day.counted.is_some() && replaced.counted.is_none(), "another day's part");
}

#[test]
fn the_names_pass_on_whatever_the_hold_says() {
    let (mut old, tickets) = paid();
    old.holders = Holders { names: vec!["A".into(), "B".into()], changes: 1 };
    let mut new = confirmed(&moved_to_eleven(&old, 1_000), "");
    assert_eq!(new.holders, old.holders);
    new.holders = Holders { names: vec!["C".into(), "D".into()], changes: 0 };
    assert_eq!(old.exchange(tickets, new, now()).unwrap().new.holders, old.holders);
}

#[test]
fn the_same_exchange_asked_for_again_is_known_whatever_became_of_the_old_booking() {
    let (old, _) = paid();
    let slot = "2026-11-24T11:00".parse().unwrap();
    let first = old.asks_for(old.uuid, slot).unwrap();
    let later = Booking { units: Vec::new(), contact: None, ..old.clone() };
    let again = later.asks_for(old.uuid, slot).unwrap();
    assert_eq!(first.fingerprint(), again.fingerprint());
    let plain = HoldRequest { replaces: None, ..first.clone() };
    assert_ne!(plain.fingerprint(), first.fingerprint());
    let other = visitor_asks(&[("adult", 1)], "2026-11-24T11:00");
    assert_ne!(other.fingerprint(), first.fingerprint());
}
