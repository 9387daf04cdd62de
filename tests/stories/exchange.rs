//! Moving a confirmed visit to another slot: only a difference is paid or goes back, the old tickets end as
//! the new ones begin, and money, tickets, places and lake agree afterwards (P2).

use atrio::{payment_book, sandbox};
use atrio_tests::{Clerk, Gate, Manager, Options, Outcome, Process, Visitor, Wish, fresh_uuid};
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "105950";

/// Three days ahead of the museum's clock.
const FRIDAY: &str = "2026-11-27T11:00";
/// A slot of the dearer month, see [`dear_december`].
const DECEMBER: &str = "2026-12-02T11:00";
const DECEMBER_CENTS: i64 = 400;
/// Everybody enters free.
const FIRST_SUNDAY: &str = "2026-12-06T11:00";

fn two_adults(slot: &str) -> Wish {
    Wish::at(VENUE, slot, &[("adult", 2)])
}

/// From December on a ticket costs more.
pub(crate) async fn dear_december(museum: &Process) {
    let manager = Manager::of(museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    let mut later = product["options"][0]["tariffs"][0].clone();
    product["options"][0]["tariffs"][0]["valid"]["to"] = json!("2026-11-30");
    later["valid"] = json!({"from": "2026-12-01", "to": null});
    for unit in later["units"].as_array_mut().unwrap() {
        if unit["id"] == "adult" {
            unit["price_cents"] = json!(DECEMBER_CENTS);
        }
    }
    product["options"][0]["tariffs"].as_array_mut().unwrap().push(later);
    manager.changes("products/admission", &tag, &product).await.expect(200);
}

/// What the provider gave back of a payment so far.
fn went_back(museum: &Process, payment: &Value) -> i64 {
    let book = payment_book::read::<Value>(&museum.data().join(sandbox::FILE)).unwrap();
    let refunds = book[payment.as_str().unwrap()]["refunds"].as_object().cloned();
    refunds.unwrap_or_default().values().map(|cents| cents.as_i64().unwrap()).sum()
}

/// What the provider took of a payment.
fn taken(museum: &Process, payment: &Value) -> i64 {
    let book = payment_book::read::<Value>(&museum.data().join(sandbox::FILE)).unwrap();
    book[payment.as_str().unwrap()]["amount_cents"].as_i64().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_visitor_moves_to_a_dearer_slot_and_pays_only_the_difference() {
    let museum = Process::fresh().await;
    dear_december(&museum).await;
    let visitor = Visitor::of(&museum);
    let (places, later) = (
        visitor.vacancies(&two_adults(FRIDAY)).await,
        visitor.vacancies(&two_adults(DECEMBER)).await,
    );
    let shop = visitor.api.get(&format!("/v1/venues/{VENUE}")).await.expect(200);
    let product = &shop["products"][0];
    assert_eq!(product["exchange"]["until_minutes_before"], 60, "{product}");
    assert_eq!(product["cancellation"]["refund_until_minutes_before"], 1440);
    let held = visitor.hold(&two_adults(FRIDAY)).await;
    let rule = visitor.booking(&held).await["exchange"].clone();
    assert_eq!(rule["until"], "2026-11-27T09:00:00Z", "shown before paying, with its reason");
    assert!(rule["reason"]["en"].as_str().unwrap().contains("moved"));
    let first = json!(visitor.pay(&held, Outcome::Pay).await);
    visitor.sees(&held, "CONFIRMED").await;
    let (old, tickets) = (held.clone(), visitor.tickets(&held).await);
    museum.wrote_mails(1).await;

    let quote = visitor.asks_about(&old, DECEMBER).await.expect(200);
    let offer = &quote["offer"];
    assert_eq!((&quote["is_possible"], &quote["credit_cents"]), (&json!(true), &json!(500)));
    assert_eq!(
        (&offer["total_cents"], &offer["due_cents"], &offer["refund_cents"]),
        (&json!(800), &json!(300), &json!(0))
    );
    assert_eq!(visitor.vacancies(&two_adults(DECEMBER)).await, later, "asking holds nothing");

    let key = fresh_uuid();
    let hold = visitor.exchanges(&old, &key, DECEMBER).await.expect(201);
    assert_eq!(hold["replaces"]["booking"], json!(old));
    assert_eq!(hold["replaces"]["due_cents"], 300);
    let again = visitor.exchanges(&old, &key, DECEMBER).await.expect(200);
    assert_eq!(again["status"], "ON_HOLD", "a lost answer is asked for again");
    visitor.exchanges(&old, &key, "2026-12-02T12:00").await.expect_problem(
        409,
        "uuid-reused",
        "uuid",
    );
    visitor.confirm(&key).await.expect_problem(409, "payment-required", "uuid");
    assert_eq!(visitor.booking(&old).await["status"], "CONFIRMED", "nothing happened to it yet");

    let second = json!(visitor.pay(&key, Outcome::Twice).await);
    assert_eq!(taken(&museum, &second), 300, "only the difference is asked for");
    let new = visitor.sees(&key, "CONFIRMED").await;
    assert_eq!((&new["slot"]["id"], &new["total_cents"]), (&json!(DECEMBER), &json!(800)));
    let moved = visitor.booking(&old).await;
    assert_eq!((&moved["status"], &moved["exchanged_for"]), (&json!("CANCELLED"), &json!(key)));
    assert!(moved["message"]["en"].as_str().unwrap().contains("moved"));
    assert_eq!(visitor.vacancies(&two_adults(FRIDAY)).await, places, "its places are on sale");
    assert_eq!(visitor.vacancies(&two_adults(DECEMBER)).await, later - 2);
    assert_eq!(visitor.tickets(&key).await.len(), 2);
    let gate = Gate::of(&museum, VENUE, "main").await;
    for ticket in &tickets {
        gate.scan(&text(&ticket["code"])).await.expect_problem(409, "ticket-revoked", "code");
    }
    let known = visitor.exchanges(&old, &key, DECEMBER).await.expect(200);
    assert_eq!(known["status"], "CONFIRMED", "asked again, it answers what became of it");
    let other = visitor.exchanges(&old, &fresh_uuid(), "2026-12-03T11:00").await;
    other.expect_problem(409, "wrong-state", "uuid");
    let mails = museum.wrote_mails(3).await;
    let told = |start: &str| mails.iter().any(|mail| mail.header("subject").starts_with(start));
    assert!(told("Visita spostata"), "the old visit leaves the calendar, the new one enters it");

    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["bookings confirmed"], json!({"table": 1, "lake": 1}));
    assert_eq!(figures["cents kept"], json!({"table": 800, "lake": 800}));
    assert_eq!((went_back(&museum, &first), went_back(&museum, &second)), (0, 0));

    visitor.cancel_for(&key, 800).await.expect(200);
    let figures = museum.nothing_left_over().await;
    assert_eq!((went_back(&museum, &first), went_back(&museum, &second)), (500, 300));
    assert_eq!(figures["cents kept"], json!({"table": 0, "lake": 0}));
}

#[tokio::test]
async fn a_visitor_moves_to_a_cheaper_slot_and_gets_the_difference_back() {
    let museum = Process::fresh().await;
    dear_december(&museum).await;
    let visitor = Visitor::of(&museum);
    let (first, _) = visitor.buys(&two_adults(DECEMBER)).await;
    let payment = visitor.booking(&first).await["payment"]["id"].clone();
    let hold = visitor.holds_instead(&first, FRIDAY).await;
    assert_eq!(
        (&hold["replaces"]["due_cents"], &hold["replaces"]["refund_cents"]),
        (&json!(0), &json!(300))
    );
    let second = text(&hold["uuid"]);
    visitor.start_payment(&second).await.expect_problem(409, "nothing-to-pay", "uuid");
    assert_eq!(visitor.confirm(&second).await.expect(200)["status"], "CONFIRMED");
    assert_eq!(visitor.confirm(&second).await.expect(200)["status"], "CONFIRMED", "again");
    let refunds = visitor.api.get(&format!("/v1/bookings/{second}/refunds")).await.expect(200);
    assert_eq!(refunds["refunds"][0]["amount_cents"], 300);
    museum.nothing_left_over().await;
    assert_eq!(went_back(&museum, &payment), 300);

    // On to a day on which nothing is paid: the rest goes back too, and never more.
    let hold = visitor.holds_instead(&second, FIRST_SUNDAY).await;
    let third = text(&hold["uuid"]);
    visitor.confirm(&third).await.expect(200);
    let figures = museum.nothing_left_over().await;
    assert_eq!(went_back(&museum, &payment), 800);
    assert_eq!(figures["cents kept"], json!({"table": 0, "lake": 0}));
    visitor.cancel_for(&third, 0).await.expect(200);
    let figures = museum.nothing_left_over().await;
    assert_eq!(went_back(&museum, &payment), 800);
    assert_eq!(figures["bookings confirmed"], json!({"table": 0, "lake": 0}));
}

#[tokio::test]
async fn what_may_not_be_moved_says_why_and_stays_as_it_is() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let key = fresh_uuid;
    // It is 10:05: the term of the eleven o'clock visit passed at ten.
    let (late, _) = visitor.buys(&two_adults("2026-11-24T11:00")).await;
    let refused = visitor.exchanges(&late, &key(), FRIDAY).await;
    refused.expect_problem(409, "exchange-too-late", "uuid");
    let quote = visitor.asks_about(&late, FRIDAY).await.expect(200);
    assert_eq!((&quote["is_possible"], &quote["offer"]), (&json!(false), &Value::Null));
    assert!(quote["why_not"]["it"].as_str().unwrap().contains("termine"));

    let one = Visitor::of(&museum);
    let (uuid, _) = one.buys(&two_adults(FRIDAY)).await;
    let refused = |answer: atrio_tests::Answer, status, kind: &str, field: &str| {
        answer.expect_problem(status, kind, field);
    };
    refused(one.exchanges(&uuid, &key(), FRIDAY).await, 409, "same-slot", "slot_id");
    refused(one.exchanges(&uuid, &key(), "2026-11-30T11:00").await, 422, "closed-day", "slot_id");
    refused(one.asks_about(&uuid, "2026-11-30T11:00").await, 422, "closed-day", "slot_id");
    refused(one.asks_about(&uuid, "soon").await, 400, "invalid-query", "slot_id");
    refused(one.exchanges(&fresh_uuid(), &key(), FRIDAY).await, 404, "unknown-booking", "uuid");
    let body = json!({"uuid": key(), "slot_id": FRIDAY, "price": 0});
    let more = one.api.post(&format!("/v1/bookings/{uuid}/exchange"), &body).await;
    refused(more, 422, "invalid-field", "price");

    let full = "2026-11-28T11:00";
    let (crowd, mut left) = (Visitor::of(&museum), one.vacancies(&two_adults(full)).await);
    while left > 1 {
        crowd_of(&museum, full, u32::try_from(left.min(10)).unwrap()).await;
        left = crowd.vacancies(&two_adults(full)).await;
    }
    refused(one.exchanges(&uuid, &key(), full).await, 409, "sold-out", "units");

    let clerk = Clerk::of(&museum, VENUE).await;
    let shift = key();
    clerk.opens(&shift, "window", 0).await.expect(201);
    let at_window = clerk.holds(&two_adults(FRIDAY)).await;
    clerk.sells(&shift, &at_window, "CARD", None).await.expect(201);
    refused(one.exchanges(&at_window, &key(), DECEMBER).await, 409, "sold-at-desk", "uuid");
    let (order, bookings) =
        one.holds_order(&[two_adults(FRIDAY), two_adults("2026-11-27T12:00")]).await;
    one.pays_order(&order, Outcome::Pay).await;
    one.sees_order(&order, "CONFIRMED").await;
    refused(one.exchanges(&bookings[0], &key(), DECEMBER).await, 409, "part-of-order", "uuid");
    let hold = one.hold(&two_adults(FRIDAY)).await;
    refused(one.exchanges(&hold, &key(), DECEMBER).await, 409, "wrong-state", "uuid");
    one.cancel(&hold).await.expect(200);

    // A venue that changes its rule keeps its word to those who paid before, and to them only.
    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["exchange"]["until_minutes_before"] = json!(999_999_999);
    let wrong = manager.changes("products/admission", &tag, &product).await;
    wrong.expect_problem(422, "invalid-offer", "exchange.until_minutes_before");
    product["exchange"] = json!({"until_minutes_before": null, "reason": {"it": "Mai", "en": ""}});
    let wrong = manager.changes("products/admission", &tag, &product).await;
    wrong.expect_problem(422, "invalid-offer", "exchange.reason");
    product["exchange"]["reason"]["en"] = json!("Never");
    manager.changes("products/admission", &tag, &product).await.expect(200);
    let two = Visitor::of(&museum);
    let (after, _) = two.buys(&two_adults(FRIDAY)).await;
    let never = two.exchanges(&after, &key(), DECEMBER).await;
    assert!(
        never.expect_problem(409, "not-exchangeable", "uuid")["detail"]
            .to_string()
            .contains("Never")
    );
    let moved = one.holds_instead(&uuid, DECEMBER).await;
    one.confirm(&text(&moved["uuid"])).await.expect(200);
    museum.nothing_left_over().await;
}

async fn crowd_of(museum: &Process, slot: &str, people: u32) {
    let somebody = Visitor::of(museum);
    somebody.books_free(&Wish::at(VENUE, slot, &[("minor", people)])).await;
}

#[tokio::test]
async fn a_hold_that_nobody_confirms_leaves_the_visit_as_it_was() {
    let mut museum = Process::fresh().await;
    dear_december(&museum).await;
    let visitor = Visitor::of(&museum);
    let (old, tickets) = visitor.buys(&two_adults(FRIDAY)).await;
    let before = visitor.vacancies(&two_adults(DECEMBER)).await;
    let hold = text(&visitor.holds_instead(&old, DECEMBER).await["uuid"]);
    visitor.pay(&hold, Outcome::Decline).await;
    visitor.sees(&hold, "ON_HOLD").await;
    museum.restart_after(SignedDuration::from_mins(16)).await;
    let ended = visitor.sees(&hold, "EXPIRED").await;
    assert!(ended["message"]["en"].as_str().unwrap().contains("stands as it was"));
    let figures = museum.nothing_left_over().await;
    assert_eq!(visitor.vacancies(&two_adults(DECEMBER)).await, before);
    assert_eq!(visitor.booking(&old).await["status"], "CONFIRMED");
    assert_eq!(visitor.tickets(&old).await, tickets);
    assert_eq!(figures["cents kept"], json!({"table": 500, "lake": 500}));
}

#[tokio::test]
async fn a_difference_paid_for_a_visit_that_is_no_more_goes_back() {
    let museum = Process::fresh().await;
    dear_december(&museum).await;
    let visitor = Visitor::of(&museum);
    let (old, _) = visitor.buys(&two_adults(FRIDAY)).await;
    let first = visitor.booking(&old).await["payment"]["id"].clone();
    let before = visitor.vacancies(&two_adults(DECEMBER)).await;
    let hold = text(&visitor.holds_instead(&old, DECEMBER).await["uuid"]);
    let started = visitor.start_payment(&hold).await.expect(200);
    visitor.cancel_for(&old, 500).await.expect(200);
    visitor.press(started["redirect_url"].as_str().unwrap(), Outcome::Pay).await;
    visitor.sees(&hold, "EXPIRED").await;
    let figures = museum.nothing_left_over().await;
    assert_eq!(went_back(&museum, &first), 500);
    assert_eq!(went_back(&museum, &started["payment"]["id"]), 300);
    assert_eq!(visitor.vacancies(&two_adults(DECEMBER)).await, before);
    assert_eq!(figures["bookings confirmed"], json!({"table": 0, "lake": 0}));
    // Who has not begun to pay is told before any money moves.
    let (other, _) = visitor.buys(&two_adults(FRIDAY)).await;
    let hold = text(&visitor.holds_instead(&other, DECEMBER).await["uuid"]);
    visitor.cancel(&other).await.expect(200);
    visitor.start_payment(&hold).await.expect_problem(409, "exchange-changed", "uuid");
    visitor.cancel(&hold).await.expect(200);
    assert_eq!(visitor.counted(&museum, 4).await.declines, 0, "nobody declined to pay");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_visit_is_moved_once_used_or_given_up_but_never_two_of_them() {
    let early = Options { now: "2026-11-24T09:40:00+01:00".parse().unwrap(), ..Options::default() };
    let museum = Process::start(early).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["exchange"]["until_minutes_before"] = json!(0);
    manager.changes("products/admission", &tag, &product).await.expect(200);
    let (mut entered, mut standing) = (0, 0);
    for round in 0..12 {
        let visitor = Visitor::of(&museum);
        let wish = Wish::at(VENUE, "2026-11-24T10:00", &[("minor", 1)]);
        let (old, tickets) = visitor.books_free(&wish).await;
        let slot = format!("2026-11-{}T11:00", 25 + round % 4);
        let new = text(&visitor.holds_instead(&old, &slot).await["uuid"]);
        let other = text(&visitor.holds_instead(&old, "2026-12-01T11:00").await["uuid"]);
        let code = text(&tickets[0]["code"]);
        let (at_gate, one, two, given_up) = tokio::join!(
            async { if round % 2 == 0 { Some(gate.scan(&code).await) } else { None } },
            visitor.confirm(&new),
            visitor.confirm(&other),
            async { if round % 2 == 1 { Some(visitor.cancel(&old).await) } else { None } },
        );
        let (went_in, gave_up) = (
            at_gate.is_some_and(|answer| answer.status == 201),
            given_up.is_some_and(|answer| answer.status == 200),
        );
        let done = [went_in, one.status == 200, two.status == 200, gave_up];
        assert_eq!(done.iter().filter(|is_done| **is_done).count(), 1, "{done:?}");
        entered += i64::from(went_in);
        standing += i64::from(!gave_up);
        for hold in [&new, &other] {
            if visitor.booking(hold).await["status"] == "ON_HOLD" {
                visitor.cancel(hold).await.expect(200);
            }
        }
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": entered, "lake": entered}));
    assert_eq!(figures["bookings confirmed"], json!({"table": standing, "lake": standing}));
}

#[tokio::test]
async fn a_kill_at_any_moment_of_an_exchange_leaves_money_and_tickets_in_agreement() {
    let mut museum = Process::fresh().await;
    dear_december(&museum).await;
    let mut kept = 0;
    for round in 0..6_u64 {
        let visitor = Visitor::of(&museum);
        let (old, _) = visitor.buys(&two_adults(FRIDAY)).await;
        let hold = text(&visitor.holds_instead(&old, DECEMBER).await["uuid"]);
        let started = visitor.start_payment(&hold).await.expect(200);
        visitor.press(started["redirect_url"].as_str().unwrap(), Outcome::Pay).await;
        // The provider's word is on its way, or arrives, or was taken.
        tokio::time::sleep(std::time::Duration::from_millis(4 * round)).await;
        museum.restart().await;
        // Nobody said it again after the kill: the provider is asked.
        museum.restart_after(SignedDuration::from_secs(30)).await;
        visitor.sees(&hold, "CONFIRMED").await;
        assert_eq!(visitor.booking(&old).await["exchanged_for"], json!(hold));
        assert_eq!(visitor.tickets(&hold).await.len(), 2);
        kept += 2 * DECEMBER_CENTS;
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"], json!({"table": kept, "lake": kept}));
    assert_eq!(figures["bookings confirmed"], json!({"table": 6, "lake": 6}));
}
