//! Who comes late, who goes out for lunch, who may climb the tower, and how many are inside: what a
//! steward at a door decides, by the venue's own rules.

use atrio_tests::{Device, Gate, Manager, Process, SOON, Visitor, Wish, count_message, eventually};
use atrio_tests::{GateProgram, fresh_uuid};
use serde_json::{Value, json};

const VENUE: &str = "106484";
const ADMISSION: &str = "products/admission";
/// The clock of a fresh museum shows five past ten that day.
const SLOT: &str = "2026-11-24T10:00";

/// The manager sets how tickets sold from now on admit.
async fn admits(manager: &Manager, rule: &Value) {
    let (mut product, tag) = manager.reads(ADMISSION).await;
    product["admission"] = rule.clone();
    manager.changes(ADMISSION, &tag, &product).await.expect(200);
}

/// The manager sets areas and limits.
async fn divides(manager: &Manager, premises: &Value) {
    let (_, tag) = manager.reads("premises").await;
    manager.changes("premises", &tag, premises).await.expect(200);
}

fn tower_and_garden(tower_limit: u32) -> Value {
    json!({"limit": null, "areas": [
        {"id": "garden", "name": {"it": "Giardino", "en": "Garden"}, "limit": null},
        {"id": "tower", "name": {"it": "Torre", "en": "Tower"}, "limit": tower_limit},
    ]})
}

fn codes(tickets: &[Value]) -> Vec<&str> {
    tickets.iter().map(|ticket| ticket["code"].as_str().unwrap()).collect()
}

async fn free_tickets(museum: &Process, places: u32) -> Vec<Value> {
    Visitor::of(museum).books_free(&Wish::at(VENUE, SLOT, &[("minor", places)])).await.1
}

#[tokio::test]
async fn a_visitor_late_for_a_tour_is_told_its_window_and_one_sold_before_keeps_the_old_one() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let before = free_tickets(&museum, 1).await;
    admits(
        &manager,
        &json!({"from_minutes_before_start": 10, "until_minutes_after_start": 0,
            "reentry": "NEVER", "areas": []}),
    )
    .await;
    let late = free_tickets(&museum, 2).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let refused = gate.scan(codes(&late)[0]).await;
    let refused = refused.expect_problem(422, "ticket-too-late", "code");
    assert_eq!(refused["admits_from"], "2026-11-24T08:50:00Z");
    assert_eq!(refused["admitted_until"], "2026-11-24T09:00:00Z");
    gate.scan(codes(&before)[0]).await.expect(201);
    // The same at a gate that is by itself, for it carries the rule with the tickets.
    let program = GateProgram::open(&museum, VENUE, "side").await;
    program.knows(3).await;
    program.loses_its_line().await;
    let refused = program.scan(codes(&late)[1]).await;
    let refused = refused.expect_problem(422, "ticket-too-late", "code");
    assert_eq!(refused["admitted_until"], "2026-11-24T09:00:00Z");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_family_with_a_ticket_of_the_day_goes_out_for_lunch_and_nobody_enters_twice() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let once = free_tickets(&museum, 1).await;
    admits(&manager, &json!({"reentry": "SAME_DAY"})).await;
    let day = free_tickets(&museum, 1).await;
    let (once, day) = (codes(&once)[0], codes(&day)[0]);
    let gate = Gate::of(&museum, VENUE, "main").await;

    gate.lets_out(day).await.expect_problem(409, "ticket-not-inside", "direction");
    for code in [once, day] {
        gate.scan(code).await.expect(201);
        gate.scan(code).await.expect_problem(409, "ticket-already-redeemed", "code");
    }
    let nonce = fresh_uuid();
    let way_out = json!({"direction": "EXIT"});
    let left = gate.scan_with(&nonce, day, &way_out).await.expect(201);
    assert_eq!((&left["outcome"], &left["direction"]), (&json!("LEFT"), &json!("EXIT")));
    gate.scan_with(&nonce, day, &way_out).await.expect(200);
    gate.scan_again(&nonce, day).await.expect_problem(409, "uuid-reused", "uuid");
    gate.lets_out(day).await.expect_problem(409, "ticket-already-out", "direction");
    gate.takes_back(&nonce, "the visitor turned back").await.expect_problem(
        422,
        "exit-stands",
        "uuid",
    );
    gate.lets_out(once).await.expect(201);
    gate.scan(once).await.expect_problem(409, "ticket-no-reentry", "code");

    let back = fresh_uuid();
    gate.scan_again(&back, day).await.expect(201);
    gate.scan(day).await.expect_problem(409, "ticket-already-redeemed", "code");
    gate.scan_with(&nonce, day, &way_out).await.expect(200);
    // Whoever comes back and turns round is outside as before, and may come back once more.
    gate.takes_back(&back, "the visitor turned back").await.expect(200);
    gate.lets_out(day).await.expect_problem(409, "ticket-already-out", "direction");
    gate.scan(day).await.expect(201);

    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 3, "lake": 3}));
    assert_eq!(figures["exits"], json!({"table": 2, "lake": 2}));
    let dashboard = manager.dashboard("2026-11-24").await;
    assert_eq!(dashboard["totals"]["admissions"], 3, "an exit is no entry");
}

#[tokio::test]
async fn two_gates_without_a_line_let_out_and_in_again_and_the_books_are_right_afterwards() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    admits(&manager, &json!({"reentry": "SAME_DAY"})).await;
    let tickets = free_tickets(&museum, 1).await;
    let code = codes(&tickets)[0];
    let north = GateProgram::open(&museum, VENUE, "north").await;
    let south = GateProgram::open(&museum, VENUE, "south").await;
    for gate in [&north, &south] {
        gate.knows(1).await;
    }
    north.scan(code).await.expect(201);
    for gate in [&north, &south] {
        gate.loses_its_line().await;
    }
    south.scan(code).await.expect_problem(409, "ticket-already-redeemed", "code");
    south.lets_out(code).await.expect(201);
    eventually("the north gate hears of the exit and lets in again", SOON, async || {
        let answer = north.scan(code).await;
        if answer.status == 201 { Ok(()) } else { Err(answer.text()) }
    })
    .await;
    south.scan(code).await.expect_problem(409, "ticket-already-redeemed", "code");
    for gate in [&south, &north] {
        let state = gate.finds_its_line().await;
        assert_eq!((&state["conflicts"], &state["refused"]), (&json!(0), &json!(0)), "{state}");
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 2, "lake": 2}));
    assert_eq!(figures["exits"], json!({"table": 1, "lake": 1}));
}

#[tokio::test]
async fn a_ticket_of_the_garden_does_not_open_the_tower() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    divides(&manager, &tower_and_garden(2)).await;
    admits(&manager, &json!({"areas": ["garden"]})).await;
    let tickets = free_tickets(&museum, 1).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let into = |area: &str| json!({"area_id": area});
    let code = codes(&tickets)[0];
    let refused = gate.scan_with(&fresh_uuid(), code, &into("tower")).await;
    let refused = refused.expect_problem(422, "ticket-other-area", "area_id");
    assert_eq!(refused["opens_area_ids"], json!(["garden"]));
    let cellar = gate.scan_with(&fresh_uuid(), code, &into("cellar")).await;
    let cellar = cellar.expect_problem(422, "unknown-area", "area_id");
    assert!(cellar["errors"][0]["fix"].as_str().unwrap().contains("garden, tower"), "{cellar}");
    let entered = gate.scan_with(&fresh_uuid(), code, &into("garden")).await.expect(201);
    assert_eq!(entered["area_id"], "garden");

    // What a product opens stays, and what is not there is opened by none.
    let (_, tag) = manager.reads("premises").await;
    let without = json!({"limit": null, "areas": []});
    manager.changes("premises", &tag, &without).await.expect_problem(422, "invalid-offer", "areas");
    let (mut product, tag) = manager.reads(ADMISSION).await;
    product["admission"]["areas"] = json!(["cellar"]);
    let refused = manager.changes(ADMISSION, &tag, &product).await;
    refused.expect_problem(422, "invalid-offer", "admission.areas[0]");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_full_tower_waits_for_somebody_to_come_down_unless_a_steward_says_why() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let gate = Gate::of(&museum, VENUE, "stairs").await;
    let nobody = gate.presence().await;
    assert_eq!((&nobody["limit"], &nobody["by_tickets"]), (&Value::Null, &Value::Null));
    divides(&manager, &tower_and_garden(2)).await;
    let tickets = free_tickets(&museum, 4).await;
    let codes = codes(&tickets);
    let up = json!({"area_id": "tower"});
    let climbs = async |code: &str, more: &Value| gate.scan_with(&fresh_uuid(), code, more).await;
    climbs(codes[0], &up).await.expect(201);
    climbs(codes[1], &up).await.expect(201);
    let full = climbs(codes[2], &up).await.expect_problem(409, "place-full", "over_limit_reason");
    assert_eq!((&full["inside"], &full["limit"]), (&json!(2), &json!(2)));
    assert_eq!(full["area_id"], "tower");
    gate.lets_out(codes[0]).await.expect(201);
    climbs(codes[2], &up).await.expect(201);

    let mut lets_in = up.clone();
    lets_in["over_limit_reason"] = json!(" ");
    let wordless = climbs(codes[3], &lets_in).await;
    wordless.expect_problem(422, "invalid-field", "over_limit_reason");
    lets_in["over_limit_reason"] = json!("a child whose mother is upstairs");
    let nonce = fresh_uuid();
    gate.scan_with(&nonce, codes[3], &lets_in).await.expect(201);
    gate.scan_with(&nonce, codes[3], &lets_in).await.expect(200);
    let tower = |seen: &Value| seen["areas"][1]["by_tickets"].clone();
    let seen = gate.presence().await;
    assert_eq!(tower(&seen), 3);
    assert_eq!(seen["areas"][0]["by_tickets"], Value::Null, "the garden has no limit");
    let [over] = seen["over_limit"].as_array().unwrap().as_slice() else { panic!("{seen}") };
    assert_eq!((&over["uuid"], &over["area_id"]), (&json!(nonce), &json!("tower")));
    assert_eq!(over["reason"], "a child whose mother is upstairs");
    assert_eq!((&over["inside"], &over["limit"]), (&json!(2), &json!(2)));

    gate.takes_back(&nonce, "the visitor turned back").await.expect(200);
    assert_eq!(tower(&gate.presence().await), 2);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn of_ten_at_a_full_door_as_many_enter_as_there_is_room() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    divides(&manager, &json!({"limit": 3, "areas": []})).await;
    let tickets = free_tickets(&museum, 10).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let scans = codes(&tickets).into_iter().map(|code| gate.scan(code));
    let answers = futures::future::join_all(scans).await;
    let entered = answers.iter().filter(|answer| answer.status == 201).count();
    let full = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((entered, full), (3, 7));
    assert_eq!(gate.presence().await["by_tickets"], 3);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 3, "lake": 3}));
}

#[tokio::test]
async fn whoever_was_inside_before_there_was_a_limit_goes_out_and_makes_no_room_for_two() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let tickets = free_tickets(&museum, 3).await;
    let codes = codes(&tickets);
    let gate = Gate::of(&museum, VENUE, "main").await;
    gate.scan(codes[0]).await.expect(201);
    divides(&manager, &json!({"limit": 1, "areas": []})).await;
    gate.lets_out(codes[0]).await.expect(201);
    gate.scan(codes[1]).await.expect(201);
    gate.scan(codes[2]).await.expect_problem(409, "place-full", "over_limit_reason");
    assert_eq!(gate.presence().await["by_tickets"], 1);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_steward_sees_what_the_counter_at_the_door_says_beside_the_tickets() {
    let museum = Process::fresh().await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    assert_eq!(gate.presence().await["by_counters"], Value::Null);
    let mut counter = Device::of(&museum, VENUE, "counter-door").await;
    let at = |text: &str| text.parse().unwrap();
    let (from, to) = (at("2026-11-24T09:00:00Z"), at("2026-11-24T09:01:00Z"));
    let message = count_message("counter-door", from, to, 12, 5);
    counter.publish(&message).await.unwrap();
    let seen = eventually("the counter is heard", SOON, async || {
        let seen = gate.presence().await;
        if seen["by_counters"].is_null() { Err(seen.to_string()) } else { Ok(seen) }
    })
    .await;
    assert_eq!(seen["by_counters"], json!({"people_in": 12, "people_out": 5, "inside": 7}));
    museum.nothing_left_over().await;
}
