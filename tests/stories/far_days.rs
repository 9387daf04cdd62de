//! Days at the end of the calendar and beyond what is on sale: each is answered like any other, and soon.

use std::time::Duration;

use atrio_tests::{Answer, Manager, Process, Reseller};
use serde_json::{Value, json};

use crate::octo::{SITE, TOMORROW};

/// The last day that there is.
const LAST: &str = "9999-12-31";

/// A hundred times what an answer takes, for a loop without an end is what this is about.
async fn ends(answer: impl Future<Output = Answer>) -> Answer {
    tokio::time::timeout(Duration::from_secs(20), answer).await.unwrap()
}

#[tokio::test]
async fn the_last_day_of_the_calendar_is_a_day_without_visits() {
    let museum = Process::fresh().await;
    let api = museum.api();
    let split = format!("/v1/venues/20240/split?product_id=admission&day={LAST}");
    assert!(ends(api.get(&split)).await.expect(200)["slots"].is_array());
    let days = format!("/v1/venues/20240/availability?product_id=admission&from={LAST}&to={LAST}");
    let days = ends(api.get(&days)).await.expect(200);
    assert_eq!(days["days"][0]["status"], "CLOSED", "{days}");

    let manager = Manager::of(&museum, "20240").await;
    let called_off = ends(manager.calls_off(LAST, LAST)).await.expect(200);
    assert_eq!(called_off["called_off"], json!([]));

    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let day = json!({"productId": SITE, "optionId": "standard", "localDate": LAST});
    for path in ["/availability", "/availability/calendar"] {
        let answer = ends(reseller.post(path, &day)).await.expect(200);
        assert!(answer.as_array().is_some_and(|days| days.len() <= 1), "{answer}");
    }
    let ids = ["1900-01-01T11:00:00+01:00", TOMORROW, "9998-12-31T11:00:00+01:00"];
    let far = json!({"productId": SITE, "optionId": "standard", "availabilityIds": ids});
    let found = ends(reseller.post("/availability", &far)).await.expect(200);
    let found: Vec<&Value> = found.as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(found, [TOMORROW]);
}
