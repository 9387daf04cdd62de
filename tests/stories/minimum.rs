//! A guided visit that takes place only with enough people: with enough it goes ahead, with too few
//! everybody is told and paid back, and nobody books a visit that is off.

use atrio_tests::{Manager, Process, SOON, Visitor, Wish, eventually};
use jiff::Timestamp;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const ADMISSION: &str = "products/admission";

/// Decided a day before.
async fn asks_for_three(museum: &Process) {
    let manager = Manager::of(museum, VENUE).await;
    let (mut product, tag) = manager.reads(ADMISSION).await;
    product["minimum"] = json!({"places": 3, "decided_minutes_before": 24 * 60});
    manager.changes(ADMISSION, &tag, &product).await.expect(200);
}

fn adults(hour: u8, number: u32) -> Wish {
    Wish::at(VENUE, &format!("2026-11-26T{hour}:00"), &[("adult", number)])
}

#[tokio::test]
async fn a_visit_with_too_few_people_is_called_off_and_one_with_enough_goes_ahead() {
    let mut museum = Process::fresh().await;
    asks_for_three(&museum).await;
    let (two, three) = (Visitor::of(&museum), Visitor::of(&museum));
    let shown = two.api.get(&format!("/v1/venues/{VENUE}")).await.expect(200);
    assert_eq!(shown["products"][0]["minimum"]["places"], 3, "said before anybody pays");
    let (lonely, _) = two.buys(&adults(11, 2)).await;
    let (joined, tickets) = three.buys(&adults(12, 3)).await;
    museum.wrote_mails(2).await;

    // A quarter past noon, a day before: the visit of eleven and of noon are decided.
    let noon: Timestamp = "2026-11-25T12:05:00Z".parse().unwrap();
    museum.restart_after(noon.duration_since(museum.now())).await;
    let cancelled = two.sees(&lonely, "CANCELLED").await;
    assert!(["REFUND_DUE", "REFUNDED"].contains(&cancelled["payment"]["status"].as_str().unwrap()));
    assert_eq!(three.sees(&joined, "CONFIRMED").await["status"], "CONFIRMED");
    museum.wrote_mails(3).await;

    two.ask(&adults(11, 3)).await.expect_problem(409, "too-few-people", "slot_id");
    assert_eq!(two.vacancies(&adults(11, 1)).await, 0);
    eventually("the visit of noon can be joined", SOON, async || {
        let answer = two.ask(&adults(12, 1)).await;
        if answer.status == 201 { Ok(()) } else { Err(answer.text()) }
    })
    .await;
    // Whoever gives up now changes nothing of that: it was decided.
    three.cancel(&joined).await.expect(200);
    two.hold(&adults(12, 1)).await;
    assert_eq!(tickets.len(), 3);
    museum.lake_agrees().await;
}

#[tokio::test]
async fn a_minimum_that_no_slot_can_reach_is_refused_where_it_is_wrong() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (product, tag) = manager.reads(ADMISSION).await;
    let refused: [(Value, &str, &str); 4] = [
        (json!({"places": 0, "decided_minutes_before": 60}), "invalid-offer", "minimum.places"),
        (json!({"places": 9999, "decided_minutes_before": 60}), "invalid-offer", "minimum.places"),
        (
            json!({"places": 2, "decided_minutes_before": 600_000}),
            "invalid-offer",
            "minimum.decided_minutes_before",
        ),
        (json!({"places": 2}), "invalid-field", "minimum.decided_minutes_before"),
    ];
    for (minimum, kind, field) in refused {
        let mut product = product.clone();
        product["minimum"] = minimum;
        manager.changes(ADMISSION, &tag, &product).await.expect_problem(422, kind, field);
    }
}
