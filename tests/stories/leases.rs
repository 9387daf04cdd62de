//! A desk whose line is down: it sells from what it leased, its visitors enter, and what it sold comes in
//! afterwards; what it did not sell is in the shop again.

use atrio_tests::{
    Clerk, DeskProgram, Gate, GateProgram, Manager, Process, SOON, Visitor, Wish, eventually,
    fresh_uuid,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-24T10:00";
const LATER: &str = "2026-11-24T15:00";

fn code(sold: &Value, number: usize) -> String {
    sold["tickets"][number]["code"].as_str().unwrap().to_owned()
}

async fn price_of_an_adult(museum: &Process) -> i64 {
    let wish = Wish::at(VENUE, SLOT, &[("adult", 1)]);
    Visitor::of(museum).price(&wish, "adult").await["price_cents"].as_i64().unwrap()
}

/// A lease, as the platform knows it.
async fn lease(manager: &Manager, uuid: &str) -> Value {
    let (list, _) = manager.reads("leases?day=2026-11-24").await;
    let leases = list["leases"].as_array().unwrap();
    leases.iter().find(|lease| lease["uuid"] == uuid).unwrap().clone()
}

#[tokio::test]
async fn a_clerk_sells_with_the_line_cut_visitors_enter_and_the_day_adds_up_when_it_is_back() {
    let museum = Process::fresh().await;
    let price = price_of_an_adult(&museum).await;
    let manager = Manager::of(&museum, VENUE).await;
    let shop = Visitor::of(&museum);
    let wish = Wish::at(VENUE, SLOT, &[("minor", 1)]);
    let before = shop.vacancies(&wish).await;
    let desk = DeskProgram::open(&museum, VENUE, "window-1", &[]).await;
    let (morning, afternoon) = (desk.leases(SLOT, 10).await, desk.leases(LATER, 5).await);
    assert_eq!(shop.vacancies(&wish).await, before - 10, "leased places are taken");

    desk.loses_its_line().await;
    let none = desk.sells(SLOT, &[("adult", 1)], "CASH").await;
    none.expect_problem(409, "shift-missing", "shift");
    let shift = desk.opens_shift(5_000).await;
    let mut party = desk.party(&fresh_uuid(), SLOT, &[("adult", 2), ("minor", 1)], "CASH");
    party["given_cents"] = json!(2 * price + 300);
    let family = desk.page.post("/v1/desk/sales", &party).await.expect(201);
    assert_eq!(
        (&family["amount_cents"], &family["change_cents"]),
        (&json!(2 * price), &json!(300))
    );
    assert_eq!(family["tickets"].as_array().unwrap().len(), 3);
    // The answer was lost and the button pressed again.
    assert_eq!(desk.page.post("/v1/desk/sales", &party).await.expect(200), family);
    let school = desk.sells(SLOT, &[("minor", 1)], "FREE").await.expect(201);
    desk.sells(LATER, &[("adult", 1)], "CARD").await.expect(201);
    let alone = desk.sells(SLOT, &[("minor", 99)], "FREE").await;
    alone.expect_problem(422, "too-many-units", "units");
    let wrong = desk.sells(SLOT, &[("adult", 1)], "FREE").await;
    wrong.expect_problem(422, "wrong-method", "method");
    let uuid = family["booking_uuid"].as_str().unwrap();
    let roll = desk.page.get(&format!("/v1/desk/sales/{uuid}/tickets.escpos?paper=58")).await;
    assert_eq!(roll.status, 200);
    assert!(roll.text().contains(family["tickets"][0]["typed_code"].as_str().unwrap()));

    // The gate's line is up, and the platform has heard of no sale yet.
    let gate = Gate::of(&museum, VENUE, "main").await;
    let typed = gate.scan(family["tickets"][0]["typed_code"].as_str().unwrap()).await;
    typed.expect_problem(409, "ticket-sale-not-in", "code");
    let admitted = gate.scan(&code(&family, 2)).await.expect(201);
    assert_eq!(admitted["unit"]["id"], "minor");
    assert!(admitted["show"].is_object(), "a minor shows a document");
    let again = gate.scan(&code(&family, 2)).await;
    again.expect_problem(409, "ticket-already-redeemed", "code");

    desk.finds_its_line().await;
    let sold = lease(&manager, &morning).await;
    assert_eq!((&sold["sold"], &sold["held"]), (&json!(4), &json!(6)), "{sold}");
    assert_eq!(sold["refused_sales"], json!([]));
    let booking = shop.booking(uuid).await;
    assert_eq!((&booking["status"], &booking["channel"]), (&json!("CONFIRMED"), &json!("DESK")));
    gate.scan(&code(&family, 2)).await.expect_problem(409, "ticket-already-redeemed", "code");
    gate.scan(school["tickets"][0]["typed_code"].as_str().unwrap()).await.expect(201);

    // What is left goes back to the shop, and its tickets admit no more.
    desk.gives_back(SLOT).await;
    desk.sees("it gave back", |state| desk.lease(state, &morning)["status"] == "RETURNED").await;
    assert_eq!(shop.vacancies(&wish).await, before - 4);
    desk.sells(SLOT, &[("minor", 1)], "FREE").await.expect_problem(409, "sold-out", "units");
    desk.gives_back(LATER).await;
    desk.sees("it gave back", |state| desk.lease(state, &afternoon)["status"] == "RETURNED").await;

    desk.counts(5_000 + 2 * price).await.expect(200);
    desk.sees("its count is sent in", |state| state["shift"]["is_closed"] == true).await;
    let clerk = Clerk::of(&museum, VENUE).await;
    let drawer = clerk.reads(&format!("/{shift}")).await.expect(200);
    assert_eq!((&drawer["status"], &drawer["difference_cents"]), (&json!("CLOSED"), &json!(0)));
    let totals = json!({
        "sales": 3, "visitors": 5, "free_visitors": 2, "cash_cents": 2 * price,
        "card_cents": price, "voids": 0, "late_sales": 0,
    });
    assert_eq!(drawer["totals"], totals);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 2, "lake": 2}));
    let dashboard = manager.dashboard("2026-11-24").await;
    assert_eq!(dashboard["totals"]["visitors"], 5);
    assert_eq!(dashboard["totals"]["revenue_cents"], 3 * price);
}

#[tokio::test]
async fn gates_that_are_by_themselves_let_a_visitor_of_a_desk_without_a_line_in_once() {
    let museum = Process::fresh().await;
    let desk = DeskProgram::open(&museum, VENUE, "window-1", &[]).await;
    desk.leases(SLOT, 6).await;
    let north = GateProgram::open(&museum, VENUE, "north").await;
    let south = GateProgram::open(&museum, VENUE, "south").await;
    for gate in [&north, &south] {
        gate.sees("it has the bundle", |state| state["bundle"].is_object()).await;
        gate.loses_its_line().await;
    }
    desk.loses_its_line().await;
    desk.opens_shift(0).await;
    let sold = desk.sells(SLOT, &[("minor", 4)], "FREE").await.expect(201);
    for number in 0..4 {
        let code = code(&sold, number);
        let (at_north, at_south) = tokio::join!(north.scan(&code), south.scan(&code));
        let mut answers = [at_north.status, at_south.status];
        answers.sort_unstable();
        assert_eq!(answers, [201, 409], "{} / {}", at_north.text(), at_south.text());
    }
    // The north's entries come in before the sale, the south's after it.
    north.finds_its_line().await;
    desk.finds_its_line().await;
    south.finds_its_line().await;
    assert_eq!(Gate::of(&museum, VENUE, "north").await.conflicts().await, Vec::<Value>::new());
    let uuid = sold["booking_uuid"].as_str().unwrap();
    let tickets = Visitor::of(&museum).tickets(uuid).await;
    assert!(tickets.iter().all(|ticket| ticket["status"] == "REDEEMED"), "{tickets:?}");
    assert!(tickets.iter().all(|ticket| ticket["unit"]["id"] == "minor"), "{tickets:?}");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"], json!({"table": 4, "lake": 4}));
}

#[tokio::test]
async fn a_lease_that_a_manager_withdraws_admits_nobody_and_its_late_sale_is_listed() {
    let museum = Process::fresh().await;
    let price = price_of_an_adult(&museum).await;
    let (manager, gate) =
        (Manager::of(&museum, VENUE).await, Gate::of(&museum, VENUE, "main").await);
    let shop = Visitor::of(&museum);
    let wish = Wish::at(VENUE, SLOT, &[("minor", 1)]);
    let before = shop.vacancies(&wish).await;
    let desk = DeskProgram::open(&museum, VENUE, "window-1", &[]).await;
    let uuid = desk.leases(SLOT, 8).await;
    let shift = desk.opens_shift(0).await;
    desk.loses_its_line().await;
    let inside = desk.sells(SLOT, &[("adult", 1)], "CASH").await.expect(201);
    let outside = desk.sells(SLOT, &[("adult", 2)], "CASH").await.expect(201);
    gate.scan(&code(&inside, 0)).await.expect(201);

    let path = format!("/v1/venues/{VENUE}/leases/{uuid}/withdraw");
    let clerk = Clerk::of(&museum, VENUE).await;
    let reason = json!({"reason": "the computer was stolen"});
    clerk.api.post(&path, &reason).await.expect_problem(403, "wrong-role", "Authorization");
    let wordless = manager.api.post(&path, &json!({"reason": " "})).await;
    wordless.expect_problem(422, "invalid-reason", "reason");
    let withdrawn = manager.api.post(&path, &reason).await.expect(200);
    assert_eq!((&withdrawn["status"], &withdrawn["held"]), (&json!("WITHDRAWN"), &json!(1)));
    assert_eq!(manager.api.post(&path, &reason).await.expect(200), withdrawn, "the first stands");
    let refused = gate.scan(&code(&outside, 0)).await;
    refused.expect_problem(409, "ticket-revoked", "code");
    assert_eq!(shop.vacancies(&wish).await, before - 1, "who is inside has a place");

    // The thief's machine finds its line: what entered stands, what did not is listed.
    let state = desk.finds_its_line().await;
    assert_eq!(state["refused"].as_array().unwrap().len(), 1, "{state}");
    let why = state["refused"][0]["problem"]["type"].as_str().unwrap();
    assert!(why.ends_with("lease-taken-back"), "{state}");
    desk.sees("it sells no more", |state| desk.lease(state, &uuid)["status"] == "WITHDRAWN").await;
    desk.sells(SLOT, &[("minor", 1)], "FREE").await.expect_problem(409, "sold-out", "units");
    let listed = lease(&manager, &uuid).await;
    assert_eq!((&listed["sold"], &listed["held"]), (&json!(1), &json!(0)), "{listed}");
    let refused = &listed["refused_sales"][0];
    assert_eq!((&refused["places"], &refused["shift_uuid"]), (&json!(2), &json!(shift)));
    let drawer = clerk.reads(&format!("/{shift}")).await.expect(200);
    assert_eq!(drawer["totals"]["cash_cents"], price);
    assert_eq!(shop.vacancies(&wish).await, before - 1);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_totem_gives_what_is_free_and_takes_no_money_without_a_line() {
    let museum = Process::fresh().await;
    let totem = DeskProgram::open(&museum, VENUE, "hall", &["--totem", "--keep", "4"]).await;
    let state = totem
        .sees("it has leased by itself", |state| {
            let leases = state["leases"].as_array().unwrap();
            leases.len() >= 6 && leases.iter().all(|lease| lease["status"] == "OPEN")
        })
        .await;
    assert!(state["leases"][0]["left"] == 4, "{state}");
    totem.loses_its_line().await;
    let paid = totem.sells(LATER, &[("adult", 1)], "CASH").await;
    paid.expect_problem(422, "not-free", "units");
    let free = totem.sells(LATER, &[("minor", 2)], "FREE").await.expect(201);
    totem.finds_its_line().await;
    let uuid = free["booking_uuid"].as_str().unwrap();
    let booking = Visitor::of(&museum).booking(uuid).await;
    assert_eq!((&booking["status"], &booking["channel"]), (&json!("CONFIRMED"), &json!("TOTEM")));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_sale_of_the_morning_that_comes_in_at_night_is_in_the_drawer_that_was_counted() {
    let mut museum = Process::fresh().await;
    let price = price_of_an_adult(&museum).await;
    let desk = DeskProgram::open(&museum, VENUE, "window-1", &[]).await;
    let uuid = desk.leases(SLOT, 5).await;
    let shift = desk.opens_shift(1_000).await;
    desk.sees("its shift is known", |state| state["shift"]["is_known"] == true).await;
    desk.loses_its_line().await;
    let sold = desk.sells(SLOT, &[("adult", 1)], "CASH").await.expect(201);
    // Somebody counts the drawer at another machine.
    let clerk = Clerk::of(&museum, VENUE).await;
    let counted = clerk.closes(&shift, 1_000 + price).await.expect(200);
    assert_eq!(counted["difference_cents"], price, "the money of a sale that nobody knows of");

    museum.restart_after(SignedDuration::from_hours(3)).await;
    let (manager, shop) = (Manager::of(&museum, VENUE).await, Visitor::of(&museum));
    eventually("the lease ended with its slot", SOON, async || {
        let lease = lease(&manager, &uuid).await;
        let ended = lease["status"] == "ENDED" && lease["held"] == 0;
        if ended { Ok(()) } else { Err(lease.to_string()) }
    })
    .await;
    desk.finds_its_line().await;
    let booking = shop.booking(sold["booking_uuid"].as_str().unwrap()).await;
    assert_eq!(booking["status"], "CONFIRMED");
    let drawer = Clerk::of(&museum, VENUE).await.reads(&format!("/{shift}")).await.expect(200);
    assert_eq!((&drawer["status"], &drawer["difference_cents"]), (&json!("CLOSED"), &json!(0)));
    assert_eq!(drawer["totals"]["late_sales"], 1);
    desk.sees("the rest is given back", |state| desk.lease(state, &uuid)["status"] == "RETURNED")
        .await;
    let lease = lease(&manager, &uuid).await;
    assert_eq!((&lease["sold"], &lease["returned"]), (&json!(1), &json!(4)), "{lease}");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_desk_leases_what_it_may_and_a_repeat_is_the_same_lease() {
    let museum = Process::fresh().await;
    let clerk = Clerk::of(&museum, VENUE).await;
    let path = format!("/v1/venues/{VENUE}/leases");
    let ask = |places: u32| {
        json!({
            "uuid": fresh_uuid(), "product_id": "admission", "option_id": "standard",
            "slot_id": SLOT, "places": places, "channel": "DESK", "desk_id": "window-1",
        })
    };
    let body = ask(3);
    let lease = clerk.api.post(&path, &body).await.expect(201);
    assert_eq!(lease["pack"]["tickets"].as_array().unwrap().len(), 3);
    let again = clerk.api.post(&path, &body).await.expect(200);
    assert_eq!(again["pack"]["tickets"], lease["pack"]["tickets"]);
    let mut other = body.clone();
    other["places"] = json!(4);
    clerk.api.post(&path, &other).await.expect_problem(409, "uuid-reused", "uuid");
    let with = |field: &str, value: Value| {
        let mut body = ask(3);
        body[field] = value;
        body
    };
    #[rustfmt::skip] // One line a case.
    let cases = [
        (ask(0), 422, "invalid-places", "places"),
        (ask(91), 422, "invalid-places", "places"),
        (with("channel", json!("WEB")), 422, "other-channel", "channel"),
        (with("product_id", json!("tour")), 422, "unknown-product", "product_id"),
        (with("slot_id", json!("2026-11-24T03:00")), 422, "unknown-slot", "slot_id"),
        (with("slot_id", json!("2026-11-23T10:00")), 422, "past-slot", "slot_id"),
    ];
    for (body, status, kind, field) in cases {
        clerk.api.post(&path, &body).await.expect_problem(status, kind, field);
    }
    let uuid = lease["uuid"].as_str().unwrap();
    let early = clerk.api.post(&format!("{path}/{uuid}/return"), &json!({"sold_places": 1})).await;
    early.expect_problem(409, "sales-missing", "sold_places");
    let elsewhere = format!("{path}/{}/return", fresh_uuid());
    let unknown = clerk.api.post(&elsewhere, &json!({"sold_places": 0})).await;
    unknown.expect_problem(404, "unknown-lease", "uuid");
    let sale = json!({
        "booking_uuid": fresh_uuid(), "method": "FREE", "sold_at": "2026-11-24T09:06:00Z",
        "places": [{"ticket_id": lease["pack"]["tickets"][0]["ticket_id"], "unit_id": "minor"}],
    });
    let undrawn = clerk.api.post(&format!("{path}/{uuid}/sales"), &sale).await;
    undrawn.expect_problem(422, "shift-missing", "shift_uuid");
    clerk.api.post(&format!("{path}/{uuid}/return"), &json!({"sold_places": 0})).await.expect(200);
    museum.nothing_left_over().await;
}
