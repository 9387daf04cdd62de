//! What the platform is for: sell, ticket, admit, count, show.

use atrio_tests::{
    Device, Gate, Manager, Process, SOON, Visitor, Wish, count_message, eventually, fresh_uuid,
};
use jiff::Timestamp;
use serde_json::{Value, json};

const VENUE: &str = "20240";
const DAY: &str = "2026-11-24";

fn family() -> Wish {
    Wish::at(VENUE, "2026-11-24T10:00", &[("adult", 2), ("minor", 1)])
}

#[tokio::test]
async fn a_paid_booking_is_ticketed_admitted_once_and_seen_on_the_dashboard() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let before = visitor.vacancies(&family()).await;

    let (uuid, tickets) = visitor.buys(&family()).await;
    let booking = visitor.booking(&uuid).await;
    assert_eq!(booking["total_cents"], 2000);
    assert_eq!(booking["payment"]["status"], "PAID");
    assert_eq!(tickets.len(), 3);
    assert!(tickets.iter().all(|ticket| ticket["status"] == "VALID"));
    assert_eq!(visitor.vacancies(&family()).await, before - 3);
    let paper = visitor.api.get(&format!("/v1/bookings/{uuid}/tickets.pdf")).await;
    assert_eq!((paper.status, paper.header("content-type")), (200, Some("application/pdf")));
    assert!(paper.body.starts_with(b"%PDF-"));

    admitted_once(&museum, &visitor, &uuid, &tickets[0]).await;

    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    let counted = count_message("counter-door", minute(0), minute(1), 9, 2);
    door.publish(&counted).await.unwrap();
    shown_to_the_manager(&museum).await;

    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["bookings confirmed"], json!({"table": 1, "lake": 1}));
    assert_eq!(figures["visitors confirmed"], json!({"table": 3, "lake": 3}));
    assert_eq!(figures["cents kept"], json!({"table": 2000, "lake": 2000}));
    assert_eq!(figures["entries"], json!({"table": 1, "lake": 1}));
    assert_eq!(figures["device counts"], json!({"table": 1, "lake": 1}));
}

fn minute(minute: i64) -> Timestamp {
    let hour: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
    Timestamp::from_second(hour.as_second() + 60 * minute).unwrap()
}

async fn admitted_once(museum: &Process, visitor: &Visitor, uuid: &str, ticket: &Value) {
    let code = ticket["code"].as_str().unwrap();
    let gate = Gate::of(museum, VENUE, "main").await;
    let nonce = fresh_uuid();
    let entry = gate.scan_again(&nonce, code).await.expect(201);
    assert_eq!((&entry["outcome"], &entry["ticket_id"]), (&json!("ADMITTED"), &ticket["id"]));
    let again = gate.scan_again(&nonce, code).await.expect(200);
    assert_eq!(again["redeemed_at"], entry["redeemed_at"], "a lost answer is the same entry");

    let typed = ticket["typed_code"].as_str().unwrap().to_lowercase().replace('-', " ");
    for shown in [code, &typed] {
        let refused = gate.named("side").scan(shown).await;
        let problem = refused.expect_problem(409, "ticket-already-redeemed", "code");
        assert_eq!(problem["redeemed_at"], entry["redeemed_at"], "it says when");
        assert_eq!(problem["gate_id"], "main", "it says where");
    }
    let seen = visitor.tickets(uuid).await;
    let used = seen.iter().find(|seen| seen["id"] == ticket["id"]).unwrap();
    assert_eq!(
        (&used["status"], &used["redeemed_at"]),
        (&json!("REDEEMED"), &entry["redeemed_at"])
    );
}

async fn shown_to_the_manager(museum: &Process) {
    let manager = Manager::of(museum, VENUE).await;
    let expected = json!({
        "bookings": 1, "visitors": 3, "revenue_cents": 2000, "admissions": 1,
        "people_in": 9, "people_out": 2, "occupancy": 7,
    });
    let dashboard = eventually("the dashboard shows the visit", SOON, async || {
        let dashboard = manager.dashboard(DAY).await;
        if dashboard["totals"] == expected {
            Ok(dashboard)
        } else {
            Err(dashboard["totals"].to_string())
        }
    })
    .await;
    assert_eq!(dashboard["channels"], json!([{"channel": "WEB", "bookings": 1, "visitors": 3}]));
    let hours = dashboard["hours"].as_array().unwrap();
    let ten = hours.iter().find(|hour| hour["hour"] == "10:00").unwrap();
    assert_eq!(
        (&ten["visitors"], &ten["admissions"], &ten["people_in"]),
        (&json!(3), &json!(1), &json!(9))
    );

    let path = format!("/v1/dashboard/{VENUE}?day={DAY}");
    let shown = manager.api.get(&path).await;
    let unchanged = manager.api.get_unless(&path, shown.header("etag").unwrap()).await;
    assert_eq!(unchanged.status, 304, "nothing new is not sent again");
    let decisions = manager.decisions().await;
    assert_eq!(decisions.len(), 1, "{decisions:?}");
    assert_eq!(decisions[0]["outcome"], "ALLOW");
}

#[tokio::test]
async fn a_free_booking_of_a_reading_room_is_confirmed_without_paying() {
    let library = Process::fresh().await;
    let reader = Visitor::of(&library);
    let mut desk = Wish::at("Q3639677", "2026-11-25T10:00", &[("reader", 1)]);
    desk.product = "reading-room".to_owned();
    let (uuid, tickets) = reader.books_free(&desk).await;
    assert_eq!(tickets.len(), 1);
    assert_eq!(reader.booking(&uuid).await["total_cents"], 0);
    let again = reader.confirm(&uuid).await.expect(200);
    assert_eq!(again["status"], "CONFIRMED", "confirming again is the same confirmation");
    assert_eq!(reader.tickets(&uuid).await.len(), 1);
    library.nothing_left_over().await;
}
