use super::*;
use crate::booking::Settlement;
use crate::cancellation::Cancellation;
use crate::hold::tests::{NOW, venue, visitor_asks};
use crate::id::{PaymentId, PoolName, ResourceId};
use crate::payment::ProviderOutcome;
use crate::resource::{Need, Per, Resource};
use crate::risk::{Features, RiskKeys, decide};
use crate::text::Text;
use crate::ticket::issue;

const SLOT: &str = "2026-11-27T10:00";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn bought(units: &[(&str, u32)], museum: &Venue) -> (Booking, Vec<Ticket>) {
    let request = visitor_asks(units, SLOT);
    let offer = request.offer(museum, now()).unwrap();
    let keys = RiskKeys::of(b"key", Some("visitor-1@example.org"), None);
    let hold = request.hold(offer, decide(&Features::default(), now()), keys, now());
    let payment = PaymentId::new("paid").unwrap();
    let paying = hold.start_payment(payment.clone(), now()).unwrap();
    let Settlement::Confirm(booking) = paying.settle(&payment, ProviderOutcome::Paid, now()) else {
        panic!("a paid booking is confirmed");
    };
    let ids = (0_u8..).map(|number| TicketId::from_bytes([number; 10]));
    let tickets = issue(&booking, ids, now());
    (booking, tickets)
}

fn id(number: u8) -> TicketId {
    TicketId::from_bytes([number; 10])
}

fn gives_back(
    (booking, tickets): &(Booking, Vec<Ticket>),
    named: &[TicketId],
) -> Result<GivenBack, GiveBackError> {
    booking.give_back(tickets, named, &venue(), (booking.uuid, None), now())
}

#[test]
fn a_ticket_that_goes_back_takes_its_own_price_with_it() {
    let party = bought(&[("adult", 2), ("minor", 1)], &venue());
    let given = gives_back(&party, &[id(1)]).unwrap();
    assert_eq!((given.booking.places(), given.booking.total()), (2, Cents(1_000)));
    assert_eq!((given.gone.places(), given.record.refund), (1, Cents(1_000)));
    assert_eq!(given.stay, [id(0), id(2)]);
    assert_eq!(given.refund[0].cents, Cents(1_000));
    assert_eq!(given.booking.forfeited(), Cents::ZERO);
    let since = given.booking.given_back_since(&party.0).unwrap();
    assert_eq!((since.places(), since.total()), (1, Cents(1_000)));
    assert_eq!(given.booking.given_back_since(&given.booking), None);
}

#[test]
fn after_the_term_the_venue_keeps_the_price_also_when_the_rest_is_called_off() {
    let (booking, tickets) = bought(&[("adult", 2)], &venue());
    let late = Cancellation { refund_until_minutes_before: None };
    let party = (Booking { cancellation: late, ..booking }, tickets);
    let given = gives_back(&party, &[id(0)]).unwrap();
    assert_eq!((given.record.refund, given.refund.len()), (Cents::ZERO, 0));
    assert_eq!(given.booking.forfeited(), Cents(1_000));
    let off = given.booking.call_off(Vec::new(), now()).unwrap();
    assert_eq!(off.refund.iter().map(|share| share.cents).sum::<Cents>(), Cents(1_000));
    let (booking, tickets) = (party.0, party.1);
    let shown =
        booking.give_back(&tickets, &[id(0)], &venue(), (booking.uuid, Some(Cents(1_000))), now());
    assert!(matches!(shown, Err(GiveBackError::Step(StepError::RefundChanged { .. }))));
}

#[test]
fn prices_that_a_code_made_uneven_sum_up_whichever_ticket_goes_first() {
    let (booking, tickets) = bought(&[("adult", 3)], &venue());
    let line = |quantity, cents| UnitLine {
        quantity,
        price_cents: Cents(cents),
        ..booking.units[0].clone()
    };
    let uneven = Booking { units: vec![line(1, 666), line(2, 667)], ..booking };
    for first in 0..3 {
        let given = gives_back(&(uneven.clone(), tickets.clone()), &[id(first)]).unwrap();
        assert_eq!(given.record.refund.0, if first == 0 { 666 } else { 667 });
        assert_eq!(given.booking.total().0 + given.record.refund.0, 2_000);
    }
}

#[test]
fn a_child_does_not_stay_alone() {
    let party = bought(&[("adult", 1), ("child", 2)], &venue());
    let alone = gives_back(&party, &[id(0)]);
    assert!(
        matches!(&alone, Err(GiveBackError::Company(HoldError::Unaccompanied { .. }))),
        "{alone:?}"
    );
    assert!(gives_back(&party, &[id(1), id(2)]).is_ok());
    assert_eq!(gives_back(&party, &[id(0), id(1), id(2)]), Err(GiveBackError::All));
}

#[test]
fn only_own_tickets_that_admit_are_given_back_each_once() {
    let (booking, mut tickets) = bought(&[("adult", 3)], &venue());
    let party = (booking.clone(), tickets.clone());
    assert_eq!(gives_back(&party, &[]), Err(GiveBackError::NoTickets));
    let twice = GiveBackError::Repeated { index: 1, ticket: id(0) };
    assert_eq!(gives_back(&party, &[id(0), id(0)]), Err(twice));
    let foreign = GiveBackError::Unknown { index: 0, ticket: id(9) };
    assert_eq!(gives_back(&party, &[id(9)]), Err(foreign));
    tickets[0].state = TicketState::Redeemed {
        at: now(),
        gate: crate::id::GateId::new("main").unwrap(),
        redemption: booking.uuid,
        area: None,
        exit: None,
    };
    let party = (booking, tickets);
    let used = gives_back(&party, &[id(0)]);
    assert!(matches!(used, Err(GiveBackError::Step(StepError::TicketUsed { .. }))));
    assert!(gives_back(&party, &[id(1)]).is_ok(), "who did not come along is given back");
}

#[test]
fn places_go_back_to_the_pool_that_was_drawn_on_last_and_resources_by_their_need() {
    let mut museum = venue();
    let need =
        |name: &str, per| Need { resource_id: ResourceId::new(name).unwrap(), quantity: 1, per };
    museum.products[0].needs = vec![need("site", Per::Place), need("guide", Per::Booking)];
    museum.resources = ["site", "guide"]
        .map(|name| Resource {
            id: ResourceId::new(name).unwrap(),
            name: Text::new(name, name),
            quantity: 50,
            closures: Vec::new(),
        })
        .to_vec();
    let (booking, tickets) = bought(&[("adult", 3)], &museum);
    let draw = |pool: &str, places| Draw { pool: PoolName::new(pool).unwrap(), places };
    let booking = Booking { draws: vec![draw("web", 1), draw("open", 2)], ..booking };
    let given =
        booking.give_back(&tickets, &[id(0), id(2)], &museum, (booking.uuid, None), now()).unwrap();
    assert_eq!(given.gone.draws, [draw("open", 2)]);
    assert_eq!(given.booking.draws, [draw("web", 1)]);
    let quantities =
        |uses: &[ResourceUse]| -> Vec<u32> { uses.iter().map(|used| used.quantity).collect() };
    assert_eq!(quantities(&given.gone.uses), [2], "the guide stays");
    assert_eq!(quantities(&given.booking.uses), [1, 1]);
}
