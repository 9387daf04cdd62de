//! A reseller changes what it holds: people, slot, product and words; the places follow to the last one.

use atrio_tests::{
    Manager, Process, Reseller, check_booking, code, confirmation, fresh_uuid, people, refusal,
};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::octo::{DAY_TICKET, EXHIBITION, SITE, TOMORROW, TOUR};

const LATER: &str = "2026-11-25T12:00:00+01:00";

async fn left(reseller: &Reseller, product: &str) -> (u64, u64) {
    (reseller.vacancies(product, TOMORROW).await, reseller.vacancies(product, LATER).await)
}

#[tokio::test]
async fn people_named_when_it_is_sold_replace_those_held_and_the_places_follow() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    for (held_for, sold_for) in [(2, 3), (5, 1), (2, 2)] {
        let before = reseller.vacancies(SITE, TOMORROW).await;
        let held = reseller.holds(SITE, TOMORROW, held_for).await;
        let mut body = confirmation();
        body["unitItems"] = people(&[("adult", sold_for)]);
        let sold = reseller.takes(&held, "confirm", &body).await.expect(200);
        check_booking(&sold);
        assert_eq!(sold["unitItems"].as_array().unwrap().len(), sold_for);
        assert_eq!(reseller.vacancies(SITE, TOMORROW).await, before - sold_for as u64);
        let again = reseller.takes(&held, "confirm", &body).await.expect(200);
        assert_eq!(again, sold);
    }
    // More than there are, or nobody, and the hold stands as it was.
    let held = reseller.holds(TOUR, TOMORROW, 6).await;
    let other = reseller.holds(TOUR, TOMORROW, 5).await;
    let with = |items: Value| {
        let mut body = confirmation();
        body["unitItems"] = items;
        body
    };
    let refused = reseller.takes(&other, "confirm", &with(people(&[("adult", 7)]))).await;
    refusal(&refused, "UNPROCESSABLE_ENTITY");
    let one_more = reseller.takes(&other, "confirm", &with(people(&[("adult", 6)]))).await;
    assert_eq!(one_more.expect(200)["unitItems"].as_array().unwrap().len(), 6);
    assert_eq!(reseller.vacancies(TOUR, TOMORROW).await, 0);
    let refused = reseller.takes(&held, "confirm", &with(json!([]))).await;
    refusal(&refused, "UNPROCESSABLE_ENTITY");
    let refused = reseller.takes(&held, "confirm", &with(people(&[("invalidUnitId", 1)]))).await;
    assert_eq!(refusal(&refused, "INVALID_UNIT_ID")["unitId"], "invalidUnitId");
    assert_eq!(reseller.booking(&held).await, held);
    let fewer =
        reseller.takes(&held, "confirm", &with(people(&[("adult", 2), ("minor", 1)]))).await;
    assert_eq!(fewer.expect(200)["unitItems"].as_array().unwrap().len(), 3);
    assert_eq!(reseller.vacancies(TOUR, TOMORROW).await, 3);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_hold_moves_to_another_slot_other_people_and_another_product() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let (site, exhibition) = (left(&reseller, SITE).await, left(&reseller, EXHIBITION).await);
    let held = reseller.holds(SITE, TOMORROW, 2).await;
    let change = async |body: Value| {
        let changed = reseller.changes(&held, &body).await.expect(200);
        check_booking(&changed);
        assert_eq!(reseller.booking(&held).await, changed);
        changed
    };
    let moved = change(json!({"availabilityId": LATER})).await;
    assert_eq!(moved["availabilityId"], LATER);
    assert_eq!(moved["unitItems"], held["unitItems"]);
    assert_eq!(left(&reseller, SITE).await, (site.0, site.1 - 2));

    let more = change(json!({"unitItems": people(&[("adult", 2), ("youth", 1)])})).await;
    assert_eq!(more["unitItems"].as_array().unwrap().len(), 3);
    assert_eq!(left(&reseller, SITE).await, (site.0, site.1 - 3));

    let contact = json!({
        "fullName": "Visitor Example", "emailAddress": "visitor@example.org", "notes": "late",
        "country": "GB", "locales": ["en"], "phoneNumber": "+00000000",
    });
    let named = change(json!({"contact": contact, "notes": "Test note"})).await;
    assert_eq!(
        (&named["notes"], &named["contact"]["notes"]),
        (&json!("Test note"), &json!("late"))
    );
    assert_eq!(named["unitItems"], more["unitItems"]);
    let further = change(json!({"contact": {"firstName": "Visitor"}})).await;
    assert_eq!(further["contact"]["fullName"], "Visitor Example", "what was said before stands");

    let all = json!({
        "productId": EXHIBITION, "optionId": "standard", "availabilityId": TOMORROW,
        "unitItems": people(&[("adult", 4)]),
    });
    let other = change(all).await;
    assert_eq!(other["productId"], EXHIBITION);
    assert_eq!(left(&reseller, SITE).await, site, "all of the first are back");
    assert_eq!(left(&reseller, EXHIBITION).await, (exhibition.0 - 4, exhibition.1));
    let by_day = json!({
        "productId": DAY_TICKET, "optionId": "standard", "availabilityId": "2026-11-25T00:00:00+01:00",
        "unitItems": people(&[("adult", 1)]),
    });
    let day = change(by_day).await;
    assert_eq!(day["availability"]["allDay"], true);
    assert_eq!(left(&reseller, EXHIBITION).await, exhibition);
    let sold = reseller.sells(&day).await;
    assert!(!code(&sold, 0).is_empty());
    reseller.takes(&sold, "cancel", &json!({})).await.expect(200);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_change_that_is_refused_changes_nothing() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let held = reseller.holds(TOUR, TOMORROW, 2).await;
    let others = [reseller.holds(TOUR, LATER, 6).await, reseller.holds(TOUR, LATER, 5).await];
    let cases = [
        (json!({"productId": "invalid"}), "INVALID_PRODUCT_ID"),
        (json!({"optionId": "invalid"}), "INVALID_OPTION_ID"),
        (json!({"availabilityId": "invalid"}), "INVALID_AVAILABILITY_ID"),
        (json!({"unitItems": [{"unitId": "invalid"}]}), "INVALID_UNIT_ID"),
        (json!({"unitItems": []}), "UNPROCESSABLE_ENTITY"),
        (json!({"unitItems": people(&[("adult", 7)])}), "UNPROCESSABLE_ENTITY"),
        (json!({"availabilityId": LATER}), "UNPROCESSABLE_ENTITY"),
        (json!({"availabilityId": "2026-11-30T00:00:00+01:00"}), "UNPROCESSABLE_ENTITY"),
        (json!({"expirationMinutes": 2_000}), "BAD_REQUEST"),
        (json!({"notes": 7}), "BAD_REQUEST"),
    ];
    for (body, error) in cases {
        refusal(&reseller.changes(&held, &body).await, error);
        assert_eq!(reseller.booking(&held).await, held, "{body}");
    }
    assert_eq!(left(&reseller, TOUR).await, (10, 1));
    let sold = reseller.sells(&held).await;
    for body in [json!({"availabilityId": LATER}), json!({"unitItems": people(&[("adult", 1)])})] {
        refusal(&reseller.changes(&sold, &body).await, "UNPROCESSABLE_ENTITY");
    }
    let noted = reseller.changes(&sold, &json!({"notes": "who it is for may change"})).await;
    let noted = noted.expect(200);
    check_booking(&noted);
    assert_eq!(noted["unitItems"], sold["unitItems"], "the same tickets");
    for booking in others.iter().chain([&sold]) {
        reseller.takes(booking, "cancel", &json!({})).await.expect(200);
    }
    assert_eq!(left(&reseller, TOUR).await, (12, 12));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn holds_that_grow_and_move_at_once_never_oversell() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(reseller.holds(TOUR, TOMORROW, 1).await);
    }
    // Six of one each, who all want four, or to move with four: twelve places in either slot.
    let change = |number: usize| {
        let mut body = json!({"unitItems": people(&[("adult", 4)])});
        if number % 2 == 1 {
            body["availabilityId"] = json!(LATER);
        }
        body
    };
    let bodies: Vec<Value> = (0..held.len()).map(change).collect();
    let wanted = held.iter().zip(&bodies);
    let answers = join_all(wanted.map(|(booking, body)| reseller.changes(booking, body))).await;
    assert!(answers.iter().all(|answer| [200, 400].contains(&answer.status)), "{answers:?}");
    let mut taken = [0, 0];
    for booking in &held {
        let booking = reseller.booking(booking).await;
        let people = booking["unitItems"].as_array().unwrap().len() as u64;
        taken[usize::from(booking["availabilityId"] == LATER)] += people;
    }
    assert!(taken.iter().all(|taken| *taken <= 12), "{taken:?}");
    assert_eq!(left(&reseller, TOUR).await, (12 - taken[0], 12 - taken[1]));
    let ends =
        join_all(held.iter().map(|booking| reseller.takes(booking, "cancel", &Value::Null))).await;
    assert!(ends.iter().all(|end| end.status == 400), "`null` is no object");
    for booking in &held {
        reseller.takes(booking, "cancel", &json!({})).await.expect(200);
    }
    assert_eq!(left(&reseller, TOUR).await, (12, 12));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn what_is_held_is_sold_to_the_people_it_was_held_for_whatever_is_offered_by_then() {
    let museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let held = reseller.holds(TOUR, TOMORROW, 2).await;
    let other = reseller.holds(TOUR, TOMORROW, 2).await;
    let manager = Manager::of(&museum, "20349").await;
    let (mut product, tag) = manager.reads("products/castle-tour").await;
    product["capacity"] = json!(1);
    manager.changes("products/castle-tour", &tag, &product).await.expect(200);
    let mut body = confirmation();
    body["unitItems"] = people(&[("adult", 2)]);
    let sold = reseller.takes(&held, "confirm", &body).await.expect(200);
    check_booking(&sold);
    assert_eq!(sold["pricing"], held["pricing"], "at the price it was held at");
    body["unitItems"] = people(&[("adult", 3)]);
    refusal(&reseller.takes(&other, "confirm", &body).await, "UNPROCESSABLE_ENTITY");
    // Who merely has the link to the tickets changes nothing of them.
    let uuid = sold["uuid"].as_str().unwrap();
    let tickets = museum.api().get(&format!("/v1/bookings/{uuid}/tickets")).await.expect(200);
    let ticket = tickets["tickets"][0]["id"].as_str().unwrap();
    let again = format!("/v1/bookings/{uuid}/tickets/{ticket}/reissue");
    let refused = museum.api().post(&again, &json!({"uuid": fresh_uuid()})).await;
    refused.expect_problem(409, "resold", "uuid");
    let named = json!({"holders": ["Ada Lovelace", "Alan Turing"]});
    let refused = museum.api().put(&format!("/v1/bookings/{uuid}/holders"), "*", &named).await;
    refused.expect_problem(409, "resold", "uuid");
}

#[tokio::test]
async fn nothing_is_held_beyond_the_end_of_its_visit() {
    let mut museum = Process::fresh().await;
    let reseller = Reseller::joins(&museum, "Example Tours", &[]).await;
    let mut request = reseller.request(SITE, "2026-11-24T18:00:00+01:00", 2);
    request["expirationMinutes"] = json!(1440);
    let held = reseller.post("/bookings", &request).await.expect(200);
    let ends: jiff::Timestamp =
        held["availability"]["localDateTimeEnd"].as_str().unwrap().parse().unwrap();
    let until: jiff::Timestamp = held["utcExpiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(until, ends);
    let longer = json!({"expirationMinutes": 600});
    let extended = reseller.takes(&held, "extend", &longer).await.expect(200);
    assert_eq!(extended["utcExpiresAt"], held["utcExpiresAt"]);
    museum.restart_after(jiff::SignedDuration::from_hours(12)).await;
    let late = reseller.takes(&held, "confirm", &confirmation()).await;
    refusal(&late, "UNPROCESSABLE_ENTITY");
}
