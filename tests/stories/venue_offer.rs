//! What a manager sets for a venue: hours, closures, capacity, products. The shop follows at once,
//! nobody overwrites a colleague, and every change stays on record.

use atrio_tests::{Gate, Manager, Process, Visitor, Wish};
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-24T12:00";
const ADMISSION: &str = "products/admission";

fn one_adult(slot: &str) -> Wish {
    Wish::at(VENUE, slot, &[("adult", 1)])
}

#[tokio::test]
async fn a_manager_makes_the_room_smaller_and_the_shop_sells_no_place_too_many() {
    let museum = Process::fresh().await;
    let (manager, visitor) = (Manager::of(&museum, VENUE).await, Visitor::of(&museum));
    let (mut product, tag) = manager.reads(ADMISSION).await;
    product["capacity"] = json!(2);
    product["max_units"] = json!(2);
    let changed = manager.changes(ADMISSION, &tag, &product).await;
    assert_eq!(changed.expect(200), json!({"version": 2, "changed": true, "stranded": []}));
    assert_eq!(changed.entity_tag(), manager.reads(ADMISSION).await.1);

    assert_eq!(visitor.vacancies(&one_adult(SLOT)).await, 2);
    let three = Wish::at(VENUE, SLOT, &[("adult", 3)]);
    visitor.ask(&three).await.expect_problem(422, "too-many-units", "units");
    visitor.hold(&one_adult(SLOT)).await;
    visitor.hold(&one_adult(SLOT)).await;
    visitor.ask(&one_adult(SLOT)).await.expect_problem(409, "sold-out", "units");

    // Fewer places than are taken: nobody loses theirs, nobody else gets one.
    product["capacity"] = json!(1);
    product["max_units"] = json!(1);
    manager.changes(ADMISSION, &changed.entity_tag(), &product).await.expect(200);
    assert_eq!(visitor.vacancies(&one_adult(SLOT)).await, 0);
    visitor.ask(&one_adult(SLOT)).await.expect_problem(409, "sold-out", "units");
}

#[tokio::test]
async fn a_closure_says_first_whose_places_it_leaves_without_a_slot() {
    let museum = Process::fresh().await;
    let (manager, visitor) = (Manager::of(&museum, VENUE).await, Visitor::of(&museum));
    let wish = Wish::at(VENUE, "2026-12-01T11:00", &[("adult", 2)]);
    let (bought, _) = visitor.buys(&wish).await;

    let (mut opening, tag) = manager.reads("opening").await;
    let reason = json!({"it": "Chiuso per restauro", "en": "Closed for restoration"});
    opening["closures"] = json!([{"from": "2026-12-01", "to": "2026-12-02", "reason": reason}]);
    let stranded = json!([{
        "product_id": "admission", "slot_id": "2026-12-01T11:00", "taken": 2,
    }]);
    let rehearsed = manager.changes("opening?dry_run=true", &tag, &opening).await.expect(200);
    assert_eq!(rehearsed, json!({"version": 1, "changed": false, "stranded": stranded}));
    assert_eq!(manager.reads("opening").await.1, tag, "a dry run changes nothing");

    let done = manager.changes("opening", &tag, &opening).await.expect(200);
    assert_eq!(done, json!({"version": 2, "changed": true, "stranded": stranded}));
    let refused = visitor.ask(&wish).await;
    refused.expect_problem(422, "closed-day", "slot_id");
    assert!(refused.text().contains("Closed for restoration"), "{}", refused.text());
    assert_eq!(visitor.booking(&bought).await["status"], "CONFIRMED", "what was sold stands");
    visitor.hold(&Wish::at(VENUE, "2026-12-03T11:00", &[("adult", 1)])).await;
}

#[tokio::test]
async fn two_managers_do_not_overwrite_each_other_and_a_repeat_is_no_second_change() {
    let museum = Process::fresh().await;
    let (first, second) = (Manager::of(&museum, VENUE).await, Manager::of(&museum, VENUE).await);
    let (seen, tag) = first.reads(ADMISSION).await;
    let with = |capacity: u32| {
        let mut product = seen.clone();
        product["capacity"] = json!(capacity);
        product
    };
    first.changes(ADMISSION, &tag, &with(31)).await.expect(200);
    let late = second.changes(ADMISSION, &tag, &with(41)).await;
    late.expect_problem(412, "changed-meanwhile", "If-Match");
    let again = first.changes(ADMISSION, &tag, &with(31)).await.expect(200);
    assert_eq!(again, json!({"version": 2, "changed": false, "stranded": []}));
    assert_eq!(second.reads(ADMISSION).await.0["capacity"], 31);

    // Another part is nobody's business but its own.
    let (mut opening, tag) = second.reads("opening").await;
    first.changes(ADMISSION, &first.reads(ADMISSION).await.1, &with(32)).await.expect(200);
    opening["week"].as_array_mut().unwrap().pop();
    second.changes("opening", &tag, &opening).await.expect(200);

    // A hundred at once from the same version: one is written, with one record.
    let (_, tag) = first.reads(ADMISSION).await;
    let all = futures::future::join_all((0..100).map(|number| {
        let (first, tag, product) = (first.clone(), tag.clone(), with(100 + number));
        async move { first.changes(ADMISSION, &tag, &product).await.status }
    }));
    let statuses = all.await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 412].contains(status)), "{statuses:?}");
    assert_eq!(first.offer_changes().await.len(), 4);
}

#[tokio::test]
async fn every_change_stays_on_record_with_who_made_it_and_what_it_was() {
    let mut museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (mut product, mut tag) = manager.reads(ADMISSION).await;
    let before = product["capacity"].clone();
    for capacity in [21, 22, 23] {
        product["capacity"] = json!(capacity);
        let changed = manager.changes(ADMISSION, &tag, &product).await;
        changed.expect(200);
        tag = changed.entity_tag();
    }
    museum.restart().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (page, _) = manager.reads("changes?limit=2").await;
    let cursor = page["next_cursor"].as_str().unwrap().replace('#', "%23");
    let (rest, _) = manager.reads(&format!("changes?limit=2&cursor={cursor}")).await;
    let changes: Vec<Value> = [page, rest]
        .iter()
        .flat_map(|page| page["changes"].as_array().cloned().unwrap_or_default())
        // Before them, the venue's staff were appointed.
        .take(3)
        .collect();
    let capacities = |side: &str| -> Vec<Value> {
        changes.iter().map(|change| change[side]["capacity"].clone()).collect()
    };
    assert_eq!(capacities("after"), [json!(23), json!(22), json!(21)], "newest first");
    assert_eq!(capacities("before"), [json!(22), json!(21), before]);
    for change in &changes {
        assert_eq!(change["part"], ADMISSION);
        assert_eq!(change["role"], "manager");
        assert!(!change["actor"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_new_product_is_sold_and_admits_like_the_others() {
    let museum = Process::fresh().await;
    let (manager, visitor) = (Manager::of(&museum, VENUE).await, Visitor::of(&museum));
    let (mut tour, tag) = manager.reads(ADMISSION).await;
    let part = "products/guided-tour";
    tour["id"] = json!("guided-tour");
    tour["name"] = json!({"it": "Visita guidata", "en": "Guided tour"});
    tour["capacity"] = json!(15);
    tour["slot_minutes"] = json!(120);
    let not_new = manager.changes(part, &tag, &tour).await;
    not_new.expect_problem(412, "not-there-yet", "If-None-Match");
    manager.changes(part, "*", &tour).await.expect(200);

    let admission = one_adult("2026-11-24T11:00");
    let untouched = visitor.vacancies(&admission).await;
    let wish = Wish { product: "guided-tour".to_owned(), ..admission.clone() };
    assert_eq!(visitor.vacancies(&wish).await, 15);
    let (_, tickets) = visitor.buys(&wish).await;
    let gate = Gate::of(&museum, VENUE, "main").await;
    let code = tickets[0]["code"].as_str().unwrap();
    gate.scan(code).await.expect_problem(422, "ticket-too-early", "code");
    assert_eq!(visitor.vacancies(&wish).await, 14);
    assert_eq!(visitor.vacancies(&admission).await, untouched, "places of its own");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn an_offer_that_cannot_be_is_refused_where_it_is_wrong_and_changes_nothing() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (product, tag) = manager.reads(ADMISSION).await;
    let (opening, _) = manager.reads("opening").await;
    let spoilt = |whole: &Value, pointer: &str, value: Value| {
        let mut whole = whole.clone();
        *whole.pointer_mut(pointer).unwrap() = value;
        whole
    };
    let closure =
        json!({"from": "2026-12-02", "to": "2026-12-01", "reason": {"it": "a", "en": "b"}});
    let quotas = |shares: &[(&str, &str, u8)]| -> Value {
        shares
            .iter()
            .map(|(name, channel, percent)| {
                json!({"name": name, "channels": [channel], "size": {"percent": percent}})
            })
            .collect()
    };
    let with_shards = |shards: Value| {
        let mut product = product.clone();
        product["shards"] = shards;
        product
    };
    let offer = "invalid-offer";
    let field = "invalid-field";
    #[rustfmt::skip] // One line a case.
    let lines = [
        (ADMISSION, spoilt(&product, "/capacity", json!(0)), offer, "capacity"),
        (ADMISSION, spoilt(&product, "/capacity", json!(-1)), field, "capacity"),
        (ADMISSION, spoilt(&product, "/max_units", json!(0)), offer, "max_units"),
        (ADMISSION, spoilt(&product, "/slot_minutes", json!(1)), offer, "slot_minutes"),
        (ADMISSION, spoilt(&product, "/name/en", json!(" ")), offer, "name"),
        (ADMISSION, spoilt(&product, "/options", json!([])), offer, "options"),
        (ADMISSION, spoilt(&product, "/quotas", quotas(&[("open", "WEB", 1)])), offer, "quotas[0].name"),
        (ADMISSION, spoilt(&product, "/quotas", quotas(&[("a", "WEB", 1), ("a", "DESK", 1)])), offer, "quotas[1].name"),
        (ADMISSION, spoilt(&product, "/quotas", quotas(&[("a", "WEB", 80), ("b", "DESK", 41)])), offer, "quotas"),
        (ADMISSION, spoilt(&product, "/quotas", quotas(&[("a", "MAIL", 1)])), field, "quotas[0].channels[0]"),
        (ADMISSION, spoilt(&product, "/quotas", json!([{"name": "a", "channels": [], "size": {"places": 1}}])), offer, "quotas[0].channels"),
        (ADMISSION, with_shards(json!(1)), offer, "shards"),
        (ADMISSION, with_shards(json!(17)), offer, "shards"),
        (ADMISSION, with_shards(json!("many")), field, "shards"),
        (ADMISSION, spoilt(&product, "/id", json!("other")), offer, "id"),
        (ADMISSION, spoilt(&product, "/id", json!("a b")), field, "id"),
        ("opening", spoilt(&opening, "/week/0/from", json!("20:00:00")), offer, "week[0].last_entry"),
        ("opening", spoilt(&opening, "/week/0/weekday", json!("FUNDAY")), field, "week[0].weekday"),
        ("opening", spoilt(&opening, "/week/1/weekday", opening["week"][0]["weekday"].clone()), offer, "week[1].from"),
        ("opening", spoilt(&opening, "/closures", json!([closure])), offer, "closures[0].to"),
        ("opening", json!({"week": [], "closures": [], "nights": []}), field, "nights"),
        ("opening", json!({"week": []}), field, "closures"),
    ];
    for (part, body, kind, field) in &lines {
        manager.changes(part, &tag, body).await.expect_problem(422, kind, field);
    }
    let changed = spoilt(&product, "/capacity", json!(7));
    let stale = manager.changes(ADMISSION, "\"3\"", &changed).await;
    stale.expect_problem(412, "changed-meanwhile", "If-Match");
    let path = format!("/v1/venues/{VENUE}/{ADMISSION}");
    let blind = manager.api.send("PUT", &path, Some("application/json"), changed.to_string()).await;
    blind.expect_problem(428, "entity-tag-missing", "If-Match");
    assert_eq!(manager.reads(ADMISSION).await, (product, tag));
    assert_eq!(manager.offer_changes().await, Vec::<Value>::new());
}
