//! What a visitor may ask of us about themselves: what is kept, and to be forgotten.

use atrio_tests::{Gate, Outcome, Process, Visitor, Wish, fresh_uuid};
use serde_json::Value;

const VENUE: &str = "106484";

#[tokio::test]
async fn a_visitor_reads_all_that_is_kept_of_them_and_is_forgotten_while_the_ticket_stays_good() {
    let museum = Process::fresh().await;
    let mut visitor = Visitor::of(&museum);
    visitor.contact.phone = Some("+39 055 123456".to_owned());
    let wish = Wish::at(VENUE, "2026-11-24T10:00", &[("adult", 2)]);
    let uuid = visitor.hold(&wish).await;
    visitor.asks_to_be_forgotten(&uuid).await.expect_problem(409, "wrong-state", "uuid");
    visitor.pay(&uuid, Outcome::Decline).await;
    visitor.sees(&uuid, "ON_HOLD").await;
    visitor.pay(&uuid, Outcome::Pay).await;
    visitor.sees(&uuid, "CONFIRMED").await;
    let tickets = visitor.tickets(&uuid).await;
    let codes: Vec<&str> = tickets.iter().map(|ticket| ticket["code"].as_str().unwrap()).collect();
    let gate = Gate::of(&museum, VENUE, "main").await;
    gate.scan(codes[0]).await.expect(201);

    let kept = visitor.asks_what_is_kept(&uuid).await.expect(200);
    assert_eq!(kept["contact"]["email"], visitor.contact.email.as_str());
    assert_eq!(kept["contact"]["full_name"], visitor.contact.full_name.as_str());
    assert_eq!(kept["contact"]["phone"], "+39 055 123456");
    assert_eq!(kept["booking"]["status"], "CONFIRMED");
    let attempts: Vec<&str> =
        (0..2).map(|n| kept["payments"][n]["status"].as_str().unwrap()).collect();
    assert_eq!(attempts, ["DECLINED", "PAID"]);
    let uses: Vec<&str> = (0..2).map(|n| kept["tickets"][n]["status"].as_str().unwrap()).collect();
    assert_eq!(uses, ["REDEEMED", "VALID"]);
    assert_eq!(kept["tickets"][0]["gate_id"], "main");
    assert_eq!(kept["decision"]["outcome"], "ALLOW");
    assert_eq!(kept["kept_until"], "2026-12-24T10:00:00Z", "30 days after the visit");

    for _ in 0..2 {
        assert_eq!(visitor.asks_to_be_forgotten(&uuid).await.status, 204);
    }
    let left = visitor.asks_what_is_kept(&uuid).await.expect(200);
    assert_eq!(left["contact"], Value::Null);
    let written = left.to_string();
    for personal in [&visitor.contact.email, &visitor.contact.full_name] {
        assert!(!written.contains(personal.as_str()), "{personal} in {written}");
    }
    let stored = museum.store().booking(uuid.parse().unwrap()).await.unwrap().unwrap().booking;
    assert_eq!((stored.risk_keys.contact, stored.risk_keys.client), (None, None));
    gate.scan(codes[1]).await.expect(201);
    visitor.asks_what_is_kept(&fresh_uuid()).await.expect_problem(404, "unknown-booking", "uuid");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"]["lake"], 2);
    assert_eq!(figures["bookings confirmed"]["lake"], 1, "forgetting is no sale and no return");
}
