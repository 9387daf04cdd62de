//! P3 with the line down: one ticket, one entry, at gates that decide by themselves. Two gate programs,
//! each with a line to the platform and one to the broker on site, and somebody who cuts them.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

use atrio_tests::{
    Gate, GateProgram, Manager, Process, SOON, Visitor, Wish, eventually, fresh_uuid,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "106484";
const SLOT: &str = "2026-11-24T10:00";

/// Tickets of parties of ten.
async fn codes(museum: &Process, parties: usize) -> Vec<String> {
    let mut codes = Vec::new();
    for _ in 0..parties {
        let party = Wish::at(VENUE, SLOT, &[("minor", 10)]);
        let (_, tickets) = Visitor::of(museum).books_free(&party).await;
        codes.extend(tickets.iter().map(|ticket| ticket["code"].as_str().unwrap().to_owned()));
    }
    codes
}

/// Two gates that know the tickets of the day.
async fn gates(museum: &Process, tickets: usize) -> (GateProgram, GateProgram) {
    let north = GateProgram::open(museum, VENUE, "north").await;
    let south = GateProgram::open(museum, VENUE, "south").await;
    north.knows(tickets).await;
    south.knows(tickets).await;
    (north, south)
}

#[tokio::test]
async fn with_the_line_down_a_ticket_scanned_at_two_gates_at_once_enters_once_forty_times_over() {
    let museum = Process::fresh().await;
    let codes = codes(&museum, 4).await;
    let (north, south) = gates(&museum, codes.len()).await;
    north.loses_its_line().await;
    south.loses_its_line().await;
    let mut entered = [0, 0];
    for code in &codes {
        let (at_north, at_south) = tokio::join!(north.scan(code), south.scan(code));
        let (who, refused, admitted) = match (at_north.status, at_south.status) {
            (201, 409) => (0, at_south, at_north),
            (409, 201) => (1, at_north, at_south),
            other => panic!("{other:?}: {} / {}", at_north.text(), at_south.text()),
        };
        entered[who] += 1;
        let refused = refused.expect_problem(409, "ticket-already-redeemed", "code");
        assert_eq!(refused["gate_id"], ["north", "south"][who]);
        assert_eq!(admitted.json()["unit"]["name"]["en"], "Minors 12-17");
        assert!(admitted.json()["show"].is_object(), "a minor shows a document");
    }
    // What one let in, the other refuses later too, and both know it after their power was cut.
    for code in &codes[..3] {
        for gate in [&north, &south] {
            gate.scan(code).await.expect_problem(409, "ticket-already-redeemed", "code");
        }
    }
    let queued = |state: &Value| state["queued"].as_u64().unwrap();
    let waiting = [queued(&north.state().await), queued(&south.state().await)];
    assert_eq!(waiting, entered.map(|count| u64::try_from(count).unwrap()));
    tokio::join!(north.finds_its_line(), south.finds_its_line());
    assert_eq!(Gate::of(&museum, VENUE, "north").await.conflicts().await, Vec::<Value>::new());
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": codes.len(), "lake": codes.len()}));
}

#[tokio::test]
async fn with_the_broker_down_too_every_ticket_that_let_in_twice_is_listed_and_no_entry_is_lost() {
    let museum = Process::fresh().await;
    let codes = codes(&museum, 2).await;
    let (north, south) = gates(&museum, codes.len()).await;
    for gate in [&north, &south] {
        gate.loses_its_line().await;
        gate.site.cut();
        gate.sees("it is alone", |state| state["site"]["is_connected"] == false).await;
    }
    for (number, code) in codes.iter().enumerate() {
        north.scan(code).await.expect(201);
        if number % 2 == 0 {
            south.scan(code).await.expect(201);
        }
    }
    let twice = codes.len() / 2;
    north.site.mend();
    south.site.mend();
    let (at_north, at_south) = tokio::join!(north.finds_its_line(), south.finds_its_line());
    let lost = [&at_north, &at_south].map(|state| state["conflicts"].as_u64().unwrap());
    assert_eq!(lost.iter().sum::<u64>(), u64::try_from(twice).unwrap());
    let conflicts = Gate::of(&museum, VENUE, "north").await.conflicts().await;
    assert_eq!(conflicts.len(), twice, "one for each ticket that let in twice");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": codes.len(), "lake": codes.len()}));
    let manager = Manager::of(&museum, VENUE).await;
    let uuid = conflicts[0]["uuid"].as_str().unwrap();
    assert_eq!(manager.closes(uuid, "one ticket on two telephones").await.status, 204);
}

#[tokio::test]
async fn a_gate_killed_after_admitting_knows_its_entries_and_sends_each_in_once() {
    let museum = Process::fresh().await;
    let codes = codes(&museum, 1).await;
    let (mut north, south) = gates(&museum, codes.len()).await;
    north.loses_its_line().await;
    let nonces: Vec<_> = codes.iter().map(|_| fresh_uuid()).collect();
    for (nonce, code) in nonces.iter().zip(&codes[..5]) {
        let admitted = north.scan_again(nonce, code).await.expect(201);
        north.restart().await;
        let again = north.scan_again(nonce, code).await.expect(200);
        assert_eq!(again, admitted, "a lost answer is the same entry");
        north.scan(code).await.expect_problem(409, "ticket-already-redeemed", "code");
        // The neighbour is online, and the platform knows nothing of it yet.
        south.scan(code).await.expect_problem(409, "ticket-already-redeemed", "code");
    }
    north.finds_its_line().await;
    north.restart().await;
    north.finds_its_line().await;
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 5, "lake": 5}));
    assert_eq!(Gate::of(&museum, VENUE, "north").await.conflicts().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_gate_by_itself_believes_a_signed_ticket_sold_since_and_refuses_what_it_should() {
    let museum = Process::fresh().await;
    let known = codes(&museum, 1).await;
    let gate = GateProgram::open(&museum, VENUE, "north").await;
    gate.knows(known.len()).await;
    gate.loses_its_line().await;
    let sold = Visitor::of(&museum);
    let (_, since) = sold.books_free(&Wish::at(VENUE, SLOT, &[("minor", 2)])).await;
    let (_, tomorrow) =
        sold.books_free(&Wish::at(VENUE, "2026-11-25T10:00", &[("minor", 1)])).await;
    let (_, elsewhere) = sold.books_free(&Wish::at("20240", SLOT, &[("minor", 1)])).await;
    let text = |ticket: &Value, name: &str| ticket[name].as_str().unwrap().to_owned();
    gate.scan(&text(&since[0], "typed_code")).await.expect_problem(404, "ticket-unknown", "code");
    let admitted = gate.scan(&text(&since[0], "code")).await.expect(201);
    assert!(admitted["show"].is_object(), "a minor shows a document");
    gate.scan(&text(&tomorrow[0], "code")).await.expect_problem(422, "ticket-too-early", "code");
    let other = gate.scan(&text(&elsewhere[0], "code")).await;
    other.expect_problem(422, "ticket-other-venue", "code");
    let cut = &known[0][..known[0].len() - 9];
    gate.scan(cut).await.expect_problem(422, "ticket-unreadable", "code");
    // The bundle is the platform's word on what is expected: it names no visitor and no booking.
    let bundle = Gate::of(&museum, VENUE, "north").await.bundle().await;
    let (text, tag) = (bundle.text(), bundle.entity_tag());
    assert!(!text.contains(&sold.contact.email) && !text.contains("booking"), "{text}");
    let api = Gate::of(&museum, VENUE, "north").await.api;
    let path = format!("/v1/venues/{VENUE}/gate-bundle");
    assert_eq!(api.get_unless(&path, &tag).await.status, 304);
    gate.finds_its_line().await;
    assert_ne!(api.get_unless(&path, &tag).await.entity_tag(), tag, "an entry changes it");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 1, "lake": 1}));
}

#[tokio::test]
async fn an_entry_taken_back_admits_again_and_the_lake_counts_the_one_who_passed() {
    let mut museum = Process::fresh().await;
    let codes = codes(&museum, 1).await;
    let north = Gate::of(&museum, VENUE, "north").await;
    let south = north.named("south");
    let nonce = fresh_uuid();
    north.scan_again(&nonce, &codes[0]).await.expect(201);
    let other = south.takes_back(&nonce, "the turnstile did not turn").await;
    other.expect_problem(422, "entry-other-gate", "gate_id");
    north.takes_back(&nonce, " ").await.expect_problem(422, "invalid-field", "reason");
    let unknown = north.takes_back(&fresh_uuid(), "who").await;
    unknown.expect_problem(404, "redemption-unknown", "uuid");
    let first = north.takes_back(&nonce, "the turnstile did not turn").await.expect(200);
    assert_eq!(first["outcome"], "UNDONE");
    let again = north.takes_back(&nonce, "another reason").await.expect(200);
    assert_eq!(again, first, "the first one stands");
    let spent = north.scan_again(&nonce, &codes[0]).await;
    spent.expect_problem(409, "redemption-undone", "uuid");
    let figures = museum.lake_agrees().await;
    assert_eq!(figures["entries"], json!({"table": 0, "lake": 0}));
    south.scan(&codes[0]).await.expect(201);
    let late = fresh_uuid();
    north.scan_again(&late, &codes[1]).await.expect(201);
    museum.restart_after(SignedDuration::from_mins(6)).await;
    let north = Gate::of(&museum, VENUE, "north").await;
    north.takes_back(&late, "too late").await.expect_problem(422, "undo-too-late", "uuid");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 2, "lake": 2}));
    assert_eq!(figures["entries, distinct"], json!({"table": 2, "lake": 2}));
}

#[tokio::test]
async fn an_entry_taken_back_offline_is_free_at_the_next_gate_and_recorded_afterwards() {
    let museum = Process::fresh().await;
    let codes = codes(&museum, 1).await;
    let (north, south) = gates(&museum, codes.len()).await;
    // One that the platform knows and one that it does not.
    let (filed, unsent) = (fresh_uuid(), fresh_uuid());
    north.scan_again(&filed, &codes[0]).await.expect(201);
    north.loses_its_line().await;
    south.loses_its_line().await;
    north.scan_again(&unsent, &codes[1]).await.expect(201);
    for (nonce, code) in [(&filed, &codes[0]), (&unsent, &codes[1])] {
        south.scan(code).await.expect_problem(409, "ticket-already-redeemed", "code");
        let taken_back = north.takes_back(nonce, "the turnstile did not turn").await.expect(200);
        assert_eq!(north.takes_back(nonce, "once more").await.expect(200), taken_back);
    }
    let admitted = eventually("the next gate has heard of it", SOON, async || {
        let answer = south.scan(&codes[1]).await;
        if answer.status == 201 { Ok(answer.json()) } else { Err(answer.text()) }
    })
    .await;
    assert_eq!(admitted["outcome"], "ADMITTED");
    north.finds_its_line().await;
    south.finds_its_line().await;
    south.scan(&codes[0]).await.expect(201);
    assert_eq!(Gate::of(&museum, VENUE, "north").await.conflicts().await, Vec::<Value>::new());
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 2, "lake": 2}));
    assert_eq!(figures["entries, distinct"], json!({"table": 2, "lake": 2}));
}
