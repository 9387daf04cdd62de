//! A class, a family or a coach party at the door: one scan for all who came, the head count on record,
//! and whoever is late comes later.

use atrio_tests::{Gate, GateProgram, Manager, Process, Visitor, Wish, fresh_uuid};
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-24T15:00";

/// A museum that lets in from the morning on, takes whole classes, and has room for so many at once.
async fn opens(museum: &Process, admission: &Value, limit: Option<u32>) -> Manager {
    let manager = Manager::of(museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["capacity"] = json!(100);
    product["max_units"] = json!(30);
    product["groups"]["max_people"] = json!(83);
    product["groups"]["schools"]["quota"] = json!({"people": 90, "per": "DAY"});
    product["admission"] = admission.clone();
    manager.changes("products/admission", &tag, &product).await.expect(200);
    if let Some(limit) = limit {
        let (_, tag) = manager.reads("premises").await;
        let premises = json!({"limit": limit, "areas": []});
        manager.changes("premises", &tag, &premises).await.expect(200);
    }
    manager
}

fn from_the_morning_on() -> Value {
    json!({"from_minutes_before_start": 1440})
}

fn code(tickets: &[Value], number: usize) -> &str {
    tickets[number]["code"].as_str().unwrap()
}

/// A teacher asks for a visit of a class.
async fn asks(teacher: &Visitor, pupils: u32, teachers: u32) -> String {
    let uuid = fresh_uuid();
    let mut body = teacher.request(&uuid, &Wish::at(VENUE, SLOT, &[]));
    body.as_object_mut().unwrap().remove("units");
    body["kind"] = json!("SCHOOL");
    body["organisation"] = json!("Liceo di prova");
    body["people"] = json!(pupils);
    body["leaders"] = json!(teachers);
    teacher.api.post("/v1/groups", &body).await.expect(201);
    uuid
}

async fn approves(manager: &Manager, group: &str) {
    let path = format!("/v1/venues/{VENUE}/groups/{group}/approve");
    manager.api.post(&path, &json!({})).await.expect(200);
}

async fn at_door(visitor: &Visitor, group: &str) -> Value {
    visitor.api.get(&format!("/v1/groups/{group}")).await.expect(200)["at_door"].clone()
}

#[tokio::test]
async fn a_class_enters_by_one_scan_two_pupils_come_later_and_who_came_is_on_record() {
    let museum = Process::fresh().await;
    let manager = opens(&museum, &from_the_morning_on(), None).await;
    let teacher = Visitor::of(&museum);
    let uuid = asks(&teacher, 23, 2).await;
    approves(&manager, &uuid).await;
    assert_eq!(at_door(&teacher, &uuid).await, Value::Null, "there are no tickets yet");
    teacher.confirm(&uuid).await.expect(200);
    let tickets = teacher.tickets(&uuid).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let shown = code(&tickets, 4);
    assert_eq!(gate.counts(shown, "minor").await, [23, 0, 0, 23]);
    assert_eq!(gate.counts(shown, "adult").await, [2, 0, 0, 2]);

    // "Twenty-one of twenty-three came", with both teachers.
    let nonce = fresh_uuid();
    let party = [("minor", 21), ("adult", 2)];
    let entered = gate.lets_in(&nonce, shown, &party).await.expect(201);
    assert_eq!(entered["outcome"], "ADMITTED");
    let through =
        |at: usize| (&entered["party"][at]["unit"]["id"], &entered["party"][at]["quantity"]);
    assert_eq!(through(0), (&json!("minor"), &json!(21)));
    assert_eq!(through(1), (&json!("adult"), &json!(2)));
    let again = gate.lets_in(&nonce, shown, &party).await.expect(200);
    assert_eq!(
        (&again["redeemed_at"], &again["party"]),
        (&entered["redeemed_at"], &entered["party"])
    );
    gate.lets_in(&nonce, shown, &[("minor", 1)]).await.expect_problem(409, "uuid-reused", "uuid");
    gate.scan(shown).await.expect_problem(409, "ticket-already-redeemed", "code");
    assert_eq!(gate.counts(shown, "minor").await, [23, 21, 21, 2]);
    let came = |door: &Value| -> Vec<(u64, u64)> {
        let unit = |one: &Value| (one["booked"].as_u64().unwrap(), one["came"].as_u64().unwrap());
        door.as_array().unwrap().iter().map(unit).collect()
    };
    assert_eq!(came(&at_door(&teacher, &uuid).await), [(23, 21), (2, 2)]);

    // The two who missed the bus show the teacher's code at another gate, one after the other.
    let side = gate.named("side");
    let three = side.lets_in(&fresh_uuid(), shown, &[("minor", 3)]).await;
    let three = three.expect_problem(409, "party-too-few", "party[0].quantity");
    assert_eq!((&three["requested"], &three["able"]), (&json!(3), &json!(2)));
    side.lets_in(&fresh_uuid(), shown, &[("minor", 1)]).await.expect(201);
    assert_eq!(came(&at_door(&teacher, &uuid).await), [(23, 22), (2, 2)]);
    let (listed, _) = manager.reads("groups").await;
    assert_eq!(came(&listed["groups"][0]["at_door"]), [(23, 22), (2, 2)], "one did not come");

    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 24, "lake": 24}));
    assert_eq!(figures["entries, distinct"], json!({"table": 24, "lake": 24}));
    let dashboard = manager.dashboard("2026-11-24").await;
    assert_eq!(dashboard["totals"]["admissions"], 24);
}

#[tokio::test]
async fn a_coach_party_waits_for_room_and_the_whole_entry_is_taken_back_when_it_turns_round() {
    let museum = Process::fresh().await;
    opens(&museum, &from_the_morning_on(), Some(20)).await;
    let visitor = Visitor::of(&museum);
    let wish = |places| Wish::at(VENUE, SLOT, &[("minor", places)]);
    let (_, first) = visitor.books_free(&wish(15)).await;
    let (booking, second) = Visitor::of(&museum).books_free(&wish(10)).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    gate.lets_in(&fresh_uuid(), code(&first, 0), &[("minor", 15)]).await.expect(201);

    let ten = [("minor", 10)];
    let full = gate.lets_in(&fresh_uuid(), code(&second, 0), &ten).await;
    let full = full.expect_problem(409, "place-full", "over_limit_reason");
    let facts = [&full["people"], &full["inside"], &full["limit"]];
    assert_eq!(facts, [&json!(10), &json!(15), &json!(20)]);
    assert_eq!(gate.presence().await["by_tickets"], 15, "nobody of them entered");
    gate.lets_in(&fresh_uuid(), code(&second, 0), &[("minor", 5)]).await.expect(201);
    let nonce = fresh_uuid();
    let (rest, reason) = ([("minor", 5)], "it rains, and the bus has gone");
    for status in [201, 200] {
        let over = gate.lets_in_over_limit(&nonce, code(&second, 0), &rest, reason).await;
        over.expect(status);
    }
    let seen = gate.presence().await;
    assert_eq!(seen["by_tickets"], 25);
    let [over] = seen["over_limit"].as_array().unwrap().as_slice() else { panic!("{seen}") };
    assert_eq!((&over["people"], &over["inside"]), (&json!(5), &json!(20)));

    let other = gate.named("side").takes_back(&nonce, "they turned back").await;
    other.expect_problem(422, "entry-other-gate", "gate_id");
    for _ in 0..2 {
        let undone = gate.takes_back(&nonce, "they turned back").await.expect(200);
        assert_eq!(undone["people"], 5);
    }
    let again = gate.lets_in(&nonce, code(&second, 0), &rest).await;
    again.expect_problem(409, "redemption-undone", "uuid");
    assert_eq!(gate.presence().await["by_tickets"], 20);
    let statuses: Vec<_> =
        visitor.tickets(&booking).await.iter().map(|ticket| ticket["status"].clone()).collect();
    assert_eq!(statuses.iter().filter(|status| *status == "VALID").count(), 5);
    // Fewer than ever fit together.
    let (_, crowd) = Visitor::of(&museum).books_free(&wish(21)).await;
    let never = gate.lets_in(&fresh_uuid(), code(&crowd, 0), &[("minor", 21)]).await;
    never.expect_problem(409, "place-full", "over_limit_reason");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 20, "lake": 20}));
}

#[tokio::test]
async fn a_group_goes_out_for_lunch_together_and_who_turns_round_on_the_way_back_is_outside() {
    let museum = Process::fresh().await;
    let mut rule = from_the_morning_on();
    rule["reentry"] = json!("SAME_DAY");
    let manager = opens(&museum, &rule, Some(50)).await;
    let wish = Wish::at(VENUE, SLOT, &[("minor", 6)]);
    let (_, tickets) = Visitor::of(&museum).books_free(&wish).await;
    let shown = code(&tickets, 0);
    let gate = Gate::of(&museum, VENUE, "main").await;
    let out =
        async |nonce: &str, people| gate.lets_out_party(nonce, shown, &[("minor", people)]).await;
    out(&fresh_uuid(), 1).await.expect_problem(409, "ticket-not-inside", "direction");
    gate.lets_in(&fresh_uuid(), shown, &[("minor", 4)]).await.expect(201);
    gate.scan(code(&tickets, 5)).await.expect(201);
    let lunch = fresh_uuid();
    let left = out(&lunch, 5).await.expect(201);
    assert_eq!((&left["outcome"], &left["party"][0]["quantity"]), (&json!("LEFT"), &json!(5)));
    out(&lunch, 5).await.expect(200);
    gate.takes_back(&lunch, "they came back").await.expect_problem(422, "exit-stands", "uuid");
    assert_eq!(gate.presence().await["by_tickets"], 0);
    assert_eq!(gate.counts(shown, "minor").await, [6, 5, 0, 6], "one has yet to come");

    let back = fresh_uuid();
    gate.lets_in(&back, shown, &[("minor", 6)]).await.expect(201);
    assert_eq!(gate.presence().await["by_tickets"], 6);
    gate.takes_back(&back, "the turnstile did not turn").await.expect(200);
    assert_eq!(gate.counts(shown, "minor").await, [6, 5, 0, 6], "as before: one never came");
    gate.lets_in(&fresh_uuid(), shown, &[("minor", 6)]).await.expect(201);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 11, "lake": 11}));
    assert_eq!(figures["exits"], json!({"table": 5, "lake": 5}));
    let dashboard = manager.dashboard("2026-11-24").await;
    assert_eq!(dashboard["totals"]["admissions"], 11);
}

#[tokio::test]
async fn those_who_were_inside_before_there_was_a_limit_go_out_together_and_make_no_room() {
    let museum = Process::fresh().await;
    let manager = opens(&museum, &from_the_morning_on(), None).await;
    let wish = Wish::at(VENUE, SLOT, &[("minor", 6)]);
    let (_, tickets) = Visitor::of(&museum).books_free(&wish).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    gate.lets_in(&fresh_uuid(), code(&tickets, 0), &[("minor", 4)]).await.expect(201);
    let (_, tag) = manager.reads("premises").await;
    manager.changes("premises", &tag, &json!({"limit": 3, "areas": []})).await.expect(200);
    gate.scan(code(&tickets, 5)).await.expect(201);
    let out = gate.lets_out_party(&fresh_uuid(), code(&tickets, 0), &[("minor", 5)]).await;
    out.expect(201);
    assert_eq!(gate.presence().await["by_tickets"], 0);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn ninety_enter_and_leave_by_two_scans_where_every_head_is_counted() {
    let museum = Process::fresh().await;
    let manager = opens(&museum, &from_the_morning_on(), Some(89)).await;
    let teacher = Visitor::of(&museum);
    let uuid = asks(&teacher, 83, 7).await;
    approves(&manager, &uuid).await;
    teacher.confirm(&uuid).await.expect(200);
    let tickets = teacher.tickets(&uuid).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let (shown, all) = (code(&tickets, 89), [("minor", 83), ("adult", 7)]);
    let reason = "one more than fits, for a quarter of an hour";
    gate.lets_in_over_limit(&fresh_uuid(), shown, &all, reason).await.expect(201);
    assert_eq!(gate.presence().await["by_tickets"], 90);
    gate.lets_out_party(&fresh_uuid(), shown, &all).await.expect(201);
    assert_eq!(gate.presence().await["by_tickets"], 0);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 90, "lake": 90}));
    assert_eq!(figures["exits"], json!({"table": 90, "lake": 90}));
}

#[tokio::test]
async fn a_party_that_is_asked_for_wrongly_lets_nobody_in_and_says_what_to_do() {
    let museum = Process::fresh().await;
    opens(&museum, &json!({}), None).await;
    let visitor = Visitor::of(&museum);
    let (_, late) = visitor.books_free(&Wish::at(VENUE, SLOT, &[("minor", 3)])).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let stranger = Gate::of(&museum, "20514", "main").await;
    let shown = code(&late, 0);
    let lines = |party: Value| json!({"party": party});
    let line = |unit: &str, quantity: i64| json!({"unit_id": unit, "quantity": quantity});
    #[rustfmt::skip] // One line a case.
    let cases = [
        (lines(json!([])), 422, "invalid-field", "party"),
        (lines(json!([line("minor", 0)])), 422, "invalid-field", "party[0]"),
        (lines(json!([line("minor", 1), line("minor", 1)])), 422, "invalid-field", "party[1]"),
        (lines(json!([line("minor", -1)])), 422, "invalid-field", "party[0].quantity"),
        (lines(json!([{"unit_id": "minor"}])), 422, "invalid-field", "party[0].quantity"),
        (lines(json!([line("a b", 1)])), 422, "invalid-field", "party[0].unit_id"),
        (lines(json!([line("minor", 1), line("adult", 1)])), 422, "unknown-unit", "party[1].unit_id"),
        (lines(json!("ALL")), 422, "invalid-field", "party"),
        (lines(json!([line("minor", 1)])), 422, "ticket-too-early", "code"),
        (lines(json!([line("minor", 4_000_000_000)])), 422, "ticket-too-early", "code"),
    ];
    for (more, status, kind, field) in cases {
        gate.scan_with(&fresh_uuid(), shown, &more).await.expect_problem(status, kind, field);
    }
    let elsewhere = stranger.lets_in(&fresh_uuid(), shown, &[("minor", 1)]).await;
    elsewhere.expect_problem(422, "ticket-other-venue", "code");
    stranger.looks_at(shown, "ENTRY").await.expect_problem(422, "ticket-other-venue", "code");
    gate.looks_at("0000-0000-0000-0000", "ENTRY").await.expect_problem(
        404,
        "ticket-unknown",
        "code",
    );
    gate.looks_at(shown, "SIDEWAYS").await.expect_problem(422, "invalid-field", "direction");
    let unnamed = json!({"venue_id": VENUE, "gate_id": "main", "code": shown});
    let unnamed = gate.api.post("/v1/redemptions/party", &unnamed).await;
    unnamed.expect_problem(422, "invalid-field", "uuid");
    assert_eq!(gate.counts(shown, "minor").await, [3, 0, 0, 0], "it is too early for all of them");
    // A gate that decides by itself says the same.
    let program = GateProgram::open(&museum, VENUE, "side").await;
    program.knows(3).await;
    program.loses_its_line().await;
    #[rustfmt::skip] // One line a case.
    let cases = [
        (lines(json!([])), 422, "invalid-field", "party"),
        (lines(json!([line("minor", 1), line("minor", 1)])), 422, "invalid-field", "party[1]"),
        (lines(json!([line("adult", 1)])), 422, "unknown-unit", "party[0].unit_id"),
        (lines(json!([line("minor", 1)])), 409, "party-too-few", "party[0].quantity"),
    ];
    for (more, status, kind, field) in cases {
        program.scan_with(&fresh_uuid(), shown, &more).await.expect_problem(status, kind, field);
    }
    assert_eq!(program.counts(shown, "minor").await, [3, 0, 0, 0]);
    program.finds_its_line().await;
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 0, "lake": 0}));
}

#[tokio::test]
async fn a_gate_whose_line_is_down_lets_in_who_came_and_the_next_gate_only_those_who_are_left() {
    let museum = Process::fresh().await;
    let mut rule = from_the_morning_on();
    rule["reentry"] = json!("SAME_DAY");
    opens(&museum, &rule, None).await;
    let visitor = Visitor::of(&museum);
    let wish = Wish::at(VENUE, SLOT, &[("minor", 8)]);
    let (booking, tickets) = visitor.books_free(&wish).await;
    let shown = code(&tickets, 3);
    let north = GateProgram::open(&museum, VENUE, "north").await;
    let south = GateProgram::open(&museum, VENUE, "south").await;
    for gate in [&north, &south] {
        gate.knows(8).await;
        gate.loses_its_line().await;
    }
    assert_eq!(north.counts(shown, "minor").await, [8, 0, 0, 8]);
    let nonce = fresh_uuid();
    let entered = north.lets_in(&nonce, shown, &[("minor", 5)]).await.expect(201);
    assert_eq!(entered["party"][0]["quantity"], 5);
    let again = north.lets_in(&nonce, shown, &[("minor", 5)]).await.expect(200);
    assert_eq!(again["party"], entered["party"]);
    north.lets_in(&nonce, shown, &[("minor", 4)]).await.expect_problem(409, "uuid-reused", "uuid");
    assert_eq!(north.counts(shown, "minor").await, [8, 5, 5, 3]);
    south.scan(shown).await.expect_problem(409, "ticket-already-redeemed", "code");
    let four = south.lets_in(&fresh_uuid(), shown, &[("minor", 4)]).await;
    assert_eq!(four.expect_problem(409, "party-too-few", "party[0].quantity")["able"], 3);
    let late = fresh_uuid();
    south.lets_in(&late, shown, &[("minor", 3)]).await.expect(201);
    // They wanted the other door, and come in there.
    for _ in 0..2 {
        let undone = south.takes_back(&late, "they turned back").await.expect(200);
        assert_eq!((&undone["uuid"], &undone["people"]), (&json!(late), &json!(3)));
    }
    let undone = south.lets_in(&late, shown, &[("minor", 3)]).await;
    undone.expect_problem(409, "redemption-undone", "uuid");
    north.lets_in(&fresh_uuid(), shown, &[("minor", 3)]).await.expect(201);
    north.lets_out_party(&fresh_uuid(), shown, &[("minor", 8)]).await.expect(201);
    assert_eq!(north.counts(shown, "minor").await, [8, 8, 0, 8]);
    for gate in [&south, &north] {
        let state = gate.finds_its_line().await;
        assert_eq!((&state["conflicts"], &state["refused"]), (&json!(0), &json!(0)), "{state}");
    }
    let statuses = visitor.tickets(&booking).await;
    assert!(statuses.iter().all(|ticket| ticket["status"] == "REDEEMED"));
    // The line is back: the platform's word is asked for each.
    north.lets_in(&fresh_uuid(), shown, &[("minor", 2)]).await.expect(201);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 10, "lake": 10}));
    assert_eq!(figures["exits"], json!({"table": 8, "lake": 8}));
}
