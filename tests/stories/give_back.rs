//! Giving some tickets of a confirmed booking back: they end, their places are on sale and their own prices
//! go back, while the others stand (P2).

use atrio::{payment_book, sandbox};
use atrio_tests::{Gate, Manager, Process, Visitor, Wish, fresh_uuid};
use serde_json::{Value, json};

const VENUE: &str = "105950";

/// Three days ahead of the museum's clock: prices go back until the day before.
const FRIDAY: &str = "2026-11-27T11:00";

fn went_back(museum: &Process, payment: &Value) -> i64 {
    let book = payment_book::read::<Value>(&museum.data().join(sandbox::FILE)).unwrap();
    let refunds = book[payment.as_str().unwrap()]["refunds"].as_object().cloned();
    refunds.unwrap_or_default().values().map(|cents| cents.as_i64().unwrap()).sum()
}

#[tokio::test]
async fn a_parent_gives_back_what_is_not_needed_and_keeps_the_rest() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wish = Wish::at(VENUE, FRIDAY, &[("adult", 2), ("child", 1)]);
    let places = visitor.vacancies(&wish).await;
    let (uuid, tickets) = visitor.buys(&wish).await;
    let payment = visitor.booking(&uuid).await["payment"]["id"].clone();
    let of = |unit: &str| -> Vec<&Value> {
        tickets.iter().filter(|ticket| ticket["unit"]["id"] == unit).collect()
    };
    let (adults, child) = (of("adult"), of("child"));
    assert_eq!((adults.len(), child.len()), (2, 1));

    let key = fresh_uuid();
    let alone = visitor.gives_back(&uuid, &key, &adults).await;
    alone.expect_problem(422, "unaccompanied", "ticket_ids");
    let all = visitor.gives_back(&uuid, &key, &[adults[0], adults[1], child[0]]).await;
    all.expect_problem(422, "all-tickets", "ticket_ids");
    let given = visitor.gives_back(&uuid, &key, &[adults[0]]).await.expect(200);
    assert_eq!(given["refund_cents"], 250);
    let again = visitor.gives_back(&uuid, &key, &[adults[0]]).await.expect(200);
    assert_eq!(again, given, "a lost answer is asked for again");
    let other = visitor.gives_back(&uuid, &key, &[child[0]]).await;
    other.expect_problem(409, "uuid-reused", "uuid");
    let gone = visitor.gives_back(&uuid, &fresh_uuid(), &[adults[0]]).await;
    gone.expect_problem(422, "unknown-ticket", "ticket_ids[0]");

    let booking = visitor.booking(&uuid).await;
    assert_eq!((&booking["status"], &booking["total_cents"]), (&json!("CONFIRMED"), &json!(250)));
    assert_eq!(visitor.tickets(&uuid).await.len(), 2);
    assert_eq!(visitor.vacancies(&wish).await, places - 2);
    let gate = Gate::of(&museum, VENUE, "main").await;
    let code = adults[0]["code"].as_str().unwrap();
    gate.scan(code).await.expect_problem(409, "ticket-revoked", "code");
    let figures = museum.nothing_left_over().await;
    assert_eq!(went_back(&museum, &payment), 250);
    assert_eq!(figures["bookings confirmed"], json!({"table": 1, "lake": 1}));
    assert_eq!(figures["visitors confirmed"], json!({"table": 2, "lake": 2}));
    assert_eq!(figures["cents kept"], json!({"table": 250, "lake": 250}));

    // The rest is moved, then given up: what goes back makes what was paid, no more.
    let hold = visitor.holds_instead(&uuid, "2026-11-28T11:00").await;
    let moved = hold["uuid"].as_str().unwrap().to_owned();
    assert_eq!(hold["replaces"]["credit_cents"], 250);
    visitor.confirm(&moved).await.expect(200);
    visitor.cancel_for(&moved, 250).await.expect(200);
    let figures = museum.nothing_left_over().await;
    assert_eq!(went_back(&museum, &payment), 500);
    assert_eq!(figures["cents kept"], json!({"table": 0, "lake": 0}));
    assert_eq!(visitor.vacancies(&wish).await, places);
}

#[tokio::test]
async fn after_the_term_the_ticket_ends_and_the_venue_keeps_its_price() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wish = Wish::at(VENUE, "2026-11-24T15:00", &[("adult", 2)]);
    let (uuid, tickets) = visitor.buys(&wish).await;
    let payment = visitor.booking(&uuid).await["payment"]["id"].clone();
    let body = |shown: i64| json!({"uuid": fresh_uuid(), "ticket_ids": [tickets[0]["id"]], "refund_cents": shown});
    let path = format!("/v1/bookings/{uuid}/give-back");
    let changed = visitor.api.post(&path, &body(250)).await;
    changed.expect_problem(409, "refund-changed", "refund_cents");
    assert_eq!(visitor.api.post(&path, &body(0)).await.expect(200)["refund_cents"], 0);
    let figures = museum.nothing_left_over().await;
    assert_eq!(went_back(&museum, &payment), 0);
    assert_eq!(figures["cents kept"], json!({"table": 500, "lake": 500}));
    assert_eq!(figures["visitors confirmed"], json!({"table": 1, "lake": 1}));
    visitor.cancel_for(&uuid, 0).await.expect(200);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"], json!({"table": 500, "lake": 500}));
}

#[tokio::test]
async fn parts_of_a_reduced_price_sum_up_to_the_cent() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    manager
        .sets_campaigns(&[json!({
            "id": "autumn", "name": {"it": "Autunno", "en": "Autumn"},
            "effect": {"cents_off_booking": 100},
        })])
        .await;
    manager.gives_out(VENUE, "autumn", "AUTUNNO-2026", 1).await;
    let visitor = Visitor::of(&museum);
    let wish = Wish::at(VENUE, FRIDAY, &[("adult", 3)]);
    let held = visitor.holds_with(&wish, "AUTUNNO-2026").await;
    let uuid = held["uuid"].as_str().unwrap().to_owned();
    assert_eq!(held["total_cents"], 650, "one euro off, shared among three");
    let payment = json!(visitor.pay(&uuid, atrio_tests::Outcome::Pay).await);
    visitor.sees(&uuid, "CONFIRMED").await;
    let mut back = 0;
    for _ in 0..2 {
        let tickets = visitor.tickets(&uuid).await;
        let given = visitor.gives_back(&uuid, &fresh_uuid(), &[&tickets[0]]).await.expect(200);
        back += given["refund_cents"].as_i64().unwrap();
        let left = visitor.booking(&uuid).await["total_cents"].as_i64().unwrap();
        assert_eq!(back + left, 650);
    }
    assert_eq!(manager.uses_of("autumn").await, 1, "the booking goes on with its code");
    visitor.cancel(&uuid).await.expect(200);
    museum.nothing_left_over().await;
    assert_eq!(went_back(&museum, &payment), 650);
    assert_eq!(manager.uses_of("autumn").await, 0);
}

#[tokio::test]
async fn a_ticket_is_used_or_given_back_in_part_but_never_both() {
    let early = atrio_tests::Options {
        now: "2026-11-24T10:35:00+01:00".parse().unwrap(),
        ..atrio_tests::Options::default()
    };
    let museum = Process::start(early).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let mut entered = 0;
    for _ in 0..10 {
        let visitor = Visitor::of(&museum);
        let wish = Wish::at(VENUE, "2026-11-24T11:00", &[("minor", 2)]);
        let (uuid, tickets) = visitor.books_free(&wish).await;
        let (key, code) = (fresh_uuid(), tickets[0]["code"].as_str().unwrap());
        let named = [&tickets[0]];
        let (at_gate, given) =
            tokio::join!(gate.scan(code), visitor.gives_back(&uuid, &key, &named));
        match (at_gate.status, given.status) {
            (201, 409) => {
                given.expect_problem(409, "ticket-used", "uuid");
                entered += 1;
            }
            (409, 200) => {
                at_gate.expect_problem(409, "ticket-revoked", "code");
            }
            other => panic!("{other:?}"),
        }
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": entered, "lake": entered}));
    let standing = 10 + entered;
    assert_eq!(figures["visitors confirmed"], json!({"table": standing, "lake": standing}));
}
