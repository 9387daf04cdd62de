//! A day at the ticket office: the drawer, sales in cash and by card, what is free, a sale taken
//! back, the count in the evening and the file for the accountant.

use atrio_tests::{Clerk, Gate, Manager, Outcome, Process, Visitor, Wish, fresh_uuid};
use serde_json::{Value, json};

const VENUE: &str = "20240";
const SLOT: &str = "2026-11-24T10:00";

fn wish(units: &[(&str, u32)]) -> Wish {
    Wish::at(VENUE, SLOT, units)
}

async fn price_of_an_adult(clerk: &Clerk) -> i64 {
    let uuid = clerk.holds(&wish(&[("adult", 1)])).await;
    let booking = clerk.api.get(&format!("/v1/bookings/{uuid}")).await.expect(200);
    clerk.api.post(&format!("/v1/bookings/{uuid}/cancel"), &json!({})).await.expect(200);
    booking["total_cents"].as_i64().unwrap()
}

#[tokio::test]
async fn a_clerk_sells_takes_back_counts_and_the_day_adds_up() {
    let museum = Process::fresh().await;
    let (clerk, gate) = (Clerk::of(&museum, VENUE).await, Gate::of(&museum, VENUE, "main").await);
    let price = price_of_an_adult(&clerk).await;
    let shift = fresh_uuid();
    assert_eq!(clerk.opens(&shift, "window-1", 5_000).await.expect(201)["status"], "OPEN");

    // Two adults in cash with change, one by card, a minor for nothing.
    let family = clerk.holds(&wish(&[("adult", 2), ("minor", 1)])).await;
    let sale = clerk.sells(&shift, &family, "CASH", Some(5_000)).await.expect(201);
    assert_eq!(sale["amount_cents"], 2 * price);
    assert_eq!(sale["change_cents"], 5_000 - 2 * price);
    let by_card = clerk.holds(&wish(&[("adult", 1)])).await;
    clerk.sells(&shift, &by_card, "CARD", None).await.expect(201);
    let student = clerk.holds(&wish(&[("minor", 1)])).await;
    clerk.sells(&shift, &student, "FREE", None).await.expect(201);

    // The answer was lost and the button pressed again: no second sale, no second ticket.
    let again = clerk.sells(&shift, &family, "CASH", Some(5_000)).await.expect(200);
    assert_eq!(again, sale);
    clerk.sells(&shift, &family, "CARD", None).await.expect_problem(
        409,
        "sold-before",
        "booking_uuid",
    );

    let tickets = clerk.api.get(&format!("/v1/bookings/{family}/tickets")).await.expect(200);
    assert_eq!(tickets["tickets"].as_array().unwrap().len(), 3);
    gate.scan(tickets["tickets"][0]["code"].as_str().unwrap()).await.expect(201);

    // Whoever is inside is not taken back; whoever chose the wrong day is.
    let inside = clerk.voids(&shift, &family, "changed their mind").await;
    inside.expect_problem(409, "ticket-used", "booking_uuid");
    let wrong = clerk.api.get(&format!("/v1/bookings/{by_card}/tickets")).await.expect(200);
    let voided = clerk.voids(&shift, &by_card, "wrong day").await.expect(200);
    assert_eq!(voided["void"]["reason"], "wrong day");
    assert_eq!(clerk.voids(&shift, &by_card, "wrong day").await.expect(200), voided);
    let dead = gate.scan(wrong["tickets"][0]["code"].as_str().unwrap()).await;
    dead.expect_problem(409, "ticket-revoked", "code");

    let closed = clerk.closes(&shift, 5_000 + 2 * price - 50).await.expect(200);
    assert_eq!(closed["status"], "CLOSED");
    assert_eq!(closed["expected_cents"], 5_000 + 2 * price);
    assert_eq!(closed["difference_cents"], -50);
    let totals = json!({
        "sales": 2, "visitors": 4, "free_visitors": 2,
        "cash_cents": 2 * price, "card_cents": 0, "voids": 1,
        "late_sales": 0,
    });
    assert_eq!(closed["totals"], totals);
    assert_eq!(closed["free_entries"][0]["visitors"], 2);
    assert!(closed["free_entries"][0]["reason"]["it"].as_str().unwrap().contains("18"));
    let late = clerk.holds(&wish(&[("minor", 1)])).await;
    let refused = clerk.sells(&shift, &late, "FREE", None).await;
    refused.expect_problem(409, "shift-closed", "uuid");
    clerk.api.post(&format!("/v1/bookings/{late}/cancel"), &json!({})).await.expect(200);

    let day = clerk.reads("?day=2026-11-24").await.expect(200);
    assert_eq!(day["totals"], totals);
    assert_eq!(day["difference_cents"], -50);
    let file = clerk.reads(&format!("/{shift}/sales.csv")).await;
    let lines: Vec<String> = file.text().lines().map(ToOwned::to_owned).collect();
    assert_eq!(lines.len(), 1 + 4, "a header, and a line for each unit of each sale");
    assert_eq!(lines.iter().filter(|line| line.ends_with(",wrong day")).count(), 1);
    assert!(!file.text().contains(&family), "the uuid that opens a booking is in no file");

    // The dashboard counts what stands.
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"]["lake"], 1);
    let manager = Manager::of(&museum, VENUE).await;
    let dashboard = manager.dashboard("2026-11-24").await;
    assert_eq!(dashboard["totals"]["visitors"], 4);
    assert_eq!(dashboard["totals"]["revenue_cents"], 2 * price);
}

#[tokio::test]
async fn a_drawer_takes_only_what_is_its_own_to_sell() {
    let museum = Process::fresh().await;
    let (clerk, visitor) = (Clerk::of(&museum, VENUE).await, Visitor::of(&museum));
    let elsewhere = Clerk::of(&museum, "20514").await;
    let (shift, other) = (fresh_uuid(), fresh_uuid());
    clerk.opens(&shift, "window-1", 0).await.expect(201);
    clerk.opens(&shift, "window-1", 0).await.expect(200);
    clerk.opens(&shift, "window-1", 100).await.expect_problem(409, "uuid-reused", "uuid");
    let busy = clerk.opens(&fresh_uuid(), "window-1", 0).await;
    assert_eq!(busy.expect_problem(409, "desk-busy", "desk_id")["open_shift"], shift.as_str());
    elsewhere.opens(&other, "window-1", 0).await.expect(201);

    let by_web = visitor.hold(&wish(&[("adult", 1)])).await;
    let adult = clerk.holds(&wish(&[("adult", 1)])).await;
    let minor = clerk.holds(&wish(&[("minor", 1)])).await;
    let unknown = fresh_uuid();
    #[rustfmt::skip] // One line a case.
    let cases = [
        (&clerk, &shift, &by_web, "CASH", None, 422, "other-channel", "booking_uuid"),
        (&elsewhere, &other, &adult, "CASH", None, 422, "other-venue", "booking_uuid"),
        (&elsewhere, &shift, &adult, "CASH", None, 404, "unknown-shift", "uuid"),
        (&clerk, &shift, &unknown, "CASH", None, 404, "unknown-booking", "booking_uuid"),
        (&clerk, &shift, &adult, "FREE", None, 422, "wrong-method", "method"),
        (&clerk, &shift, &minor, "CASH", None, 422, "wrong-method", "method"),
        (&clerk, &shift, &adult, "CASH", Some(1), 422, "too-little", "given_cents"),
        (&clerk, &shift, &adult, "CASH", Some(-1), 422, "invalid-amount", "given_cents"),
        (&clerk, &shift, &adult, "SHELLS", None, 422, "invalid-field", "method"),
    ];
    for (clerk, shift, booking, method, given, status, kind, field) in cases {
        let answer = clerk.sells(shift, booking, method, given).await;
        answer.expect_problem(status, kind, field);
    }
    clerk.voids(&shift, &adult, "x").await.expect_problem(404, "unknown-sale", "booking_uuid");
    clerk.closes(&shift, -1).await.expect_problem(422, "invalid-amount", "counted_cents");
    let drawer = clerk.reads(&format!("/{shift}")).await.expect(200);
    assert_eq!(drawer["totals"]["sales"], 0, "nothing was taken: {drawer}");

    clerk.sells(&shift, &adult, "CASH", None).await.expect(201);
    let wordless = clerk.voids(&shift, &adult, "  ").await;
    wordless.expect_problem(422, "invalid-reason", "reason");
    clerk.closes(&shift, 0).await.expect(200);
    clerk.closes(&shift, 1).await.expect_problem(409, "shift-closed", "counted_cents");
    clerk.opens(&fresh_uuid(), "window-1", 0).await.expect(201);
}

#[tokio::test]
async fn a_window_that_asks_no_name_is_never_taken_for_a_tout() {
    let museum = Process::fresh().await;
    let clerk = Clerk::of(&museum, VENUE).await;
    let shift = fresh_uuid();
    clerk.opens(&shift, "window-1", 0).await.expect(201);
    // Far more places in an hour than one contact or one address could ask for.
    for hour in [10, 11, 12, 13, 14, 15, 16, 17] {
        let slot = format!("2026-11-24T{hour}:00");
        for _ in 0..2 {
            let booking = clerk.holds(&Wish::at(VENUE, &slot, &[("minor", 10)])).await;
            clerk.sells(&shift, &booking, "FREE", None).await.expect(201);
        }
    }
    museum.nothing_left_over().await;
    let decisions = Manager::of(&museum, VENUE).await.decisions().await;
    let outcomes: Vec<&Value> = decisions.iter().map(|decision| &decision["outcome"]).collect();
    assert_eq!(outcomes, vec!["ALLOW"; 16]);
}

#[tokio::test]
async fn a_sale_and_its_drawer_agree_through_a_kill() {
    let mut museum = Process::fresh().await;
    let clerk = Clerk::of(&museum, VENUE).await;
    let price = price_of_an_adult(&clerk).await;
    let shift = fresh_uuid();
    clerk.opens(&shift, "window-1", 0).await.expect(201);
    let mut bookings = Vec::new();
    for _ in 0..12 {
        bookings.push(clerk.holds(&wish(&[("adult", 1)])).await);
    }
    // Two clerks sell everything at once while the machine goes down.
    let (clerk, shift) = (&clerk, &shift);
    let selling = bookings.iter().map(|booking| async move {
        let body = json!({"booking_uuid": booking, "method": "CASH"});
        let path = format!("/v1/venues/{VENUE}/shifts/{shift}/sales");
        let (one, two) =
            tokio::join!(clerk.api.try_post(&path, &body), clerk.api.try_post(&path, &body));
        [one, two].into_iter().flatten().any(|answer| [200, 201].contains(&answer.status))
    });
    let kill = async {
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        museum.kill9();
    };
    let (answered, ()) = tokio::join!(futures::future::join_all(selling), kill);
    museum.restart().await;
    let sold = async |booking: &str| {
        let booking = clerk.api.get(&format!("/v1/bookings/{booking}")).await.expect(200);
        booking["status"] == "CONFIRMED"
    };
    let mut standing = 0;
    for (booking, answered) in bookings.iter().zip(answered) {
        let sold = sold(booking).await;
        assert!(sold || !answered, "an acknowledged sale is kept");
        standing += i64::from(sold);
    }
    let drawer = clerk.reads(&format!("/{shift}")).await.expect(200);
    assert_eq!(drawer["totals"]["sales"], standing);
    assert_eq!(drawer["expected_cents"], standing * price);
    assert_eq!(drawer["sales"].as_array().unwrap().len(), usize::try_from(standing).unwrap());
    for booking in &bookings {
        let sale = clerk.sells(shift, booking, "CASH", None).await;
        assert!([200, 201].contains(&sale.status), "{}", sale.text());
    }
    let closed = clerk.closes(shift, 12 * price).await.expect(200);
    assert_eq!(closed["difference_cents"], 0);
    museum.nothing_left_over().await;
    let visitor = Visitor::of(&museum);
    let paid_online = visitor.hold(&wish(&[("adult", 1)])).await;
    visitor.pay(&paid_online, Outcome::Pay).await;
    visitor.sees(&paid_online, "CONFIRMED").await;
}
