//! Museums of two suppliers on one platform: each supplier's tickets are signed with its own keys, a key that
//! leaks from one of them opens no door of the other, and one that leaked is withdrawn at noon.

use atrio_domain::id::{TicketId, VenueId};
use atrio_domain::ticket::{Entitlement, PublishedKey, sign, verify};
use atrio_tests::{Gate, GateProgram, KeyKeeper, Process, SOON, Visitor, Wish, eventually};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

/// A museum that its supplier takes over.
const THEIRS: &str = "106484";
/// A museum of the installation's own supplier.
const OURS: &str = "20514";
const SLOT: &str = "2026-11-24T10:00";
const SUPPLIER: &str = "florence";

async fn books(museum: &Process, venue: &str) -> (String, Value) {
    let wish = Wish::at(venue, SLOT, &[("minor", 1)]);
    let (booking, mut tickets) = Visitor::of(museum).books_free(&wish).await;
    (booking, tickets.remove(0))
}

fn code(ticket: &Value) -> &str {
    ticket["code"].as_str().unwrap()
}

fn is_signed_by(ticket: &Value, key: &PublishedKey) -> bool {
    verify(code(ticket), &[key.verifying_key().unwrap()]).is_ok()
}

/// What somebody writes who has a key: this ticket, as if it were of that venue and number.
fn forged(like: &Value, key: &PublishedKey, secret: &SigningKey, to: (&str, TicketId)) -> String {
    let known = verify(code(like), &[key.verifying_key().unwrap()]).unwrap();
    let venue = VenueId::new(to.0).unwrap();
    sign(&Entitlement { ticket: to.1, venue, ..known }, secret).unwrap()
}

fn invented() -> TicketId {
    TicketId::from_bytes([7; 10])
}

/// A gate's program that has what the platform says now.
async fn hears_of_it(gate: &GateProgram, made_before: &Value) {
    gate.sees("it has another bundle", |state| &state["bundle"]["made_at"] != made_before).await;
}

#[tokio::test]
async fn a_supplier_rotates_its_key_and_the_tickets_of_the_others_stay_as_they_are() {
    let museum = Process::fresh().await;
    let keeper = KeyKeeper::of(&museum).await;
    let visitor = Visitor::of(&museum);
    let (theirs_before, printed) = books(&museum, THEIRS).await;
    let (ours_before, ours) = books(&museum, OURS).await;
    let own = keeper.published(None).await.keys.remove(0);

    keeper.gives(THEIRS, Some(SUPPLIER)).await;
    assert_eq!(
        code(&visitor.tickets(&theirs_before).await[0]),
        code(&printed),
        "it has no key yet"
    );
    let key = keeper.rotates(SUPPLIER).await;
    assert_eq!(key.supplier_id.as_ref().unwrap().as_str(), SUPPLIER);
    assert_eq!(key.published_until, None, "until another follows");
    let shown = visitor.tickets(&theirs_before).await.remove(0);
    assert!(is_signed_by(&shown, &key), "shown again, it is signed anew");
    assert_eq!(shown["id"], printed["id"]);
    assert_eq!(code(&visitor.tickets(&ours_before).await[0]), code(&ours), "not a character");
    let (_, noon) = books(&museum, THEIRS).await;
    assert!(is_signed_by(&noon, &key) && code(&noon).len() < 200);
    let of_theirs =
        |set: &[PublishedKey]| -> Vec<String> { set.iter().map(|key| key.kid.clone()).collect() };
    let counting = keeper.published(Some(SUPPLIER)).await.keys;
    assert_eq!(of_theirs(&counting), [own.kid.clone(), key.kid.clone()], "the morning's, too");

    let second = keeper.rotates(SUPPLIER).await;
    let (_, evening) = books(&museum, THEIRS).await;
    assert!(is_signed_by(&evening, &second));
    assert_eq!(code(&visitor.tickets(&ours_before).await[0]), code(&ours));
    let gate = Gate::of(&museum, THEIRS, "main").await;
    for ticket in [&printed, &noon, &evening] {
        gate.scan(code(ticket)).await.expect(201);
    }
    let keys: Vec<Value> = gate.bundle().await.expect(200)["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 3);
    let ours_gate = Gate::of(&museum, OURS, "main").await;
    let keys = ours_gate.bundle().await.expect(200)["keys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 1, "{keys}");
    ours_gate.scan(code(&ours)).await.expect(201);

    // Back with the installation, the museum still believes what the supplier signed.
    let (_, last) = books(&museum, THEIRS).await;
    keeper.gives(THEIRS, None).await;
    gate.scan(code(&last)).await.expect(201);
    let (_, next) = books(&museum, THEIRS).await;
    assert!(is_signed_by(&next, &own));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_key_that_leaked_from_one_supplier_opens_no_door_of_another() {
    let museum = Process::fresh().await;
    let keeper = KeyKeeper::of(&museum).await;
    keeper.gives(THEIRS, Some(SUPPLIER)).await;
    let key = keeper.rotates(SUPPLIER).await;
    let secret = keeper.leaks(&key.kid);
    let (_, theirs) = books(&museum, THEIRS).await;
    let (_, ours) = books(&museum, OURS).await;
    let known: TicketId = ours["id"].as_str().unwrap().parse().unwrap();
    // For a ticket that is there, the worst that its finder could write.
    let forgery = forged(&theirs, &key, &secret, (OURS, known));

    let gate = Gate::of(&museum, OURS, "main").await;
    let refused = gate.scan(&forgery).await.expect_problem(422, "ticket-foreign-key", "code");
    assert!(refused["detail"].as_str().unwrap().contains(&key.kid), "{refused}");
    let other = forged(&theirs, &key, &secret, (OURS, invented()));
    gate.scan(&other).await.expect_problem(422, "ticket-foreign-key", "code");
    let disguised = forged(&theirs, &key, &secret, (THEIRS, known));
    gate.scan(&disguised).await.expect_problem(422, "ticket-forged", "code");
    let asked = json!({
        "uuid": atrio_tests::fresh_uuid(), "venue_id": OURS, "gate_id": "main", "code": forgery,
    });
    let party = gate.api.post("/v1/redemptions/party", &asked).await;
    party.expect_problem(422, "ticket-foreign-key", "code");

    let program = GateProgram::open(&museum, OURS, "north").await;
    program.knows(1).await;
    program.loses_its_line().await;
    for forgery in [&forgery, &other] {
        program.scan(forgery).await.expect_problem(422, "ticket-forged", "code");
    }
    let honest = program.scan(code(&theirs)).await;
    honest.expect_problem(422, "ticket-other-venue", "code");
    program.scan(code(&ours)).await.expect(201);
    program.finds_its_line().await;
    let sent = gate.sends_in(&[gate.let_in(&forgery, "2026-11-24T09:00:00Z")]).await.expect(200);
    assert_eq!(sent["results"][0]["outcome"], "REFUSED");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_key_withdrawn_at_noon_signs_nothing_and_turns_away_who_invents_tickets_only() {
    let mut museum = Process::fresh().await;
    let (bookings, key, secret, program) = {
        let keeper = KeyKeeper::of(&museum).await;
        keeper.gives(THEIRS, Some(SUPPLIER)).await;
        let key = keeper.rotates(SUPPLIER).await;
        let secret = keeper.leaks(&key.kid);
        let bookings = [books(&museum, THEIRS).await, books(&museum, THEIRS).await];
        let program = GateProgram::open(&museum, THEIRS, "north").await;
        program.knows(2).await;
        let before = program.state().await["bundle"]["made_at"].clone();
        keeper.withdraws(&key.kid).await;
        hears_of_it(&program, &before).await;
        keeper.withdraws(&key.kid[..16]).await;
        let none = museum.command(&["ticket-key", "withdraw", "0123456789abcdef"]).await;
        assert!(!none.status.success() && none.stderr.contains("names 0 keys"), "{}", none.stderr);
        (bookings, key, secret, program)
    };
    let [(first, printed), (_, also_printed)] = &bookings;
    let visitor = Visitor::of(&museum);
    let shown = visitor.tickets(first).await.remove(0);
    assert!(!is_signed_by(&shown, &key), "the page shows a good code at once");
    let fresh = KeyKeeper::of(&museum).await.published(Some(SUPPLIER)).await;
    assert!(fresh.keys.iter().any(|key| is_signed_by(&shown, key)), "of the same supplier");
    let forgery = forged(printed, &key, &secret, (THEIRS, invented()));

    let gate = Gate::of(&museum, THEIRS, "main").await;
    let refused = gate.scan(&forgery).await;
    let refused = refused.expect_problem(422, "ticket-key-withdrawn", "code");
    assert!(refused["errors"][0]["fix"].as_str().unwrap().contains("16 characters"), "{refused}");
    gate.scan(code(printed)).await.expect(201);
    gate.scan(code(&shown)).await.expect_problem(409, "ticket-already-redeemed", "code");

    program.loses_its_line().await;
    program.scan(&forgery).await.expect_problem(422, "ticket-key-withdrawn", "code");
    program.scan(code(also_printed)).await.expect(201);
    program.finds_its_line().await;
    drop(program);

    // What was withdrawn stays so, whoever starts the platform again.
    museum.restart().await;
    let gate = Gate::of(&museum, THEIRS, "main").await;
    eventually("the forgery is refused after a restart", SOON, async || {
        match gate.scan(&forgery).await.status {
            422 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
    let listed = museum.command(&["ticket-key", "list"]).await.stdout;
    assert!(listed.contains(&format!("{} of {SUPPLIER} was withdrawn at", key.kid)), "{listed}");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 2, "lake": 2}));
}
