//! Several visits bought in one go: all of them or none, paid once, and each given up by itself
//! afterwards. Throughout: money and tickets agree (P2), and no place is lost (P1).

use std::collections::BTreeSet;

use atrio::data_dir::DataDir;
use atrio::keys::Secrets;
use atrio::{payment_book, sandbox};
use atrio_runtime::provider::signature;
use atrio_tests::{Manager, Outcome, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

const HERE: &str = "105950";
const THERE: &str = "20240";

/// Three days ahead of the museums' clock: the whole price goes back until the day before.
const FRIDAY: &str = "2026-11-27T11:00";
const FRIDAY_NOON: &str = "2026-11-27T12:00";

fn adults(venue: &str, slot: &str, number: u32) -> Wish {
    Wish::at(venue, slot, &[("adult", number)])
}

/// A visit to each of two museums.
fn two_museums() -> [Wish; 2] {
    [adults(HERE, FRIDAY, 2), adults(THERE, FRIDAY_NOON, 1)]
}

/// The provider's own book on one payment.
fn book(museum: &Process, payment: &str) -> Value {
    let book = payment_book::read::<Value>(&museum.data().join(sandbox::FILE)).unwrap();
    book.get(payment).cloned().unwrap_or_default()
}

fn cents(booking: &Value) -> i64 {
    booking["total_cents"].as_i64().unwrap()
}

async fn vacancies(visitor: &Visitor, wishes: &[Wish]) -> Vec<u64> {
    join_all(wishes.iter().map(|wish| visitor.vacancies(wish))).await
}

/// Waits until as many places are free as before.
async fn all_free(visitor: &Visitor, wishes: &[Wish], before: &[u64]) {
    eventually("the places go back", SOON, async || match vacancies(visitor, wishes).await {
        free if free == before => Ok(()),
        free => Err(format!("{free:?}")),
    })
    .await;
}

#[tokio::test]
async fn two_museums_are_paid_at_once_and_each_visit_is_given_up_by_itself() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wishes = [adults(HERE, FRIDAY, 2), adults(HERE, FRIDAY_NOON, 1), adults(THERE, FRIDAY, 1)];
    let before = vacancies(&visitor, &wishes).await;
    let (order, bookings) = visitor.holds_order(&wishes).await;
    let held = visitor.order(&order).await;
    let prices: Vec<i64> = held["bookings"].as_array().unwrap().iter().map(cents).collect();
    assert_eq!(held["total_cents"], prices.iter().sum::<i64>());
    assert_eq!(vacancies(&visitor, &wishes).await, [before[0] - 2, before[1] - 1, before[2] - 1]);

    // Nobody pays for, or gives up, a part of what is held as a whole.
    for booking in &bookings {
        let refused = visitor.start_payment(booking).await;
        let refused = refused.expect_problem(409, "part-of-order", "uuid");
        assert_eq!(refused["order"], order.as_str());
        visitor.confirm(booking).await.expect_problem(409, "part-of-order", "uuid");
        visitor.cancel(booking).await.expect_problem(409, "part-of-order", "uuid");
    }
    visitor.takes_order(&order, "confirm").await.expect_problem(409, "payment-required", "uuid");
    let started = visitor.starts_order_payment(&order).await.expect(200);
    assert_eq!(visitor.starts_order_payment(&order).await.expect(200), started, "two clicks");
    visitor.takes_order(&order, "cancel").await.expect_problem(409, "wrong-state", "uuid");
    visitor.press(started["redirect_url"].as_str().unwrap(), Outcome::Twice).await;
    let confirmed = visitor.sees_order(&order, "CONFIRMED").await;
    let payment = started["payment"]["id"].as_str().unwrap();
    assert_eq!(book(&museum, payment)["amount_cents"], held["total_cents"], "one payment");
    let mut tickets = BTreeSet::new();
    for (booking, wish) in bookings.iter().zip(&wishes) {
        let own = visitor.tickets(booking).await;
        assert_eq!(own.len(), wish.units[0].1 as usize);
        tickets.extend(own.iter().map(|ticket| ticket["code"].to_string()));
    }
    assert_eq!(tickets.len(), 4, "a ticket for each place");
    for booking in confirmed["bookings"].as_array().unwrap() {
        let paid = &booking["payment"];
        assert_eq!((&paid["id"], &paid["status"]), (&json!(payment), &json!("PAID")));
    }
    visitor.takes_order(&order, "cancel").await.expect_problem(409, "wrong-state", "uuid");

    // The visitor gives one up, the other museum calls one off: only their parts go back.
    let given_up = visitor.cancel_for(&bookings[0], prices[0]).await.expect(200);
    assert_eq!(given_up["status"], "CANCELLED");
    let manager = Manager::of(&museum, THERE).await;
    let (mut opening, tag) = manager.reads("opening").await;
    let reason = json!({"it": "Sciopero", "en": "Strike"});
    opening["closures"] = json!([{"from": "2026-11-27", "to": "2026-11-27", "reason": reason}]);
    manager.changes("opening", &tag, &opening).await.expect(200);
    let off = manager.calls_off("2026-11-27", "2026-11-27").await.expect(200);
    assert_eq!(off["called_off"][0]["refund_cents"], prices[2]);
    let figures = museum.nothing_left_over().await;
    let kept = visitor.order(&order).await;
    assert_eq!(kept["status"], "CONFIRMED", "one visit still stands");
    let stand = |at: usize| {
        let booking = &kept["bookings"][at];
        [booking["status"].clone(), booking["payment"]["status"].clone()]
    };
    let gone = [json!("CANCELLED"), json!("REFUNDED")];
    assert_eq!(
        [stand(0), stand(1), stand(2)],
        [gone.clone(), [json!("CONFIRMED"), json!("PAID")], gone]
    );
    let entry = book(&museum, payment);
    let back: i64 = entry["refunds"].as_object().unwrap().values().filter_map(Value::as_i64).sum();
    assert_eq!((back, &entry["refunded"]), (prices[0] + prices[2], &json!(false)));
    assert_eq!(figures["cents kept"], json!({"table": prices[1], "lake": prices[1]}));
    assert_eq!(figures["bookings confirmed"], json!({"table": 1, "lake": 1}));
    assert_eq!(vacancies(&visitor, &wishes[..2]).await, [before[0], before[1] - 1]);
}

#[tokio::test]
async fn an_order_is_asked_for_once_however_often_it_is_sent() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wishes = two_museums();
    let before = vacancies(&visitor, &wishes).await;
    let body = visitor.order_request(&fresh_uuid(), &wishes);
    let asked = join_all((0..4).map(|_| visitor.api.post("/v1/orders", &body))).await;
    let mut statuses: Vec<u16> = asked.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201]);
    let again = visitor.api.post("/v1/orders", &body).await.expect(200);
    assert_eq!(again["status"], "ON_HOLD");
    assert_eq!(vacancies(&visitor, &wishes).await, [before[0] - 2, before[1] - 1]);

    let changed = |pointer: &str, to: Value| {
        let mut other = body.clone();
        *other.pointer_mut(pointer).unwrap() = to;
        other
    };
    for other in [
        changed("/bookings/1/units/0/quantity", json!(2)),
        changed("/contact/full_name", json!("Visitor 2")),
    ] {
        let answer = visitor.api.post("/v1/orders", &other).await;
        answer.expect_problem(409, "uuid-reused", "uuid");
    }
    // A booking's key is one booking's, whatever order asks for it.
    let stolen = changed("/uuid", json!(fresh_uuid()));
    let answer = visitor.api.post("/v1/orders", &stolen).await;
    answer.expect_problem(409, "uuid-reused", "bookings[0].uuid");
    let uuid = body["uuid"].as_str().unwrap();
    for _ in 0..2 {
        let cancelled = visitor.takes_order(uuid, "cancel").await.expect(200);
        assert_eq!(cancelled["status"], "CANCELLED");
    }
    all_free(&visitor, &wishes, &before).await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn who_races_for_the_last_place_gets_all_of_an_order_or_nothing_of_it() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, THERE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["capacity"] = json!(1);
    manager.changes("products/admission", &tag, &product).await.expect(200);
    let looks = Visitor::of(&museum);
    let wishes = two_museums();
    let before = vacancies(&looks, &wishes).await;
    assert_eq!(before[1], 1);

    let racers: Vec<Visitor> = (0..8).map(|_| Visitor::of(&museum)).collect();
    let asked = join_all(racers.iter().map(|racer| racer.orders(&wishes))).await;
    let mut won = Vec::new();
    for answer in &asked {
        if answer.status == 201 {
            won.push(answer.json());
            continue;
        }
        let refused = answer.expect_problem(409, "sold-out", "bookings[1].units");
        assert_eq!((&refused["requested"], &refused["vacancies"]), (&json!(1), &json!(0)));
    }
    assert_eq!(won.len(), 1, "one place, one order");
    assert_eq!(vacancies(&looks, &wishes).await, [before[0] - 2, 0], "the losers took nothing");
    let uuid = won[0]["uuid"].as_str().unwrap();
    looks.takes_order(uuid, "cancel").await.expect(200);
    all_free(&looks, &wishes, &before).await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn an_order_whose_payment_is_declined_has_the_rest_of_its_time() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wishes = two_museums();
    let before = vacancies(&visitor, &wishes).await;
    let (order, bookings) = visitor.holds_order(&wishes).await;
    let until = visitor.order(&order).await["expires_at"].clone();
    let first = visitor.pays_order(&order, Outcome::Decline).await;
    let held = visitor.sees_order(&order, "ON_HOLD").await;
    assert_eq!(held["expires_at"], until);
    assert!(!held["message"]["en"].as_str().unwrap().is_empty());
    visitor.ask_tickets(&bookings[1]).await.expect_problem(409, "no-tickets", "uuid");
    let second = visitor.pays_order(&order, Outcome::Pay).await;
    assert_ne!(first, second);
    visitor.sees_order(&order, "CONFIRMED").await;
    assert_eq!(vacancies(&visitor, &wishes).await, [before[0] - 2, before[1] - 1]);

    // The first attempt was paid after all: its money goes back whole, and no ticket with it.
    let secrets = Secrets::open(&DataDir::open(museum.data()).unwrap()).unwrap();
    let body = json!({"payment_id": first, "outcome": "PAID"}).to_string();
    let signed = signature(secrets.payment_secret.as_bytes(), body.as_bytes());
    for result in ["REFUND_DUE", "KNOWN"] {
        assert_eq!(museum.api().notify(&signed, &body).await.expect(200)["result"], result);
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(book(&museum, &first)["refunded"], true);
    assert_eq!(book(&museum, &second)["refunded"], false);
    assert_eq!(figures["cents kept"]["lake"], held["total_cents"]);
    assert_eq!(visitor.order(&order).await["status"], "CONFIRMED");
}

#[tokio::test]
async fn an_order_that_nobody_pays_expires_as_a_whole_also_through_kills() {
    let mut museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wishes = two_museums();
    let before = vacancies(&visitor, &wishes).await;
    let (order, bookings) = visitor.holds_order(&wishes).await;
    visitor.pays_order(&order, Outcome::Never).await;
    museum.kill9();
    museum.restart().await;
    assert_eq!(visitor.order(&order).await["status"], "PAYING");
    for booking in &bookings {
        assert_eq!(visitor.booking(booking).await["status"], "PAYING");
    }
    museum.restart_after(SignedDuration::from_mins(11)).await;
    visitor.sees_order(&order, "ON_HOLD").await;
    museum.kill9();
    museum.restart_after(SignedDuration::from_mins(5)).await;
    let expired = visitor.sees_order(&order, "EXPIRED").await;
    assert!(!expired["message"]["it"].as_str().unwrap().is_empty());
    all_free(&visitor, &wishes, &before).await;
    visitor.starts_order_payment(&order).await.expect_problem(409, "hold-expired", "uuid");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_free_order_is_confirmed_without_a_payment() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let minors = |venue| Wish::at(venue, FRIDAY, &[("minor", 2)]);
    let (order, bookings) = visitor.holds_order(&[minors(HERE), minors(THERE)]).await;
    visitor.starts_order_payment(&order).await.expect_problem(409, "nothing-to-pay", "uuid");
    for _ in 0..2 {
        let confirmed = visitor.takes_order(&order, "confirm").await.expect(200);
        assert_eq!(confirmed["status"], "CONFIRMED");
    }
    for booking in &bookings {
        assert_eq!(visitor.tickets(booking).await.len(), 2);
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["bookings confirmed"], json!({"table": 2, "lake": 2}));
}

/// Looks at an order again and again until it is confirmed; answers what was seen of its visits when
/// they did not stand together.
async fn watches(visitor: Visitor, uuid: String) -> Vec<String> {
    let mut torn = Vec::new();
    loop {
        let order = visitor.order(&uuid).await;
        let visits = order["bookings"].as_array().unwrap().iter();
        let states: Vec<&str> = visits.map(|visit| visit["status"].as_str().unwrap()).collect();
        if states.iter().any(|state| *state != states[0]) {
            torn.push(states.join(" "));
        }
        if order["status"] == "CONFIRMED" {
            return torn;
        }
    }
}

#[tokio::test]
async fn whoever_looks_while_an_order_is_confirmed_sees_all_of_it_or_nothing() {
    let museum = Process::fresh().await;
    let minors = |venue, slot| Wish::at(venue, slot, &[("minor", 1)]);
    let wishes = [minors(HERE, FRIDAY), minors(HERE, FRIDAY_NOON), minors(THERE, FRIDAY)];
    for _ in 0..25 {
        let visitor = Visitor::of(&museum);
        let (order, bookings) = visitor.holds_order(&wishes).await;
        let eyes = (0..6).map(|_| tokio::spawn(watches(visitor.clone(), order.clone())));
        let eyes: Vec<_> = eyes.collect();
        visitor.takes_order(&order, "confirm").await.expect(200);
        for seen in eyes {
            assert_eq!(seen.await.unwrap(), [""; 0]);
        }
        for booking in bookings {
            visitor.cancel(&booking).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_visit_that_costs_nothing_goes_with_those_that_do() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let free = Wish::at(THERE, FRIDAY, &[("minor", 1)]);
    let (order, bookings) = visitor.holds_order(&[free, adults(HERE, FRIDAY, 1)]).await;
    let payment = visitor.pays_order(&order, Outcome::Pay).await;
    let confirmed = visitor.sees_order(&order, "CONFIRMED").await;
    assert_eq!(book(&museum, &payment)["amount_cents"], confirmed["total_cents"]);
    let given_up = visitor.cancel_for(&bookings[0], 0).await.expect(200);
    assert!(given_up["message"]["en"].as_str().unwrap().contains("nothing is owed"), "{given_up}");
    museum.nothing_left_over().await;
    assert_eq!(book(&museum, &payment)["refunds"], json!({}));
}

#[tokio::test]
async fn the_risk_rules_look_at_an_order_as_a_whole() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wishes = [10, 11, 12, 13].map(|hour| adults(HERE, &format!("2026-11-27T{hour}:00"), 10));
    let before = vacancies(&visitor, &wishes).await;
    // Each of the four alone would be let through without a word.
    let refused = visitor.orders(&wishes).await.expect_problem(403, "blocked", "contact");
    assert_eq!(refused["reasons"][0]["rule"], "hoarding");
    assert_eq!(vacancies(&visitor, &wishes).await, before);
    let manager = Manager::of(&museum, HERE).await;
    let decisions = manager.decisions().await;
    assert_eq!(decisions.len(), 4, "staff see each visit that was refused");
    assert!(decisions.iter().all(|decision| decision["outcome"] == "BLOCK"));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_declined_order_counts_as_one_declined_payment() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wishes = [adults(HERE, FRIDAY, 1), adults(HERE, FRIDAY_NOON, 1), adults(THERE, FRIDAY, 1)];
    let (order, _) = visitor.holds_order(&wishes).await;
    for _ in 0..2 {
        visitor.pays_order(&order, Outcome::Decline).await;
        visitor.sees_order(&order, "ON_HOLD").await;
    }
    let last = visitor.hold(&adults(THERE, FRIDAY_NOON, 1)).await;
    let counted = visitor.counted(&museum, 4).await;
    assert_eq!((counted.places, counted.declines), (4, 2));
    visitor.cancel(&last).await.expect(200);
    visitor.takes_order(&order, "cancel").await.expect(200);
    museum.nothing_left_over().await;
}
