//! At most so many tickets for one person: a tout with many bookings is stopped where a family is not,
//! nobody's name is kept for it, and what is given back can be taken again.

use atrio_tests::{
    Clerk, Contact, Manager, Outcome, Process, SOON, Visitor, Wish, eventually, fresh_uuid,
};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const NOON: &str = "2026-11-25T12:00";
const AFTERNOON: &str = "2026-11-25T16:00";

fn adults(slot: &str, people: u32) -> Wish {
    Wish::at(VENUE, slot, &[("adult", people)])
}

async fn museum_that_gives_one_person(tickets: u32, per: &str) -> Process {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["person_limit"] = json!({"tickets": tickets, "per": per});
    manager.changes("products/admission", &tag, &product).await.expect(200);
    museum
}

fn left(problem: &Value) -> &Value {
    &problem["left"]
}

#[tokio::test]
async fn a_tout_with_many_bookings_at_once_gets_no_more_than_one_person_may() {
    let mut museum = museum_that_gives_one_person(4, "DAY").await;
    let tout = Visitor::of(&museum);
    // However the address is spelt, and whatever name stands beside it.
    let spelt = |number: usize| Visitor {
        api: tout.api.clone(),
        contact: Contact {
            full_name: format!("Customer {number}"),
            email: if number.is_multiple_of(2) {
                tout.contact.email.to_uppercase()
            } else {
                tout.contact.email.clone()
            },
            phone: None,
        },
    };
    let customers: Vec<Visitor> = (0..8).map(spelt).collect();
    let wishes = [adults(NOON, 1), adults(AFTERNOON, 1)];
    let asked =
        customers.iter().enumerate().map(|(number, one)| one.ask(&wishes[number % wishes.len()]));
    let answers = join_all(asked).await;
    let (held, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(held.len(), 4);
    for answer in &refused {
        let problem = answer.expect_problem(409, "person-limit", "contact.email");
        assert_eq!((&problem["limit"], left(&problem)), (&json!(4), &json!(0)));
    }
    // Another person, another day, and a visitor whom a clerk sees, are not meant.
    Visitor::of(&museum).hold(&adults(NOON, 4)).await;
    tout.hold(&adults("2026-11-26T12:00", 4)).await;
    Clerk::of(&museum, VENUE).await.holds(&adults(NOON, 1)).await;
    let five = Visitor::of(&museum).ask(&adults(NOON, 5)).await;
    five.expect_problem(422, "person-limit", "units");

    // What is given back may be taken again, also by time and through a kill.
    let uuid = held[0].json()["uuid"].as_str().unwrap().to_owned();
    tout.cancel(&uuid).await.expect(200);
    let two = tout.ask(&adults(NOON, 2)).await;
    assert_eq!(left(&two.expect_problem(409, "person-limit", "contact.email")), 1);
    museum.kill9();
    museum.restart_after(SignedDuration::from_mins(20)).await;
    let tout = Visitor { api: museum.api(), ..tout };
    let bought = eventually("the ended holds count no more", SOON, async || {
        let answer = tout.ask(&adults(NOON, 4)).await;
        if answer.status == 201 { Ok(answer.json()) } else { Err(answer.text()) }
    })
    .await;
    let uuid = bought["uuid"].as_str().unwrap();
    tout.pay(uuid, Outcome::Pay).await;
    tout.sees(uuid, "CONFIRMED").await;
    // Who asks to be forgotten has had their part all the same.
    assert_eq!(tout.asks_to_be_forgotten(uuid).await.status, 204);
    tout.ask(&adults(NOON, 1)).await.expect_problem(409, "person-limit", "contact.email");
    tout.cancel(uuid).await.expect(200);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn an_order_counts_all_its_visits_and_a_slot_only_its_own() {
    let museum = museum_that_gives_one_person(3, "SLOT").await;
    let visitor = Visitor::of(&museum);
    visitor.holds_order(&[adults(NOON, 3), adults(AFTERNOON, 2)]).await;
    let again = visitor.orders(&[adults(AFTERNOON, 2), adults("2026-11-26T12:00", 1)]).await;
    let problem = again.expect_problem(409, "person-limit", "contact.email");
    assert_eq!(left(&problem), 1);

    let museum = museum_that_gives_one_person(3, "DAY").await;
    let visitor = Visitor::of(&museum);
    let too_many = visitor.orders(&[adults(NOON, 2), adults(AFTERNOON, 2)]).await;
    too_many.expect_problem(409, "person-limit", "contact.email");
    let (order, _) = visitor.holds_order(&[adults(NOON, 2), adults(AFTERNOON, 1)]).await;
    visitor.ask(&adults(NOON, 1)).await.expect_problem(409, "person-limit", "contact.email");
    visitor.takes_order(&order, "cancel").await.expect(200);
    let (uuid, body) = (fresh_uuid(), adults(NOON, 3));
    let request = visitor.request(&uuid, &body);
    visitor.api.post("/v1/bookings", &request).await.expect(201);
    let again = visitor.api.post("/v1/bookings", &request).await.expect(200);
    assert_eq!(again["uuid"], json!(uuid), "a repeat is no second booking");
    visitor.cancel(&uuid).await.expect(200);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_limit_that_lets_nobody_in_is_refused() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["person_limit"] = json!({"tickets": 0, "per": "DAY"});
    let refused = manager.changes("products/admission", &tag, &product).await;
    refused.expect_problem(422, "invalid-offer", "person_limit.tickets");
    product["person_limit"] = json!({"tickets": 1, "per": "YEAR"});
    let refused = manager.changes("products/admission", &tag, &product).await;
    refused.expect_problem(422, "invalid-field", "person_limit.per");
}
