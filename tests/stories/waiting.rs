//! The line of a sold-out slot: who comes first gets the places that come back, keeps them for two
//! hours, and nobody else can take them; whatever happens to the machine meanwhile.

use atrio_domain::waiting::in_turn;
use atrio_dynamo::booking::Held;
use atrio_dynamo::waiting::Line;
use atrio_tests::{Answer, Manager, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-24T16:00";

/// Longer than places on offer are kept.
const AFTER_THE_OFFER: SignedDuration = SignedDuration::from_secs(2 * 3_600 + 60);

fn party(people: u32) -> Wish {
    Wish::at(VENUE, SLOT, &[("minor", people)])
}

/// Lets a slot have so many places, all of which one booking may take.
async fn has_places(museum: &Process, places: u32) {
    let manager = Manager::of(museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["capacity"] = json!(places);
    product["max_units"] = json!(places.min(10));
    manager.changes("products/admission", &tag, &product).await.expect(200);
}

async fn joins_as(visitor: &Visitor, uuid: &str, wish: &Wish) -> Answer {
    visitor.api.post("/v1/waiting", &visitor.request(uuid, wish)).await
}

async fn joins(visitor: &Visitor, wish: &Wish) -> String {
    let uuid = fresh_uuid();
    assert_eq!(joins_as(visitor, &uuid, wish).await.expect(201)["status"], "WAITING");
    uuid
}

async fn stands(visitor: &Visitor, uuid: &str) -> Value {
    visitor.api.get(&format!("/v1/waiting/{uuid}")).await.expect(200)
}

/// Waits until the places are on offer, and answers the booking that holds them.
async fn is_offered(visitor: &Visitor, uuid: &str) -> Value {
    eventually("the turn has come", SOON, async || {
        let standing = stands(visitor, uuid).await;
        if standing["status"] == "OFFERED" { Ok(()) } else { Err(standing.to_string()) }
    })
    .await;
    let booking = visitor.booking(uuid).await;
    assert_eq!((&booking["status"], &booking["channel"]), (&json!("ON_HOLD"), &json!("WEB")));
    booking
}

#[tokio::test]
async fn whoever_waits_first_gets_the_places_that_come_back_and_is_told_by_mail() {
    let museum = Process::fresh().await;
    has_places(&museum, 2).await;
    let [holder, first, second, late] = [(); 4].map(|()| Visitor::of(&museum));
    let early = joins_as(&first, &fresh_uuid(), &party(2)).await;
    early.expect_problem(409, "places-left", "slot_id");
    let held = holder.hold(&party(2)).await;

    let refused = first.ask(&party(2)).await.expect_problem(409, "sold-out", "units");
    assert!(refused["errors"][0]["fix"].as_str().unwrap().contains("/v1/waiting"), "{refused}");
    let first_uuid = joins(&first, &party(2)).await;
    let second_uuid = joins(&second, &party(1)).await;
    let standing = stands(&second, &second_uuid).await;
    assert_eq!((&standing["position"], &standing["offer"]), (&json!(2), &Value::Null));
    let again = joins_as(&first, &first_uuid, &party(2)).await.expect(200);
    assert_eq!((&again["status"], &again["position"]), (&json!("WAITING"), &json!(1)));
    joins_as(&first, &first_uuid, &party(1)).await.expect_problem(409, "uuid-reused", "uuid");
    joins_as(&first, &fresh_uuid(), &party(2)).await.expect_problem(
        409,
        "already-waiting",
        "contact",
    );

    holder.cancel(&held).await.expect(200);
    let offered = is_offered(&first, &first_uuid).await;
    assert_eq!(offered["units"][0]["quantity"], 2);
    let standing = stands(&first, &first_uuid).await;
    assert_eq!(standing["offer"]["expires_at"], offered["expires_at"]);
    assert_eq!(standing["contact"], Value::Null, "the booking has it now");
    late.ask(&party(1)).await.expect_problem(409, "sold-out", "units");
    assert_eq!(stands(&second, &second_uuid).await["position"], 1);
    let mails = museum.wrote_mails(1).await;
    assert_eq!(mails[0].to(), [first.contact.email.as_str()]);
    assert!(
        mails[0].text().contains(&format!("/booking/?uuid={first_uuid}")),
        "{}",
        mails[0].text()
    );
    let leave = first.api.send("DELETE", &format!("/v1/waiting/{first_uuid}"), None, "").await;
    leave.expect_problem(409, "on-offer", "uuid");

    // Who needs the places no more gives them to the next, like any hold.
    first.cancel(&first_uuid).await.expect(200);
    is_offered(&second, &second_uuid).await;
    assert_eq!(second.confirm(&second_uuid).await.expect(200)["status"], "CONFIRMED");
    assert_eq!(second.tickets(&second_uuid).await.len(), 1);
    assert_eq!(stands(&first, &first_uuid).await["offer"]["status"], "CANCELLED");
    assert_eq!(late.vacancies(&party(1)).await, 1, "nobody waits for the other place");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn an_offer_nobody_takes_goes_to_the_next_and_the_line_ends_when_the_slot_starts() {
    let mut museum = Process::fresh().await;
    has_places(&museum, 1).await;
    let mut waiting = Vec::new();
    Visitor::of(&museum).books_free(&party(1)).await;
    for _ in 0..3 {
        let visitor = Visitor::of(&museum);
        let uuid = joins(&visitor, &party(1)).await;
        waiting.push((visitor, uuid));
    }
    // A manager finds one place more: the first has it for two hours.
    has_places(&museum, 2).await;
    is_offered(&waiting[0].0, &waiting[0].1).await;
    museum.restart_after(AFTER_THE_OFFER).await;
    let offered = is_offered(&waiting[1].0, &waiting[1].1).await;
    assert_eq!(waiting[0].0.booking(&waiting[0].1).await["status"], "EXPIRED");
    let hours = offered["expires_at"].as_str().unwrap();
    assert!(hours.starts_with("2026-11-24T13:"), "two hours from a little past eleven: {hours}");

    // An offer made two hours before the slot ends with it; the third waited in vain.
    museum.restart_after(AFTER_THE_OFFER).await;
    let last = is_offered(&waiting[2].0, &waiting[2].1).await;
    assert_eq!(last["expires_at"], "2026-11-24T15:00:00Z", "when the slot starts");
    let in_vain = Visitor::of(&museum);
    let in_vain_uuid = joins(&in_vain, &party(1)).await;
    museum.restart_after(AFTER_THE_OFFER).await;
    eventually("the line is closed", SOON, async || {
        let lines = museum.store().lines().await.map_err(|error| error.to_string())?;
        if lines.is_empty() { Ok(()) } else { Err(format!("{lines:?}")) }
    })
    .await;
    let ended = stands(&in_vain, &in_vain_uuid).await;
    assert_eq!((&ended["status"], &ended["contact"]), (&json!("ENDED"), &Value::Null));
    let closed = joins_as(&Visitor::of(&museum), &fresh_uuid(), &party(1)).await;
    closed.expect_problem(422, "slot-began", "slot_id");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn who_leaves_the_line_is_forgotten_and_keeps_nobody_waiting() {
    let museum = Process::fresh().await;
    has_places(&museum, 2).await;
    let [holder, first, second] = [(); 3].map(|()| Visitor::of(&museum));
    let held = holder.hold(&party(2)).await;
    let first_uuid = joins(&first, &party(2)).await;
    let second_uuid = joins(&second, &party(2)).await;
    let path = format!("/v1/waiting/{first_uuid}");
    assert_eq!(stands(&first, &first_uuid).await["contact"]["email"], first.contact.email.as_str());
    for _ in 0..2 {
        assert_eq!(first.api.send("DELETE", &path, None, "").await.status, 204);
    }
    let left = stands(&first, &first_uuid).await.to_string();
    assert!(left.contains("LEFT") && !left.contains(&first.contact.email), "{left}");
    assert_eq!(stands(&second, &second_uuid).await["position"], 1);
    holder.cancel(&held).await.expect(200);
    is_offered(&second, &second_uuid).await;

    // The booking's person is forgotten wherever their request was kept.
    second.confirm(&second_uuid).await.expect(200);
    assert_eq!(second.asks_to_be_forgotten(&second_uuid).await.status, 204);
    let stored = museum.store().waiting(second_uuid.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((stored.request.contact, stored.fingerprint.as_str()), (None, "forgotten"));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn many_runs_at_once_offer_a_party_its_places_once() {
    let museum = Process::fresh().await;
    has_places(&museum, 1).await;
    let [holder, visitor] = [(); 2].map(|()| Visitor::of(&museum));
    let held = holder.hold(&party(1)).await;
    let uuid = joins(&visitor, &party(1)).await;
    let store = museum.store();
    let waiting = store.waiting(uuid.parse().unwrap()).await.unwrap().unwrap();
    let venue = store.venue(&VENUE.parse().unwrap()).await.unwrap().unwrap();
    holder.cancel(&held).await.expect(200);

    // Twenty runs that all read the line before anyone was served, beside the platform's own.
    let now = museum.now();
    let runs = (0..20).map(|_| async {
        let (first, offer) = in_turn(std::slice::from_ref(&waiting), &venue, 1, now).remove(0);
        let pools = offer.pools.clone();
        let (mut booking, behind) = first.offered(offer, now);
        let held = store.offer_places(first, &mut booking, &behind, &pools, now).await;
        matches!(held, Ok(Held::New))
    });
    let made = join_all(runs).await.into_iter().filter(|made| *made).count();
    assert!(made <= 1, "{made} offers to one party");
    is_offered(&visitor, &uuid).await;
    let line = Line::of(&waiting);
    assert_eq!(store.slot_counts(&line).await.unwrap().taken, 1);
}

#[tokio::test]
async fn a_machine_that_goes_down_while_it_offers_places_offers_none_twice() {
    const PLACES: u32 = 12;
    let mut museum = Process::fresh().await;
    has_places(&museum, PLACES).await;
    let holders: Vec<Visitor> = (0..PLACES).map(|_| Visitor::of(&museum)).collect();
    let one = party(1);
    let held = join_all(holders.iter().map(|holder| holder.hold(&one))).await;
    let parties: Vec<Visitor> = (0..PLACES + 6).map(|_| Visitor::of(&museum)).collect();
    let mut waiting = Vec::new();
    for visitor in &parties {
        waiting.push(joins(visitor, &party(1)).await);
    }
    join_all(holders.iter().zip(&held).map(|(one, uuid)| one.cancel(uuid))).await;
    for pause in [1_900, 2_050, 2_200] {
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
        museum.restart().await;
    }
    let api = museum.api();
    eventually("as many are served as there are places", SOON, async || {
        let mut offered = 0;
        for uuid in &waiting {
            let standing = api.get(&format!("/v1/waiting/{uuid}")).await.expect(200);
            offered += u32::from(standing["status"] == "OFFERED");
        }
        if offered == PLACES { Ok(()) } else { Err(format!("{offered} were offered places")) }
    })
    .await;
    let places = museum
        .store()
        .holds_due(museum.now() + SignedDuration::from_hours(3), 100)
        .await
        .unwrap()
        .into_iter()
        .map(|stored| stored.unwrap().booking)
        .inspect(|booking| assert!(waiting.contains(&booking.uuid.to_string())))
        .map(|booking| booking.places())
        .sum::<u32>();
    assert_eq!(places, PLACES);
    assert_eq!(Visitor::of(&museum).vacancies(&party(1)).await, 0);
    // Those who came first were served: the line is the others, in their order.
    for (behind, uuid) in waiting.iter().skip(PLACES as usize).enumerate() {
        let standing = api.get(&format!("/v1/waiting/{uuid}")).await.expect(200);
        assert_eq!(standing["position"], behind + 1, "{standing}");
    }
}
