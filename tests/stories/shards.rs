//! A slot that more people want in a second than one item of the table takes: its places are spread over
//! shards, and nobody who visits, waits, cancels or counts sees any of it.

use atrio_tests::{Manager, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use serde_json::json;

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-25T11:00";

fn party(people: u32) -> Wish {
    Wish::at(VENUE, SLOT, &[("minor", people)])
}

/// Lets the slots have so many places, spread over so many shards.
async fn has_places(manager: &Manager, places: u32, shards: Option<u8>) {
    let (mut product, tag) = manager.reads("products/admission").await;
    product["capacity"] = json!(places);
    product["max_units"] = json!(5);
    match shards {
        Some(shards) => product["shards"] = json!(shards),
        None => drop(product.as_object_mut().unwrap().remove("shards")),
    }
    manager.changes("products/admission", &tag, &product).await.expect(200);
}

/// Holds parties of two until that many places are gone; the shop shows after each what is left.
async fn holds_by_two(museum: &Process, pairs: u64, left: u64) -> Vec<(Visitor, String)> {
    let mut held = Vec::new();
    for number in 1..=pairs {
        let visitor = Visitor::of(museum);
        let uuid = visitor.hold(&party(2)).await;
        assert_eq!(visitor.vacancies(&party(1)).await, left - 2 * number);
        held.push((visitor, uuid));
    }
    held
}

#[tokio::test]
async fn a_venue_spreads_a_hot_slot_and_sells_just_the_places_it_has_whatever_it_changes() {
    let museum = Process::fresh().await;
    let (manager, late) = (Manager::of(&museum, VENUE).await, Visitor::of(&museum));
    has_places(&manager, 12, Some(4)).await;
    let mut held = holds_by_two(&museum, 6, 12).await;
    late.ask(&party(1)).await.expect_problem(409, "sold-out", "units");

    // Somebody waits, somebody gives up: as with any slot.
    let waits = fresh_uuid();
    late.api.post("/v1/waiting", &late.request(&waits, &party(2))).await.expect(201);
    let (visitor, uuid) = held.pop().unwrap();
    visitor.cancel(&uuid).await.expect(200);
    eventually("the turn has come", SOON, async || {
        let standing = late.api.get(&format!("/v1/waiting/{waits}")).await.expect(200);
        if standing["status"] == "OFFERED" { Ok(()) } else { Err(standing.to_string()) }
    })
    .await;
    late.cancel(&waits).await.expect(200);
    assert_eq!(late.vacancies(&party(1)).await, 2);

    // Of the ten that are taken nobody loses theirs, and what shards had is sold no more.
    has_places(&manager, 9, Some(4)).await;
    assert_eq!(late.vacancies(&party(1)).await, 0);
    late.ask(&party(1)).await.expect_problem(409, "sold-out", "units");
    for (visitor, uuid) in held.drain(..2) {
        visitor.cancel(&uuid).await.expect(200);
    }
    assert_eq!(late.vacancies(&party(1)).await, 3);
    late.ask(&party(4)).await.expect_problem(409, "sold-out", "units");
    let three = late.hold(&party(3)).await;
    late.ask(&party(1)).await.expect_problem(409, "sold-out", "units");
    late.cancel(&three).await.expect(200);

    // Fewer shards, none, and many.
    has_places(&manager, 12, Some(2)).await;
    held.extend(holds_by_two(&museum, 2, 6).await);
    has_places(&manager, 13, None).await;
    held.extend(holds_by_two(&museum, 1, 3).await);
    has_places(&manager, 15, Some(16)).await;
    late.ask(&party(4)).await.expect_problem(409, "sold-out", "units");
    late.books_free(&party(3)).await;
    late.ask(&party(1)).await.expect_problem(409, "sold-out", "units");
    for (visitor, uuid) in held {
        visitor.cancel(&uuid).await.expect(200);
    }
    assert_eq!(late.vacancies(&party(1)).await, 12);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn an_order_and_an_exchange_take_their_places_of_sharded_slots_too() {
    let museum = Process::fresh().await;
    let (manager, visitor) = (Manager::of(&museum, VENUE).await, Visitor::of(&museum));
    let (mut product, tag) = manager.reads("products/admission").await;
    product["exchange"] = json!({
        "until_minutes_before": 0, "reason": {"it": "Fino all'inizio", "en": "Until it starts"},
    });
    manager.changes("products/admission", &tag, &product).await.expect(200);
    has_places(&manager, 5, Some(3)).await;
    let noon = Wish::at(VENUE, "2026-11-25T12:00", &[("minor", 2)]);
    let (order, _) = visitor.holds_order(&[party(4), noon.clone()]).await;
    assert_eq!(visitor.vacancies(&party(1)).await, 1);
    assert_eq!(visitor.vacancies(&noon).await, 3);

    let (old, _) = visitor.books_free(&noon).await;
    let refused = visitor.exchanges(&old, &fresh_uuid(), SLOT).await;
    refused.expect_problem(409, "sold-out", "units");
    let later = Wish::at(VENUE, "2026-11-25T13:00", &[("minor", 1)]);
    let key = fresh_uuid();
    visitor.exchanges(&old, &key, &later.slot).await.expect(201);
    visitor.confirm(&key).await.expect(200);
    assert_eq!(visitor.vacancies(&noon).await, 3, "what was exchanged is on sale again");
    assert_eq!(visitor.vacancies(&later).await, 3);
    visitor.takes_order(&order, "cancel").await.expect(200);
    assert_eq!((visitor.vacancies(&party(1)).await, visitor.vacancies(&noon).await), (5, 5));
    museum.nothing_left_over().await;
}
