//! A gate on a morning when the line fails: nobody at the door notices, and in the end the books are
//! right.

use atrio_tests::{GateProgram, Manager, Process, Visitor, Wish, fresh_uuid};
use serde_json::json;

const VENUE: &str = "106484";
const SLOT: &str = "2026-11-24T10:00";

#[tokio::test]
async fn a_gate_whose_line_fails_lets_the_morning_in_and_the_books_are_right_afterwards() {
    let museum = Process::fresh().await;
    let family = Visitor::of(&museum);
    let (booking, tickets) = family.books_free(&Wish::at(VENUE, SLOT, &[("minor", 3)])).await;
    let code = |number: usize| tickets[number]["code"].as_str().unwrap();
    let gate = GateProgram::open(&museum, VENUE, "main").await;
    gate.knows(3).await;
    gate.scan(code(0)).await.expect(201);

    gate.loses_its_line().await;
    let typed = tickets[1]["typed_code"].as_str().unwrap().to_lowercase();
    let shown = gate.scan(&typed).await.expect(201);
    assert_eq!(shown["show"]["en"], "Identity document; aged 12 to 17");
    assert_eq!(shown["show"]["it"], "Documento di identità; da 12 a 17 anni");
    gate.scan(code(1)).await.expect_problem(409, "ticket-already-redeemed", "code");
    // Somebody hesitates in the turnstile, goes back, and comes again.
    let nonce = fresh_uuid();
    gate.scan_again(&nonce, code(2)).await.expect(201);
    gate.takes_back(&nonce, "the visitor turned back").await.expect(200);
    gate.scan(code(2)).await.expect(201);
    // A booking made a minute ago on a telephone outside; its maker still sees a valid ticket.
    let (late, since) =
        Visitor::of(&museum).books_free(&Wish::at(VENUE, SLOT, &[("minor", 1)])).await;
    gate.scan(since[0]["code"].as_str().unwrap()).await.expect(201);
    assert_eq!(gate.state().await["queued"], 4, "three who are in, and one taken back");
    assert_eq!(family.tickets(&late).await[0]["status"], "VALID");

    let state = gate.finds_its_line().await;
    assert_eq!((&state["conflicts"], &state["refused"]), (&json!(0), &json!(0)));
    for booking in [&booking, &late] {
        for ticket in family.tickets(booking).await {
            assert_eq!(ticket["status"], "REDEEMED");
        }
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 4, "lake": 4}));
    let dashboard = Manager::of(&museum, VENUE).await.dashboard("2026-11-24").await;
    assert_eq!(dashboard["totals"]["admissions"], 4);
}
