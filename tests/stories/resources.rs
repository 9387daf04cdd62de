//! What visits of several products occupy together: a building that takes so many people, a guide
//! who leads one group at a time, a box of papers that lies on one desk. Nobody is promised what
//! somebody else has, and what is given up is free at once.

use atrio_tests::{Clerk, Manager, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use jiff::SignedDuration;
use serde_json::{Value, json};

const MUSEUM: &str = "20240";
const LIBRARY: &str = "Q3639677";
const ADMISSION: &str = "products/admission";

/// Longer than a hold.
const AFTER_EVERY_HOLD: SignedDuration = SignedDuration::from_secs(16 * 60);

fn resource(id: &str, quantity: u32) -> Value {
    json!({"id": id, "name": {"it": "Risorsa", "en": "Resource"}, "quantity": quantity})
}

fn need(id: &str, per: &str) -> Value {
    json!({"resource_id": id, "quantity": 1, "per": per})
}

/// The museum's admission, and a tour beside it with slots of another length.
async fn opens_a_tour(museum: &Process, resources: &[Value], admission: &[Value], tour: &[Value]) {
    let manager = Manager::of(museum, MUSEUM).await;
    let (_, tag) = manager.reads("resources").await;
    manager.changes("resources", &tag, &json!({"resources": resources})).await.expect(200);
    let (mut product, tag) = manager.reads(ADMISSION).await;
    product["capacity"] = json!(15);
    product["needs"] = json!(admission);
    manager.changes(ADMISSION, &tag, &product).await.expect(200);
    product["id"] = json!("tour");
    product["slot_minutes"] = json!(90);
    product["needs"] = json!(tour);
    manager.changes("products/tour", "*", &product).await.expect(200);
}

fn visit(product: &str, slot: &str, minors: u32) -> Wish {
    Wish {
        product: product.to_owned(),
        ..Wish::at(MUSEUM, &format!("2026-11-25T{slot}"), &[("minor", minors)])
    }
}

#[tokio::test]
async fn one_guide_leads_one_group_at_a_time_whatever_the_length_of_the_visit() {
    let museum = Process::fresh().await;
    let guide = [need("guide", "BOOKING")];
    opens_a_tour(&museum, &[resource("guide", 1)], &guide, &guide).await;
    let (first, second) = (Visitor::of(&museum), Visitor::of(&museum));

    let held = first.hold(&visit("admission", "11:00", 8)).await;
    // 10:30 to 12:00 meets 11:00 to 12:00; 12:00 to 13:30 does not.
    let meets = visit("tour", "10:30", 2);
    assert_eq!(second.vacancies(&meets).await, 0);
    assert_eq!(second.vacancies(&visit("tour", "12:00", 1)).await, 15);
    let refused = second.ask(&meets).await.expect_problem(409, "resource-occupied", "slot_id");
    assert_eq!(
        (&refused["resource"], &refused["left"]),
        (&json!({"resource": "guide"}), &json!(0))
    );

    first.cancel(&held).await.expect(200);
    assert_eq!(second.vacancies(&meets).await, 15);
    second.hold(&meets).await;
    museum.lake_agrees().await;
}

#[tokio::test]
async fn a_building_takes_so_many_people_whichever_door_they_chose() {
    let mut museum = Process::fresh().await;
    let site = [need("site", "PLACE")];
    opens_a_tour(&museum, &[resource("site", 20)], &site, &site).await;
    let (admission, tour) = (visit("admission", "12:00", 1), visit("tour", "12:00", 1));

    // A hundred at once through two products of fifteen places each, in a building for twenty.
    let asked = (0..100).map(|number| {
        let wish = if number % 2 == 0 { &admission } else { &tour };
        let visitor = Visitor::of(&museum);
        async move {
            let answer = visitor.ask(wish).await;
            let told = answer.status == 201;
            assert!(told || answer.status == 409, "{}", answer.text());
            told
        }
    });
    let told = futures::future::join_all(asked).await;
    assert_eq!(told.iter().filter(|told| **told).count(), 20);
    let visitor = Visitor::of(&museum);
    assert_eq!(visitor.vacancies(&admission).await, 0);
    visitor.ask(&tour).await.expect(409);

    // The machine goes down, nobody pays, and the building is empty again, once for everybody.
    museum.kill9();
    museum.restart_after(AFTER_EVERY_HOLD).await;
    let visitor = Visitor::of(&museum);
    eventually("all places are free again", SOON, async || {
        let left = (visitor.vacancies(&admission).await, visitor.vacancies(&tour).await);
        if left == (15, 15) { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    visitor.hold(&visit("admission", "12:00", 10)).await;
    visitor.hold(&visit("tour", "12:00", 10)).await;
    let full = visitor.ask(&tour).await.expect_problem(409, "resource-occupied", "slot_id");
    assert_eq!(full["left"], 0);
    museum.lake_agrees().await;
}

#[tokio::test]
async fn visits_of_one_order_share_the_building_with_each_other_too() {
    let mut museum = Process::fresh().await;
    let site = [need("site", "PLACE")];
    opens_a_tour(&museum, &[resource("site", 3)], &site, &site).await;
    let both =
        |admission, tour| [visit("admission", "12:00", admission), visit("tour", "12:00", tour)];
    let left = async |visitor: &Visitor| {
        let [admission, tour] = both(1, 1);
        (visitor.vacancies(&admission).await, visitor.vacancies(&tour).await)
    };
    let (first, second) = (Visitor::of(&museum), Visitor::of(&museum));

    let too_many = first.orders(&both(2, 2)).await;
    too_many.expect_problem(409, "resource-occupied", "bookings[0].slot_id");
    assert_eq!(left(&first).await, (3, 3), "nothing of it was taken");
    let (order, _) = first.holds_order(&both(2, 1)).await;
    assert_eq!(left(&first).await, (0, 0));
    first.takes_order(&order, "cancel").await.expect(200);
    assert_eq!(left(&first).await, (3, 3));

    let held = second.hold(&both(2, 0)[0]).await;
    let refused = first.orders(&both(1, 1)).await;
    let refused = refused.expect_problem(409, "resource-occupied", "bookings[0].slot_id");
    assert_eq!(refused["left"], 1);
    second.cancel(&held).await.expect(200);

    // Confirmed together, given up one by one.
    let (order, bookings) = first.holds_order(&both(2, 1)).await;
    first.takes_order(&order, "confirm").await.expect(200);
    first.cancel(&bookings[0]).await.expect(200);
    assert_eq!(left(&first).await, (2, 2));
    first.cancel(&bookings[1]).await.expect(200);

    // The machine goes down while an order is held; the building is empty again once it has ended.
    first.holds_order(&both(1, 2)).await;
    museum.kill9();
    museum.restart_after(AFTER_EVERY_HOLD).await;
    eventually("the building is empty again", SOON, async || match left(&first).await {
        (3, 3) => Ok(()),
        left => Err(format!("{left:?}")),
    })
    .await;
    museum.nothing_left_over().await;
}

struct Reader(Visitor);

impl Reader {
    fn wish(slot: &str) -> Wish {
        let slot = format!("2026-11-25T{slot}");
        Wish { product: "reading-room".to_owned(), ..Wish::at(LIBRARY, &slot, &[("reader", 1)]) }
    }

    fn request(&self, uuid: &str, slot: &str, pieces: &[&str]) -> Value {
        let mut body = self.0.request(uuid, &Self::wish(slot));
        body["pieces"] = json!(pieces);
        body
    }

    async fn books(&self, slot: &str, pieces: &[&str]) -> Value {
        let uuid = fresh_uuid();
        let body = self.request(&uuid, slot, pieces);
        self.0.api.post("/v1/bookings", &body).await.expect(201);
        self.0.confirm(&uuid).await.expect(200)
    }
}

#[tokio::test]
async fn a_box_of_papers_lies_on_one_desk_at_a_time_and_staff_know_what_to_fetch() {
    let library = Process::fresh().await;
    let (first, second) = (Reader(Visitor::of(&library)), Reader(Visitor::of(&library)));
    let booked = first.books("10:00", &["ms. II  A 12", "Notai, b. 4"]).await;
    assert_eq!(booked["pieces"], json!(["MS. II A 12", "NOTAI, B. 4"]));

    let uuid = fresh_uuid();
    let other_box_and_the_same = second.request(&uuid, "10:00", &["b. 9", "NOTAI,  B. 4"]);
    let refused = second.0.api.post("/v1/bookings", &other_box_and_the_same).await;
    refused.expect_problem(409, "resource-occupied", "pieces[1]");
    // Nothing of the refused request was taken: its other box is there for the next.
    second.books("10:00", &["b. 9"]).await;
    second.books("11:00", &["notai, b. 4"]).await;

    let desk = Clerk::of(&library, LIBRARY).await;
    let path = format!("/v1/venues/{LIBRARY}/pieces?day=2026-11-25");
    let fetched = async || {
        let list = desk.api.get(&path).await.expect(200);
        let pieces = list["pieces"].as_array().unwrap().iter();
        pieces
            .map(|piece| format!("{} {}", piece["slot_id"], piece["shelfmark"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    let all = [
        "2026-11-25T10:00 B. 9",
        "2026-11-25T10:00 MS. II A 12",
        "2026-11-25T10:00 NOTAI, B. 4",
        "2026-11-25T11:00 NOTAI, B. 4",
    ];
    eventually("staff see what to fetch", SOON, async || {
        let list = fetched().await;
        if list == all { Ok(()) } else { Err(format!("{list:?}")) }
    })
    .await;

    first.0.cancel(booked["uuid"].as_str().unwrap()).await.expect(200);
    second.books("10:00", &["Notai, b. 4"]).await;
    library.nothing_left_over().await;
}

#[tokio::test]
async fn pieces_and_resources_that_cannot_be_are_refused_where_they_are_wrong() {
    let library = Process::fresh().await;
    let reader = Reader(Visitor::of(&library));
    let ask = async |pieces: Value| {
        let mut body = reader.request(&fresh_uuid(), "10:00", &[]);
        body["pieces"] = pieces;
        reader.0.api.post("/v1/bookings", &body).await
    };
    ask(json!(["1", "2", "3", "4", "5", "6"])).await.expect_problem(
        422,
        "too-many-pieces",
        "pieces",
    );
    ask(json!(["b. 1", "B.  1"])).await.expect_problem(422, "repeated-piece", "pieces");
    ask(json!(["b. 1", " "])).await.expect_problem(422, "invalid-field", "pieces[1]");
    let museum_visit = visit("admission", "11:00", 1);
    let mut body = reader.0.request(&fresh_uuid(), &museum_visit);
    body["pieces"] = json!(["b. 1"]);
    let no_pieces = reader.0.api.post("/v1/bookings", &body).await;
    no_pieces.expect_problem(422, "too-many-pieces", "pieces");

    let manager = Manager::of(&library, MUSEUM).await;
    let (empty, tag) = manager.reads("resources").await;
    assert_eq!(empty, json!({"resources": []}));
    let bad_closure = json!({
        "id": "a", "name": {"it": "a", "en": "a"}, "quantity": 1,
        "closures": [{"from": "2026-12-02", "to": "2026-12-01", "reason": {"it": "a", "en": "b"}}],
    });
    for (resources, kind, field) in [
        (json!([resource("a", 0)]), "invalid-offer", "resources[0].quantity"),
        (json!([resource("a", 1), resource("a", 1)]), "invalid-offer", "resources[1].id"),
        (json!([bad_closure]), "invalid-offer", "resources[0].closures[0].to"),
        (json!([resource("a b", 1)]), "invalid-field", "resources[0].id"),
    ] {
        let body = json!({"resources": resources});
        manager.changes("resources", &tag, &body).await.expect_problem(422, kind, field);
    }
    let (mut product, product_tag) = manager.reads(ADMISSION).await;
    product["needs"] = json!([need("room", "PLACE")]);
    let unknown = manager.changes(ADMISSION, &product_tag, &product).await;
    unknown.expect_problem(422, "invalid-offer", "needs[0].resource_id");

    let rooms = json!({"resources": [resource("room", 3)]});
    let there = manager.changes("resources", &tag, &rooms).await;
    manager.changes(ADMISSION, &product_tag, &product).await.expect(200);
    let gone = manager.changes("resources", &there.entity_tag(), &empty).await;
    gone.expect_problem(422, "invalid-offer", "resources");
    let party = reader.0.ask(&visit("admission", "11:00", 4)).await;
    party.expect_problem(422, "resource-too-small", "units");
    let mut closed = rooms.clone();
    closed["resources"][0]["closures"] = json!([
        {"from": "2026-11-25", "to": "2026-11-25", "reason": {"it": "Restauro", "en": "Works"}},
    ]);
    manager.changes("resources", &there.entity_tag(), &closed).await.expect(200);
    assert_eq!(reader.0.vacancies(&museum_visit).await, 0);
    let refused = reader.0.ask(&museum_visit).await;
    refused.expect_problem(422, "resource-closed", "slot_id");
    assert!(refused.text().contains("Works"), "{}", refused.text());
    assert_eq!(manager.offer_changes().await.len(), 3);
}
