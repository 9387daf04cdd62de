//! OCTO's webhooks: a reseller's server hears what becomes of the reseller's own bookings and of places that it may
//! sell, in OCTO's form, signed and sent again like everybody's, and nothing of anybody else.

use atrio_tests::{
    Arrived, Gate, Integrator, Manager, Mood, Process, Reseller, SOON, check_availability,
    check_booking, code, eventually, fresh_uuid, has_keys, refusal,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::octo::{SITE, TOMORROW, TOUR};

const WEBHOOK_KEYS: [&str; 7] =
    ["id", "event", "url", "retryOnError", "useContactLanguage", "headers", "capabilities"];

/// Registers a server, and answers the webhook with its secret.
async fn registers(reseller: &Reseller, event: &str, url: &str) -> Value {
    let webhook = reseller.post("/webhooks", &json!({"event": event, "url": url})).await;
    let webhook = webhook.expect(200);
    assert_eq!((&webhook["event"], &webhook["url"]), (&json!(event), &json!(url)));
    webhook
}

fn statuses(taken: &[Arrived]) -> Vec<String> {
    let status = |one: &Arrived| one.event()["booking"]["status"].as_str().unwrap().to_owned();
    taken.iter().map(status).collect()
}

async fn deliveries(reseller: &Reseller, webhook: &Value) -> Vec<Value> {
    let id = webhook["id"].as_str().unwrap();
    let list = reseller.get(&format!("/portal/webhooks/{id}/deliveries")).await.expect(200);
    list["deliveries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn webhooks_are_registered_listed_and_deleted_as_octo_says() {
    let museum = Process::fresh().await;
    let partner = Integrator::start().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let known = reseller.get("/capabilities").await.expect(200);
    let ids: Vec<&Value> = known.as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert!(ids.contains(&&json!("octo/webhooks")), "{known}");
    let asking = reseller.asking_for("octo/webhooks, octo/pricing, octo/unheard-of");
    let answer = asking.get("/webhooks").await;
    assert_eq!(answer.header("octo-capabilities"), Some("octo/pricing, octo/webhooks"));
    assert_eq!(answer.expect(200), json!([]));

    let mut made = registers(&asking, "booking_update", &partner.url).await;
    let secret = made.as_object_mut().unwrap().remove("secret").unwrap();
    assert!(secret.as_str().unwrap().starts_with("whsec_"));
    has_keys(&made, &WEBHOOK_KEYS);
    assert_eq!(made["capabilities"], json!(["octo/pricing"]), "as its request asked");
    let again = registers(&asking, "booking_update", &partner.url).await;
    assert_eq!((&again["id"], &again["secret"]), (&made["id"], &secret), "a lost answer");
    registers(&reseller, "availability_update", &partner.url).await;
    let listed = reseller.get("/webhooks/").await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(listed.as_array().unwrap().contains(&made), "{listed}");
    assert!(!listed.to_string().contains("whsec_"), "a secret is told once");

    for (body, error) in [
        (json!({}), "BAD_REQUEST"),
        (json!({"event": "booking_update"}), "BAD_REQUEST"),
        (json!({"event": "order_update", "url": partner.url}), "BAD_REQUEST"),
        (json!({"event": "booking_update", "url": "nowhere"}), "UNPROCESSABLE_ENTITY"),
        (
            json!({"event": "booking_update", "url": "http://tours.example/"}),
            "UNPROCESSABLE_ENTITY",
        ),
        (
            json!({"event": "booking_update", "url": partner.url, "headers": {"x-key": "k"}}),
            "UNPROCESSABLE_ENTITY",
        ),
    ] {
        refusal(&reseller.post("/webhooks", &body).await, error);
    }
    let stranger = Reseller::joins(&museum, "Other Tours", &[]).await;
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    refusal(&stranger.send("DELETE", &path, None).await, "INVALID_WEBHOOK_ID");
    assert_eq!(stranger.get("/webhooks").await.expect(200), json!([]));
    assert_eq!(reseller.send("DELETE", &path, None).await.expect(200), made);
    let gone = refusal(&reseller.send("DELETE", &path, None).await, "INVALID_WEBHOOK_ID");
    assert_eq!(gone["webhookId"], made["id"]);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_reseller_hears_of_each_step_of_its_own_bookings_without_persons_and_codes() {
    let mut museum = Process::fresh().await;
    let (own, others) = (Integrator::start().await, Integrator::start().await);
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let stranger = Reseller::joins(&museum, "Other Tours", &[]).await;
    let webhook = registers(&reseller, "booking_update", &own.url).await;
    registers(&stranger, "booking_update", &others.url).await;

    let held = reseller.holds(SITE, "2026-11-24T11:00:00+01:00", 2).await;
    reseller.changes(&held, &json!({"notes": "by the side door"})).await.expect(200);
    own.takes(1).await;
    let sold = reseller.sells(&held).await;
    let before = own.takes(2).await;
    let secret = webhook["secret"].as_str().unwrap();
    assert_eq!(Integrator::verifies(secret, &before, museum.now()), [true; 2]);
    // Half an hour before the visit its tickets admit.
    museum.restart_after(SignedDuration::from_mins(26)).await;
    let gate = Gate::of(&museum, "20346", "main").await;
    let nonce = fresh_uuid();
    gate.scan_again(&nonce, &code(&sold, 0)).await.expect(201);
    own.takes(3).await;
    gate.takes_back(&nonce, "the wrong visitor").await.expect(200);
    own.takes(4).await;
    reseller.takes(&sold, "cancel", &json!({"reason": "rain"})).await.expect(200);
    let taken = own.takes(5).await;
    let told = ["ON_HOLD", "CONFIRMED", "REDEEMED", "CONFIRMED", "CANCELLED"];
    assert_eq!(statuses(&taken), told);
    assert_eq!(Integrator::verifies(secret, &taken[2..], museum.now()), [true; 3]);

    for one in &taken {
        let body = one.event();
        has_keys(&body, &["webhook", "booking"]);
        has_keys(&body["webhook"], &WEBHOOK_KEYS);
        assert_eq!(body["webhook"]["id"], webhook["id"]);
        let booking = &body["booking"];
        check_booking(booking);
        assert_eq!(booking["uuid"], held["uuid"]);
        assert_eq!(booking["unitItems"].as_array().unwrap().len(), 2);
        let text = body.to_string();
        for hidden in ["Visitor", "visitor@example.org", "side door", "rain", "AT2:", "tickets.pdf"]
        {
            assert!(!text.contains(hidden), "`{hidden}` in {text}");
        }
    }
    assert_eq!(taken[1].event()["booking"]["resellerReference"], sold["resellerReference"]);
    let ids: std::collections::BTreeSet<String> = taken.iter().map(Arrived::id).collect();
    assert_eq!(ids.len(), 5);

    // The other heard of its own alone, and no venue's server of neither.
    let theirs = stranger.holds(SITE, TOMORROW, 1).await;
    stranger.takes(&theirs, "cancel", &json!({})).await.expect(200);
    assert_eq!(statuses(&others.takes(1).await), ["CANCELLED"]);
    assert_eq!(own.arrived().len(), 5);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn what_a_venue_calls_off_and_a_hold_that_ends_are_heard_of() {
    let mut museum = Process::fresh().await;
    let own = Integrator::start().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    registers(&reseller, "booking_update", &own.url).await;
    let ending = reseller.holds(SITE, TOMORROW, 1).await;
    let sold = reseller.books(SITE, TOMORROW, 1).await;
    own.takes(1).await;
    let manager = Manager::of(&museum, "20346").await;
    let (mut opening, tag) = manager.reads("opening").await;
    opening["closures"] = json!([{"from": "2026-11-25", "to": "2026-11-25", "reason": {"it": "Sciopero", "en": "Strike"}}]);
    manager.changes("opening", &tag, &opening).await.expect(200);
    let off = json!({"from": "2026-11-25", "to": "2026-11-25"});
    manager.api.post("/v1/venues/20346/call-offs", &off).await.expect(200);
    let taken = own.takes(2).await;
    assert_eq!(statuses(&taken)[1], "CANCELLED");
    assert_eq!(taken[1].event()["booking"]["uuid"], sold["uuid"]);
    museum.restart_after(SignedDuration::from_mins(16)).await;
    let taken = own.takes(3).await;
    assert_eq!(statuses(&taken)[2], "EXPIRED");
    assert_eq!(taken[2].event()["booking"]["uuid"], ending["uuid"]);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn places_are_told_when_they_become_few_none_and_many_again_within_the_scope() {
    let museum = Process::fresh().await;
    let (own, far) = (Integrator::start().await, Integrator::start().await);
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let elsewhere = Reseller::joins(&museum, "Far Tours", &["--venue", "20346"]).await;
    let seller = Reseller::joins(&museum, "Castle Tours", &[]).await;
    let priced = reseller.asking_for("octo/pricing");
    let webhook = registers(&priced, "availability_update", &own.url).await;
    registers(&elsewhere, "availability_update", &far.url).await;

    let first = seller.holds(TOUR, TOMORROW, 6).await;
    let second = seller.holds(TOUR, TOMORROW, 4).await;
    own.takes(1).await;
    let third = seller.holds(TOUR, TOMORROW, 2).await;
    own.takes(2).await;
    seller.takes(&first, "cancel", &json!({})).await.expect(200);
    let taken = own.takes(3).await;
    let status = |at: usize| taken[at].event()["availability"]["status"].clone();
    assert_eq!([status(0), status(1), status(2)], ["LIMITED", "SOLD_OUT", "AVAILABLE"]);
    for one in &taken {
        let mut body = one.event();
        has_keys(&body, &["webhook", "productId", "optionId", "availability"]);
        assert_eq!(body["webhook"]["id"], webhook["id"]);
        assert_eq!((&body["productId"], &body["optionId"]), (&json!(TOUR), &json!("standard")));
        assert_eq!(body["availability"]["id"], TOMORROW);
        let prices = body["availability"].as_object_mut().unwrap().remove("unitPricing");
        assert!(prices.is_some_and(|prices| prices[0]["retail"].is_u64()), "it asked for prices");
        check_availability(&body["availability"], "START_TIME");
    }
    assert_eq!(taken[2].event()["availability"]["vacancies"], 6);
    for booking in [&second, &third] {
        seller.takes(booking, "cancel", &json!({})).await.expect(200);
    }
    assert_eq!(far.arrived().len(), 0, "beyond its scope");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn one_that_rehearses_hears_of_what_it_rehearses_and_of_nothing_that_is_sold() {
    let museum = Process::fresh().await;
    let (live_server, test_server) = (Integrator::start().await, Integrator::start().await);
    let live = Reseller::joins(&museum, "Example Tours", &[]).await;
    let operator = museum.api().with_token(Some(museum.token("operator", None).await));
    let asked = json!({"uuid": fresh_uuid(), "mode": "TEST"});
    let given = operator.post("/v1/resellers/example-tours/keys", &asked).await.expect(201);
    let test = Reseller::with_key(&museum, given["key"].as_str().map(ToOwned::to_owned));
    registers(&live, "booking_update", &live_server.url).await;
    registers(&test, "booking_update", &test_server.url).await;
    let rehearsed = test.books(SITE, TOMORROW, 1).await;
    test.takes(&rehearsed, "cancel", &json!({})).await.expect(200);
    let taken = test_server.takes(2).await;
    assert_eq!(statuses(&taken), ["CONFIRMED", "CANCELLED"]);
    assert!(taken.iter().all(|one| one.event()["booking"]["testMode"] == true));
    assert_eq!(live_server.arrived().len(), 0);
    let sold = live.books(SITE, TOMORROW, 1).await;
    assert_eq!(statuses(&live_server.takes(1).await), ["CONFIRMED"]);
    live.takes(&sold, "cancel", &json!({})).await.expect(200);
    live_server.takes(2).await;
    assert_eq!(test_server.arrived().len(), 2);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn what_a_server_missed_comes_later_and_once_more_when_its_reseller_asks() {
    let museum = Process::fresh().await;
    let own = Integrator::start().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let webhook = registers(&reseller, "booking_update", &own.url).await;
    let id = webhook["id"].as_str().unwrap();
    own.feels(Mood::answering(500));
    let sold = reseller.books(SITE, TOMORROW, 1).await;
    eventually("it fails", SOON, async || match &deliveries(&reseller, &webhook).await[..] {
        [one] if one["status"] == "WAITING" => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    own.feels(Mood::answering(204));
    let [first] = &own.takes(1).await[..] else { panic!("one event") };
    assert_eq!(first.event()["booking"]["uuid"], sold["uuid"]);

    let events = reseller.get("/portal/events").await.expect(200);
    assert_eq!((&events["newest"], &events["events"][0]["sequence"]), (&json!(1), &json!(1)));
    assert_eq!(events["events"][0]["body"], first.event());
    let replay = format!("/portal/webhooks/{id}/replay");
    for (body, error) in [
        (json!({"from": 0}), "BAD_REQUEST"),
        (json!({"from": 2, "to": 1}), "BAD_REQUEST"),
        (json!({"from": 9}), "UNPROCESSABLE_ENTITY"),
    ] {
        refusal(&reseller.post(&replay, &body).await, error);
    }
    assert_eq!(reseller.post(&replay, &json!({"from": 1})).await.expect(200)["to"], 1);
    let taken = own.takes(2).await;
    assert_eq!((taken[0].id(), &taken[0].body), (taken[1].id(), &taken[1].body));

    // Off, it hears nothing; on, it goes on where it stopped. Then under another secret, too.
    let state = format!("/portal/webhooks/{id}/state");
    reseller.post(&state, &json!({"enabled": false})).await.expect(200);
    refusal(&reseller.post(&replay, &json!({"from": 1})).await, "UNPROCESSABLE_ENTITY");
    reseller.takes(&sold, "cancel", &json!({})).await.expect(200);
    let shown = reseller.post(&state, &json!({"enabled": true})).await.expect(200);
    assert_eq!(shown["state"]["status"], "ENABLED");
    assert_eq!(statuses(&own.takes(3).await)[2], "CANCELLED");
    let asked = json!({"uuid": fresh_uuid(), "overlapHours": 1});
    let rotate = format!("/portal/webhooks/{id}/rotate");
    let secret = reseller.post(&rotate, &asked).await.expect(200)["secret"].clone();
    assert_eq!(reseller.post(&rotate, &asked).await.expect(200)["secret"], secret);
    reseller.books(SITE, TOMORROW, 1).await;
    let last = own.takes(4).await.pop().unwrap();
    for secret in [&secret, &webhook["secret"]] {
        let secret = secret.as_str().unwrap();
        assert_eq!(Integrator::verifies(secret, std::slice::from_ref(&last), museum.now()), [true]);
    }
    let stranger = Reseller::joins(&museum, "Other Tours", &[]).await;
    for path in [&replay, &state, &rotate] {
        refusal(
            &stranger.post(path, &json!({"from": 1, "uuid": fresh_uuid()})).await,
            "INVALID_WEBHOOK_ID",
        );
    }
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn who_is_suspended_hears_nothing_and_goes_on_where_it_stopped() {
    let museum = Process::fresh().await;
    let own = Integrator::start().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let operator = museum.api().with_token(Some(museum.token("operator", None).await));
    let webhook = registers(&reseller, "booking_update", &own.url).await;
    own.feels(Mood::answering(500));
    let sold = reseller.books(SITE, TOMORROW, 1).await;
    eventually("it is tried", SOON, async || match own.arrived().len() {
        0 => Err("not yet".to_owned()),
        _ => Ok(()),
    })
    .await;
    let set = async |enabled: bool| {
        let path = "/v1/resellers/example-tours";
        let read = operator.get(path).await;
        let mut settings = read.expect(200);
        settings["enabled"] = json!(enabled);
        operator.put(path, &read.entity_tag(), &settings).await.expect(200)
    };
    assert_eq!(set(false).await["status"], "SUSPENDED");
    let refused = reseller.get("/supplier").await.expect(403);
    assert!(refused["errorMessage"].as_str().unwrap().contains("suspended"), "{refused}");
    own.feels(Mood::answering(204));
    let disabled = async || {
        let owner = "live.example-tours".parse().unwrap();
        let stored = museum.store().webhooks(&owner).await.unwrap();
        let is_enabled = stored[0].endpoint.is_enabled();
        if is_enabled { Err("it is enabled".to_owned()) } else { Ok(()) }
    };
    eventually("nothing is sent", SOON, disabled).await;
    assert_eq!(own.taken().len(), 0);
    assert_eq!(set(true).await["status"], "ACTIVE");
    registers(&reseller, "booking_update", &own.url).await;
    assert_eq!(statuses(&own.takes(1).await), ["CONFIRMED"]);
    assert_eq!(deliveries(&reseller, &webhook).await[0]["status"], "DELIVERED");
    reseller.takes(&sold, "cancel", &json!({})).await.expect(200);
    own.takes(2).await;
    museum.nothing_left_over().await;
}
