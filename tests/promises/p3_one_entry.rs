//! P3: one ticket, one entry, whichever gates it is shown at, at whichever moment.

use atrio_tests::{Gate, Process, Visitor, Wish, fresh_uuid};
use futures::future::join_all;
use serde_json::json;

const VENUE: &str = "106484";
const ROUNDS: usize = 50;

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
