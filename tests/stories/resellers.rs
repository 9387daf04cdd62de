//! Onboarding: an operator takes a firm on, gives it keys to try and to sell, sees who changed what, and lets it go;
//! the firm sees what is its own and changes its own key over.

use atrio_tests::{Answer, Api, Process, Reseller, fresh_uuid, refusal};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::octo::{DAY_TICKET, SITE, TOMORROW, TOUR};

const TOURS: &str = "/v1/resellers/example-tours";

fn example() -> Value {
    json!({
        "name": "Example Tours", "scope": "all", "enabled": true,
        "contact": {"email": "sales@tours.example", "telephone": "+39 055 1234567",
            "website": "https://tours.example", "address": "Via di prova 1, Firenze"},
    })
}

async fn operator(museum: &Process) -> Api {
    museum.api().with_token(Some(museum.token("operator", None).await))
}

async fn key(operator: &Api, body: &Value) -> Answer {
    operator.post(&format!("{TOURS}/keys"), body).await
}

fn with(museum: &Process, given: &Value) -> Reseller {
    Reseller::with_key(museum, given["key"].as_str().map(ToOwned::to_owned))
}

#[tokio::test]
async fn an_operator_takes_a_firm_on_which_tries_and_then_sells() {
    let museum = Process::fresh().await;
    let api = operator(&museum).await;
    assert_eq!(api.get("/v1/resellers").await.expect(200), json!({"resellers": []}));
    api.get(TOURS).await.expect_problem(404, "unknown-reseller", "reseller_id");
    let made = api.put(TOURS, "*", &example()).await.expect(201);
    assert_eq!((&made["status"], &made["keys"]), (&json!("ACTIVE"), &json!([])));
    api.put(TOURS, "*", &example()).await.expect(200);

    // A key to try, then one to sell, each told once.
    let request = json!({"uuid": fresh_uuid(), "mode": "TEST"});
    let lost = key(&api, &request).await.expect(201);
    let given = key(&api, &request).await.expect(201);
    assert_ne!(given["key"], lost["key"], "no key is told twice");
    assert_eq!(given["reseller"]["keys"].as_array().unwrap().len(), 1);
    assert_eq!(with(&museum, &lost).get("/supplier").await.expect(403)["error"], "FORBIDDEN");
    let test = with(&museum, &given);
    let rehearsed = test.books(SITE, TOMORROW, 2).await;
    assert_eq!(rehearsed["testMode"], true);
    let live_key = key(&api, &json!({"uuid": fresh_uuid(), "mode": "LIVE"})).await.expect(201);
    let live = with(&museum, &live_key);
    let sold = live.books(SITE, TOMORROW, 2).await;
    let shown = api.get(TOURS).await;
    let keys = shown.json()["keys"].clone();
    assert_eq!([&keys[0]["mode"], &keys[1]["mode"]], ["TEST", "LIVE"]);
    for secret in [&given["key"], &live_key["key"]] {
        assert!(!shown.text().contains(secret.as_str().unwrap()));
    }

    // Each sees what is its own, by the key that it shows.
    let own = live.get("/portal/bookings").await.expect(200);
    assert_eq!(own["bookings"], json!([sold]));
    let tried = test.get("/portal/bookings?limit=1").await.expect(200);
    assert_eq!(tried["bookings"][0]["uuid"], rehearsed["uuid"]);
    assert_eq!(live.get("/portal").await.expect(200)["keys"][1]["isOwn"], true);

    // The firm sells at one venue only from now on; what it sold stands.
    let read = api.get(TOURS).await;
    let mut narrower = example();
    narrower["scope"] = json!({"venues": ["20349"]});
    api.put(TOURS, "\"old\"", &narrower).await.expect_problem(412, "changed-meanwhile", "If-Match");
    api.put(TOURS, &read.entity_tag(), &narrower).await.expect(200);
    let ids: Vec<Value> = live.products().await.iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, [DAY_TICKET, TOUR]);
    assert_eq!(live.booking(&sold).await["status"], "CONFIRMED");
    live.takes(&sold, "cancel", &json!({})).await.expect(200);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn keys_are_changed_over_and_ended_and_a_firm_is_suspended_on_record() {
    let mut museum = Process::fresh().await;
    let api = operator(&museum).await;
    api.put(TOURS, "*", &example()).await.expect(201);
    let ask = |mode: &str| json!({"uuid": fresh_uuid(), "mode": mode});
    let test = with(&museum, &key(&api, &ask("TEST")).await.expect(201));
    let first = key(&api, &ask("LIVE")).await.expect(201);
    let live = with(&museum, &first);
    let sold = live.books(SITE, TOMORROW, 1).await;

    // Another key to sell with, in the place of the one before after two hours; the one to try stays.
    let rotating = json!({"uuid": fresh_uuid(), "mode": "LIVE", "overlap_hours": 2});
    let newer = with(&museum, &key(&api, &rotating).await.expect(201));
    live.get("/supplier").await.expect(200);
    museum.restart_after(SignedDuration::from_hours(2)).await;
    let api = operator(&museum).await;
    live.get("/supplier").await.expect(403);
    test.get("/supplier").await.expect(200);
    key(&api, &rotating).await.expect_problem(409, "uuid-reused", "uuid");

    // One key is ended at once, then all of them by suspending the firm, which is let in again.
    let keys = api.get(TOURS).await.json()["keys"].clone();
    let tried = keys.as_array().unwrap().iter().find(|one| one["mode"] == "TEST").unwrap();
    for _ in 0..2 {
        let path = format!("{TOURS}/keys/{}", tried["id"].as_str().unwrap());
        api.delete(&path, "").await.expect(200);
    }
    test.get("/supplier").await.expect(403);
    for (enabled, status, answer) in [(false, "SUSPENDED", 403), (true, "ACTIVE", 200)] {
        let read = api.get(TOURS).await;
        let mut settings = read.json();
        settings["enabled"] = json!(enabled);
        let set = api.put(TOURS, &read.entity_tag(), &settings).await.expect(200);
        assert_eq!(set["status"], status);
        newer.get("/supplier").await.expect(answer);
    }
    newer.takes(&sold, "cancel", &json!({})).await.expect(200);

    let changes = api.get(&format!("{TOURS}/changes?limit=200")).await.expect(200);
    let list = changes["changes"].as_array().unwrap();
    let parts: Vec<&str> = list.iter().map(|one| one["part"].as_str().unwrap()).collect();
    let of_keys = parts.iter().filter(|part| **part == "resellers/example-tours/keys").count();
    assert_eq!((of_keys, parts.len()), (4, 7), "{parts:?}");
    assert!(list.iter().all(|one| one["role"] == "operator"));
    assert!(!changes.to_string().contains(first["key"].as_str().unwrap()));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_firm_changes_its_own_key_over_and_ends_no_other() {
    let mut museum = Process::fresh().await;
    let api = operator(&museum).await;
    api.put(TOURS, "*", &example()).await.expect(201);
    let [shop, office] = [fresh_uuid(), fresh_uuid()];
    let shop = with(&museum, &key(&api, &json!({"uuid": shop, "mode": "LIVE"})).await.expect(201));
    let office =
        with(&museum, &key(&api, &json!({"uuid": office, "mode": "LIVE"})).await.expect(201));
    let asked = json!({"uuid": fresh_uuid(), "overlapHours": 1});
    let lost = with(&museum, &shop.post("/portal/key", &asked).await.expect(200));
    let fresh = with(&museum, &shop.post("/portal/key", &asked).await.expect(200));
    assert_eq!(lost.get("/supplier").await.expect(403)["error"], "FORBIDDEN");
    for good in [&shop, &office, &fresh] {
        good.get("/supplier").await.expect(200);
    }
    for (body, error) in [
        (json!({}), "BAD_REQUEST"),
        (json!({"uuid": fresh_uuid(), "overlapHours": 0}), "BAD_REQUEST"),
        (json!({"uuid": "1"}), "BAD_REQUEST"),
    ] {
        refusal(&fresh.post("/portal/key", &body).await, error);
    }
    museum.restart_after(SignedDuration::from_hours(1)).await;
    shop.get("/supplier").await.expect(403);
    for good in [&office, &fresh] {
        good.get("/supplier").await.expect(200);
    }
    let api = operator(&museum).await;
    let changes = api.get(&format!("{TOURS}/changes")).await.expect(200);
    let last = &changes["changes"][0];
    assert_eq!((&last["role"], &last["actor"]), (&json!("reseller"), &json!("live.example-tours")));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn its_bookings_are_listed_newest_first_page_by_page_and_to_nobody_else() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let stranger = Reseller::joins(&museum, "Other Tours", &[]).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(reseller.holds(SITE, TOMORROW, 1).await["uuid"].clone());
    }
    held.reverse();
    let (mut seen, mut path) = (Vec::new(), "/portal/bookings?limit=2".to_owned());
    loop {
        let page = reseller.get(&path).await.expect(200);
        let bookings = page["bookings"].as_array().unwrap();
        assert!(bookings.len() <= 2);
        seen.extend(bookings.iter().map(|booking| booking["uuid"].clone()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/portal/bookings?limit=2&cursor={}", cursor.replace('#', "%23"));
    }
    assert_eq!(seen, held);
    let theirs = stranger.get("/portal/bookings").await.expect(200);
    assert_eq!(theirs["bookings"], json!([]));
    refusal(&reseller.get("/portal/bookings?limit=0").await, "BAD_REQUEST");
    for uuid in &held {
        let booking = json!({"uuid": uuid});
        reseller.takes(&booking, "cancel", &json!({})).await.expect(200);
    }
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_firm_that_cannot_be_is_refused_with_the_field_and_the_fix() {
    let museum = Process::fresh().await;
    let api = operator(&museum).await;
    let with = |name: &str, value: Value| {
        let mut body = example();
        body[name] = value;
        body
    };
    for (body, kind, field) in [
        (with("name", json!("  ")), "invalid-reseller", "name"),
        (with("scope", json!({"venues": []})), "invalid-reseller", "scope"),
        (with("scope", json!({"venues": ["99999"]})), "invalid-reseller", "scope"),
        (with("scope", json!("some")), "invalid-field", "scope"),
        (with("contact", json!({"email": "nobody"})), "invalid-reseller", "contact.email"),
        (
            with("contact", json!({"address": "x".repeat(201)})),
            "invalid-reseller",
            "contact.address",
        ),
        (with("discount", json!(1)), "invalid-field", "discount"),
    ] {
        api.put(TOURS, "*", &body).await.expect_problem(422, kind, field);
    }
    api.put("/v1/resellers/a%20b", "*", &example()).await.expect_problem(
        400,
        "malformed-id",
        "reseller_id",
    );
    let nobody = key(&api, &json!({"uuid": fresh_uuid(), "mode": "LIVE"})).await;
    nobody.expect_problem(404, "unknown-reseller", "reseller_id");
    api.put(TOURS, "*", &example()).await.expect(201);
    let long = json!({"uuid": fresh_uuid(), "mode": "LIVE", "overlap_hours": 721});
    key(&api, &long).await.expect_problem(422, "invalid-field", "overlap_hours");
    let odd = json!({"uuid": fresh_uuid(), "mode": "DEMO"});
    key(&api, &odd).await.expect_problem(422, "invalid-field", "mode");
    let changes = api.get(&format!("{TOURS}/changes?limit=0")).await;
    changes.expect_problem(400, "invalid-query", "limit");
    let revoked = museum.command(&["reseller", "revoke", "example-tours"]).await;
    assert!(revoked.status.success(), "{}", revoked.stderr);
    let read = api.get(TOURS).await;
    assert_eq!(read.json()["status"], "REVOKED");
    let refused = api.put(TOURS, &read.entity_tag(), &with("name", json!("Again"))).await;
    refused.expect_problem(409, "reseller-revoked", "reseller_id");
    let refused = key(&api, &json!({"uuid": fresh_uuid(), "mode": "LIVE"})).await;
    refused.expect_problem(409, "reseller-revoked", "reseller_id");
    museum.nothing_left_over().await;
}
