//! P1 on a hot slot whose places are spread over shards: never one place too many, and never one too few.
//! The last places are sold wherever they are, to one of a hundred who ask at once; what shards have is nobody's
//! when a venue takes places away; a kill leaves no place behind.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

use std::time::Duration;

use atrio_tests::{Manager, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use futures::stream::{self, StreamExt as _};
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-25T11:00";

/// Longer than a hold.
const AFTER_EVERY_HOLD: SignedDuration = SignedDuration::from_secs(16 * 60);

fn party(people: u32) -> Wish {
    Wish::at(VENUE, SLOT, &[("minor", people)])
}

async fn has_places(museum: &Process, places: u64, shards: Option<u8>) {
    let manager = Manager::of(museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["capacity"] = json!(places);
    product["shards"] = json!(shards);
    manager.changes("products/admission", &tag, &product).await.expect(200);
}

/// Those who ask, with what they ask again when they heard nothing.
fn buyers(museum: &Process, people: impl IntoIterator<Item = u32>) -> Vec<(Visitor, Value)> {
    let buyer = |people| {
        let visitor = Visitor::of(museum);
        let body = visitor.request(&fresh_uuid(), &party(people));
        (visitor, body)
    };
    people.into_iter().map(buyer).collect()
}

/// Everybody asks at once; answers how many places who was told has.
async fn all_ask(buyers: &[(Visitor, Value)]) -> Vec<u64> {
    let asked = stream::iter(buyers).map(async |(visitor, body)| {
        match visitor.api.try_post("/v1/bookings", body).await {
            Ok(answer) if [200, 201].contains(&answer.status) => {
                body["units"][0]["quantity"].as_u64().unwrap()
            }
            Ok(answer) => {
                answer.expect_problem(409, "sold-out", "units");
                0
            }
            // The machine went down before it answered.
            Err(_) => 0,
        }
    });
    asked.buffered(100).collect().await
}

/// Places taken as anyone can read them.
async fn taken(museum: &Process) -> u64 {
    let path = format!("/v1/venues/{VENUE}/split?product_id=admission&day=2026-11-25");
    let report = museum.api().get(&path).await.expect(200);
    let slots = report["slots"].as_array().unwrap();
    slots.iter().find(|slot| slot["id"] == SLOT).unwrap()["taken"].as_u64().unwrap()
}

#[tokio::test]
async fn of_a_hundred_who_ask_at_once_one_gets_the_last_place() {
    let museum = Process::fresh().await;
    has_places(&museum, 9, Some(8)).await;
    for people in [3, 3, 2] {
        Visitor::of(&museum).hold(&party(people)).await;
    }
    let told = all_ask(&buyers(&museum, [1; 100])).await;
    assert_eq!(told.iter().sum::<u64>(), 1, "{told:?}");
    assert_eq!(taken(&museum).await, 9);
}

#[tokio::test]
async fn every_place_is_sold_wherever_it_is_and_comes_back_through_kills() {
    let mut museum = Process::fresh().await;
    has_places(&museum, 60, Some(7)).await;
    // A hundred places are wanted; parties of one come last, and fit wherever somebody else did not.
    let crowd = buyers(&museum, (0..50).map(|number| 1 + number % 3));
    let first = {
        let kill = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            museum.kill9();
        };
        tokio::join!(all_ask(&crowd), kill).0
    };
    museum.restart().await;
    let told = all_ask(&crowd).await;
    assert!(first.iter().zip(&told).all(|(before, after)| before <= after), "P6");
    let sold: u64 = told.iter().sum();
    let rest = all_ask(&buyers(&museum, [1; 40])).await;
    assert_eq!(sold + rest.iter().sum::<u64>(), 60, "not one more and not one less");
    assert_eq!(taken(&museum).await, 60);

    // Nobody confirms: all comes back, and is sold again to the last place.
    museum.restart_after(AFTER_EVERY_HOLD).await;
    eventually("every place is back", SOON, async || match taken(&museum).await {
        0 => Ok(()),
        left => Err(left.to_string()),
    })
    .await;
    let again = all_ask(&buyers(&museum, [2; 40])).await;
    assert_eq!(again.iter().sum::<u64>(), 60);
    assert_eq!(taken(&museum).await, 60);
}

#[tokio::test]
async fn a_venue_that_takes_places_or_shards_away_while_all_ask_sells_none_that_is_gone() {
    let museum = Process::fresh().await;
    has_places(&museum, 400, Some(4)).await;
    // Each shard has a stock of some forty places then.
    assert_eq!(all_ask(&buyers(&museum, [1; 20])).await.iter().sum::<u64>(), 20);
    for (places, shards) in [(30, Some(4)), (50, Some(16)), (55, None), (60, Some(2))] {
        has_places(&museum, places, shards).await;
        let crowd = buyers(&museum, (0..60).map(|number| 1 + number % 2));
        let before = taken(&museum).await;
        let told: u64 = all_ask(&crowd).await.iter().sum();
        assert_eq!((before + told, taken(&museum).await), (places, places), "{shards:?}");
    }
    // While everybody asks, it is all changed at once.
    has_places(&museum, 120, Some(8)).await;
    let changes = async {
        for (places, shards) in [(90, Some(3)), (110, None), (70, Some(5)), (110, Some(8))] {
            has_places(&museum, places, shards).await;
        }
    };
    let crowd = buyers(&museum, [1; 80]);
    let (told, ()) = tokio::join!(all_ask(&crowd), changes);
    assert_eq!(taken(&museum).await, 60 + told.iter().sum::<u64>());
    let rest = all_ask(&buyers(&museum, [1; 60])).await;
    assert!(taken(&museum).await >= 110, "{rest:?}");
    assert!(taken(&museum).await <= 120, "{rest:?}");
}
