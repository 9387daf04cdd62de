//! A sale that opens at an hour: who comes before it is drawn, who comes after stands behind, each has a
//! turn of their own to book, and nobody gains by another's place or by coming twice.

use std::collections::BTreeMap;

use atrio_tests::{Answer, Clerk, Manager, Process, Visitor, Wish, fresh_uuid};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const VENUE: &str = "20240";
const PLACES: &str = "/v1/venues/20240/products/admission/on-sales/december/places";

fn visit() -> Wish {
    Wish::at(VENUE, "2026-12-03T11:00", &[("adult", 1)])
}

/// Visits of December go on sale in half an hour; two have their turn each minute.
async fn museum() -> Process {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    // Room for all, so that nobody is refused for another reason than their turn.
    product["capacity"] = json!(90);
    let now = Timestamp::from_second(museum.now().as_second()).unwrap();
    let after = |minutes| now + SignedDuration::from_mins(minutes);
    product["on_sales"] = json!([{
        "id": "december",
        "first_day": "2026-12-01",
        "last_day": "2026-12-31",
        "room_opens_at": after(-10),
        "opens_at": after(30),
        "line_ends_at": after(180),
        "turns_per_minute": 2,
    }]);
    manager.changes("products/admission", &tag, &product).await.expect(200);
    museum
}

async fn comes(museum: &Process, visitor: &Visitor) -> Value {
    museum.api().post(PLACES, &json!({"email": visitor.contact.email})).await.expect(200)
}

async fn books_by(museum: &Process, visitor: &Visitor, place: Option<&Value>) -> Answer {
    let mut request = visitor.request(&fresh_uuid(), &visit());
    if let Some(place) = place {
        request["queue_place"] = place["queue_place"].clone();
    }
    museum.api().post("/v1/bookings", &request).await
}

fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_sale_opens_with_a_draw_and_everyone_has_a_turn_of_their_own() {
    let mut museum = museum().await;
    let early: Vec<Visitor> = (0..40).map(|_| Visitor::of(&museum)).collect();
    books_by(&museum, &early[0], None).await.expect_problem(422, "not-on-sale", "slot_id");
    early[0].hold(&Wish::at(VENUE, "2026-11-25T11:00", &[("adult", 1)])).await;
    let drawn = join_all(early.iter().map(|visitor| comes(&museum, visitor))).await;
    assert!(drawn.iter().all(|place| place["status"] == "DRAW" && place["turn_at"].is_null()));
    // Who comes twice has one place, and is drawn once.
    let again = comes(&museum, &early[0]).await;
    assert_eq!(again["queue_place"], drawn[0]["queue_place"]);
    assert_eq!(again["drawn"], 40);

    museum.restart_after(SignedDuration::from_mins(31)).await;
    let mut places = join_all(early.iter().map(|visitor| comes(&museum, visitor))).await;
    let opens_at = instant(&places[0]["opens_at"]);
    let mut turns: BTreeMap<Timestamp, usize> = BTreeMap::new();
    for (number, place) in places.iter().enumerate() {
        let turn_at = instant(&place["turn_at"]);
        assert!(opens_at <= turn_at && turn_at < opens_at + SignedDuration::from_mins(20));
        turns.insert(turn_at, number);
    }
    let (first, last) = (*turns.first_key_value().unwrap().1, *turns.last_key_value().unwrap().1);
    assert_eq!(places[last]["status"], "WAITING");
    assert!(places[last]["ahead"].as_u64().unwrap() > 10, "{}", places[last]);
    let waits = books_by(&museum, &early[last], Some(&places[last])).await;
    let problem = waits.expect_problem(409, "not-your-turn", "queue_place");
    assert_eq!(problem["turn_at"], places[last]["turn_at"]);

    // A place is nobody else's, and none is made up.
    let nothing = books_by(&museum, &early[first], None).await;
    nothing.expect_problem(409, "no-place-in-line", "queue_place");
    let mut as_a_totem = early[first].request(&fresh_uuid(), &visit());
    as_a_totem["channel"] = json!("TOTEM");
    let round_the_line = museum.api().post("/v1/bookings", &as_a_totem).await;
    round_the_line.expect_problem(409, "no-place-in-line", "queue_place");
    let stolen = books_by(&museum, &early[last], Some(&places[first])).await;
    stolen.expect_problem(409, "no-place-in-line", "queue_place");
    let made_up = json!({"queue_place": "D0.AAAAAAAAAAAAAAAAAAAAAA"});
    let made_up = books_by(&museum, &early[last], Some(&made_up)).await;
    made_up.expect_problem(409, "no-place-in-line", "queue_place");
    Clerk::of(&museum, VENUE).await.holds(&visit()).await;

    // Late comers stand behind all who were drawn.
    let late = Visitor::of(&museum);
    let behind = comes(&museum, &late).await;
    assert!(instant(&behind["turn_at"]) >= opens_at + SignedDuration::from_mins(20));
    assert_eq!(comes(&museum, &late).await["queue_place"], behind["queue_place"]);

    // Half way some had their turn, some have it, some wait; each is told, and held to it.
    museum.restart_after(SignedDuration::from_mins(17)).await;
    let (mut over, mut booking, mut waiting) = (0, 0, 0);
    for (number, visitor) in early.iter().enumerate() {
        let turn_at = instant(&places[number]["turn_at"]);
        let booked = books_by(&museum, visitor, Some(&places[number])).await;
        let now = museum.now();
        // What changes while the test asks is left alone.
        let (until, moment) =
            (turn_at + SignedDuration::from_mins(15), SignedDuration::from_secs(20));
        if until <= now - moment {
            booked.expect_problem(409, "turn-over", "queue_place");
            places[number] = comes(&museum, visitor).await;
            assert_eq!(places[number]["status"], "WAITING", "back at the end of the line");
            assert!(instant(&places[number]["turn_at"]) > instant(&behind["turn_at"]));
            over += 1;
        } else if turn_at <= now - moment && now < until {
            booked.expect(201);
            booking += 1;
        } else if turn_at > now {
            booked.expect_problem(409, "not-your-turn", "queue_place");
            waiting += 1;
        }
    }
    // Of forty lots, some are sure to be early, some in the middle and some late.
    assert!(over > 0 && booking > 0 && waiting > 0, "{over} {booking} {waiting}");

    museum.restart_after(SignedDuration::from_mins(180)).await;
    assert_eq!(comes(&museum, &late).await["status"], "OPEN");
    books_by(&museum, &Visitor::of(&museum), None).await.expect(201);
}

#[tokio::test]
async fn an_order_needs_a_turn_for_each_visit_that_has_a_line() {
    let mut museum = museum().await;
    museum.restart_after(SignedDuration::from_mins(31)).await;
    let visitor = Visitor::of(&museum);
    let free = Wish::at(VENUE, "2026-11-25T11:00", &[("adult", 1)]);
    let order = visitor.orders(&[free, visit()]).await;
    order.expect_problem(409, "no-place-in-line", "bookings[1].queue_place");
}

#[tokio::test]
async fn what_is_no_line_or_no_sale_is_refused_with_the_field() {
    let museum = museum().await;
    let api = museum.api();
    let body = json!({"email": "a@example.org"});
    let unknown = PLACES.replace("december", "january");
    api.post(&unknown, &body).await.expect_problem(404, "unknown-sale", "on_sale_id");
    let unknown = PLACES.replace("admission", "opera");
    api.post(&unknown, &body).await.expect_problem(404, "unknown-sale", "on_sale_id");
    let rubbish = json!({"email": "nobody"});
    api.post(PLACES, &rubbish).await.expect_problem(422, "invalid-contact", "email");

    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["on_sales"][0]["turns_per_minute"] = json!(0);
    let refused = manager.changes("products/admission", &tag, &product).await;
    refused.expect_problem(422, "invalid-offer", "on_sales[0].turns_per_minute");
    product["on_sales"][0]["turns_per_minute"] = json!(2);
    product["on_sales"][0]["room_opens_at"] = json!(museum.now() + SignedDuration::from_mins(5));
    manager.changes("products/admission", &tag, &product).await.expect(200);
    let early = api.post(PLACES, &body).await;
    early.expect_problem(409, "line-not-open", "on_sale_id");
}
