//! Who pays what and why: rights with a document, children and companions, a tariff that changes on a
//! day, a surcharge for somebody else, a Sunday without bookings.

use atrio_tests::{Clerk, Gate, Manager, Options, Process, Visitor, Wish, day, fresh_uuid};
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-24T10:00";
const ADMISSION: &str = "products/admission";

fn wish(units: &[(&str, u32)]) -> Wish {
    Wish::at(VENUE, SLOT, units)
}

fn says(text: &Value, words: &str) -> bool {
    text["it"].as_str().is_some_and(|it| it.contains(words)) && !text["en"].is_null()
}

#[tokio::test]
async fn a_parent_with_a_child_learns_before_paying_what_each_costs_and_why() {
    let museum = Process::fresh().await;
    let (parent, gate) = (Visitor::of(&museum), Gate::of(&museum, VENUE, "main").await);
    let together = wish(&[("adult", 1), ("child", 1)]);
    let adult = parent.price(&together, "adult").await;
    assert_eq!((&adult["price_cents"], &adult["show"]), (&json!(1000), &Value::Null));
    assert_eq!(adult["components"][0]["price_cents"], 1000);
    let child = parent.price(&together, "child").await;
    assert_eq!((&child["price_cents"], &child["components"]), (&json!(0), &json!([])));
    assert!(says(&child["reason"], "sotto i 18 anni"), "{child}");
    assert!(says(&child["show"], "Entra solo accompagnato"), "{child}");

    let alone = parent.ask(&wish(&[("child", 1)])).await;
    alone.expect_problem(422, "unaccompanied", "units");
    let (uuid, tickets) = parent.buys(&together).await;
    assert_eq!(parent.booking(&uuid).await["total_cents"], 1000);
    let small = tickets.iter().find(|ticket| ticket["unit"]["id"] == "child").unwrap();
    let entry = gate.scan(small["code"].as_str().unwrap()).await.expect(201);
    assert!(says(&entry["show"], "sotto i 12 anni"), "{entry}");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_teacher_enters_for_nothing_with_the_certificate_of_the_school() {
    let museum = Process::fresh().await;
    let (teacher, gate) = (Visitor::of(&museum), Gate::of(&museum, VENUE, "main").await);
    let venue = teacher.api.get(&format!("/v1/venues/{VENUE}")).await.expect(200);
    assert_eq!(venue["products"][0]["fiscal_class"], "EXEMPT_VISIT");
    let units = venue["products"][0]["options"][0]["tariffs"][0]["units"].as_array().unwrap();
    assert!(units.iter().all(|unit| unit["source"].as_str().is_some_and(|from| !from.is_empty())));
    let shown = units.iter().find(|unit| unit["id"] == "teacher").unwrap();
    assert_eq!(shown["is_usual"], false);
    assert!(says(&shown["conditions"][0], "docente della scuola"), "{shown}");

    let (uuid, tickets) = teacher.books_free(&wish(&[("teacher", 1)])).await;
    assert!(says(&tickets[0]["reason"], "personale docente"), "{}", tickets[0]);
    assert!(says(&tickets[0]["document"], "Attestazione della scuola"), "{}", tickets[0]);
    let entry = gate.scan(tickets[0]["code"].as_str().unwrap()).await.expect(201);
    assert!(says(&entry["show"], "documento di identità"), "{entry}");
    assert_eq!(teacher.booking(&uuid).await["total_cents"], 0);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_disabled_visitor_brings_one_companion_and_nobody_is_companion_of_nobody() {
    let museum = Process::fresh().await;
    let (visitor, gate) = (Visitor::of(&museum), Gate::of(&museum, VENUE, "main").await);
    let companions = async |units: &[(&str, u32)]| {
        let refused = visitor.ask(&wish(units)).await;
        refused.expect_problem(422, "too-many-companions", "units");
    };
    companions(&[("companion", 1)]).await;
    companions(&[("companion", 1), ("adult", 1)]).await;
    companions(&[("disabled", 1), ("companion", 2)]).await;
    let (_, tickets) = visitor.books_free(&wish(&[("disabled", 1), ("companion", 1)])).await;
    for (ticket, words) in tickets.iter().zip(["autorità pubblica", "persona che accompagna"]) {
        let entry = gate.scan(ticket["code"].as_str().unwrap()).await.expect(201);
        assert!(says(&entry["show"], words), "{entry}");
    }
    museum.nothing_left_over().await;
}

/// The product with a tariff from 2027 in which an adult pays EUR 12 and a resident of Matera
/// nothing, and EUR 1 for flood relief in the first week of it.
fn dearer_in_2027(mut product: Value) -> Value {
    let tariffs = &mut product["options"][0]["tariffs"];
    let mut next = tariffs[0].clone();
    tariffs[0]["valid"]["to"] = json!("2026-12-31");
    next["valid"]["from"] = json!("2027-01-01");
    next["units"][0]["price_cents"] = json!(1200);
    let mut resident = next["units"][0].clone();
    resident["id"] = json!("resident");
    resident["name"] = json!({"it": "Residenti", "en": "Residents"});
    resident["price_cents"] = json!(0);
    resident["conditions"] = json!([{"resident_in": [{"code": "077014", "name": "Matera"}]}]);
    next["units"].as_array_mut().unwrap().push(resident);
    tariffs.as_array_mut().unwrap().push(next);
    product["surcharges"] = json!([{
        "name": {"it": "Contributo alluvione", "en": "Flood relief"},
        "amount_cents": 100,
        "beneficiary": {"name": "Fondo alluvione", "fiscal_code": "00123456789"},
        "valid": {"from": "2027-01-01", "to": "2027-01-07"},
        "source": "decreto di prova",
    }]);
    product
}

#[tokio::test]
async fn a_manager_changes_the_tariff_from_a_day_on_and_what_was_sold_keeps_its_price() {
    let museum = Process::fresh().await;
    let (manager, visitor) = (Manager::of(&museum, VENUE).await, Visitor::of(&museum));
    let on = |slot: &str, unit: &str| Wish::at(VENUE, slot, &[(unit, 1)]);
    let (new_year, later) = ("2027-01-02T10:00", "2027-01-08T10:00");
    let (early, _) = visitor.buys(&on(new_year, "adult")).await;
    let (product, tag) = manager.reads(ADMISSION).await;
    manager.changes(ADMISSION, &tag, &dearer_in_2027(product)).await.expect(200);

    for (slot, cents) in
        [("2026-12-30T10:00", 1000), (new_year, 1300), (later, 1200), ("2027-01-03T10:00", 0)]
    {
        let price = visitor.price(&on(slot, "adult"), "adult").await;
        assert_eq!(price["price_cents"], cents, "{slot}: the third is the first Sunday");
    }
    let list = visitor.api.get(&format!("/v1/venues/{VENUE}")).await.expect(200);
    assert_eq!(list["full_price_cents"], 1000, "today's price is the old one");
    let missing = visitor.ask(&on("2026-12-30T10:00", "resident")).await;
    missing.expect_problem(422, "unknown-unit", "units");
    let resident = visitor.price(&on(later, "resident"), "resident").await;
    assert!(says(&resident["show"], "residenza a: Matera"), "{resident}");

    let (dear, _) = visitor.buys(&on(new_year, "adult")).await;
    let booking = visitor.booking(&dear).await;
    assert_eq!(booking["total_cents"], 1300);
    let parts = booking["units"][0]["components"].as_array().unwrap();
    assert_eq!((&parts[0]["price_cents"], &parts[0]["beneficiary"]), (&json!(1200), &Value::Null));
    assert_eq!(parts[1]["price_cents"], 100);
    assert_eq!(parts[1]["beneficiary"]["name"], "Fondo alluvione");
    assert_eq!(visitor.booking(&early).await["total_cents"], 1000, "sold before the change");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"], json!({"table": 2300, "lake": 2300}));
}

#[tokio::test]
async fn a_clerk_hands_out_tickets_on_a_sunday_that_takes_no_booking() {
    let now = "2026-12-06T09:05:00Z".parse().unwrap();
    let museum = Process::start(Options { now, ..Options::default() }).await;
    let (manager, visitor) = (Manager::of(&museum, VENUE).await, Visitor::of(&museum));
    let (clerk, gate) = (Clerk::of(&museum, VENUE).await, Gate::of(&museum, VENUE, "main").await);
    let (mut product, tag) = manager.reads(ADMISSION).await;
    product["free_days"][0]["entry"] = json!("AT_THE_DOOR");
    manager.changes(ADMISSION, &tag, &product).await.expect(200);

    let sunday = Wish::at(VENUE, "2026-12-06T10:00", &[("adult", 2)]);
    let shown = day(&visitor.api, &sunday, "WEB").await;
    assert_eq!((&shown["status"], &shown["slots"]), (&json!("CLOSED"), &json!([])));
    assert!(says(&shown["note"], "senza prenotazione"), "{shown}");
    assert_eq!(visitor.price(&sunday, "adult").await["price_cents"], 0);
    visitor.ask(&sunday).await.expect_problem(422, "takes-no-booking", "slot_id");

    let places = async || {
        let day = day(&clerk.api, &sunday, "DESK").await;
        let ten = day["slots"].as_array().unwrap().iter().find(|slot| slot["id"] == *sunday.slot);
        ten.unwrap()["vacancies"].as_u64().unwrap()
    };
    let before = places().await;
    let shift = fresh_uuid();
    clerk.opens(&shift, "window-1", 0).await.expect(201);
    let party = clerk.holds(&sunday).await;
    clerk.sells(&shift, &party, "FREE", None).await.expect(201);
    assert_eq!(places().await, before - 2, "whoever enters is counted");
    let tickets = visitor.tickets(&party).await;
    gate.scan(tickets[0]["code"].as_str().unwrap()).await.expect(201);
    let drawer = clerk.reads(&format!("/{shift}")).await.expect(200);
    assert_eq!(drawer["free_entries"][0]["visitors"], 2);
    assert!(says(&drawer["free_entries"][0]["reason"], "Prima domenica"), "{drawer}");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn the_account_of_the_day_and_the_lake_hold_what_a_surcharge_adds() {
    let museum = Process::fresh().await;
    let (manager, clerk) = (Manager::of(&museum, VENUE).await, Clerk::of(&museum, VENUE).await);
    let (product, tag) = manager.reads(ADMISSION).await;
    let mut product = dearer_in_2027(product);
    product["surcharges"][0]["valid"] = json!({"from": "2026-11-24", "to": "2026-11-24"});
    manager.changes(ADMISSION, &tag, &product).await.expect(200);
    let shift = fresh_uuid();
    clerk.opens(&shift, "window-1", 0).await.expect(201);
    let party = clerk.holds(&wish(&[("adult", 2), ("youth", 1), ("minor", 1)])).await;
    let sale = clerk.sells(&shift, &party, "CASH", Some(5_000)).await.expect(201);
    assert_eq!(sale["amount_cents"], 2 * 1100 + 300);
    let day = clerk.reads("?day=2026-11-24").await.expect(200);
    assert_eq!(day["totals"]["cash_cents"], 2_500);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"], json!({"table": 2500, "lake": 2500}));
}

#[tokio::test]
async fn prices_that_cannot_be_charged_are_refused_where_they_are_wrong_and_change_nothing() {
    let museum = Process::fresh().await;
    let manager = Manager::of(&museum, VENUE).await;
    let (product, tag) = manager.reads(ADMISSION).await;
    let good = dearer_in_2027(product.clone());
    let units = "/options/0/tariffs/0/units";
    let at = |rest: &str| format!("{units}/{rest}");
    let unit = |rest: &str| format!("options[0].tariffs[0].units{rest}");
    let (offer, field) = ("invalid-offer", "invalid-field");
    #[rustfmt::skip] // One line a case.
    let lines = [
        ("/options/0/tariffs".to_owned(), json!([]), offer, "options[0].tariffs".to_owned()),
        ("/options/0/tariffs/1/valid/from".to_owned(), json!("2026-12-31"), offer, "options[0].tariffs[1].valid.from".to_owned()),
        ("/options/0/tariffs/1/valid/from".to_owned(), json!("2027-01-02"), offer, "options[0].tariffs[1].valid.from".to_owned()),
        ("/options/0/tariffs/1/valid/from".to_owned(), json!("new year"), field, "options[0].tariffs[1].valid.from".to_owned()),
        ("/options/0/tariffs/0/valid/to".to_owned(), json!("2020-01-01"), offer, "options[0].tariffs[0].valid.to".to_owned()),
        (at("0/price_cents"), json!(-1), offer, unit("[0].price_cents")),
        (at("0/price_cents"), json!(9.5), field, unit("[0].price_cents")),
        (at("0/source"), json!(""), offer, unit("[0].source")),
        (at("1/min_age"), json!(30), offer, unit("[1].max_age")),
        (at("1/min_age"), json!(300), field, unit("[1].min_age")),
        (at("1/conditions"), json!([{"citizen_of": [{"code": "ZZ", "name": {"it": "a", "en": "b"}}]}]), offer, unit("[1].conditions[0].citizen_of[0].code")),
        (at("1/conditions"), json!([{"resident_in": [{"code": "077099", "name": "Atlantide"}]}]), offer, unit("[1].conditions[0].resident_in[0].code")),
        (at("1/conditions"), json!([{"student_of": []}]), offer, unit("[1].conditions[0]")),
        (at("1/conditions"), json!(["wizard"]), field, unit("[1].conditions[0]")),
        (at("3/accompanied_by"), json!(["nobody"]), offer, unit("[3].accompanied_by")),
        (at("8/companion_of"), json!(["nobody"]), offer, unit("[8].companion_of")),
        (at("8/companion_of"), json!(["companion"]), offer, unit("[8].companion_of")),
        (at("8/id"), json!("adult"), offer, unit("[8].id")),
        ("/surcharges/0/amount_cents".to_owned(), json!(0), offer, "surcharges[0].amount_cents".to_owned()),
        ("/surcharges/0/beneficiary/fiscal_code".to_owned(), json!("123"), field, "surcharges[0].beneficiary.fiscal_code".to_owned()),
        ("/surcharges/0/valid/to".to_owned(), json!("2026-01-01"), offer, "surcharges[0].valid.to".to_owned()),
        ("/free_days/0/days".to_owned(), json!({"dates": []}), offer, "free_days[0].days.dates".to_owned()),
        ("/free_days/0/entry".to_owned(), json!("BY_BOAT"), field, "free_days[0].entry".to_owned()),
        ("/fiscal_class".to_owned(), json!("NO_CHARGE"), offer, "fiscal_class".to_owned()),
    ];
    for (pointer, value, kind, field) in &lines {
        let mut spoilt = good.clone();
        *spoilt.pointer_mut(pointer).unwrap() = value.clone();
        let refused = manager.changes(ADMISSION, &tag, &spoilt).await;
        refused.expect_problem(422, kind, field);
    }
    assert_eq!(manager.reads(ADMISSION).await, (product, tag));
}
