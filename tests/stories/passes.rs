//! One pass for several museums: each of them says that it honours it, the gates count its entries
//! together, and it ends when it says.

use atrio_domain::ticket::verify;
use atrio_tests::{
    Gate, GateProgram, KeyKeeper, Manager, Outcome, Process, Visitor, Wish, fresh_uuid,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

const SELLER: &str = "20240";
const SECOND: &str = "106484";
const THIRD: &str = "105950";
const PASS: &str = "products/card";
/// The day of the museums' clock.
const FROM: &str = "2026-11-24T00:00";
const ADULT_CENTS: i64 = 2_400;

fn passes(units: &[(&str, u32)]) -> Wish {
    Wish { product: "card".to_owned(), ..Wish::at(SELLER, FROM, units) }
}

fn code(ticket: &Value) -> &str {
    ticket["code"].as_str().unwrap()
}

/// The pass as its museum writes it: three museums, once each, three days from the first entry.
async fn written(manager: &Manager) -> Value {
    let (mut product, _) = manager.reads("products/admission").await;
    let parts = product.as_object_mut().unwrap();
    for of_slots in ["exchange", "groups", "minimum"] {
        parts.remove(of_slots);
    }
    product["id"] = json!("card");
    product["name"] = json!({"it": "Tessera tre musei", "en": "Three-museum pass"});
    product["availability_type"] = json!("OPENING_HOURS");
    product["free_days"] = json!([]);
    product["capacity"] = json!(1_000);
    for unit in product["options"][0]["tariffs"][0]["units"].as_array_mut().unwrap() {
        if unit["id"] == "adult" {
            unit["price_cents"] = json!(ADULT_CENTS);
        }
    }
    let once = |venue: &str, name: &str| json!({"venue_id": venue, "name": name, "entries": {"kind": "TIMES", "times": 1}});
    product["pass"] = json!({
        "term": {"kind": "FROM_FIRST_ENTRY", "days": 3, "first_within_days": 30},
        "opens": [once(SELLER, "Primo museo"), once(SECOND, "Secondo museo"), once(THIRD, "Terzo museo")],
    });
    product
}

/// A museum lets in with the pass.
async fn honours(museum: &Process, venue: &str) {
    let manager = Manager::of(museum, venue).await;
    let (_, tag) = manager.reads("passes").await;
    let wanted = json!({"honours": [{"venue_id": SELLER, "product_id": "card"}]});
    manager.changes("passes", &tag, &wanted).await.expect(200);
}

async fn on_sale(museum: &Process) -> Manager {
    honours(museum, SECOND).await;
    honours(museum, THIRD).await;
    let manager = Manager::of(museum, SELLER).await;
    let product = written(&manager).await;
    manager.changes(PASS, "*", &product).await.expect(200);
    manager
}

#[tokio::test]
async fn a_family_visits_three_museums_with_one_pass_and_each_lets_it_in_once() {
    let mut museum = Process::fresh().await;
    on_sale(&museum).await;
    let visitor = Visitor::of(&museum);
    let shop = visitor.api.get(&format!("/v1/venues/{SECOND}")).await.expect(200);
    assert_eq!(shop["passes"][0]["venue_id"], SELLER, "shown in the shop of its other museums");
    assert_eq!(shop["passes"][0]["product"]["pass"]["term"]["en"], "3 days from the first entry");

    let (uuid, tickets) = visitor.buys(&passes(&[("adult", 1), ("minor", 1)])).await;
    let [adult, minor] = tickets.as_slice() else { panic!("{tickets:?}") };
    assert!(code(adult).len() < 200, "{}", code(adult));
    let validity = adult["pass"]["validity"]["en"].as_str().unwrap();
    assert_eq!(validity, "3 days from the first entry, which is from 24.11.2026 to 23.12.2026");
    let mail = museum.wrote_mails(1).await.remove(0);
    assert!(mail.text().contains("Secondo museo: un ingresso"), "{}", mail.text());

    let first = Gate::of(&museum, SELLER, "main").await;
    let entry = first.scan(code(adult)).await.expect(201);
    assert_eq!(entry["pass"]["entries_left"], 0);
    assert_eq!(entry["pass"]["admits_until"], "2026-11-26T22:59:59Z");
    first.scan(code(minor)).await.expect(201);
    let spent = first.scan(code(adult)).await.expect_problem(409, "pass-spent", "code");
    assert_eq!(spent["entries"], 1);

    let second = Gate::of(&museum, SECOND, "main").await;
    let nonce = fresh_uuid();
    let entry = second.scan_again(&nonce, code(adult)).await.expect(201);
    assert_eq!(second.scan_again(&nonce, code(adult)).await.expect(200), entry);
    second.takes_back(&nonce, "the turnstile did not turn").await.expect(200);
    second.scan(code(adult)).await.expect(201);
    let elsewhere = Gate::of(&museum, "20514", "main").await;
    let refused = elsewhere.scan(code(adult)).await;
    refused.expect_problem(422, "pass-other-venue", "code");
    let shown = visitor.tickets(&uuid).await;
    let left: Vec<&Value> = shown[0]["pass"]["opens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["entries_left"])
        .collect();
    assert_eq!(left, [&json!(0), &json!(0), &json!(1)]);

    // Two days later is the third day.
    museum.restart_after(SignedDuration::from_hours(48)).await;
    let third = Gate::of(&museum, THIRD, "main").await;
    third.scan(code(adult)).await.expect(201);
    museum.restart_after(SignedDuration::from_hours(24)).await;
    let third = Gate::of(&museum, THIRD, "main").await;
    let late = third.scan(code(minor)).await.expect_problem(422, "ticket-too-late", "code");
    assert_eq!(late["admitted_until"], "2026-11-26T22:59:59Z");

    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["bookings confirmed"], json!({"table": 1, "lake": 1}));
    assert_eq!(figures["cents kept"], json!({"table": ADULT_CENTS, "lake": ADULT_CENTS}));
    assert_eq!(figures["entries"], json!({"table": 4, "lake": 4}));
    for (venue, day, admissions) in
        [(SELLER, "2026-11-24", 2), (SECOND, "2026-11-24", 1), (THIRD, "2026-11-26", 1)]
    {
        let dashboard = Manager::of(&museum, venue).await.dashboard(day).await;
        assert_eq!(dashboard["totals"]["admissions"], admissions, "counted where it entered");
    }
}

#[tokio::test]
async fn a_pass_signed_with_its_sellers_own_key_opens_the_museums_of_other_suppliers() {
    let museum = Process::fresh().await;
    on_sale(&museum).await;
    let keeper = KeyKeeper::of(&museum).await;
    keeper.gives(SELLER, Some("museums-of-matera")).await;
    let key = keeper.rotates("museums-of-matera").await;
    let (_, tickets) = Visitor::of(&museum).buys(&passes(&[("adult", 1)])).await;
    verify(code(&tickets[0]), &[key.verifying_key().unwrap()]).unwrap();
    Gate::of(&museum, SELLER, "main").await.scan(code(&tickets[0])).await.expect(201);

    // The program of a gate has no key of another supplier: its line up, the platform reads the pass.
    let gate = GateProgram::open(&museum, SECOND, "main").await;
    gate.loses_its_line().await;
    gate.scan(code(&tickets[0])).await.expect_problem(409, "pass-needs-line", "code");
    gate.finds_its_line().await;
    let entry = gate.scan(code(&tickets[0])).await.expect(201);
    assert_eq!(entry["pass"]["entries_left"], 0);
    let third = Gate::of(&museum, THIRD, "main").await;
    third.scan(code(&tickets[0])).await.expect(201);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_museum_gives_away_no_other_museums_entrance() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, SELLER).await;
    let product = written(&manager).await;
    let refused = manager.changes(PASS, "*", &product).await;
    let refused = refused.expect_problem(422, "pass-not-honoured", "pass.opens[1].venue_id");
    assert_eq!(refused["venue_id"], SECOND);

    on_sale(&museum).await;
    let (_, tickets) = Visitor::of(&museum).buys(&passes(&[("adult", 1)])).await;
    let second = Manager::of(&museum, SECOND).await;
    let (_, tag) = second.reads("passes").await;
    second.changes("passes", &tag, &json!({"honours": []})).await.expect(200);
    let refused = Visitor::of(&museum).ask(&passes(&[("adult", 1)])).await;
    refused.expect_problem(409, "pass-not-honoured", "product_id");
    let gate = Gate::of(&museum, SECOND, "main").await;
    gate.scan(code(&tickets[0])).await.expect(201);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn eight_gates_scan_one_pass_at_once_and_one_lets_in() {
    let museum = Process::fresh().await;
    on_sale(&museum).await;
    let (_, tickets) = Visitor::of(&museum).buys(&passes(&[("adult", 1)])).await;
    for venue in [SECOND, SELLER] {
        let gate = Gate::of(&museum, venue, "main").await;
        let scans = (0..8).map(|_| {
            let (gate, code) = (gate.clone(), code(&tickets[0]).to_owned());
            tokio::spawn(async move { gate.scan(&code).await.status })
        });
        let mut admitted = 0;
        for scan in scans.collect::<Vec<_>>() {
            match scan.await.unwrap() {
                201 => admitted += 1,
                status => assert!([409, 503].contains(&status), "{status}"),
            }
        }
        assert_eq!(admitted, 1, "at {venue}");
    }
    assert_eq!(museum.nothing_left_over().await["entries"]["lake"], 2);
}

#[tokio::test]
async fn a_pass_goes_back_unused_and_a_lost_one_is_issued_again_with_what_is_left() {
    let museum = Process::fresh().await;
    on_sale(&museum).await;
    let visitor = Visitor::of(&museum);
    let (unused, _) = visitor.buys(&passes(&[("adult", 2)])).await;
    let terms = visitor.booking(&unused).await["cancellation"].clone();
    assert_eq!(terms["refund_cents"], 2 * ADULT_CENTS, "{terms}");
    visitor.cancel_for(&unused, 2 * ADULT_CENTS).await.expect(200);

    let (uuid, tickets) = visitor.buys(&passes(&[("adult", 1)])).await;
    let (first, second) =
        (Gate::of(&museum, SELLER, "main").await, Gate::of(&museum, SECOND, "main").await);
    first.scan(code(&tickets[0])).await.expect(201);
    visitor.cancel(&uuid).await.expect_problem(409, "ticket-used", "uuid");
    let id = tickets[0]["id"].as_str().unwrap();
    let fresh = visitor.takes_new_ticket(&uuid, id, &fresh_uuid()).await.expect(201);
    second.scan(code(&tickets[0])).await.expect_problem(409, "ticket-replaced", "code");
    first.scan(code(&fresh)).await.expect_problem(409, "pass-spent", "code");
    second.scan(code(&fresh)).await.expect(201);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_gate_program_lets_in_with_a_pass_while_it_reaches_the_platform_and_not_alone() {
    let museum = Process::fresh().await;
    on_sale(&museum).await;
    let visitor = Visitor::of(&museum);
    let held = visitor.hold(&passes(&[("adult", 2)])).await;
    visitor.pay(&held, Outcome::Pay).await;
    visitor.sees(&held, "CONFIRMED").await;
    let tickets = visitor.tickets(&held).await;
    let program = GateProgram::open(&museum, SECOND, "side").await;
    program.scan(code(&tickets[0])).await.expect(201);
    program.scan(code(&tickets[0])).await.expect_problem(409, "pass-spent", "code");
    program.loses_its_line().await;
    let refused = program.scan(code(&tickets[1])).await;
    refused.expect_problem(409, "pass-needs-line", "code");
    museum.nothing_left_over().await;
}
