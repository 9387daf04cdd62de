//! Giving a confirmed visit up: the rule is shown before paying, holds as it was shown, and money,
//! tickets, places and lake agree afterwards (P2).

use atrio::{payment_book, sandbox};
use atrio_tests::{Clerk, Gate, Manager, Options, Process, Visitor, Wish, fresh_uuid};
use serde_json::{Value, json};

const VENUE: &str = "105950";
const ADULT_CENTS: i64 = 250;

/// Three days ahead of the museum's clock: the whole price goes back until the day before.
const FRIDAY: &str = "2026-11-27T11:00";

fn two_adults(slot: &str) -> Wish {
    Wish::at(VENUE, slot, &[("adult", 2)])
}

fn is_refunded(museum: &Process, payment: &str) -> bool {
    let book = payment_book::read::<Value>(&museum.data().join(sandbox::FILE)).unwrap();
    book[payment]["refunded"].as_bool().unwrap()
}

#[tokio::test]
async fn a_visitor_who_gives_a_visit_up_in_time_gets_the_money_back_and_no_ticket_admits() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wish = two_adults(FRIDAY);
    let places = visitor.vacancies(&wish).await;
    let uuid = visitor.hold(&wish).await;
    let held = visitor.booking(&uuid).await;
    let terms = json!({
        "until": "2026-11-27T10:00:00Z",
        "refund_until": "2026-11-26T10:00:00Z",
        "refund_cents": 2 * ADULT_CENTS,
    });
    assert_eq!(held["cancellation"], terms, "shown before paying");
    let payment = visitor.pay(&uuid, atrio_tests::Outcome::Pay).await;
    assert_eq!(visitor.sees(&uuid, "CONFIRMED").await["cancellation"], terms);
    let tickets = visitor.tickets(&uuid).await;
    // Who gives up before the first mail went out is told of the end only.
    museum.wrote_mails(1).await;

    let changed = visitor.cancel_for(&uuid, 100).await;
    let changed = changed.expect_problem(409, "refund-changed", "refund_cents");
    assert_eq!(changed["refund_cents"], 2 * ADULT_CENTS);
    let cancelled = visitor.cancel_for(&uuid, 2 * ADULT_CENTS).await.expect(200);
    assert_eq!(cancelled["status"], "CANCELLED");
    assert_eq!(cancelled["cancellation"], Value::Null);
    assert!(["REFUND_DUE", "REFUNDED"].contains(&cancelled["payment"]["status"].as_str().unwrap()));
    let again = visitor.cancel(&uuid).await.expect(200);
    assert_eq!(again["status"], "CANCELLED", "given up once, however often it is asked");

    assert_eq!(visitor.vacancies(&wish).await, places, "the places are on sale again");
    let gate = Gate::of(&museum, VENUE, "main").await;
    for ticket in &tickets {
        let code = ticket["code"].as_str().unwrap();
        gate.scan(code).await.expect_problem(409, "ticket-revoked", "code");
    }
    let mails = museum.wrote_mails(2).await;
    let off =
        mails.iter().find(|mail| mail.header("subject").starts_with("Visita annullata")).unwrap();
    assert!(off.text().contains("Rimborso: 5,00 €"), "{}", off.text());
    assert_eq!(off.to(), [visitor.contact.email.as_str()]);
    let figures = museum.nothing_left_over().await;
    assert_eq!(visitor.booking(&uuid).await["payment"]["status"], "REFUNDED");
    assert!(is_refunded(&museum, &payment));
    assert_eq!(figures["bookings confirmed"], json!({"table": 0, "lake": 0}));
    assert_eq!(figures["cents kept"], json!({"table": 0, "lake": 0}));
}

#[tokio::test]
async fn a_visitor_who_gives_a_visit_up_late_is_told_so_and_the_venue_keeps_the_money() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let (uuid, _) = visitor.buys(&two_adults("2026-11-24T15:00")).await;
    let booking = visitor.booking(&uuid).await;
    assert_eq!(booking["cancellation"]["refund_cents"], 0);
    let payment = booking["payment"]["id"].as_str().unwrap();
    visitor.cancel_for(&uuid, 500).await.expect_problem(409, "refund-changed", "refund_cents");
    let cancelled = visitor.cancel_for(&uuid, 0).await.expect(200);
    assert_eq!(cancelled["payment"]["status"], "PAID");
    assert!(cancelled["message"]["en"].as_str().unwrap().contains("not given back"));
    let figures = museum.nothing_left_over().await;
    assert!(!is_refunded(&museum, payment));
    assert_eq!(figures["bookings confirmed"], json!({"table": 0, "lake": 0}));
    assert_eq!(figures["cents kept"], json!({"table": 500, "lake": 500}));
}

#[tokio::test]
async fn a_visit_that_began_or_was_made_is_not_given_up() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    // It is 10:05: the ten o'clock slot has begun, and its gate is open.
    let (began, _) = visitor.buys(&two_adults("2026-11-24T10:00")).await;
    visitor.cancel(&began).await.expect_problem(409, "visit-began", "uuid");
    let (free, tickets) =
        visitor.books_free(&Wish::at(VENUE, "2026-11-24T10:00", &[("minor", 1)])).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    gate.scan(tickets[0]["code"].as_str().unwrap()).await.expect(201);
    visitor.cancel(&free).await.expect_problem(409, "visit-began", "uuid");
    let query = visitor.api.post(&format!("/v1/bookings/{free}/cancel?refund=1"), &json!({})).await;
    query.expect_problem(400, "invalid-query", "refund");
}

#[tokio::test]
async fn a_ticket_is_used_or_given_back_but_never_both() {
    let early = Options { now: "2026-11-24T10:35:00+01:00".parse().unwrap(), ..Options::default() };
    let museum = Process::start(early).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let mut entered = 0;
    for _ in 0..20 {
        let visitor = Visitor::of(&museum);
        let wish = Wish::at(VENUE, "2026-11-24T11:00", &[("minor", 1)]);
        let (uuid, tickets) = visitor.books_free(&wish).await;
        let code = tickets[0]["code"].as_str().unwrap();
        let (at_gate, given_up) = tokio::join!(gate.scan(code), visitor.cancel(&uuid));
        match (at_gate.status, given_up.status) {
            (201, 409) => {
                given_up.expect_problem(409, "ticket-used", "uuid");
                entered += 1;
            }
            (409, 200) => {
                at_gate.expect_problem(409, "ticket-revoked", "code");
            }
            other => panic!("{other:?}: {} / {}", at_gate.text(), given_up.text()),
        }
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": entered, "lake": entered}));
    assert_eq!(figures["bookings confirmed"], json!({"table": entered, "lake": entered}));
}

#[tokio::test]
async fn a_venue_that_changes_its_rule_keeps_its_word_to_those_who_paid_before() {
    let museum = Process::fresh().await;
    let (before, after) = (Visitor::of(&museum), Visitor::of(&museum));
    let (uuid, _) = before.buys(&two_adults(FRIDAY)).await;
    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["cancellation"]["refund_until_minutes_before"] = json!(999_999_999);
    let field = "cancellation.refund_until_minutes_before";
    let refused = manager.changes("products/admission", &tag, &product).await;
    refused.expect_problem(422, "invalid-offer", field);
    product["cancellation"]["refund_until_minutes_before"] = Value::Null;
    manager.changes("products/admission", &tag, &product).await.expect(200);

    let later = after.hold(&two_adults(FRIDAY)).await;
    let terms = after.booking(&later).await["cancellation"].clone();
    assert_eq!((&terms["refund_until"], &terms["refund_cents"]), (&Value::Null, &json!(0)));
    after.cancel(&later).await.expect(200);
    let cancelled = before.cancel_for(&uuid, 2 * ADULT_CENTS).await.expect(200);
    assert_eq!(cancelled["status"], "CANCELLED");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_museum_that_must_close_pays_everybody_back_in_one_action() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let [paid, free, undecided, next_day] = [(); 4].map(|()| Visitor::of(&museum));
    let (paid_for, tickets) = paid.buys(&two_adults(FRIDAY)).await;
    let (free_of_charge, _) = free.books_free(&Wish::at(VENUE, FRIDAY, &[("minor", 3)])).await;
    let held = undecided.hold(&two_adults(FRIDAY)).await;
    let (untouched, _) = next_day.buys(&two_adults("2026-11-28T11:00")).await;
    let clerk = Clerk::of(&museum, VENUE).await;
    let shift = fresh_uuid();
    clerk.opens(&shift, "window", 0).await.expect(201);
    let at_window = clerk.holds(&two_adults(FRIDAY)).await;
    clerk.sells(&shift, &at_window, "CARD", None).await.expect(201);

    let early = manager.calls_off("2026-11-27", "2026-11-27").await.expect(200);
    let nothing = json!({"called_off": [], "offered": [], "left": [], "remaining": 0});
    assert_eq!(early, nothing, "it is still open");
    let (mut opening, tag) = manager.reads("opening").await;
    let reason = json!({"it": "Chiuso per allerta meteo", "en": "Closed: weather alert"});
    opening["closures"] = json!([{"from": "2026-11-27", "to": "2026-11-27", "reason": reason}]);
    manager.changes("opening", &tag, &opening).await.expect(200);

    let done = manager.calls_off("2026-11-26", "2026-11-29").await.expect(200);
    let mut refunds: Vec<_> =
        (0..2).map(|n| done["called_off"][n]["refund_cents"].as_i64().unwrap()).collect();
    refunds.sort_unstable();
    assert_eq!(refunds, [0, 2 * ADULT_CENTS]);
    assert_eq!(done["left"][0]["why"], "sold-at-desk");
    assert_eq!((done["left"].as_array().unwrap().len(), &done["remaining"]), (1, &json!(0)));
    let again = manager.calls_off("2026-11-26", "2026-11-29").await.expect(200);
    assert_eq!(again["called_off"], json!([]), "once is enough");
    assert_eq!(again["left"], done["left"]);

    assert_eq!(free.booking(&free_of_charge).await["status"], "CANCELLED");
    assert_eq!(next_day.booking(&untouched).await["status"], "CONFIRMED");
    assert_eq!(undecided.booking(&held).await["status"], "ON_HOLD");
    undecided.cancel(&held).await.expect(200);
    clerk.voids(&shift, &at_window, "closed by the weather").await.expect(200);
    let gate = Gate::of(&museum, VENUE, "main").await;
    let code = tickets[0]["code"].as_str().unwrap();
    gate.scan(code).await.expect_problem(409, "ticket-revoked", "code");
    let changes = manager.offer_changes().await;
    assert_eq!(changes[0]["part"], "call-offs/2026-11-26/2026-11-29");
    manager.calls_off("2026-11-29", "2026-11-26").await.expect_problem(422, "invalid-field", "to");

    let figures = museum.nothing_left_over().await;
    let booking = paid.booking(&paid_for).await;
    assert_eq!(
        (&booking["status"], &booking["payment"]["status"]),
        (&json!("CANCELLED"), &json!("REFUNDED"))
    );
    assert!(is_refunded(&museum, booking["payment"]["id"].as_str().unwrap()));
    assert_eq!(figures["bookings confirmed"], json!({"table": 1, "lake": 1}));
}

#[tokio::test]
async fn however_many_a_desk_must_take_back_itself_everybody_else_is_paid_back() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let clerk = Clerk::of(&museum, VENUE).await;
    let shift = fresh_uuid();
    clerk.opens(&shift, "window", 0).await.expect(201);
    // More than one request calls off, all of them before the visitor's slot.
    for sale in 0..51 {
        let slot = format!("2026-11-27T{:02}:00", 9 + sale % 9);
        let booking = clerk.holds(&Wish::at(VENUE, &slot, &[("minor", 1)])).await;
        clerk.sells(&shift, &booking, "FREE", None).await.expect(201);
    }
    let visitor = Visitor::of(&museum);
    let (last, _) = visitor.buys(&two_adults("2026-11-27T18:00")).await;
    let (mut opening, tag) = manager.reads("opening").await;
    let reason = json!({"it": "Sciopero", "en": "Strike"});
    opening["closures"] = json!([{"from": "2026-11-27", "to": "2026-11-27", "reason": reason}]);
    manager.changes("opening", &tag, &opening).await.expect(200);
    let done = manager.calls_off("2026-11-27", "2026-11-27").await.expect(200);
    assert_eq!(done["left"].as_array().unwrap().len(), 51);
    assert_eq!(
        (&done["called_off"][0]["refund_cents"], &done["remaining"]),
        (&json!(500), &json!(0))
    );
    assert_eq!(visitor.booking(&last).await["status"], "CANCELLED");
}
