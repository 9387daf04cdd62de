//! The state tariff, kept once by the platform's operator: all museums follow a change of it, and one that has
//! a price of its own keeps that until it gives it back.

use std::time::Duration;

use atrio_tests::{Api, Manager, Process, eventually};
use serde_json::{Value, json};

const OWN: &str = "20240";
const OTHER: &str = "106484";
const STATE: &str = "/v1/templates/state";

/// Some hundred venues are written, one after the other.
const SPREAD: Duration = Duration::from_secs(120);

async fn operator(platform: &Process) -> Api {
    let token = platform.token("operator", None).await;
    platform.api().with_token(Some(token))
}

/// The state tariff as the museums of the samples have it.
async fn state(manager: &Manager) -> Value {
    let (product, _) = manager.reads("products/admission").await;
    json!({
        "id": "state",
        "name": {"it": "Tariffa statale", "en": "State tariff"},
        "kinds": ["MUSEUM"],
        "product_id": "admission",
        "parts": {
            "tariffs": {
                "full_price": "VENUE",
                "options": product["options"],
                "free_days": product["free_days"],
                "surcharges": product["surcharges"],
            },
            "cancellation": product["cancellation"],
        },
    })
}

/// All museums have the version of the template.
async fn all_follow(operator: &Api, version: u64) -> Vec<Value> {
    eventually("the template is everywhere", SPREAD, async || {
        let seen = operator.get("/v1/templates").await.expect(200)["templates"][0].clone();
        let is_done = seen["version"] == version && seen["is_spreading"] == false;
        if is_done { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
    let seen = operator.get(&format!("{STATE}/followers")).await.expect(200);
    let followers = seen["followers"].as_array().cloned().unwrap_or_default();
    assert!(followers.len() >= 199, "{} follow", followers.len());
    assert_eq!(seen["waiting"], 0);
    assert!(followers.iter().all(|one| one["version"] == version), "{followers:?}");
    followers
}

fn cents_of_reduced(product: &Value) -> i64 {
    let units = product["options"][0]["tariffs"][0]["units"].as_array().unwrap();
    let reduced = units.iter().find(|unit| unit["id"] == "youth");
    reduced.unwrap()["price_cents"].as_i64().unwrap()
}

/// The tariff with another price for the young.
fn dearer(tariffs: &mut Value, cents: i64) {
    for unit in tariffs["options"][0]["tariffs"][0]["units"].as_array_mut().unwrap() {
        if unit["id"] == "youth" {
            unit["price_cents"] = json!(cents);
        }
    }
}

#[tokio::test]
async fn an_operator_changes_the_state_tariff_once_and_a_museum_with_its_own_price_keeps_it() {
    let mut museum = Process::fresh().await;
    let (own, other) = (Manager::of(&museum, OWN).await, Manager::of(&museum, OTHER).await);
    let mut template = state(&own).await;
    let api = operator(&museum).await;
    api.put(STATE, "*", &template).await.expect(200);
    let followers = all_follow(&api, 1).await;
    assert!(followers.iter().all(|one| one["misfit"].is_null()), "{followers:?}");
    let (followed, _) = own.reads("template").await;
    assert_eq!((&followed["kind"], &followed["own"]), (&json!("TEMPLATE"), &json!([])));

    let (mut product, tag) = own.reads("products/admission").await;
    dearer(&mut product, 400);
    own.changes("products/admission", &tag, &product).await.expect(200);
    assert_eq!(own.reads("template").await.0["own"], json!(["tariffs"]), "marked as its own");

    dearer(&mut template["parts"]["tariffs"], 300);
    template["parts"]["cancellation"] = json!({"refund_until_minutes_before": 60});
    let tag = api.get(STATE).await.entity_tag();
    api.put(STATE, &tag, &template).await.expect(200);
    api.put(STATE, &tag, &json!({"id": "state"})).await.expect_problem(
        422,
        "invalid-field",
        "name",
    );
    // Cut off in the middle, it goes on where it was.
    museum.kill9();
    museum.restart().await;
    all_follow(&api, 2).await;
    let product = own.reads("products/admission").await.0;
    assert_eq!(cents_of_reduced(&product), 400, "its own price stands");
    assert_eq!(product["cancellation"]["refund_until_minutes_before"], 60, "all else follows");
    let product = other.reads("products/admission").await.0;
    assert_eq!(cents_of_reduced(&product), 300);
    assert_eq!(product["cancellation"]["refund_until_minutes_before"], 60);
    let record = other.offer_changes().await.remove(0);
    assert_eq!((&record["part"], &record["role"]), (&json!("template/state"), &json!("operator")));

    let (mut followed, tag) = own.reads("template").await;
    followed["own"] = json!([]);
    own.changes("template", &tag, &followed).await.expect(200);
    let product = own.reads("products/admission").await.0;
    assert_eq!(cents_of_reduced(&product), 300, "given back, it is as the template says at once");
    let (mut followed, tag) = other.reads("template").await;
    followed["kind"] = json!("NONE");
    other.changes("template", &tag, &followed).await.expect(200);
    let seen = api.get(&format!("{STATE}/followers")).await.expect(200);
    let followers = seen["followers"].as_array().unwrap();
    assert!(followers.iter().all(|one| one["venue_id"] != OTHER));
    assert_eq!(cents_of_reduced(&other.reads("products/admission").await.0), 300, "as it was");
    museum.nothing_left_over().await;
}
