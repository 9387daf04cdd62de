//! A room that people also enter without a ticket: the counter at its door says how full it is, and the gates
//! keep to that.

use atrio_tests::{Api, fresh_uuid};
use atrio_tests::{Device, Gate, Manager, Process, SOON, Visitor, Wish, count_message, eventually};
use jiff::Timestamp;
use serde_json::{Value, json};

const VENUE: &str = "106484";
/// The clock of a fresh museum shows five past ten that day.
const SLOT: &str = "2026-11-24T10:00";
const DOOR: &str = "counter-door";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The manager has people counted by counters up to a limit.
async fn limits(manager: &Manager, limit: u32, devices: &[&str]) {
    let (_, tag) = manager.reads("premises").await;
    let by = json!({"source": "COUNTERS", "devices": devices});
    let premises = json!({"limit": limit, "counted_by": by, "areas": []});
    manager.changes("premises", &tag, &premises).await.expect(200);
}

/// What the counter at the door saw in the minute from then on.
fn minute(from: &str, towards: u64, away: u64) -> Value {
    let from = at(from);
    count_message(DOOR, from, from + jiff::SignedDuration::from_mins(1), towards, away)
}

/// Nothing is acknowledged before it counts: what was published is inside.
async fn sees(gate: &Gate, inside: u32) -> Value {
    let seen = gate.presence().await;
    assert_eq!(seen["inside"], inside, "{seen}");
    seen
}

async fn sets(api: &Api, uuid: &str, inside: u32, reason: &str) -> atrio_tests::Answer {
    let body = json!({"uuid": uuid, "inside": inside, "reason": reason});
    api.post(&format!("/v1/venues/{VENUE}/presence"), &body).await
}

#[tokio::test]
async fn the_counter_at_the_door_fills_the_room_and_the_gate_waits_until_somebody_leaves() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    limits(&manager, 20, &[DOOR]).await;
    let tickets = Visitor::of(&museum).books_free(&Wish::at(VENUE, SLOT, &[("minor", 4)])).await.1;
    let code = |number: usize| tickets[number]["code"].as_str().unwrap();
    let gate = Gate::of(&museum, VENUE, "main").await;
    let mut door = Device::of(&museum, VENUE, DOOR).await;

    gate.scan(code(0)).await.expect(201);
    let seen = sees(&gate, 0).await;
    assert_eq!((&seen["counted_by"], &seen["by_tickets"]), (&json!("COUNTERS"), &Value::Null));
    let crowd = minute("2026-11-24T09:00:00Z", 23, 3);
    door.publish(&crowd).await.unwrap();
    sees(&gate, 20).await;
    let full = gate.scan(code(1)).await.expect_problem(409, "place-full", "over_limit_reason");
    assert_eq!((&full["inside"], &full["limit"]), (&json!(20), &json!(20)));
    let lets_in = json!({"over_limit_reason": "a child whose mother is inside"});
    gate.scan_with(&fresh_uuid(), code(1), &lets_in).await.expect(201);
    assert_eq!(sees(&gate, 20).await["over_limit"].as_array().unwrap().len(), 1);
    gate.lets_out(code(1)).await.expect(201);
    sees(&gate, 20).await;

    door.publish(&minute("2026-11-24T09:01:00Z", 0, 2)).await.unwrap();
    sees(&gate, 18).await;
    gate.scan(code(2)).await.expect(201);
    // The same message again, and one that corrects it: three of the crowd were counted twice.
    door.publish(&crowd).await.unwrap();
    sees(&gate, 18).await;
    door.publish(&minute("2026-11-24T09:00:00Z", 20, 3)).await.unwrap();
    sees(&gate, 15).await;
    door.publish(&crowd).await.unwrap();
    sees(&gate, 15).await;
    // What comes late of yesterday is of yesterday.
    door.publish(&minute("2026-11-23T16:00:00Z", 50, 0)).await.unwrap();
    sees(&gate, 15).await;
    // More go out than were seen coming in: nobody is left, and no debt.
    door.publish(&minute("2026-11-24T09:02:00Z", 0, 40)).await.unwrap();
    sees(&gate, 0).await;
    door.publish(&minute("2026-11-24T09:03:00Z", 5, 0)).await.unwrap();
    sees(&gate, 5).await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_manager_who_counted_by_hand_sets_the_count_once_and_says_why() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let uuid = fresh_uuid();
    let uncounted = sets(&manager.api, &uuid, 3, "counted by hand").await;
    uncounted.expect_problem(409, "place-not-counted", "area_id");
    limits(&manager, 3, &[DOOR]).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let mut door = Device::of(&museum, VENUE, DOOR).await;
    door.publish(&minute("2026-11-24T09:00:00Z", 3, 0)).await.unwrap();

    sets(&gate.api, &uuid, 1, "counted by hand").await.expect_problem(
        403,
        "wrong-role",
        "Authorization",
    );
    sets(&manager.api, &uuid, 1, " ").await.expect_problem(422, "invalid-field", "reason");
    sets(&manager.api, &uuid, 100_001, "all").await.expect_problem(422, "invalid-field", "inside");
    let set = sets(&manager.api, &uuid, 1, "counted by hand").await.expect(200);
    sees(&gate, 1).await;
    door.publish(&minute("2026-11-24T09:01:00Z", 1, 0)).await.unwrap();
    sees(&gate, 2).await;
    assert_eq!(sets(&manager.api, &uuid, 1, "counted by hand").await.expect(200), set);
    let other = sets(&manager.api, &uuid, 2, "counted by hand").await;
    other.expect_problem(409, "uuid-reused", "uuid");
    let seen = sees(&gate, 2).await;
    let [by_hand] = seen["set_by_hand"].as_array().unwrap().as_slice() else { panic!("{seen}") };
    assert_eq!((&by_hand["inside"], &by_hand["reason"]), (&json!(1), &json!("counted by hand")));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn two_doors_count_at_once_and_each_message_counts_once_through_a_kill() {
    let mut museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    limits(&manager, 1_000, &[DOOR, "counter-garden"]).await;
    let (mut door, mut garden) = (
        Device::of(&museum, VENUE, DOOR).await,
        Device::of(&museum, VENUE, "counter-garden").await,
    );
    let minute = |name: &str, number: i64, towards| {
        let from = at("2026-11-24T08:00:00Z") + jiff::SignedDuration::from_mins(number);
        count_message(name, from, from + jiff::SignedDuration::from_mins(1), towards, 1)
    };
    for number in 0..20 {
        let (a, b) = (minute(DOOR, number, 3), minute("counter-garden", number, 2));
        let (first, second) = tokio::join!(door.publish(&a), garden.publish(&b));
        first.unwrap();
        second.unwrap();
    }
    sees(&Gate::of(&museum, VENUE, "main").await, 60).await;
    museum.kill9();
    museum.restart().await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    sees(&gate, 60).await;
    let keys = door.keys.clone();
    let mut door = eventually("the counter is back", SOON, async || {
        Device::connect(&museum, VENUE, DOOR, &keys).await.map_err(|error| error.to_string())
    })
    .await;
    for number in 0..20 {
        door.publish(&minute(DOOR, number, 3)).await.unwrap();
    }
    sees(&gate, 60).await;
    museum.nothing_left_over().await;
}
