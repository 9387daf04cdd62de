//! A reseller holds, sells and finds visits: capacity to the place, tickets that a gate admits, and answers that
//! may get lost. Each test is a scenario of those that certify a supplier.

use std::collections::BTreeSet;

use atrio_tests::{
    Gate, Process, Reseller, Visitor, check_booking, code, confirmation, fresh_uuid, people,
    refusal,
};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::octo::{AHEAD, DAY_TICKET, EXHIBITION, SITE, TOMORROW, TOUR};

/// A slot that runs: its tickets admit now.
const NOW: &str = "2026-11-24T10:00:00+01:00";

#[tokio::test]
async fn what_a_reseller_sells_a_gate_admits_once() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let before = reseller.vacancies(SITE, NOW).await;
    let held = reseller.holds(SITE, NOW, 2).await;
    assert_eq!((&held["testMode"], &held["cancellable"]), (&json!(false), &json!(true)));
    assert_eq!(reseller.vacancies(SITE, NOW).await, before - 2);
    let body = confirmation();
    let sold = reseller.takes(&held, "confirm", &body).await.expect(200);
    check_booking(&sold);
    assert_eq!(sold["status"], "CONFIRMED");
    assert_eq!(sold["resellerReference"], body["resellerReference"]);
    for (name, said) in body["contact"].as_object().unwrap() {
        assert_eq!(sold["contact"][name], *said, "{name}");
    }
    assert_eq!(reseller.vacancies(SITE, NOW).await, before - 2, "confirming takes nothing more");

    let gate = Gate::of(&museum, "20346", "main").await;
    gate.scan(&code(&sold, 0)).await.expect(201);
    gate.scan(&code(&sold, 0)).await.expect_problem(409, "ticket-already-redeemed", "code");
    let inside = reseller.booking(&sold).await;
    assert_eq!(inside["status"], "REDEEMED");
    assert_eq!(inside["unitItems"][0]["status"], "REDEEMED");
    assert_eq!(inside["unitItems"][1]["status"], "CONFIRMED");
    assert!(inside["unitItems"][0]["ticket"]["utcRedeemedAt"].is_string());
    assert_eq!(inside["cancellable"], false);
    refusal(&reseller.takes(&sold, "cancel", &json!({})).await, "UNPROCESSABLE_ENTITY");

    let pdf = sold["unitItems"][0]["ticket"]["deliveryOptions"][1].clone();
    assert_eq!(pdf["deliveryFormat"], "PDF_URL");
    let printed = museum.api().get(pdf["deliveryValue"].as_str().unwrap()).await;
    assert_eq!((printed.status, printed.header("content-type")), (200, Some("application/pdf")));
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"], json!({"table": 1_600, "lake": 1_600}));
}

#[tokio::test]
async fn a_day_ticket_admits_at_any_hour_of_its_day() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let sold = reseller.books(DAY_TICKET, "2026-11-24T00:00:00+01:00", 1).await;
    assert_eq!(sold["availability"]["allDay"], true);
    let gate = Gate::of(&museum, "20349", "main").await;
    gate.scan(&code(&sold, 0)).await.expect(201);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_nothing_is_taken_twice() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let before = reseller.vacancies(SITE, TOMORROW).await;
    let body = reseller.request(SITE, TOMORROW, 2);
    let answers = join_all((0..4).map(|_| reseller.post("/bookings", &body))).await;
    let held: Vec<Value> = answers.iter().map(|answer| answer.expect(200)).collect();
    assert!(held.iter().all(|booking| *booking == held[0]), "{held:?}");
    assert_eq!(reseller.vacancies(SITE, TOMORROW).await, before - 2);
    let mut other = body.clone();
    other["unitItems"] = people(&[("adult", 3)]);
    refusal(&reseller.post("/bookings", &other).await, "UNPROCESSABLE_ENTITY");
    let mut noted = body.clone();
    noted["notes"] = json!("another note");
    refusal(&reseller.post("/bookings", &noted).await, "UNPROCESSABLE_ENTITY");

    let sale = confirmation();
    let answers = join_all((0..4).map(|_| reseller.takes(&held[0], "confirm", &sale))).await;
    let sold: Vec<Value> = answers.iter().map(|answer| answer.expect(200)).collect();
    assert!(sold.iter().all(|booking| *booking == sold[0]), "one set of tickets: {sold:?}");
    let another = reseller.takes(&held[0], "confirm", &confirmation()).await;
    refusal(&another, "UNPROCESSABLE_ENTITY");
    assert_eq!(reseller.post("/bookings", &body).await.expect(200), sold[0], "what became of it");

    let why = json!({"reason": "the customer is ill"});
    let answers = join_all((0..4).map(|_| reseller.takes(&held[0], "cancel", &why))).await;
    let gone: Vec<Value> = answers.iter().map(|answer| answer.expect(200)).collect();
    assert!(gone.iter().all(|booking| *booking == gone[0]), "{gone:?}");
    assert_eq!(gone[0]["status"], "CANCELLED");
    assert_eq!(reseller.vacancies(SITE, TOMORROW).await, before, "given back once");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_reservation_is_refused_in_the_order_of_its_parts_and_takes_nothing() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let before = reseller.availabilities(SITE, "2026-11-24", "2026-12-01").await;
    let ask = async |changes: Value| {
        let mut body = reseller.request(SITE, TOMORROW, 1);
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        reseller.post("/bookings", &body).await
    };
    let wrong = "invalid";
    let all = json!({
        "productId": wrong, "optionId": wrong, "availabilityId": wrong, "unitItems": [{"unitId": wrong}],
    });
    assert_eq!(refusal(&ask(all).await, "INVALID_PRODUCT_ID")["productId"], wrong);
    let option =
        json!({"optionId": wrong, "availabilityId": wrong, "unitItems": [{"unitId": wrong}]});
    assert_eq!(refusal(&ask(option).await, "INVALID_OPTION_ID")["optionId"], wrong);
    let slot = json!({"availabilityId": wrong, "unitItems": [{"unitId": wrong}]});
    assert_eq!(refusal(&ask(slot).await, "INVALID_AVAILABILITY_ID")["availabilityId"], wrong);
    let unit = json!({"unitItems": [{"unitId": "adult"}, {"unitId": wrong}]});
    assert_eq!(refusal(&ask(unit).await, "INVALID_UNIT_ID")["unitId"], wrong);
    let none_starts = json!({"availabilityId": "2026-11-25T11:30:00+01:00"});
    refusal(&ask(none_starts).await, "INVALID_AVAILABILITY_ID");
    let other_offset = json!({"availabilityId": "2026-11-25T11:00:00+02:00"});
    refusal(&ask(other_offset).await, "INVALID_AVAILABILITY_ID");
    let missing = json!({"availabilityId": null});
    refusal(&ask(missing).await, "INVALID_AVAILABILITY_ID");

    for unmet in [
        json!({"unitItems": null}),
        json!({"unitItems": []}),
        json!({"unitItems": people(&[("adult", 11)])}),
        json!({"productId": AHEAD, "availabilityId": "2026-12-10T11:00:00+01:00"}),
        json!({"availabilityId": "2026-11-24T09:00:00+01:00"}),
        json!({"availabilityId": "2026-11-22T11:00:00+01:00"}),
        json!({"availabilityId": "2026-11-30T00:00:00+01:00"}),
    ] {
        refusal(&ask(unmet).await, "UNPROCESSABLE_ENTITY");
    }
    for unreadable in [
        json!({"uuid": "6F1C2A34-9B1E-4C55-8A10-2F6F3F7D9A01"}),
        json!({"uuid": "6f1c2a34-9b1e-4c55-ca10-2f6f3f7d9a01"}),
        json!({"unitItems": "adult"}),
        json!({"expirationMinutes": 0}),
        json!({"expirationMinutes": 100_000}),
        json!({"productId": null}),
        json!({"optionId": null}),
        json!({"notes": "x".repeat(2_001)}),
    ] {
        refusal(&ask(unreadable).await, "BAD_REQUEST");
    }
    let twice = fresh_uuid();
    let items = json!([{"unitId": "adult", "uuid": twice}, {"unitId": "adult", "uuid": twice}]);
    refusal(&ask(json!({"unitItems": items})).await, "BAD_REQUEST");
    let after = reseller.availabilities(SITE, "2026-11-24", "2026-12-01").await;
    assert_eq!(after, before, "no place was taken");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_hold_says_what_the_reseller_said_and_needs_no_uuid() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let (first, second) = (fresh_uuid(), fresh_uuid());
    let body = json!({
        "productId": EXHIBITION, "optionId": "standard", "availabilityId": TOMORROW,
        "notes": "a birthday", "resellerReference": "R-1", "expirationMinutes": 20,
        "unitItems": [
            {"unitId": "minor", "uuid": first, "resellerReference": "U-1", "contact": {"firstName": "A"}},
            {"unitId": "adult", "uuid": second},
        ],
    });
    let held = reseller.post("/bookings", &body).await.expect(200);
    check_booking(&held);
    assert_eq!((&held["notes"], &held["resellerReference"]), (&json!("a birthday"), &json!("R-1")));
    let items = held["unitItems"].as_array().unwrap();
    assert_eq!((&items[0]["uuid"], &items[1]["uuid"]), (&json!(first), &json!(second)));
    assert_eq!((&items[0]["unitId"], &items[1]["unitId"]), (&json!("minor"), &json!("adult")));
    assert_eq!(items[0]["resellerReference"], "U-1");
    assert_eq!(items[0]["contact"]["firstName"], "A");
    let sold = reseller.sells(&held).await;
    let tickets: Vec<&Value> = sold["unitItems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["supplierReference"])
        .collect();
    assert_ne!(tickets[0], tickets[1]);
    reseller.takes(&sold, "cancel", &json!({})).await.expect(200);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn fifty_two_resellers_at_once_sell_the_twelve_places_there_are() {
    let museum = Process::fresh().await;
    let mut resellers = Vec::new();
    for number in 0..4 {
        resellers.push(Reseller::joins(&museum, &format!("Tours {number}"), &[]).await);
    }
    let all = &resellers;
    let one = |number: usize| async move {
        let reseller = &all[number % all.len()];
        let answer = reseller.post("/bookings", &reseller.request(TOUR, TOMORROW, 1)).await;
        if answer.status != 200 {
            refusal(&answer, "UNPROCESSABLE_ENTITY");
            return None;
        }
        Some((reseller, reseller.sells(&answer.json()).await))
    };
    let sold: Vec<_> = join_all((0..52).map(one)).await.into_iter().flatten().collect();
    assert_eq!(sold.len(), 12);
    let codes: BTreeSet<String> = sold.iter().map(|(_, booking)| code(booking, 0)).collect();
    assert_eq!(codes.len(), 12);
    let slot = resellers[0].availability(TOUR, TOMORROW).await;
    assert_eq!((&slot["status"], &slot["vacancies"]), (&json!("SOLD_OUT"), &json!(0)));
    // A place that comes back is sold once more.
    let (owner, gone) = &sold[0];
    owner.takes(gone, "cancel", &json!({})).await.expect(200);
    assert_eq!(resellers[1].vacancies(TOUR, TOMORROW).await, 1);
    resellers[1].books(TOUR, TOMORROW, 1).await;
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["visitors confirmed"], json!({"table": 12, "lake": 12}));
}

#[tokio::test]
async fn a_hold_ends_by_itself_is_extended_and_what_ended_stays_so() {
    let mut museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let before = reseller.vacancies(SITE, TOMORROW).await;
    let (short, long) =
        (reseller.holds(SITE, TOMORROW, 1).await, reseller.holds(SITE, TOMORROW, 1).await);
    let extended =
        reseller.takes(&long, "extend", &json!({"expirationMinutes": 31})).await.expect(200);
    check_booking(&extended);
    let end = |booking: &Value| booking["utcExpiresAt"].as_str().unwrap().to_owned();
    assert!(end(&extended) > end(&long));
    let shorter =
        reseller.takes(&long, "extend", &json!({"expirationMinutes": 1})).await.expect(200);
    assert_eq!(end(&shorter), end(&extended), "never shortened");
    refusal(
        &reseller.takes(&long, "extend", &json!({"expirationMinutes": 0})).await,
        "BAD_REQUEST",
    );

    museum.restart_after(SignedDuration::from_mins(16)).await;
    let expired = reseller.booking(&short).await;
    assert_eq!((&expired["status"], &expired["cancellable"]), (&json!("EXPIRED"), &json!(false)));
    assert_eq!(expired["unitItems"][0]["status"], "EXPIRED");
    for step in ["confirm", "extend", "cancel"] {
        refusal(&reseller.takes(&short, step, &json!({})).await, "UNPROCESSABLE_ENTITY");
    }
    refusal(&reseller.changes(&short, &json!({"notes": "x"})).await, "UNPROCESSABLE_ENTITY");
    let sold = reseller.sells(&long).await;
    refusal(&reseller.takes(&sold, "extend", &json!({})).await, "UNPROCESSABLE_ENTITY");
    let gone = reseller.takes(&sold, "cancel", &json!({"reason": "x"})).await.expect(200);
    check_booking(&gone);
    assert_eq!(gone["cancellation"]["refund"], "FULL", "it is more than a day ahead");
    for step in ["confirm", "extend"] {
        refusal(&reseller.takes(&gone, step, &json!({})).await, "UNPROCESSABLE_ENTITY");
    }
    refusal(&reseller.changes(&gone, &json!({"notes": "x"})).await, "UNPROCESSABLE_ENTITY");
    museum.nothing_left_over().await;
    assert_eq!(reseller.vacancies(SITE, TOMORROW).await, before, "all places are back");
}

#[tokio::test]
async fn what_is_given_up_in_time_is_owed_back_and_admits_nobody() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let why = json!({"reason": "the customer is ill"});
    let held = reseller.holds(SITE, TOMORROW, 1).await;
    let gone = reseller.takes(&held, "cancel", &why).await.expect(200);
    check_booking(&gone);
    assert_eq!((&gone["status"], &gone["utcConfirmedAt"]), (&json!("CANCELLED"), &Value::Null));
    assert_eq!(gone["cancellation"]["reason"], "the customer is ill");

    let early = reseller.books(SITE, "2026-11-27T11:00:00+01:00", 1).await;
    let gone = reseller.takes(&early, "cancel", &why).await.expect(200);
    check_booking(&gone);
    assert_eq!(gone["cancellation"]["refund"], "FULL");
    assert_eq!(gone["utcConfirmedAt"], early["utcConfirmedAt"]);
    assert_eq!(gone["cancellable"], false);

    let today = reseller.books(SITE, "2026-11-24T11:00:00+01:00", 1).await;
    let gone = reseller.takes(&today, "cancel", &why).await.expect(200);
    assert_eq!(gone["cancellation"]["refund"], "NONE");
    let gate = Gate::of(&museum, "20346", "main").await;
    let dead = gate.scan(&code(&today, 0)).await;
    dead.expect_problem(409, "ticket-revoked", "code");
    // The visit that runs is not given up any more.
    let running = reseller.books(SITE, NOW, 1).await;
    assert_eq!(running["cancellable"], false);
    refusal(&reseller.takes(&running, "cancel", &why).await, "UNPROCESSABLE_ENTITY");
    let figures = museum.nothing_left_over().await;
    // What was given up too late is kept, what was given up in time is not.
    assert_eq!(figures["cents kept"], json!({"table": 1_600, "lake": 1_600}));
}

#[tokio::test]
async fn bookings_are_found_by_either_reference_and_by_nothing_else() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let held = reseller.holds(SITE, TOMORROW, 1).await;
    let sold = reseller.sells(&held).await;
    let find = async |query: &str| reseller.get(&format!("/bookings{query}")).await;
    let reference = sold["resellerReference"].as_str().unwrap();
    let own = sold["supplierReference"].as_str().unwrap();
    for query in [format!("?resellerReference={reference}"), format!("?supplierReference={own}")] {
        assert_eq!(find(&query).await.expect(200), json!([sold]), "{query}");
    }
    let both = format!("?resellerReference=other&supplierReference={own}");
    assert_eq!(find(&both).await.expect(200), json!([]));
    assert_eq!(find("?resellerReference=R-0").await.expect(200), json!([]));
    for query in ["", "?resellerReference=", "?reference=x"] {
        refusal(&find(query).await, "BAD_REQUEST");
    }
    reseller.changes(&sold, &json!({"resellerReference": "R-2"})).await.expect(200);
    assert_eq!(find("?resellerReference=R-2").await.expect(200)[0]["uuid"], sold["uuid"]);
    let old = find(&format!("?resellerReference={reference}")).await.expect(200);
    assert_eq!(old, json!([]), "it is called otherwise now");
    refusal(&reseller.get("/bookings/%FF").await, "BAD_REQUEST");
    for unknown in [fresh_uuid(), "invalidUUID".to_owned()] {
        let refused =
            refusal(&reseller.get(&format!("/bookings/{unknown}")).await, "INVALID_BOOKING_UUID");
        assert_eq!(refused["uuid"], unknown.as_str());
        for step in ["confirm", "cancel", "extend"] {
            let path = format!("/bookings/{unknown}/{step}");
            refusal(&reseller.post(&path, &json!({})).await, "INVALID_BOOKING_UUID");
        }
    }
    reseller.takes(&sold, "cancel", &json!({})).await.expect(200);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn whoever_merely_knows_the_uuid_changes_nothing_of_a_resold_booking() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let held = reseller.holds(SITE, TOMORROW, 1).await;
    let uuid = held["uuid"].as_str().unwrap();
    let visitor = Visitor::of(&museum);
    visitor.start_payment(uuid).await.expect_problem(409, "wrong-state", "uuid");
    visitor.confirm(uuid).await.expect_problem(409, "resold", "uuid");
    visitor.cancel(uuid).await.expect_problem(409, "resold", "uuid");
    let sold = reseller.sells(&held).await;
    visitor.cancel(uuid).await.expect_problem(409, "resold", "uuid");
    assert_eq!(reseller.booking(&sold).await, sold);
    // Nor does anybody without a key book through the resellers' channel.
    let mut body = visitor.request(
        &fresh_uuid(),
        &atrio_tests::Wish {
            venue: "20346".to_owned(),
            product: "site".to_owned(),
            slot: "2026-11-25T11:00".to_owned(),
            units: vec![("adult".to_owned(), 1)],
        },
    );
    body["channel"] = json!("RESELLER");
    let refused = visitor.api.post("/v1/bookings", &body).await;
    refused.expect_problem(403, "other-channel", "channel");
    reseller.takes(&sold, "cancel", &json!({})).await.expect(200);
    museum.nothing_left_over().await;
}
