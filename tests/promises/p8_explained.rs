//! P8: every refusal, block and score says why. (That every problem document names the field and
//! the fix is held by `stories/bad_input`.)

use atrio_domain::id::CallerUuid;
use atrio_tests::{Manager, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use serde_json::{Value, json};

const VENUE: &str = "105950";

fn explains(reasons: &Value, rule: &str) -> bool {
    reasons.as_array().is_some_and(|reasons| {
        let worded = |reason: &Value| {
            ["it", "en"]
                .iter()
                .all(|language| !reason["text"][language].as_str().unwrap_or_default().is_empty())
        };
        reasons.iter().any(|reason| reason["rule"] == rule) && reasons.iter().all(worded)
    })
}

#[tokio::test]
async fn a_hoarder_is_blocked_with_reasons_that_visitor_and_manager_can_read() {
    let museum = Process::fresh().await;
    let hoarder = Visitor::of(&museum);
    let wish = |hour: u32| Wish::at(VENUE, &format!("2026-11-25T{hour}:00"), &[("adult", 10)]);
    let mut held = Vec::new();
    for hour in [10, 11, 12] {
        held.push(hoarder.hold(&wish(hour)).await);
    }
    // Behaviour is counted from the stream, so the rule may speak a moment later.
    let (uuid, refused) = eventually("the hoarder is blocked", SOON, async || {
        let uuid = fresh_uuid();
        let answer = hoarder.api.post("/v1/bookings", &hoarder.request(&uuid, &wish(15))).await;
        if answer.status == 403 {
            return Ok((uuid, answer));
        }
        hoarder.cancel(&uuid).await.expect(200);
        Err(answer.text())
    })
    .await;
    let refused = refused.expect_problem(403, "blocked", "contact");
    assert!(explains(&refused["reasons"], "hoarding"), "{refused}");
    let booking = hoarder.api.get(&format!("/v1/bookings/{uuid}")).await;
    booking.expect_problem(404, "unknown-booking", "uuid");

    let manager = Manager::of(&museum, VENUE).await;
    let reference = uuid.parse::<CallerUuid>().unwrap().reference();
    let blocked = eventually("the manager sees the block", SOON, async || {
        let decisions = manager.decisions().await;
        let found =
            decisions.iter().find(|decision| decision["booking_reference"] == reference.as_str());
        found.cloned().ok_or_else(|| json!(decisions).to_string())
    })
    .await;
    assert_eq!(blocked["outcome"], "BLOCK");
    assert!(blocked["score"].as_u64().unwrap() >= 100);
    assert!(explains(&blocked["reasons"], "hoarding"), "{blocked}");
    assert!(!blocked["rules_version"].as_str().unwrap().is_empty());
    for uuid in &held {
        hoarder.cancel(uuid).await.expect(200);
    }
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn every_price_and_every_closed_day_says_why() {
    let museum = Process::fresh().await;
    let api = museum.api();
    let path = format!(
        "/v1/venues/{VENUE}/availability?product_id=admission&from=2026-11-24&to=2027-01-20"
    );
    let calendar = api.get(&path).await.expect(200);
    let worded = |text: &Value| {
        ["it", "en"].iter().all(|language| !text[language].as_str().unwrap_or_default().is_empty())
    };
    for day in calendar["days"].as_array().unwrap() {
        if day["status"] == "CLOSED" {
            assert!(worded(&day["note"]), "{day}");
        }
        for price in day["prices"].as_array().unwrap() {
            assert!(worded(&price["reason"]), "{price}");
        }
    }
    let first_sunday = &calendar["days"].as_array().unwrap()[12];
    assert_eq!(first_sunday["date"], "2026-12-06");
    assert!(worded(&first_sunday["note"]), "{first_sunday}");
    assert!(
        first_sunday["prices"].as_array().unwrap().iter().all(|price| price["price_cents"] == 0)
    );
}
