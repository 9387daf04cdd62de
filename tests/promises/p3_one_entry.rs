//! P3: one ticket, one entry, whichever gates it is shown at, at whichever moment.

use std::time::Duration;

use atrio_tests::{Gate, Manager, Process, Visitor, Wish, fresh_uuid};
use futures::future::join_all;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

const VENUE: &str = "106484";
const ROUNDS: usize = 50;

/// An instant some minutes before the museum's now, to the microsecond, as instants are kept.
fn ago(museum: &Process, minutes: i64) -> String {
    format!("{:.6}", museum.now() - minutes.minutes())
}

#[tokio::test]
async fn a_ticket_shown_at_two_gates_at_once_admits_once_fifty_times_over() {
    let museum = Process::fresh().await;
    let mut codes = Vec::new();
    while codes.len() < ROUNDS {
        let party = Wish::at(VENUE, "2026-11-24T10:00", &[("minor", 10)]);
        let (_, tickets) = Visitor::of(&museum).books_free(&party).await;
        codes.extend(tickets.iter().map(|ticket| ticket["code"].as_str().unwrap().to_owned()));
    }
    let north = Gate::of(&museum, VENUE, "north").await;
    let south = north.named("south");
    for code in &codes {
        let (at_north, at_south) = tokio::join!(north.scan(code), south.scan(code));
        let (entered, refused, gate) = match (at_north.status, at_south.status) {
            (201, 409) => (at_north, at_south, "north"),
            (409, 201) => (at_south, at_north, "south"),
            other => panic!("{other:?}: {} / {}", at_north.text(), at_south.text()),
        };
        let refused = refused.expect_problem(409, "ticket-already-redeemed", "code");
        assert_eq!(refused["redeemed_at"], entered.json()["redeemed_at"]);
        assert_eq!(refused["gate_id"], gate);
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": ROUNDS, "lake": ROUNDS}));
}

#[tokio::test]
async fn a_ticket_of_the_day_shown_at_two_gates_at_once_admits_once_after_each_exit() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["admission"] = json!({"reentry": "SAME_DAY"});
    manager.changes("products/admission", &tag, &product).await.expect(200);
    let wish = Wish::at(VENUE, "2026-11-24T10:00", &[("minor", 1)]);
    let (_, tickets) = Visitor::of(&museum).books_free(&wish).await;
    let code = tickets[0]["code"].as_str().unwrap();
    let north = Gate::of(&museum, VENUE, "north").await;
    let south = north.named("south");
    let statuses = |one: u16, other: u16| (one.min(other), one.max(other));
    for _ in 0..10 {
        let (at_north, at_south) = tokio::join!(north.scan(code), south.scan(code));
        assert_eq!(statuses(at_north.status, at_south.status), (201, 409), "one of them enters");
        let (at_north, at_south) = tokio::join!(north.lets_out(code), south.lets_out(code));
        assert_eq!(statuses(at_north.status, at_south.status), (201, 409), "and goes out once");
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 10, "lake": 10}));
    assert_eq!(figures["exits"], json!({"table": 10, "lake": 10}));
}

#[tokio::test]
async fn a_scan_whose_answers_are_lost_is_one_entry_however_often_it_is_sent() {
    let museum = Process::fresh().await;
    let party = Wish::at(VENUE, "2026-11-24T10:00", &[("minor", 2)]);
    let (_, tickets) = Visitor::of(&museum).books_free(&party).await;
    let code = |number: usize| tickets[number]["code"].as_str().unwrap();
    let gate = Gate::of(&museum, VENUE, "main").await;
    let nonce = fresh_uuid();
    let answers = join_all((0..12).map(|_| gate.scan_again(&nonce, code(0)))).await;
    let fresh = answers.iter().filter(|answer| answer.status == 201).count();
    let again = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((fresh, again), (1, 11), "{answers:?}");
    let at = answers[0].json()["redeemed_at"].clone();
    assert!(answers.iter().all(|answer| answer.json()["redeemed_at"] == at));
    gate.scan_again(&nonce, code(1)).await.expect_problem(409, "uuid-reused", "uuid");
    gate.scan(code(1)).await.expect(201);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 2, "lake": 2}));
}

#[tokio::test]
async fn a_ticket_let_in_at_two_gates_offline_is_one_entry_and_a_conflict_that_staff_find() {
    let museum = Process::fresh().await;
    let party = Wish::at(VENUE, "2026-11-24T10:00", &[("minor", 10)]);
    let (_, tickets) = Visitor::of(&museum).books_free(&party).await;
    let codes: Vec<_> = tickets.iter().map(|ticket| ticket["code"].as_str().unwrap()).collect();
    let north = Gate::of(&museum, VENUE, "north").await;
    let south = north.named("south");
    let (early, late) = (ago(&museum, 9), ago(&museum, 5));
    let of = |gate: &Gate, at: &str| codes.iter().map(|code| gate.let_in(code, at)).collect();
    let (at_north, at_south): (Vec<_>, Vec<_>) = (of(&north, &early), of(&south, &late));
    let (north_says, south_says) =
        tokio::join!(north.sends_in(&at_north), south.sends_in(&at_south));
    let (north_says, south_says) = (north_says.expect(200), south_says.expect(200));
    let conflicts = north.conflicts().await;
    assert_eq!(conflicts.len(), codes.len(), "one conflict for each ticket");
    for number in 0..codes.len() {
        let outcomes = [&north_says, &south_says].map(|says| &says["results"][number]);
        let (lost, standing) = match outcomes.map(|result| result["outcome"].as_str().unwrap()) {
            ["DONE", "CONFLICT"] => (&at_south[number], (&at_north[number], outcomes[1])),
            ["CONFLICT", "DONE"] => (&at_north[number], (&at_south[number], outcomes[0])),
            other => panic!("{other:?}"),
        };
        let listed = conflicts.iter().find(|listed| listed["uuid"] == lost["uuid"]).unwrap();
        assert_eq!(listed["gate_id"], lost["gate_id"]);
        assert_eq!(listed["standing_gate_id"], standing.0["gate_id"]);
        assert_eq!(standing.1["problem"]["gate_id"], standing.0["gate_id"]);
        assert_eq!(standing.1["problem"]["redeemed_at"], listed["standing_redeemed_at"]);
        let instant = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
        assert_eq!(instant(&listed["redeemed_at"]), instant(&lost["redeemed_at"]));
        assert_eq!(
            instant(&listed["standing_redeemed_at"]),
            instant(&standing.0["redeemed_at"]),
            "an entry keeps its own instant"
        );
    }
    north.scan(codes[0]).await.expect_problem(409, "ticket-already-redeemed", "code");

    let manager = Manager::of(&museum, VENUE).await;
    let uuid = conflicts[0]["uuid"].as_str().unwrap();
    for _ in 0..2 {
        assert_eq!(manager.closes(uuid, "a screenshot, sent home").await.status, 204);
    }
    let other = manager.closes(uuid, "something else").await;
    other.expect_problem(409, "conflict-closed", "note");
    manager.closes(uuid, "  ").await.expect_problem(422, "invalid-field", "note");
    manager.closes(&fresh_uuid(), "who").await.expect_problem(404, "conflict-unknown", "uuid");
    south.sends_in(&at_south).await.expect(200);
    north.sends_in(&at_north).await.expect(200);
    let after = north.conflicts().await;
    assert_eq!(after.len(), codes.len(), "sent in again, a conflict is the same conflict");
    let closed: Vec<_> = after.iter().filter(|listed| !listed["closed_at"].is_null()).collect();
    assert_eq!(closed.len(), 1);
    assert_eq!(
        (&closed[0]["uuid"], &closed[0]["note"]),
        (&json!(uuid), &json!("a screenshot, sent home"))
    );
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": codes.len(), "lake": codes.len()}));
}

#[tokio::test]
async fn offline_entries_sent_in_again_are_the_same_entries_through_a_kill_too() {
    let mut museum = Process::fresh().await;
    let party = Wish::at(VENUE, "2026-11-24T10:00", &[("minor", 8)]);
    let (_, tickets) = Visitor::of(&museum).books_free(&party).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let at = ago(&museum, 7);
    let queue: Vec<_> =
        tickets.iter().map(|ticket| gate.let_in(ticket["code"].as_str().unwrap(), &at)).collect();
    let answers = join_all((0..6).map(|_| gate.sends_in(&queue[..4]))).await;
    for number in 0..4 {
        let mut outcomes: Vec<_> = answers
            .iter()
            .map(|answer| answer.json()["results"][number]["outcome"].as_str().unwrap().to_owned())
            .collect();
        outcomes.sort();
        assert_eq!(outcomes, ["DONE", "KNOWN", "KNOWN", "KNOWN", "KNOWN", "KNOWN"]);
    }
    // The power fails while the rest is under way; whether it was filed is what the gate asks then.
    let under_way = tokio::spawn({
        let (api, body) = (gate.api.clone(), json!({"venue_id": VENUE, "entries": queue}));
        async move { api.try_post("/v1/redemptions/offline", &body).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    museum.restart().await;
    // Its answer, or that there is none, is no matter.
    let _ = under_way.await.unwrap();
    let gate = Gate::of(&museum, VENUE, "main").await;
    let after = gate.sends_in(&queue).await.expect(200);
    let outcomes: Vec<_> =
        (0..8).map(|number| after["results"][number]["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes[..4], ["KNOWN"; 4]);
    assert!(
        outcomes[4..].iter().all(|outcome| ["DONE", "KNOWN"].contains(outcome)),
        "{outcomes:?}"
    );
    assert_eq!(gate.conflicts().await, Vec::<Value>::new());
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 8, "lake": 8}));
}

#[tokio::test]
async fn each_offline_entry_that_cannot_stand_says_why_and_holds_no_other_up() {
    let museum = Process::fresh().await;
    let party = Wish::at(VENUE, "2026-11-24T10:00", &[("minor", 2)]);
    let (_, tickets) = Visitor::of(&museum).books_free(&party).await;
    let code = |number: usize| tickets[number]["code"].as_str().unwrap();
    let gate = Gate::of(&museum, VENUE, "main").await;
    let at = ago(&museum, 3);
    let cut = &code(0)[..code(0).len() - 9];
    let good = gate.let_in(code(0), &at);
    let mut same_nonce = gate.let_in(code(1), &at);
    same_nonce["uuid"] = good["uuid"].clone();
    let entries = [
        gate.let_in(cut, &at),
        gate.let_in("0000-0000-0000-0000", &at),
        gate.let_in(code(0), &ago(&museum, -60)),
        gate.let_in(code(0), "2026-11-20T09:00:00Z"),
        good,
        same_nonce,
    ];
    let says = gate.sends_in(&entries).await.expect(200);
    let kinds: Vec<_> = (0..entries.len())
        .map(|number| {
            let result = &says["results"][number];
            let kind = result["problem"]["type"].as_str().unwrap_or_default();
            let kind = kind.rsplit('/').next().unwrap_or_default();
            (result["outcome"].as_str().unwrap(), kind)
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("REFUSED", "ticket-unreadable"),
            ("REFUSED", "ticket-unknown"),
            ("REFUSED", "entry-in-the-future"),
            ("REFUSED", "ticket-too-early"),
            ("DONE", ""),
            ("REFUSED", "uuid-reused"),
        ]
    );
    let future = &says["results"][2]["problem"]["errors"][0];
    assert_eq!(future["field"], "entries[2].redeemed_at");
    let crowd: Vec<_> = (0..51).map(|_| gate.let_in(code(1), &at)).collect();
    gate.sends_in(&crowd).await.expect_problem(422, "invalid-field", "entries");
    gate.sends_in(&[]).await.expect_problem(422, "invalid-field", "entries");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 1, "lake": 1}));
}
