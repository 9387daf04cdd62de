//! Tickets that admit whom they name: the visitor names who comes before paying, changes a name while it
//! is time, and the steward at the gate compares a document. No name is in the gates' bundle or the log;
//! that none is in the lake, the promises try.

use atrio_tests::{Answer, Clerk, Gate, Manager, Outcome, Process, Visitor, Wish, fresh_uuid};
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-25T11:00";

/// A museum whose tickets name who enters; names change once, until two hours before.
async fn museum_that_names() -> Process {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["admission"]["holder_names"] =
        json!({"change_until_minutes_before": 120, "changes_max": 1});
    manager.changes("products/admission", &tag, &product).await.expect(200);
    museum
}

async fn names(visitor: &Visitor, booking: &str, holders: &[&str]) -> Answer {
    let path = format!("/v1/bookings/{booking}/holders");
    let body = json!({"holders": holders}).to_string();
    visitor.api.send("PUT", &path, Some("application/json"), body).await
}

fn shown(answer: &Value) -> &str {
    answer["show"]["en"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_ticket_names_who_enters_and_the_gate_shows_whose_document_to_look_at() {
    let mut museum = museum_that_names().await;
    let visitor = Visitor::of(&museum);
    let wish = Wish::at(VENUE, SLOT, &[("adult", 2)]);
    let booking = visitor.hold(&wish).await;
    let wanted = visitor.booking(&booking).await["holders"].clone();
    assert_eq!((&wanted["places"], &wanted["are_given"]), (&json!(2), &json!(false)));
    visitor.start_payment(&booking).await.expect_problem(409, "names-missing", "uuid");
    let one = names(&visitor, &booking, &["Holder Alfa"]).await;
    one.expect_problem(422, "wrong-number-of-names", "holders");
    let blank = names(&visitor, &booking, &["Holder Alfa", " "]).await;
    blank.expect_problem(422, "invalid-name", "holders[1]");
    // On hold, names change as often as one likes.
    names(&visitor, &booking, &["Holder Alfa", "Holder Zulu"]).await.expect(200);
    let given = names(&visitor, &booking, &["Holder Alfa", "Holder Bravo"]).await.expect(200);
    assert_eq!(given["holders"]["changes_left"], 1);
    assert!(!given.to_string().contains("Bravo"), "the booking's view names nobody: {given}");

    visitor.pay(&booking, Outcome::Pay).await;
    visitor.sees(&booking, "CONFIRMED").await;
    let tickets = visitor.tickets(&booking).await;
    let document = |ticket: &Value| ticket["document"]["it"].as_str().unwrap_or("").to_owned();
    assert!(document(&tickets[1]).starts_with("Documento di Holder Bravo"), "{:?}", tickets[1]);
    let code = tickets[1]["code"].as_str().unwrap().to_owned();
    // Somebody else comes in the place of one: once, and a repeat is no second change.
    for _ in 0..2 {
        names(&visitor, &booking, &["Holder Alfa", "Holder Charlie"]).await.expect(200);
    }
    let often = names(&visitor, &booking, &["Holder Alfa", "Holder Bravo"]).await;
    often.expect_problem(409, "names-changed-too-often", "holders");
    let kept = visitor.asks_what_is_kept(&booking).await.expect(200);
    assert_eq!(kept["holders"], json!(["Holder Alfa", "Holder Charlie"]));

    // The code stays, and what the gate has for itself names nobody.
    let again = visitor.tickets(&booking).await;
    assert_eq!(again[1]["typed_code"], tickets[1]["typed_code"]);
    museum.restart_after(SignedDuration::from_hours(25)).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let bundle = gate.bundle().await;
    assert_eq!(bundle.status, 200);
    for name in ["Alfa", "Bravo", "Charlie"] {
        assert!(!bundle.text().contains(name), "the bundle names nobody");
        assert!(!museum.log().contains(name), "nor does the log");
    }
    let nonce = fresh_uuid();
    let admitted = gate.scan_again(&nonce, &code).await.expect(201);
    assert!(shown(&admitted).starts_with("Document of Holder Charlie"), "{admitted}");
    let repeated = gate.scan_again(&nonce, &code).await.expect(200);
    assert_eq!(shown(&repeated), shown(&admitted));
    museum.nothing_left_over().await;

    // Forgotten, the ticket still stands, without a name.
    let visitor = Visitor { api: museum.api(), ..visitor };
    assert_eq!(visitor.asks_to_be_forgotten(&booking).await.status, 204);
    let kept = visitor.asks_what_is_kept(&booking).await.expect(200);
    assert_eq!(kept["holders"], json!([]));
}

#[tokio::test]
async fn names_stand_from_the_hour_the_product_says_and_a_desk_asks_them_too() {
    let mut museum = museum_that_names().await;
    let visitor = Visitor::of(&museum);
    let booking = visitor.hold(&Wish::at(VENUE, SLOT, &[("minor", 1)])).await;
    visitor.confirm(&booking).await.expect_problem(409, "names-missing", "uuid");
    names(&visitor, &booking, &["Holder Delta"]).await.expect(200);
    visitor.confirm(&booking).await.expect(200);

    let clerk = Clerk::of(&museum, VENUE).await;
    let shift = fresh_uuid();
    clerk.opens(&shift, "window-1", 0).await.expect(201);
    let sold = clerk.holds(&Wish::at(VENUE, SLOT, &[("minor", 1)])).await;
    let nameless = clerk.sells(&shift, &sold, "FREE", None).await;
    nameless.expect_problem(409, "names-missing", "booking_uuid");
    let nobody = Visitor { api: clerk.api.clone(), ..Visitor::of(&museum) };
    names(&nobody, &sold, &["Holder Echo"]).await.expect(200);
    clerk.sells(&shift, &sold, "FREE", None).await.expect(201);

    museum.restart_after(SignedDuration::from_hours(23)).await;
    let visitor = Visitor { api: museum.api(), ..visitor };
    let late = names(&visitor, &booking, &["Holder Foxtrot"]).await;
    late.expect_problem(409, "names-stand", "holders");
    names(&visitor, &booking, &["Holder Delta"]).await.expect(200);
}
