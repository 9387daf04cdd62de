//! Resellers come and go: a key is told once and kept by its hash, is changed over in the reseller's own time,
//! opens what venues within its scope opened, and one that rehearses takes nothing.

use atrio_tests::{Gate, Manager, Process, Reseller, check_booking, code, fresh_uuid, refusal};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::octo::{DAY_TICKET, SITE, TOMORROW, TOUR};

async fn json_of(museum: &Process, arguments: &[&str]) -> Value {
    let said = museum.command(arguments).await;
    assert!(said.status.success(), "{}", said.stderr);
    serde_json::from_str(&said.stdout).unwrap()
}

#[tokio::test]
async fn a_key_is_told_once_changed_over_in_time_and_taken_back_at_once() {
    let mut museum = Process::fresh().await;
    let added = json_of(&museum, &["reseller", "add", "Example Tours", "--json"]).await;
    assert_eq!((&added["id"], &added["mode"]), (&json!("example-tours"), &json!("LIVE")));
    let old = Reseller::with_key(&museum, added["key"].as_str().map(ToOwned::to_owned));
    assert_eq!(old.products().await.len(), 5);
    let again = museum.command(&["reseller", "add", "example tours"]).await;
    assert!(!again.status.success() && again.stderr.contains("rotate"), "{}", again.stderr);

    let rotated = json_of(
        &museum,
        &["reseller", "rotate", "example-tours", "--overlap-hours", "2", "--json"],
    )
    .await;
    assert_ne!(rotated["key"], added["key"]);
    let new = Reseller::with_key(&museum, rotated["key"].as_str().map(ToOwned::to_owned));
    assert_eq!((old.products().await.len(), new.products().await.len()), (5, 5), "both go on");
    let held = old.holds(SITE, TOMORROW, 1).await;
    new.booking(&held).await;
    let list = json_of(&museum, &["reseller", "list", "--json"]).await;
    assert_eq!(list["resellers"][0]["keys"].as_array().unwrap().len(), 2);
    let listed = museum.command(&["reseller", "list"]).await.stdout;
    for key in [&added["key"], &rotated["key"]] {
        let key = key.as_str().unwrap();
        assert!(!list.to_string().contains(key) && !listed.contains(key), "{listed}");
    }
    no_item_holds(&museum, &[&added["key"], &rotated["key"]]).await;

    museum.restart_after(SignedDuration::from_hours(2)).await;
    assert_eq!(old.get("/supplier").await.expect(403)["error"], "FORBIDDEN", "its time is over");
    new.get("/supplier").await.expect(200);
    let revoked = museum.command(&["reseller", "revoke", "Example Tours"]).await;
    assert!(revoked.status.success(), "{}", revoked.stderr);
    assert_eq!(new.get("/supplier").await.expect(403)["error"], "FORBIDDEN");
    let refused = museum.command(&["reseller", "rotate", "example-tours"]).await;
    assert!(!refused.status.success() && refused.stderr.contains("revoked"), "{}", refused.stderr);
    for nobody in ["rotate", "revoke"] {
        let said = museum.command(&["reseller", nobody, "nobody"]).await;
        assert!(!said.status.success() && said.stderr.contains("nobody"), "{}", said.stderr);
    }
    let far = museum.command(&["reseller", "add", "Far Tours", "--venue", "99999"]).await;
    assert!(!far.status.success() && far.stderr.contains("99999"), "{}", far.stderr);
    museum.nothing_left_over().await;
}

async fn no_item_holds(museum: &Process, keys: &[&Value]) {
    let store = museum.store();
    let items = store.client.scan().table_name(&store.table).into_paginator().items().send();
    for item in items.try_collect().await.unwrap() {
        let written = format!("{item:?}");
        for key in keys {
            assert!(!written.contains(key.as_str().unwrap()), "{written}");
        }
    }
}

#[tokio::test]
async fn without_a_key_nothing_is_said_and_a_wrong_one_opens_nothing() {
    let museum = Process::fresh().await;
    let nobody = Reseller::with_key(&museum, None);
    assert_eq!(nobody.get("/products").await.expect(401)["error"], "UNAUTHORIZED");
    let stranger = Reseller::with_key(&museum, Some("atrio_live_nothing".to_owned()));
    let refused = stranger.get("/products").await.expect(403);
    assert_eq!(refused["error"], "FORBIDDEN");
    assert!(refused["errorMessage"].is_string());
}

#[tokio::test]
async fn commands_take_resellers_on_before_the_platform_runs() {
    let mut museum = Process::fresh().await;
    museum.stop().await;
    let added = museum.command(&["reseller", "add", "Early Tours", "--test"]).await;
    assert!(added.status.success(), "{}", added.stderr);
    let key = added.stdout.trim().to_owned();
    assert!(key.starts_with("atrio_test_"), "{key}");
    museum.restart().await;
    let reseller = Reseller::with_key(&museum, Some(key));
    assert_eq!(reseller.products().await.len(), 5);
}

#[tokio::test]
async fn a_reseller_sees_its_own_bookings_and_the_products_of_its_venues() {
    let museum = Process::fresh().await;
    let everywhere = Reseller::joins(&museum, "Everywhere Tours", &[]).await;
    let castle = Reseller::joins(&museum, "Castle Tours", &["--venue", "20349"]).await;
    let ids: Vec<String> = castle
        .products()
        .await
        .iter()
        .map(|product| product["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, [DAY_TICKET, TOUR]);
    refusal(&castle.get("/products/20346.site").await, "INVALID_PRODUCT_ID");
    let refused = castle.post("/bookings", &castle.request(SITE, TOMORROW, 1)).await;
    refusal(&refused, "INVALID_PRODUCT_ID");

    let request = everywhere.request(TOUR, TOMORROW, 1);
    let theirs = everywhere.post("/bookings", &request).await.expect(200);
    let uuid = theirs["uuid"].as_str().unwrap();
    refusal(&castle.get(&format!("/bookings/{uuid}")).await, "INVALID_BOOKING_UUID");
    for step in ["confirm", "extend", "cancel"] {
        refusal(&castle.takes(&theirs, step, &json!({})).await, "INVALID_BOOKING_UUID");
    }
    refusal(&castle.changes(&theirs, &json!({"notes": "mine"})).await, "INVALID_BOOKING_UUID");
    refusal(&castle.post("/bookings", &request).await, "UNPROCESSABLE_ENTITY");
    let reference = theirs["supplierReference"].as_str().unwrap();
    let list = castle.get(&format!("/bookings?supplierReference={reference}")).await.expect(200);
    assert_eq!(list, json!([]));
    assert_eq!(everywhere.booking(&theirs).await, theirs);
    everywhere.takes(&theirs, "cancel", &json!({})).await.expect(200);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn one_that_rehearses_goes_through_everything_and_takes_no_place() {
    let mut museum = Process::fresh().await;
    let live = Reseller::joins(&museum, "Example Tours", &[]).await;
    let test = Reseller::joins(&museum, "Example Rehearsal", &["--test"]).await;
    assert_eq!(test.products().await, live.products().await, "the same to sell");
    let before = live.vacancies(TOUR, TOMORROW).await;
    let held = test.holds(TOUR, TOMORROW, 2).await;
    assert_eq!(held["testMode"], true);
    assert_eq!(live.vacancies(TOUR, TOMORROW).await, before);
    let body = test.request(TOUR, TOMORROW, 3);
    let first = test.post("/bookings", &body).await.expect(200);
    assert_eq!(test.post("/bookings", &body).await.expect(200), first);
    let mut other = body.clone();
    other["notes"] = json!("another");
    refusal(&test.post("/bookings", &other).await, "UNPROCESSABLE_ENTITY");
    let moved = test.changes(&held, &json!({"availabilityId": "2026-11-25T12:00:00+01:00"})).await;
    check_booking(&moved.expect(200));
    test.takes(&held, "extend", &json!({"expirationMinutes": 31})).await.expect(200);
    let sold = test.sells(&held).await;
    let found =
        format!("/bookings?resellerReference={}", sold["resellerReference"].as_str().unwrap());
    assert_eq!(test.get(&found).await.expect(200), json!([sold]));
    let uuid = sold["uuid"].as_str().unwrap();
    refusal(&live.get(&format!("/bookings/{uuid}")).await, "INVALID_BOOKING_UUID");
    let gate = Gate::of(&museum, "20349", "main").await;
    assert!((400..500).contains(&gate.scan(&code(&sold, 0)).await.status), "no gate admits it");
    let gone = test.takes(&sold, "cancel", &json!({"reason": "rehearsed"})).await.expect(200);
    check_booking(&gone);
    // It is refused where nobody would get places.
    let full = [live.holds(TOUR, TOMORROW, 6).await, live.holds(TOUR, TOMORROW, 6).await];
    refusal(
        &test.post("/bookings", &test.request(TOUR, TOMORROW, 1)).await,
        "UNPROCESSABLE_ENTITY",
    );
    for booking in &full {
        live.takes(booking, "cancel", &json!({})).await.expect(200);
    }
    museum.restart_after(SignedDuration::from_mins(16)).await;
    assert_eq!(test.booking(&first).await["status"], "EXPIRED");
    assert_eq!(live.vacancies(TOUR, TOMORROW).await, before);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["bookings confirmed"], json!({"table": 0, "lake": 0}));
}

#[tokio::test]
async fn a_venue_opens_a_product_to_resellers_and_shares_its_places_with_them() {
    shares_places_with_resellers(None).await;
}

#[tokio::test]
async fn places_shared_with_resellers_are_the_same_where_the_slots_are_sharded() {
    shares_places_with_resellers(Some(4)).await;
}

async fn shares_places_with_resellers(shards: Option<u8>) {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let manager = Manager::of(&museum, "20240").await;
    refusal(&reseller.get("/products/20240.admission").await, "INVALID_PRODUCT_ID");
    let (mut product, tag) = manager.reads("products/admission").await;
    product["resellers"] = json!("OPEN");
    if let Some(shards) = shards {
        product["shards"] = json!(shards);
    }
    product["quotas"] = json!([
        {"name": "resellers", "channels": ["RESELLER"], "size": {"places": 4}},
        {"name": "own", "channels": ["WEB", "TOTEM", "DESK"], "size": {"percent": 80}},
    ]);
    let capacity = product["capacity"].as_u64().unwrap();
    manager.changes("products/admission", &tag, &product).await.expect(200);
    reseller.get("/products/20240.admission").await.expect(200);
    let open = capacity - 4 - capacity * 80 / 100;
    let mut held = Vec::new();
    for _ in 0..4 + open {
        let left = reseller.vacancies("20240.admission", TOMORROW).await;
        assert_eq!(left, 4 + open - held.len() as u64);
        held.push(reseller.holds("20240.admission", TOMORROW, 1).await);
    }
    let refused =
        reseller.post("/bookings", &reseller.request("20240.admission", TOMORROW, 1)).await;
    refusal(&refused, "UNPROCESSABLE_ENTITY");
    // Growing and shrinking draws on the pools and gives back to them.
    let shrunk = held.pop().unwrap();
    reseller.takes(&shrunk, "cancel", &json!({})).await.expect(200);
    let grown =
        json!({"unitItems": [{"unitId": "adult"}, {"unitId": "adult", "uuid": fresh_uuid()}]});
    reseller.changes(&held[0], &grown).await.expect(200);
    assert_eq!(reseller.vacancies("20240.admission", TOMORROW).await, 0);
    for booking in &held {
        reseller.takes(booking, "cancel", &json!({})).await.expect(200);
    }
    assert_eq!(reseller.vacancies("20240.admission", TOMORROW).await, 4 + open);
    let (mut product, tag) = manager.reads("products/admission").await;
    product["resellers"] = json!("CLOSED");
    manager.changes("products/admission", &tag, &product).await.expect(200);
    refusal(&reseller.get("/products/20240.admission").await, "INVALID_PRODUCT_ID");
    museum.nothing_left_over().await;
}
