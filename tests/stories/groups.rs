//! Groups and school classes: asked for, taken or refused by a manager, listed by name, and held as an
//! ordinary booking that is paid or confirmed.

use atrio_tests::{Answer, Manager, Outcome, Process, Visitor, Wish, fresh_uuid};
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-12-15T10:00";
const CSV: &str = "text/csv";

/// A museum whose groups pay EUR 70 beside their tickets, and whose director lets in so many school
/// people a day.
async fn takes_groups(museum: &Process, school_people: u32) -> Manager {
    let manager = Manager::of(museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["capacity"] = json!(60);
    product["groups"]["surcharge"] = json!({
        "name": {"it": "Diritto di gruppo", "en": "Group surcharge"}, "amount_cents": 7_000,
        "from_people": 11, "source": "tariffs of the museum",
    });
    product["groups"]["schools"]["quota"] = json!({"people": school_people, "per": "DAY"});
    manager.changes("products/admission", &tag, &product).await.expect(200);
    manager
}

fn request(visitor: &Visitor, uuid: &str, kind: &str, people: u32, leaders: u32) -> Value {
    let mut body = visitor.request(uuid, &Wish::at(VENUE, SLOT, &[]));
    body.as_object_mut().unwrap().remove("units");
    body["kind"] = json!(kind);
    body["organisation"] = json!("Liceo di prova");
    body["people"] = json!(people);
    body["leaders"] = json!(leaders);
    body
}

async fn asks(visitor: &Visitor, kind: &str, people: u32, leaders: u32) -> String {
    let uuid = fresh_uuid();
    let body = request(visitor, &uuid, kind, people, leaders);
    let asked = visitor.api.post("/v1/groups", &body).await.expect(201);
    assert_eq!(asked["status"], "REQUESTED");
    let again = visitor.api.post("/v1/groups", &body).await.expect(200);
    assert_eq!(again["asked_at"], asked["asked_at"]);
    uuid
}

async fn decides(manager: &Manager, uuid: &str, step: &str, body: &Value) -> Answer {
    manager.api.post(&format!("/v1/venues/{VENUE}/groups/{uuid}/{step}"), body).await
}

async fn sends_list(visitor: &Visitor, uuid: &str, file: &str) -> Answer {
    visitor.api.send("PUT", &format!("/v1/groups/{uuid}/list"), Some(CSV), file).await
}

#[tokio::test]
async fn a_group_is_taken_pays_its_tickets_and_one_surcharge_and_is_listed_by_name() {
    let museum = Process::fresh().await;
    let manager = takes_groups(&museum, 60).await;
    let leader = Visitor::of(&museum);
    let uuid = asks(&leader, "GROUP", 20, 1).await;
    let untouched = leader.vacancies(&Wish::at(VENUE, SLOT, &[])).await;
    assert_eq!(untouched, 60, "a request takes no place");
    let other = request(&leader, &uuid, "GROUP", 21, 1);
    leader.api.post("/v1/groups", &other).await.expect_problem(409, "uuid-reused", "uuid");

    let (listed, _) = manager.reads("groups").await;
    let seen = &listed["groups"][0];
    assert_eq!((&seen["uuid"], &seen["status"]), (&json!(uuid), &json!("REQUESTED")));
    assert_eq!(seen["contact"]["email"], leader.contact.email.as_str());
    let price = leader.price(&Wish::at(VENUE, SLOT, &[]), "adult").await["price_cents"].as_i64();
    let total = 20 * price.unwrap() + 7_000;
    assert_eq!(seen["total_cents"], total);

    let late = json!({"hold_until": "2026-12-15T09:30:00Z"});
    decides(&manager, &uuid, "approve", &late).await.expect_problem(
        422,
        "hold-until",
        "hold_until",
    );
    let until = json!({"hold_until": "2026-12-01T11:00:00Z"});
    let approved = decides(&manager, &uuid, "approve", &until).await.expect(200);
    assert_eq!(approved["hold_until"], "2026-12-01T11:00:00Z");
    for _ in 0..2 {
        let again = decides(&manager, &uuid, "approve", &json!({})).await.expect(200);
        assert_eq!(again["status"], "APPROVED");
    }
    let refuse = decides(&manager, &uuid, "refuse", &json!({"reason": "full"})).await;
    refuse.expect_problem(409, "already-decided", "uuid");
    assert_eq!(leader.vacancies(&Wish::at(VENUE, SLOT, &[])).await, 39);
    let mails = museum.wrote_mails(1).await;
    assert_eq!(mails[0].to(), [leader.contact.email.as_str()]);
    assert!(mails[0].text().contains(&format!("/group/?uuid={uuid}")), "{}", mails[0].text());

    let wrong = "last_name,first_name,role\nRossi,A.,person\n,B.,person\n=1+1,C.,pupil\n";
    let refused = sends_list(&leader, &uuid, wrong).await;
    let refused = refused.expect_problem(422, "invalid-list", "row 3, last_name");
    assert_eq!(refused["errors"][1]["field"], "row 4, last_name");
    let file = "last_name,first_name,role\nRossi,A.,person\nBianchi,B.,leader\n";
    assert_eq!(sends_list(&leader, &uuid, file).await.expect(200)["listed"], 2);
    let download = manager.api.get(&format!("/v1/venues/{VENUE}/groups/{uuid}/list")).await;
    assert_eq!((download.status, download.text().as_str()), (200, file));

    assert_eq!(leader.booking(&uuid).await["total_cents"], total);
    leader.pay(&uuid, Outcome::Pay).await;
    leader.sees(&uuid, "CONFIRMED").await;
    assert_eq!(leader.tickets(&uuid).await.len(), 21, "one for each person");
    let path = format!("/v1/groups/{uuid}");
    assert_eq!(leader.api.get(&path).await.expect(200)["booking_status"], "CONFIRMED");

    assert_eq!(leader.asks_to_be_forgotten(&uuid).await.status, 204);
    assert_eq!(leader.api.get(&path).await.expect(200)["contact"], Value::Null);
    for _ in 0..2 {
        let forget = leader.api.send("DELETE", &format!("{path}/list"), None, "").await;
        assert_eq!(forget.status, 204);
    }
    let gone = manager.api.get(&format!("/v1/venues/{VENUE}/groups/{uuid}/list")).await;
    gone.expect_problem(404, "no-list", "uuid");
    let withdraw = leader.api.send("DELETE", &path, None, "").await;
    withdraw.expect_problem(409, "places-held", "uuid");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["bookings confirmed"]["lake"], 1);
}

#[tokio::test]
async fn school_classes_enter_free_within_the_directors_quota_of_the_day() {
    let museum = Process::fresh().await;
    let manager = takes_groups(&museum, 50).await;
    let teachers = [(); 3].map(|()| Visitor::of(&museum));
    let mut requests = Vec::new();
    for teacher in &teachers {
        requests.push(asks(teacher, "SCHOOL", 20, 2).await);
    }
    // Two managers at once: each class is taken, the third is beyond the quota of fifty.
    let colleague = Manager::of(&museum, VENUE).await;
    let nothing = json!({});
    let (first, second) = tokio::join!(
        decides(&manager, &requests[0], "approve", &nothing),
        decides(&colleague, &requests[1], "approve", &nothing),
    );
    first.expect(200);
    second.expect(200);
    let third = decides(&manager, &requests[2], "approve", &nothing).await;
    let third = third.expect_problem(409, "school-quota", "uuid");
    assert_eq!((&third["requested"], &third["left"]), (&json!(22), &json!(6)));

    // A class that does not come after all makes room for another.
    teachers[0].cancel(&requests[0]).await.expect(200);
    decides(&manager, &requests[2], "approve", &nothing).await.expect(200);
    for at in [1, 2] {
        let booked = teachers[at].confirm(&requests[at]).await.expect(200);
        assert_eq!((&booked["status"], &booked["total_cents"]), (&json!("CONFIRMED"), &json!(0)));
    }
    assert_eq!(teachers[1].tickets(&requests[1]).await.len(), 22);
    let path = format!("/v1/groups/{}", requests[0]);
    assert_eq!(teachers[0].api.send("DELETE", &path, None, "").await.status, 204);
    let forgotten = teachers[0].api.get(&path).await.expect(200);
    assert_eq!((&forgotten["status"], &forgotten["contact"]), (&json!("WITHDRAWN"), &Value::Null));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_group_that_is_refused_reads_why_and_a_full_slot_is_not_approved() {
    let museum = Process::fresh().await;
    let manager = takes_groups(&museum, 60).await;
    let visitors = [(); 3].map(|()| Visitor::of(&museum));
    let mut requests = Vec::new();
    for visitor in &visitors {
        requests.push(asks(visitor, "GROUP", 25, 1).await);
    }
    for uuid in &requests[..2] {
        decides(&manager, uuid, "approve", &json!({})).await.expect(200);
    }
    let full = decides(&manager, &requests[2], "approve", &json!({})).await;
    assert_eq!(full.expect_problem(409, "sold-out", "uuid")["vacancies"], 8);
    let reason = json!({"reason": "The hour is full, the next one has room"});
    for _ in 0..2 {
        decides(&manager, &requests[2], "refuse", &reason).await.expect(200);
    }
    let seen = visitors[2].api.get(&format!("/v1/groups/{}", requests[2])).await.expect(200);
    assert_eq!((&seen["status"], &seen["reason"]), (&json!("REFUSED"), &reason["reason"]));
    let list =
        sends_list(&visitors[2], &requests[2], "last_name,first_name,role\nA,B,person\n").await;
    list.expect_problem(409, "already-decided", "uuid");
    let stranger = Manager::of(&museum, "20514").await;
    let path = format!("/v1/venues/20514/groups/{}/refuse", requests[0]);
    stranger.api.post(&path, &reason).await.expect_problem(404, "unknown-group", "uuid");
    for at in [0, 1] {
        visitors[at].cancel(&requests[at]).await.expect(200);
    }
    museum.nothing_left_over().await;
}
