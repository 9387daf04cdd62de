//! Webhooks: a partner's server is told what becomes of a venue's bookings, tickets and slots, signed, in
//! order, and again when it did not listen; whatever happens to the machine meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use atrio_tests::{
    Answer, Arrived, Gate, Integrator, Manager, Mood, Process, Relay, SOON, Visitor, Wish,
    eventually, fresh_uuid,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const VENUE: &str = "20240";

fn visit(slot: &str, people: u32) -> Wish {
    Wish::at(VENUE, &format!("2026-11-24T{slot}"), &[("minor", people)])
}

/// A venue's manager who registered a server.
struct Registered {
    manager: Manager,
    id: String,
    secret: String,
}

impl Registered {
    async fn at(museum: &Process, url: &str) -> Self {
        let (manager, id) = (Manager::of(museum, VENUE).await, fresh_uuid());
        let made = manager.changes(&format!("webhooks/{id}"), "*", &json!({"url": url})).await;
        let secret = made.expect(201)["secret"].as_str().unwrap().to_owned();
        Self { manager, id, secret }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/venues/{VENUE}/webhooks/{}{rest}", self.id)
    }

    async fn sees(&self) -> (Value, String) {
        self.manager.reads(&format!("webhooks/{}", self.id)).await
    }

    async fn asks(&self, what: &str, body: &Value) -> Answer {
        self.manager.api.post(&self.path(what), body).await
    }

    /// Waits until the endpoint shows this.
    async fn shows(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        eventually(what, SOON, async || {
            let (seen, _) = self.sees().await;
            if is_so(&seen) { Ok(seen) } else { Err(seen.to_string()) }
        })
        .await
    }

    async fn deliveries(&self) -> Vec<Value> {
        let list = self.manager.api.get(&self.path("/deliveries")).await.expect(200);
        list["deliveries"].as_array().unwrap().clone()
    }

    async fn set(&self, change: impl Fn(&mut Value)) -> Value {
        let (seen, tag) = self.sees().await;
        let mut settings = json!({});
        for name in ["url", "events", "description", "enabled"] {
            settings[name] = seen[name].clone();
        }
        change(&mut settings);
        let changed = self.manager.changes(&format!("webhooks/{}", self.id), &tag, &settings).await;
        changed.expect(200)
    }
}

fn kinds(arrived: &[Arrived]) -> Vec<String> {
    arrived.iter().map(Arrived::kind).collect()
}

fn sequences(arrived: &[Arrived]) -> Vec<u64> {
    arrived.iter().map(|one| one.event()["sequence"].as_u64().unwrap()).collect()
}

fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_partner_hears_of_sales_entries_and_full_slots_signed_and_without_a_person() {
    let museum = Process::fresh().await;
    let partner = Integrator::start().await;
    let hook = Registered::at(&museum, &partner.url).await;
    let (mut product, tag) = hook.manager.reads("products/admission").await;
    product["capacity"] = json!(2);
    product["max_units"] = json!(2);
    hook.manager.changes("products/admission", &tag, &product).await.expect(200);

    let (anna, bruno) = (Visitor::of(&museum), Visitor::of(&museum));
    let gate = Gate::of(&museum, VENUE, "main").await;
    let (first, tickets) = anna.books_free(&visit("10:00", 1)).await;
    partner.takes(1).await;
    let nonce = fresh_uuid();
    gate.scan_again(&nonce, tickets[0]["code"].as_str().unwrap()).await.expect(201);
    partner.takes(2).await;
    gate.takes_back(&nonce, "the wrong visitor").await.expect(200);
    partner.takes(3).await;
    let (second, _) = bruno.books_free(&visit("16:00", 2)).await;
    partner.takes(5).await;
    bruno.cancel(&second).await.expect(200);
    let taken = partner.takes(7).await;
    let told = [
        "booking.confirmed",
        "ticket.redeemed",
        "ticket.redemption_undone",
        "availability.sold_out",
        "booking.confirmed",
        "booking.cancelled",
        "availability.available_again",
    ];
    assert_eq!(kinds(&taken), told);
    assert_eq!(sequences(&taken), [1, 2, 3, 4, 5, 6, 7]);

    // As the documentation says to check it, and not under another secret, on another day, or changed.
    let now = museum.now();
    assert_eq!(Integrator::verifies(&hook.secret, &taken, now), [true; 7]);
    let other = format!("whsec_{}", "A".repeat(43) + "=");
    assert_eq!(Integrator::verifies(&other, &taken, now), [false; 7]);
    let later = now + SignedDuration::from_hours(1);
    assert_eq!(Integrator::verifies(&hook.secret, &taken, later), [false; 7]);
    let mut forged = taken.clone();
    for one in &mut forged {
        one.body.push(b' ');
    }
    assert_eq!(Integrator::verifies(&hook.secret, &forged, now), [false; 7]);

    let confirmed = taken[0].event();
    assert_eq!(taken[0].id(), confirmed["id"].as_str().unwrap());
    let data = &confirmed["data"];
    assert_eq!((&data["total_cents"], &data["channel"]), (&json!(0), &json!("WEB")));
    assert_eq!(data["slot"]["id"], "2026-11-24T10:00");
    assert_eq!(data["units"], json!([{"unit_id": "minor", "quantity": 1, "price_cents": 0}]));
    let reference = |at: usize| taken[at].event()["data"]["booking_reference"].clone();
    assert_eq!(reference(0), reference(1), "whoever came is who booked");
    assert_eq!(reference(4), reference(5));
    assert_ne!(reference(0), reference(4));
    assert_eq!(taken[6].event()["data"]["vacancies"], 2);

    // Neither a person nor what opens a booking or a gate is in any of it.
    let ticket = tickets[0]["id"].as_str().unwrap();
    let typed = tickets[0]["typed_code"].as_str().unwrap();
    let (one, two) = (&anna.contact, &bruno.contact);
    let secrets = [&one.full_name, &one.email, &two.full_name, &two.email, &first, &second];
    for sent in &taken {
        let text = String::from_utf8_lossy(&sent.body).into_owned();
        let mut hidden = secrets.iter().map(|secret| secret.as_str()).chain([ticket, typed]);
        assert!(!hidden.any(|secret| text.contains(secret)), "{}", sent.kind());
    }

    // The log is what was sent.
    let page = format!("/v1/venues/{VENUE}/events");
    let log = hook.manager.api.get(&format!("{page}?after=0&limit=4")).await.expect(200);
    let rest = hook.manager.api.get(&format!("{page}?after=4")).await.expect(200);
    assert_eq!((&log["next_after"], &rest["next_after"]), (&json!(4), &json!(7)));
    assert_eq!(rest["newest"], 7);
    let logged = [&log, &rest].into_iter().flat_map(|page| page["events"].as_array().unwrap());
    let logged: Vec<Value> = logged.cloned().collect();
    assert_eq!(logged, taken.iter().map(Arrived::event).collect::<Vec<_>>());
    hook.shows("it rests", |seen| seen["told_up_to"] == 7 && seen["next_try_at"].is_null()).await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn what_a_partner_missed_comes_later_in_order_and_once_more_when_asked() {
    let museum = Process::fresh().await;
    let partner = Integrator::start().await;
    let line = Relay::to(([127, 0, 0, 1], partner.port).into()).await;
    let hook = Registered::at(&museum, &format!("http://127.0.0.1:{}/", line.port)).await;
    let visitor = Visitor::of(&museum);

    partner.feels(Mood::answering(500));
    visitor.books_free(&visit("11:00", 1)).await;
    visitor.books_free(&visit("12:00", 1)).await;
    let failing = hook.shows("it fails", |seen| seen["failed_attempts"] == 1).await;
    assert!(failing["failing_since"].is_string() && failing["told_up_to"] == 0, "{failing}");
    let [waiting] = &hook.deliveries().await[..] else { panic!("one waits, the others behind it") };
    assert_eq!((&waiting["status"], &waiting["sequence"]), (&json!("WAITING"), &json!(1)));
    assert_eq!(waiting["last_outcome"], "answered with status 500");
    let pause = instant(&waiting["next_at"]).duration_since(instant(&waiting["last_at"]));
    assert!((8..=12).contains(&pause.as_secs()), "{pause}");
    partner.feels(Mood::answering(204));
    assert_eq!(sequences(&partner.takes(2).await), [1, 2], "in order, each once");
    assert_eq!(partner.arrived().len(), 3);
    assert_eq!(partner.arrived()[0].id(), partner.arrived()[1].id(), "one event, one id");

    // Down; then so overloaded that it asks for an hour; then staff try it by hand.
    line.cut();
    visitor.books_free(&visit("14:00", 1)).await;
    hook.shows("it is not reached", |seen| seen["failed_attempts"] == 1).await;
    let outcome = hook.deliveries().await[0]["last_outcome"].clone();
    assert_ne!(outcome, "answered with status 204");
    partner.feels(Mood { retry_after: Some(3_600), ..Mood::answering(503) });
    line.mend();
    let asked = hook.shows("it asks to wait", |seen| seen["failed_attempts"] == 2).await;
    let pause = instant(&asked["next_try_at"]).duration_since(museum.now());
    assert!((3_500..=3_600).contains(&pause.as_secs()), "{pause}");
    partner.feels(Mood::answering(200));
    let test = json!({"uuid": fresh_uuid()});
    let event = hook.asks("/test", &test).await.expect(202)["event_id"].clone();
    assert_eq!(hook.asks("/test", &test).await.expect(202)["event_id"], event, "a lost answer");
    let taken = partner.takes(4).await;
    assert_eq!(sequences(&taken), [1, 2, 3, 4]);
    assert_eq!((taken[3].kind().as_str(), json!(taken[3].id())), ("webhook.test", event));

    // The partner's disk burnt: two of them once more, then the newest alone.
    hook.shows("it rests", |seen| seen["next_try_at"].is_null()).await;
    hook.asks("/replay", &json!({"from": 2, "to": 3})).await.expect(202);
    let again = partner.takes(6).await;
    assert_eq!(sequences(&again), [1, 2, 3, 4, 2, 3]);
    assert_eq!((again[4].id(), &again[4].body), (again[1].id(), &again[1].body));
    assert_eq!(Integrator::verifies(&hook.secret, &again, museum.now()), [true; 6]);
    hook.shows("it rests", |seen| seen["next_try_at"].is_null()).await;
    hook.asks("/replay", &json!({"from": 4})).await.expect(202);
    assert_eq!(sequences(&partner.takes(7).await)[6], 4);
    visitor.books_free(&visit("15:00", 1)).await;
    assert_eq!(sequences(&partner.takes(8).await)[7], 5, "and on with what is new");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_slow_server_holds_up_no_other_and_each_hears_what_it_asked_for() {
    let museum = Process::fresh().await;
    let (slow, quick) = (Integrator::start().await, Integrator::start().await);
    let other = Registered::at(&museum, &slow.url).await;
    let hook = Registered::at(&museum, &quick.url).await;
    slow.feels(Mood { after: Duration::from_secs(60), ..Mood::answering(200) });
    hook.set(|settings| settings["events"] = json!(["booking.cancelled"])).await;
    let visitor = Visitor::of(&museum);
    let begun = std::time::Instant::now();
    for slot in ["11:00", "12:00", "14:00"] {
        let (uuid, _) = visitor.books_free(&visit(slot, 1)).await;
        visitor.cancel(&uuid).await.expect(200);
    }
    let heard = quick.takes(3).await;
    assert_eq!(kinds(&heard), ["booking.cancelled"; 3]);
    assert!(begun.elapsed() < Duration::from_secs(14), "not after the slow one's time-out");
    assert_eq!(slow.taken().len(), 0);
    let late = other.shows("it was too slow", |seen| seen["failed_attempts"] == 1).await;
    assert_eq!(late["told_up_to"], 0);
    assert_eq!(other.deliveries().await[0]["last_outcome"], "did not answer in time");
    hook.shows("the other knows all", |seen| seen["told_up_to"] == 6).await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_secret_is_shown_once_and_two_sign_while_one_takes_over() {
    let mut museum = Process::fresh().await;
    let partner = Integrator::start().await;
    let hook = Registered::at(&museum, &partner.url).await;
    let path = format!("webhooks/{}", hook.id);
    // The answer was lost: the same request shows the same secret, whoever reads sees none.
    let again = hook.manager.changes(&path, "*", &json!({"url": partner.url})).await.expect(200);
    assert_eq!(again["secret"], json!(hook.secret));
    assert_eq!(hook.sees().await.0["secret"], Value::Null);

    let body = json!({"uuid": fresh_uuid(), "overlap_hours": 2});
    let fresh = hook.asks("/rotate", &body).await.expect(200)["secret"].clone();
    assert_eq!(hook.asks("/rotate", &body).await.expect(200)["secret"], fresh, "a lost answer");
    let fresh = fresh.as_str().unwrap();
    assert_ne!(fresh, hook.secret);
    hook.asks("/test", &json!({"uuid": fresh_uuid()})).await.expect(202);
    let both = partner.takes(1).await;
    assert_eq!(both[0].headers["webhook-signature"].split(' ').count(), 2);
    for secret in [fresh, &hook.secret] {
        assert_eq!(Integrator::verifies(secret, &both, museum.now()), [true]);
    }

    museum.restart_after(SignedDuration::from_hours(3)).await;
    hook.asks("/test", &json!({"uuid": fresh_uuid()})).await.expect(202);
    let one = &partner.takes(2).await[1..];
    assert_eq!(Integrator::verifies(fresh, one, museum.now()), [true]);
    assert_eq!(Integrator::verifies(&hook.secret, one, museum.now()), [false]);
    hook.asks("/rotate", &body).await.expect_problem(409, "uuid-reused", "uuid");
    let changed = hook.manager.changes(&path, "*", &json!({"url": partner.url})).await.expect(200);
    assert_eq!(changed["secret"], Value::Null);

    // Who did what is on record, and no secret is, there or in the log.
    let api = &hook.manager.api;
    let record = api.get(&format!("/v1/venues/{VENUE}/changes")).await.expect(200).to_string();
    assert!(record.contains(&format!("webhooks/{}/secret", hook.id)), "{record}");
    let list = api.get(&format!("/v1/venues/{VENUE}/webhooks")).await.expect(200).to_string();
    for text in [record, list, museum.log()] {
        assert!(!text.contains("whsec_"), "a secret stands where it should not");
    }
}

#[tokio::test]
async fn a_server_that_is_gone_or_never_answers_is_disabled_with_the_reason_and_goes_on_later() {
    let mut museum = Process::fresh().await;
    let partner = Integrator::start().await;
    let mut hook = Registered::at(&museum, &partner.url).await;
    let visitor = Visitor::of(&museum);
    partner.feels(Mood::answering(410));
    visitor.books_free(&visit("11:00", 1)).await;
    let seen = hook.shows("it is disabled", |seen| seen["state"]["status"] == "DISABLED").await;
    assert!(seen["state"]["reason"].as_str().unwrap().contains("410"), "{seen}");
    assert_eq!(hook.deliveries().await[0]["status"], "GIVEN_UP");
    visitor.books_free(&visit("12:00", 1)).await;
    let test = json!({"uuid": fresh_uuid()});
    hook.asks("/test", &test).await.expect_problem(409, "webhook-off", "webhook_id");
    hook.asks("/replay", &json!({"from": 1})).await.expect_problem(
        409,
        "webhook-off",
        "webhook_id",
    );
    partner.feels(Mood::answering(200));
    hook.set(|settings| settings["enabled"] = json!(true)).await;
    assert_eq!(sequences(&partner.takes(2).await), [1, 2], "where it stopped");

    partner.feels(Mood::answering(500));
    visitor.books_free(&visit("14:00", 1)).await;
    for attempt in 1..14 {
        let what = format!("attempt {attempt}");
        hook.shows(&what, |seen| seen["failed_attempts"] == attempt).await;
        // As long as the pause after it, at most.
        let pause = SignedDuration::from_secs(12 * (1 << (attempt - 1)));
        museum.restart_after(pause).await;
        hook.manager = Manager::of(&museum, VENUE).await;
    }
    let seen = hook.shows("it is disabled", |seen| seen["state"]["status"] == "DISABLED").await;
    let reason = seen["state"]["reason"].as_str().unwrap();
    assert!(reason.contains("14 times") && reason.contains("500"), "{reason}");
    assert_eq!(partner.arrived().iter().filter(|one| one.answered == 500).count(), 14);
    hook.set(|settings| settings["enabled"] = json!(false)).await;
    partner.feels(Mood::answering(200));
    hook.set(|settings| settings["enabled"] = json!(true)).await;
    assert_eq!(sequences(&partner.takes(3).await), [1, 2, 3]);
}

#[tokio::test]
async fn a_platform_killed_between_a_sale_and_its_telling_loses_none() {
    let mut museum = Process::fresh().await;
    let partner = Integrator::start().await;
    let hook = Registered::at(&museum, &partner.url).await;
    let visitor = Visitor::of(&museum);
    let mut sold = 0;
    for (slot, patience) in [("11:00", 0), ("12:00", 30), ("14:00", 150), ("15:00", 400)] {
        for _ in 0..3 {
            visitor.books_free(&visit(slot, 1)).await;
            sold += 1;
        }
        tokio::time::sleep(Duration::from_millis(patience)).await;
        museum.kill9();
        museum.restart().await;
    }
    let ids = eventually("all are told", Duration::from_secs(90), async || {
        let ids: BTreeSet<String> = partner.taken().iter().map(Arrived::id).collect();
        if ids.len() == sold { Ok(ids) } else { Err(format!("{} of {sold}", ids.len())) }
    })
    .await;
    assert_eq!(ids.len(), sold);
    // Once each, and in order, but for the one that was on its way at a kill.
    let numbers = sequences(&partner.taken());
    assert!(
        numbers.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1),
        "{numbers:?}"
    );
    assert!(numbers.len() <= sold + 4, "{numbers:?}");
    hook.shows("it rests", |seen| seen["told_up_to"] == sold && seen["next_try_at"].is_null())
        .await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_registration_that_cannot_be_used_names_the_field_and_the_fix() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let id = fresh_uuid();
    let path = format!("webhooks/{id}");
    let good = json!({"url": "http://127.0.0.1:9/"});
    for (settings, kind, field) in [
        (json!({"url": "museum"}), "invalid-webhook", "url"),
        (json!({"url": "http://museum.example/"}), "invalid-webhook", "url"),
        (json!({"url": "https://10.0.0.1/"}), "invalid-webhook", "url"),
        (json!({"url": "https://169.254.169.254/latest/meta-data"}), "invalid-webhook", "url"),
        (json!({"url": "https://2852039166/"}), "invalid-webhook", "url"),
        (json!({"url": "https://[::ffff:169.254.169.254]/"}), "invalid-webhook", "url"),
        (json!({"url": "https://user:word@museum.example/"}), "invalid-webhook", "url"),
        (json!({"url": "https://intranet/"}), "invalid-webhook", "url"),
        (
            json!({"url": format!("https://museum.example/{}", "x".repeat(2_000))}),
            "invalid-webhook",
            "url",
        ),
        (
            json!({"url": "https://museum.example/", "events": ["webhook.test"]}),
            "invalid-webhook",
            "events",
        ),
        (
            json!({"url": "https://museum.example/", "events": ["sold"]}),
            "invalid-field",
            "events[0]",
        ),
        (
            json!({"url": "https://museum.example/", "description": "x".repeat(201)}),
            "invalid-webhook",
            "description",
        ),
        (json!({"url": "https://museum.example/", "secret": "mine"}), "invalid-field", "secret"),
        (json!({}), "invalid-field", "url"),
    ] {
        manager.changes(&path, "*", &settings).await.expect_problem(422, kind, field);
    }
    manager.changes("webhooks/1", "*", &good).await.expect_problem(
        400,
        "malformed-id",
        "webhook_id",
    );
    let unknown = manager.changes(&path, "\"1\"", &good).await;
    unknown.expect_problem(412, "not-there-yet", "If-None-Match");
    let at = |rest: &str| format!("/v1/venues/{VENUE}/webhooks/{id}{rest}");
    manager.api.get(&at("")).await.expect_problem(404, "unknown-webhook", "webhook_id");
    let list = manager.api.get(&format!("/v1/venues/{VENUE}/webhooks")).await.expect(200);
    assert_eq!(list["webhooks"], json!([]), "nothing half done");

    manager.changes(&path, "*", &good).await.expect(201);
    let other = json!({"url": "http://127.0.0.1:10/"});
    manager.changes(&path, "\"1\"", &other).await.expect_problem(
        412,
        "changed-meanwhile",
        "If-Match",
    );
    manager.changes(&path, "*", &other).await.expect_problem(412, "changed-meanwhile", "If-Match");
    for (rest, body, status, kind, field) in [
        ("/rotate", json!({}), 422, "invalid-field", "uuid"),
        (
            "/rotate",
            json!({"uuid": fresh_uuid(), "overlap_hours": 169}),
            422,
            "invalid-field",
            "overlap_hours",
        ),
        ("/test", json!({"uuid": "1"}), 422, "invalid-field", "uuid"),
        ("/replay", json!({"from": 0}), 422, "invalid-replay", "from"),
        ("/replay", json!({"from": 2, "to": 1}), 422, "invalid-replay", "from"),
        ("/replay", json!({"from": 1, "to": 20_000}), 422, "invalid-replay", "to"),
        ("/replay", json!({"from": 1}), 422, "invalid-replay", "from"),
    ] {
        manager.api.post(&at(rest), &body).await.expect_problem(status, kind, field);
    }
    for (query, field) in
        [("after=x", "after"), ("limit=0", "limit"), ("limit=201", "limit"), ("page=1", "page")]
    {
        let path = format!("/v1/venues/{VENUE}/events?{query}");
        manager.api.get(&path).await.expect_problem(400, "invalid-query", field);
    }
    let path = at("/deliveries?limit=201");
    manager.api.get(&path).await.expect_problem(400, "invalid-query", "limit");
    for count in 1..=10 {
        let path = format!("webhooks/{}", fresh_uuid());
        let answer = manager.changes(&path, "*", &good).await;
        match count {
            10 => drop(answer.expect_problem(409, "too-many-webhooks", "webhook_id")),
            _ => drop(answer.expect(201)),
        }
    }
    // Removed, it stays removed, however often that is asked.
    for _ in 0..2 {
        let removed = manager.api.send("DELETE", &at(""), None, "").await;
        assert_eq!(removed.expect(200)["id"], json!(id));
    }
    manager.api.get(&at("")).await.expect_problem(404, "unknown-webhook", "webhook_id");
}
