//! Discount codes: a manager gives them out, visitors pay less and see why, and a code is never used
//! once too often, whoever races and whatever happens to the machine.

use atrio_tests::{Clerk, Manager, Outcome, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-24T16:00";
const CODE: &str = "AUTUNNO26";

fn adults(people: u32) -> Wish {
    Wish::at(VENUE, SLOT, &[("adult", people)])
}

fn campaign(id: &str, effect: &Value) -> Value {
    let name = json!({"it": "Promozione d'autunno", "en": "Autumn offer"});
    json!({"id": id, "name": name, "effect": effect})
}

/// A museum with one campaign and one code of it.
async fn museum_with(effect: &Value, uses: u32) -> (Process, Manager) {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    manager.sets_campaigns(&[campaign("autumn", effect)]).await;
    manager.gives_out(VENUE, "autumn", CODE, uses).await;
    (museum, manager)
}

fn uuid(booking: &Value) -> String {
    booking["uuid"].as_str().unwrap().to_owned()
}

async fn price_of_an_adult(visitor: &Visitor) -> i64 {
    visitor.price(&adults(1), "adult").await["price_cents"].as_i64().unwrap()
}

#[tokio::test]
async fn a_visitor_with_a_code_sees_what_it_takes_off_and_why_and_pays_that() {
    let (museum, manager) = museum_with(&json!({"percent_off": 50}), 10).await;
    let visitor = Visitor::of(&museum);
    let price = price_of_an_adult(&visitor).await;
    let half = (price * 50 + 50) / 100;
    let party = Wish::at(VENUE, SLOT, &[("adult", 2), ("minor", 1)]);
    let mut question = visitor.request(&fresh_uuid(), &party);
    question.as_object_mut().unwrap().remove("contact");
    question["voucher_code"] = json!(CODE);
    let quote = visitor.api.post("/v1/quotes", &question).await.expect(200);
    let held = visitor.holds_with(&party, " autunno-26 ").await;
    assert_eq!(held["total_cents"], 2 * (price - half));
    assert_eq!((&held["units"], &held["total_cents"]), (&quote["units"], &quote["total_cents"]));
    let line = &held["units"][0];
    let parts = line["components"].as_array().unwrap();
    let off = parts.last().unwrap();
    assert_eq!((&off["name"]["en"], &off["price_cents"]), (&json!("Autumn offer"), &json!(-half)));
    assert_eq!(off["beneficiary"], Value::Null);
    assert!(line["reason"]["it"].as_str().unwrap().contains("Promozione d'autunno"), "{line}");

    let booking = uuid(&held);
    visitor.pay(&booking, Outcome::Pay).await;
    visitor.sees(&booking, "CONFIRMED").await;
    let ticket = visitor.tickets(&booking).await.swap_remove(0);
    assert!(ticket["reason"]["en"].as_str().unwrap().contains("Autumn offer"), "{ticket}");
    assert_eq!(manager.uses_of("autumn").await, 1);
    // The sums of the lake are what the venue keeps.
    museum.nothing_left_over().await;
    let day = manager.dashboard("2026-11-24").await;
    assert!(day.to_string().contains(&(2 * (price - half)).to_string()), "{day}");
}

#[tokio::test]
async fn fifty_at_once_use_a_code_of_ten_ten_times_and_uses_come_back_with_the_places() {
    let (mut museum, manager) = museum_with(&json!({"cents_off_ticket": 100}), 10).await;
    let buyers: Vec<Visitor> = (0..50).map(|_| Visitor::of(&museum)).collect();
    let here = adults(1);
    let elsewhen = Wish::at(VENUE, "2026-11-25T11:00", &[("adult", 1)]);
    let asked = buyers.iter().enumerate().map(|(number, buyer)| {
        let wish = if number.is_multiple_of(2) { &here } else { &elsewhen };
        buyer.asks_with(wish, CODE)
    });
    let answers = join_all(asked).await;
    let held: Vec<usize> = (0..50).filter(|number| answers[*number].status == 201).collect();
    assert_eq!(held.len(), 10);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.expect_problem(409, "voucher-used-up", "voucher_code");
    }
    assert_eq!(manager.uses_of("autumn").await, 10);
    assert_eq!(buyers[0].vacancies(&here).await + buyers[0].vacancies(&elsewhen).await, 50);

    // One gives up, one is declined and lets the hold end, one pays and cancels in time.
    let (first, second, third) = (held[0], held[1], held[2]);
    let booking = |number: usize| uuid(&answers[number].json());
    buyers[first].cancel(&booking(first)).await.expect(200);
    assert_eq!(manager.uses_of("autumn").await, 9);
    buyers[third].pay(&booking(third), Outcome::Pay).await;
    buyers[third].sees(&booking(third), "CONFIRMED").await;
    buyers[third].cancel(&booking(third)).await.expect(200);
    assert_eq!(manager.uses_of("autumn").await, 8);
    buyers[second].pay(&booking(second), Outcome::Decline).await;
    buyers[second].sees(&booking(second), "ON_HOLD").await;
    assert_eq!(manager.uses_of("autumn").await, 8, "the hold goes on, and so does its use");

    // The machine dies; all holds end meanwhile, and upkeep returns each use once.
    museum.kill9();
    museum.restart_after(SignedDuration::from_mins(20)).await;
    let manager = Manager::of(&museum, VENUE).await;
    eventually("the uses came back", SOON, async || {
        let used = manager.uses_of("autumn").await;
        if used == 0 { Ok(()) } else { Err(used.to_string()) }
    })
    .await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_code_that_makes_a_visit_free_needs_no_payment() {
    let (museum, _) = museum_with(&json!({"ticket_costs": 0}), 1).await;
    let visitor = Visitor::of(&museum);
    let held = visitor.holds_with(&adults(1), CODE).await;
    assert_eq!(held["total_cents"], 0);
    let booking = uuid(&held);
    visitor.start_payment(&booking).await.expect_problem(409, "nothing-to-pay", "uuid");
    assert_eq!(visitor.confirm(&booking).await.expect(200)["status"], "CONFIRMED");
    let other = Visitor::of(&museum);
    other.asks_with(&adults(1), CODE).await.expect_problem(409, "voucher-used-up", "voucher_code");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_batch_of_codes_is_shown_once_kept_as_hashes_and_each_code_is_good_once() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    manager.sets_campaigns(&[campaign("press", &json!({"percent_off": 100}))]).await;
    let body = json!({"uuid": fresh_uuid(), "count": 250});
    let made = manager.makes_codes(VENUE, "press", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let codes: Vec<String> = made.text().lines().skip(1).map(ToOwned::to_owned).collect();
    assert_eq!(codes.len(), 250);
    // The answer was lost: the same request answers the same codes, and makes no others.
    let again = manager.makes_codes(VENUE, "press", &body).await;
    assert_eq!((again.status, again.text()), (201, made.text()));
    let other = json!({"uuid": body["uuid"], "count": 10});
    manager.makes_codes(VENUE, "press", &other).await.expect_problem(409, "uuid-reused", "uuid");
    let usage = manager.reads("campaigns/press/codes").await.0;
    assert_eq!(usage, json!({"codes": 250, "used": 0}));

    let (first, second) = (Visitor::of(&museum), Visitor::of(&museum));
    first.holds_with(&adults(1), &codes[249].to_lowercase()).await;
    let refused = second.asks_with(&adults(1), &codes[249]).await;
    refused.expect_problem(409, "voucher-used-up", "voucher_code");
    second.holds_with(&adults(1), &codes[0]).await;
    assert_eq!(manager.uses_of("press").await, 2);
    let changes = manager.reads("changes").await.0.to_string();
    assert!(changes.contains("campaigns/press/codes"), "the making is on record: {changes}");
    let uuid = body["uuid"].as_str().unwrap();
    for secret in codes.iter().map(|code| code.replace('-', "")).chain([uuid.to_owned()]) {
        assert!(!changes.contains(&secret), "no code is kept");
    }
    for (field, spoilt) in [
        ("count", json!({"count": 0})),
        ("count", json!({"count": 1_001})),
        ("uses", json!({"count": 1, "uses": 0})),
        ("code", json!({})),
        ("code", json!({"code": "AUTUNNO26", "count": 1})),
        ("code", json!({"code": "SHORT"})),
    ] {
        let mut body = json!({"uuid": fresh_uuid()});
        body.as_object_mut().unwrap().extend(spoilt.as_object().unwrap().clone());
        let refused = manager.makes_codes(VENUE, "press", &body).await;
        refused.expect_problem(422, "invalid-codes", field);
    }
    let taken = json!({"uuid": fresh_uuid(), "code": codes[3]});
    manager.makes_codes(VENUE, "press", &taken).await.expect_problem(409, "code-taken", "code");
}

#[tokio::test]
async fn a_code_that_does_not_fit_is_refused_with_what_to_do_and_guessing_ends_soon() {
    let museum = Process::fresh().await;
    let (manager, visitor) = (Manager::of(&museum, VENUE).await, Visitor::of(&museum));
    let with = |id: &str, more: Value| {
        let mut campaign = campaign(id, &json!({"percent_off": 10}));
        for (name, value) in more.as_object().unwrap() {
            campaign[name] = value.clone();
        }
        campaign
    };
    let campaigns = [
        with("over", json!({"sold": {"to": "2026-11-23"}})),
        with("december", json!({"visited": {"from": "2026-12-01"}})),
        with("youth", json!({"units": ["youth"]})),
        with("good", json!({})),
    ];
    manager.sets_campaigns(&campaigns).await;
    for (campaign, code) in
        [("over", "CODEOVER"), ("december", "CODEDECEMBER"), ("youth", "CODEYOUTH"), ("good", CODE)]
    {
        manager.gives_out(VENUE, campaign, code, 5).await;
    }
    for (code, kind) in [
        ("CODEOVER", "voucher-not-today"),
        ("CODEDECEMBER", "voucher-not-that-day"),
        ("CODEYOUTH", "voucher-no-ticket"),
        ("no code!", "voucher-unknown"),
    ] {
        let refused = visitor.asks_with(&adults(1), code).await;
        refused.expect_problem(422, kind, "voucher_code");
    }
    assert_eq!(visitor.vacancies(&adults(1)).await, 30, "no place was taken");

    for number in 0..20 {
        let guess = visitor.asks_with(&adults(1), &format!("GUESS{number:04}")).await;
        guess.expect_problem(422, "voucher-unknown", "voucher_code");
    }
    let enough = visitor.asks_with(&adults(1), CODE).await;
    enough.expect_problem(429, "too-many-wrong-codes", "voucher_code");
    visitor.hold(&adults(1)).await;
    // A clerk at a desk is no guesser.
    let clerk = Clerk::of(&museum, VENUE).await;
    clerk.holds_with(&adults(1), CODE).await;
    assert_eq!(manager.uses_of("good").await, 1);
}

#[tokio::test]
async fn a_desk_sells_with_a_code_and_a_sale_taken_back_returns_its_use() {
    let (museum, manager) = museum_with(&json!({"cents_off_booking": 300}), 5).await;
    let clerk = Clerk::of(&museum, VENUE).await;
    let price = price_of_an_adult(&Visitor::of(&museum)).await;
    let held = clerk.holds_with(&adults(2), CODE).await;
    let due = 2 * price - 300;
    assert_eq!(held["total_cents"], due);
    let (shift, booking) = (fresh_uuid(), uuid(&held));
    clerk.opens(&shift, "window-1", 5_000).await.expect(201);
    let sale = clerk.sells(&shift, &booking, "CASH", Some(5_000)).await.expect(201);
    assert_eq!(sale["amount_cents"], due);
    assert_eq!(manager.uses_of("autumn").await, 1);
    clerk.voids(&shift, &booking, "wrong day").await.expect(200);
    assert_eq!(manager.uses_of("autumn").await, 0);
    clerk.closes(&shift, 5_000).await.expect(200);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn an_order_takes_a_code_for_each_visit_and_holds_nothing_when_one_is_used_up() {
    let (museum, manager) = museum_with(&json!({"percent_off": 100}), 1).await;
    manager.gives_out(VENUE, "autumn", "SECONDA26", 1).await;
    let visitor = Visitor::of(&museum);
    let wishes = [adults(1), Wish::at(VENUE, "2026-11-25T11:00", &[("adult", 1)])];
    let order = |codes: [&str; 2]| {
        let mut body = visitor.order_request(&fresh_uuid(), &wishes);
        for (line, code) in codes.into_iter().enumerate() {
            body["bookings"][line]["voucher_code"] = json!(code);
        }
        body
    };
    let twice = visitor.api.post("/v1/orders", &order([CODE, CODE])).await;
    twice.expect_problem(422, "repeated-voucher", "bookings[1].voucher_code");
    let unknown = visitor.api.post("/v1/orders", &order([CODE, "NOTACODE"])).await;
    unknown.expect_problem(422, "voucher-unknown", "bookings[1].voucher_code");

    let body = order([CODE, "SECONDA26"]);
    let held = visitor.api.post("/v1/orders", &body).await.expect(201);
    assert_eq!(held["total_cents"], 0);
    assert_eq!(visitor.api.post("/v1/orders", &body).await.expect(200)["uuid"], held["uuid"]);
    assert_eq!(manager.uses_of("autumn").await, 2);
    let other = Visitor::of(&museum);
    let late = other.api.post("/v1/orders", &order(["SECONDA26", CODE])).await;
    late.expect_problem(409, "voucher-used-up", "bookings[0].voucher_code");
    visitor.takes_order(&uuid(&held), "cancel").await.expect(200);
    assert_eq!(manager.uses_of("autumn").await, 0);
    assert_eq!(visitor.vacancies(&wishes[0]).await, 30);
    museum.nothing_left_over().await;
}
