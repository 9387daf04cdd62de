//! What a lease must meet, and what becomes of its places.

use std::collections::HashSet;

use uuid::Uuid;

use super::*;
use crate::booking::BookingState;
use crate::hold::tests::{NOW, venue};
use crate::redemption::Refusal;
use crate::shift::Method;
use crate::tariff::Cents;
use crate::text::Locale;

const SLOT: &str = "2026-11-24T10:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at(NOW)
}

fn ids(count: u8) -> Vec<TicketId> {
    (0..count).map(|number| TicketId::from_bytes([number; 10])).collect()
}

fn request(places: u8, channel: Channel) -> LeaseRequest {
    LeaseRequest {
        uuid: Uuid::from_u128(7).into(),
        venue: VenueId::new("20240").unwrap(),
        product: ProductId::new("admission").unwrap(),
        option: OptionId::new("standard").unwrap(),
        slot: SLOT.parse().unwrap(),
        places: places.into(),
        channel,
        desk: DeskId::new("window-1").unwrap(),
    }
}

fn leased(places: u8, channel: Channel) -> Lease {
    let (mut lease, _) =
        request(places, channel).lease(&venue(), ids(places), "carlo".to_owned(), now()).unwrap();
    lease.draws = vec![Draw { pool: crate::id::PoolName::open(), places: places.into() }];
    lease
}

fn sale(units: &[&str], method: Method) -> LeasedSale {
    let places = units
        .iter()
        .zip(ids(20))
        .map(|(unit, ticket)| SoldTicket { ticket, unit: UnitId::new(*unit).unwrap() });
    LeasedSale {
        booking: Uuid::from_u128(1).into(),
        places: places.collect(),
        method,
        locale: Locale::It,
        sold_at: now() + 5.minutes(),
    }
}

/// What a desk sold comes in an hour later.
fn late() -> Timestamp {
    now() + 1.hour()
}

fn entered(ticket: &Ticket) -> Ticket {
    let state = TicketState::Redeemed {
        at: now(),
        gate: crate::id::GateId::new("main").unwrap(),
        redemption: Uuid::from_u128(9).into(),
        area: None,
        exit: None,
    };
    Ticket { state, ..ticket.clone() }
}

fn adds_up(lease: &Lease) -> bool {
    let drawn: u32 = lease.draws.iter().map(|draw| draw.places).sum();
    lease.places() == lease.sold + lease.returned + lease.held && drawn == lease.held
}

#[test]
fn a_desk_leases_what_a_transaction_holds_and_a_totem_too_but_not_the_shop() {
    for (places, channel) in [(0, Channel::Desk), (91, Channel::Desk), (5, Channel::Web)] {
        let refused = request(places, channel).lease(&venue(), ids(places), String::new(), now());
        assert!(refused.is_err(), "{places} {channel:?}");
    }
    for channel in [Channel::Desk, Channel::Totem] {
        assert_eq!(leased(90, channel).held, 90);
    }
}

#[test]
fn what_needs_more_than_a_place_is_not_leased() {
    let with = |change: fn(&mut Product)| {
        let mut needing = venue();
        change(&mut needing.products[0]);
        request(5, Channel::Desk).lease(&needing, ids(5), String::new(), now())
    };
    for refused in
        [with(|product| product.pieces_max = 3), with(|product| product.shards = Some(4))]
    {
        assert!(matches!(refused, Err(LeaseError::NotLeasable { .. })), "{refused:?}");
    }
    let over = at("2026-11-24T10:00:00Z");
    let refused = request(5, Channel::Desk).lease(&venue(), ids(5), String::new(), over);
    assert!(matches!(refused, Err(LeaseError::Hold(HoldError::PastSlot { .. }))), "{refused:?}");
}

#[test]
fn a_sale_that_comes_in_is_a_confirmed_booking_at_the_price_of_the_lease() {
    let lease = leased(5, Channel::Desk);
    let tickets = lease.unsold_tickets();
    let asked = sale(&["adult", "minor", "adult"], Method::Cash);
    let sold = lease.sell(&asked, &tickets, late()).unwrap();
    assert_eq!((sold.to.sold, sold.to.held, sold.taken_anew), (3, 2, 0));
    assert!(adds_up(&sold.to), "{:?}", sold.to);
    assert_eq!(sold.booking.total(), Cents(2_000));
    assert_eq!(sold.booking.created_at, asked.sold_at, "when it was sold, not when it came in");
    let paid = matches!(&sold.booking.state, BookingState::Confirmed { payment: Some(_), .. });
    assert!(paid, "{:?}", sold.booking.state);
    let units: Vec<&str> =
        sold.tickets.iter().map(|ticket| ticket.entitlement.unit.as_str()).collect();
    assert_eq!(units, ["adult", "adult", "minor"], "in the order of the booking's lines");
    let is_sold = |ticket: &Ticket| ticket.lease.is_none() && ticket.booking == asked.booking;
    assert!(sold.tickets.iter().all(is_sold));
}

#[test]
fn a_ticket_that_entered_before_its_sale_came_in_stays_used() {
    let lease = leased(2, Channel::Desk);
    let mut tickets = lease.unsold_tickets();
    tickets[0] = entered(&tickets[0]);
    let sold = lease.sell(&sale(&["minor"], Method::Free), &tickets, late()).unwrap();
    assert_eq!(sold.tickets[0].state, tickets[0].state);
}

#[test]
fn what_cannot_stand_is_refused_with_the_reason() {
    let lease = leased(3, Channel::Desk);
    let tickets = lease.unsold_tickets();
    let why =
        |asked: &LeasedSale, tickets: &[Ticket]| lease.sell(asked, tickets, late()).unwrap_err();
    let two = sale(&["adult", "adult"], Method::Cash);
    let mut twice = two.clone();
    twice.places[1].ticket = twice.places[0].ticket;
    assert!(matches!(why(&twice, &tickets), SaleRefusal::Repeated { .. }));
    let four = sale(&["adult"; 4], Method::Cash);
    assert!(matches!(why(&four, &tickets), SaleRefusal::NotOfLease { .. }));
    let mut revoked = tickets.clone();
    revoked[1].state = TicketState::Revoked { at: now() };
    assert!(matches!(why(&two, &revoked), SaleRefusal::TakenBack { .. }));
    let mut sold = tickets.clone();
    sold[0].lease = None;
    assert!(matches!(why(&two, &sold), SaleRefusal::SoldBefore { .. }));
    for (units, method) in [(["adult"], Method::Free), (["minor"], Method::Cash)] {
        let wrong = why(&sale(&units, method), &tickets);
        assert!(matches!(wrong, SaleRefusal::WrongMethod { .. }), "{wrong:?}");
    }
}

#[test]
fn a_totem_by_itself_sells_what_is_free() {
    let lease = leased(3, Channel::Totem);
    let tickets = lease.unsold_tickets();
    let paid = lease.sell(&sale(&["adult"], Method::Cash), &tickets, late());
    assert!(matches!(paid, Err(SaleRefusal::WrongMethod { .. })), "{paid:?}");
    let free = lease.sell(&sale(&["minor"], Method::Free), &tickets, late()).unwrap();
    assert_eq!(free.booking.channel, Channel::Totem);
}

#[test]
fn what_was_not_sold_goes_back_and_admits_no_more() {
    let lease = leased(5, Channel::Desk);
    let tickets = lease.unsold_tickets();
    let sold = lease.sell(&sale(&["adult", "adult"], Method::Cash), &tickets, late()).unwrap();
    let mut by_then = sold.tickets.clone();
    by_then.extend_from_slice(&tickets[2..]);
    let early = sold.to.close(by_then.clone(), Closing::ByDesk { sold: 1 }, late());
    assert_eq!(early, Err(LeaseError::SalesMissing { said: 1, known: 2 }));
    let closed = sold.to.close(by_then.clone(), Closing::ByDesk { sold: 2 }, late());
    let closed = closed.unwrap().unwrap();
    assert_eq!((closed.places, closed.revoked.len()), (3, 3));
    assert!(adds_up(&closed.to) && closed.to.held == 0, "{:?}", closed.to);
    let again = closed.to.close(by_then, Closing::ByDesk { sold: 2 }, late());
    assert_eq!(again, Ok(None), "the first stands");
}

#[test]
fn a_place_that_somebody_entered_on_stays_taken_when_the_lease_is_withdrawn() {
    let lease = leased(3, Channel::Desk);
    let mut tickets = lease.unsold_tickets();
    tickets[0] = entered(&tickets[0]);
    let how = Closing::ByManager { actor: "manager".to_owned(), reason: "stolen".to_owned() };
    let closed = lease.close(tickets.clone(), how, late()).unwrap().unwrap();
    assert_eq!((closed.places, closed.to.held), (2, 1));
    // Its sale may still come in; the others' may not.
    let sold = closed.to.sell(&sale(&["adult"], Method::Cash), &tickets, late()).unwrap();
    assert_eq!((sold.to.held, sold.taken_anew), (0, 0));
    let mut by_then = closed.revoked.clone();
    by_then.push(tickets[0].clone());
    let refused = closed.to.sell(&sale(&["adult", "adult"], Method::Cash), &by_then, late());
    assert!(matches!(refused, Err(SaleRefusal::TakenBack { .. })), "{refused:?}");
}

#[test]
fn a_lease_ends_after_its_slot_and_a_sale_that_comes_in_later_takes_its_places_anew() {
    let lease = leased(4, Channel::Desk);
    assert_eq!(lease.end(at("2026-11-24T10:14:59Z")), None, "never by the clock before that");
    let ended = lease.end(at("2026-11-24T10:15:00Z")).unwrap();
    assert_eq!((ended.places, ended.to.held, ended.revoked.len()), (4, 0, 0));
    let night = at("2026-11-24T20:00:00Z");
    let tickets = lease.unsold_tickets();
    let sold = ended.to.sell(&sale(&["adult"], Method::Cash), &tickets, night).unwrap();
    assert_eq!((sold.taken_anew, sold.to.sold, sold.to.returned), (1, 1, 3));
    assert!(adds_up(&sold.to), "{:?}", sold.to);
    let mut by_then = tickets;
    by_then[0] = sold.tickets[0].clone();
    let closed = sold.to.close(by_then, Closing::ByDesk { sold: 1 }, night).unwrap().unwrap();
    assert_eq!((closed.places, closed.revoked.len()), (0, 3), "they went back before");
}

#[test]
fn a_sale_is_of_no_moment_before_its_lease_or_after_now() {
    let lease = leased(1, Channel::Desk);
    for (said, kept) in [
        (now() - 3.hours(), now()),
        (now() + 7.minutes(), now() + 7.minutes()),
        (late() + 5.hours(), late()),
    ] {
        let asked = LeasedSale { sold_at: said, ..sale(&["minor"], Method::Free) };
        let sold = lease.sell(&asked, &lease.unsold_tickets(), late()).unwrap();
        assert_eq!(sold.booking.created_at, kept);
    }
}

#[test]
fn a_gate_believes_the_signed_code_of_a_ticket_whose_sale_has_not_come_in_and_no_typed_one() {
    let ticket = leased(1, Channel::Desk).unsold_tickets().remove(0);
    assert_eq!(ticket.status(), "LEASED");
    let typed = ticket.clone().admitting(None, &venue());
    assert!(matches!(typed, Err(Refusal::SaleNotIn { .. })), "{typed:?}");
    let minor = UnitId::new("minor").unwrap();
    let signed = ticket.clone().admitting(Some(&minor), &venue()).unwrap();
    assert_eq!(signed.entitlement.unit, minor);
    assert!(signed.document.is_some(), "a minor shows a document");
    let withdrawn = Ticket { state: TicketState::Revoked { at: now() }, ..ticket };
    assert_eq!(withdrawn.clone().admitting(Some(&minor), &venue()), Ok(withdrawn));
}

#[test]
fn a_desk_prices_a_party_as_the_platform_does_and_gives_each_a_place_once() {
    let lease = leased(3, Channel::Desk);
    let key = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
    let pack = Pack::of(&lease, &venue(), &key, now()).unwrap();
    let of = |unit: &str, quantity| UnitQuantity { unit_id: UnitId::new(unit).unwrap(), quantity };
    let priced = |party: &[UnitQuantity]| pack.terms.price(&pack.option_id, party);
    assert_eq!(priced(&[]), Err(HoldError::NoUnits));
    assert!(matches!(priced(&[of("knight", 1)]), Err(HoldError::UnknownUnit { .. })));
    assert!(matches!(priced(&[of("adult", 99)]), Err(HoldError::TooManyUnits { .. })));
    let party = priced(&[of("adult", 1), of("minor", 1)]).unwrap();
    let mut sold = HashSet::new();
    let places = pack.places_for(&party, &sold).unwrap();
    sold.extend(places.iter().map(|place| place.ticket));
    assert_eq!(pack.places_for(&party, &sold), None, "one is left");
    let (ticket, code) = pack.printed(&places[1], lease.uuid, now()).unwrap();
    let signed = crate::ticket::verify(&code, &[key.verifying_key()]).unwrap();
    assert_eq!(signed, ticket.entitlement);
    assert_eq!(signed.unit.as_str(), "minor");
}

#[test]
fn a_drawer_that_was_counted_takes_a_late_sale_and_says_so() {
    let lease = leased(2, Channel::Desk);
    let asked = sale(&["adult"], Method::Cash);
    let sold = lease.sell(&asked, &lease.unsold_tickets(), late()).unwrap();
    let (desk, venue) = (lease.desk.clone(), lease.venue.clone());
    let uuid = Uuid::from_u128(3).into();
    let open = crate::shift::Shift::open(uuid, venue, desk, "carlo".to_owned(), Cents(500), now())
        .unwrap();
    // The money was in the drawer when it was counted.
    let counted = open.close(Cents(1_500), now()).unwrap();
    assert_eq!(counted.difference_cents(), Some(Cents(1_000)));
    assert!(counted.sell(&sold.booking, Method::Cash, None, late()).is_err());
    let (after, filed) = counted.file(&sold.booking, Method::Cash, None, asked.sold_at).unwrap();
    assert_eq!(after.difference_cents(), Some(Cents(0)));
    assert_eq!((after.totals.late_sales, filed.sold_at), (1, asked.sold_at));
    let (in_time, _) = open.file(&sold.booking, Method::Cash, None, asked.sold_at).unwrap();
    assert_eq!(in_time.totals.late_sales, 0);
}
