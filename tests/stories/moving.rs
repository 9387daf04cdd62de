//! A museum closes on a day that was sold: each visitor may move the visit at no cost or have the money back,
//! and who chooses nothing is paid back by itself.

use atrio_tests::{Manager, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::exchange::dear_december;

const VENUE: &str = "105950";
/// Three days ahead of the museum's clock, and closed afterwards.
const FRIDAY: &str = "2026-11-27T11:00";
/// A slot of the dearer month.
const DECEMBER: &str = "2026-12-02T11:00";
const TWO_ADULTS_CENTS: i64 = 500;

fn two_adults(slot: &str) -> Wish {
    Wish::at(VENUE, slot, &[("adult", 2)])
}

/// The museum closes on the Friday, and exchanges nothing by rule.
async fn closes_on_friday(manager: &Manager) {
    let (mut opening, tag) = manager.reads("opening").await;
    let reason = json!({"it": "Chiuso per allerta meteo", "en": "Closed: weather alert"});
    opening["closures"] = json!([{"from": "2026-11-27", "to": "2026-11-27", "reason": reason}]);
    manager.changes("opening", &tag, &opening).await.expect(200);
}

async fn exchanges_nothing(manager: &Manager) {
    let (mut product, tag) = manager.reads("products/admission").await;
    product["exchange"] = Value::Null;
    manager.changes("products/admission", &tag, &product).await.expect(200);
}

async fn is_cancelled(visitor: &Visitor, uuid: &str) -> Value {
    eventually("the visit is off and paid back", SOON, async || {
        let booking = visitor.booking(uuid).await;
        let is_done =
            booking["status"] == "CANCELLED" && booking["payment"]["status"] == "REFUNDED";
        if is_done { Ok(booking) } else { Err(booking.to_string()) }
    })
    .await
}

#[tokio::test]
async fn visitors_of_a_closed_day_move_at_no_cost_or_are_paid_back_whatever_they_do() {
    let mut museum = Process::fresh().await;
    dear_december(&museum).await;
    let manager = Manager::of(&museum, VENUE).await;
    exchanges_nothing(&manager).await;
    let [mover, leaver, sleeper] = [(); 3].map(|()| Visitor::of(&museum));
    let (moved, _) = mover.buys(&two_adults(FRIDAY)).await;
    let (left, _) = leaver.buys(&two_adults(FRIDAY)).await;
    let (slept, _) = sleeper.buys(&two_adults(FRIDAY)).await;
    mover.exchanges(&moved, &fresh_uuid(), DECEMBER).await.expect_problem(
        409,
        "not-exchangeable",
        "uuid",
    );
    museum.wrote_mails(3).await;

    closes_on_friday(&manager).await;
    let done = manager.offers_moves("2026-11-27", "2026-11-27", 7).await.expect(200);
    assert_eq!(done["offered"].as_array().unwrap().len(), 3, "{done}");
    assert_eq!(done["called_off"], json!([]));
    let again = manager.offers_moves("2026-11-27", "2026-11-27", 14).await.expect(200);
    assert_eq!((&again["offered"], &again["remaining"]), (&json!([]), &json!(0)), "once is enough");
    let mails = museum.wrote_mails(6).await;
    let told = mails.iter().filter(|mail| mail.text().contains("Chiuso per allerta meteo")).count();
    assert_eq!(told, 3);
    let shown = mover.booking(&moved).await;
    assert_eq!(shown["moving"]["reason"]["en"], "Closed: weather alert");

    let offer = mover.asks_about(&moved, DECEMBER).await.expect(200)["offer"].clone();
    assert_eq!((&offer["due_cents"], &offer["refund_cents"]), (&json!(0), &json!(0)), "{offer}");
    let key = fresh_uuid();
    mover.exchanges(&moved, &key, DECEMBER).await.expect(201);
    mover.confirm(&key).await.expect(200);
    let new = mover.booking(&key).await;
    assert_eq!((&new["total_cents"], &new["moving"]), (&json!(TWO_ADULTS_CENTS), &Value::Null));
    assert_eq!(mover.tickets(&key).await.len(), 2);
    leaver.cancel_for(&left, TWO_ADULTS_CENTS).await.expect(200);
    is_cancelled(&leaver, &left).await;
    assert_eq!(sleeper.booking(&slept).await["status"], "CONFIRMED", "there is time to choose");

    // The day is past, and the museum takes what is over off its list; that brings no visit back.
    museum.restart_after(SignedDuration::from_hours(4 * 24)).await;
    let tidy = Manager::of(&museum, VENUE).await;
    let (mut opening, tag) = tidy.reads("opening").await;
    opening["closures"] = json!([]);
    tidy.changes("opening", &tag, &opening).await.expect(200);
    // So is the deadline; the machine was off meanwhile.
    museum.restart_after(SignedDuration::from_hours(3 * 24 + 1)).await;
    is_cancelled(&sleeper, &slept).await;
    sleeper.exchanges(&slept, &fresh_uuid(), DECEMBER).await.expect_problem(
        409,
        "wrong-state",
        "uuid",
    );
    assert_eq!(mover.booking(&key).await["status"], "CONFIRMED");
    let mails = museum.wrote_mails(10).await;
    let off = mails.iter().filter(|mail| mail.header("subject").starts_with("Visita annullata"));
    assert_eq!(off.count(), 2, "also who slept is told");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"], json!({"table": TWO_ADULTS_CENTS, "lake": TWO_ADULTS_CENTS}));
}

#[tokio::test]
async fn a_museum_that_opens_again_after_all_keeps_its_word_to_who_waited() {
    let mut museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let visitor = Visitor::of(&museum);
    let (uuid, _) = visitor.buys(&two_adults(FRIDAY)).await;
    closes_on_friday(&manager).await;
    manager.offers_moves("2026-11-27", "2026-11-27", 1).await.expect(200);
    let (mut opening, tag) = manager.reads("opening").await;
    opening["closures"] = json!([]);
    manager.changes("opening", &tag, &opening).await.expect(200);
    museum.restart_after(SignedDuration::from_hours(25)).await;
    let booking = eventually("nothing is on offer any more", SOON, async || {
        let booking = visitor.booking(&uuid).await;
        if booking["moving"].is_null() { Ok(booking) } else { Err(booking.to_string()) }
    })
    .await;
    assert_eq!(booking["status"], "CONFIRMED");
    museum.nothing_left_over().await;
}
