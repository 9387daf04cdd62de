//! Counting behaviour at a table: many events in one commit, each once.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

use atrio::database::{Database, Tidying, store};
use atrio_domain::risk::{RiskKeys, Velocity};
use atrio_dynamo::velocity::{CountedEvent, Event, TOGETHER};
use jiff::Timestamp;
use uuid::Uuid;

const NOW: &str = "2026-05-01T10:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn keys(visitor: usize) -> RiskKeys {
    let email = format!("visitor-{visitor}@example.org");
    RiskKeys::of(b"key", Some(&email), Some("10.0.0.1"))
}

fn hold(visitor: usize) -> CountedEvent {
    CountedEvent {
        booking: Uuid::new_v4().into(),
        event: Event::Hold,
        keys: keys(visitor),
        figures: Velocity { holds: 1, places: 2, declines: 0 },
        decision: None,
        at: now(),
    }
}

fn holds(count: u32) -> Velocity {
    Velocity { holds: count, places: 2 * count, declines: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_commit_count_under_the_address_they_share_and_each_under_its_own() {
    let table = Database::start(None, Tidying::Off).await.unwrap();
    let store = store(table.at());
    store.create_table().await.unwrap();
    let events: Vec<CountedEvent> = (0..TOGETHER).map(hold).collect();
    store.count_events(&events).await.unwrap();
    let (contact, client) = store.velocities(&keys(3), now()).await.unwrap();
    assert_eq!((contact, client), (holds(1), holds(25)));
    table.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_again_is_counted_once_and_hides_no_other() {
    let table = Database::start(None, Tidying::Off).await.unwrap();
    let store = store(table.at());
    store.create_table().await.unwrap();
    let [first, second, third] = [hold(1), hold(1), hold(1)];
    store.count_events(&[first.clone(), second.clone()]).await.unwrap();
    store.count_events(&[second.clone(), third.clone(), third]).await.unwrap();
    store.count_events(&[first]).await.unwrap();
    let (contact, client) = store.velocities(&keys(1), now()).await.unwrap();
    assert_eq!((contact, client), (holds(3), holds(3)));
    table.stop().await;
}
