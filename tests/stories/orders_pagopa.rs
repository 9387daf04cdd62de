//! Orders through pagoPA: one notice for all visits, and each part of it that goes back its own
//! transfer. At the end of each, money and tickets agree (P2).

use std::time::Duration;

use atrio_tests::{
    Manager, Moment, Options, PagoPaDouble, Process, SOON, Visitor, Wish, fresh_uuid,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "105950";
const ELSEWHERE: &str = "20240";
const IBAN: &str = "DE89 3704 0044 0532 0130 00";
const FRIDAY: &str = "2026-11-27T11:00";
const FRIDAY_NOON: &str = "2026-11-27T12:00";

async fn museum() -> (Process, PagoPaDouble) {
    let double = PagoPaDouble::start().await;
    let environment = double.environment();
    let museum = Process::start(Options { environment, ..Options::default() }).await;
    (museum, double)
}

fn wishes() -> [Wish; 3] {
    let adults = |venue, slot, number| Wish::at(venue, slot, &[("adult", number)]);
    [adults(VENUE, FRIDAY, 1), adults(VENUE, FRIDAY_NOON, 2), adults(ELSEWHERE, FRIDAY, 1)]
}

/// Somebody with three visits on hold, on the way to the pay page.
struct Buyer {
    visitor: Visitor,
    order: String,
    bookings: Vec<String>,
    page: String,
    notice: String,
}

impl Buyer {
    async fn sent_to_pay(museum: &Process, double: &PagoPaDouble) -> Self {
        let visitor = Visitor::of(museum);
        let (order, bookings) = visitor.holds_order(&wishes()).await;
        let started = visitor.starts_order_payment(&order).await.expect(200);
        let page = started["redirect_url"].as_str().unwrap().to_owned();
        let notice = double.notice_of(&page);
        Self { visitor, order, bookings, page, notice }
    }

    async fn have_tickets(&self) {
        for (booking, wish) in self.bookings.iter().zip(&wishes()) {
            let tickets = self.visitor.tickets(booking).await;
            assert_eq!(tickets.len(), wish.units[0].1 as usize);
        }
    }

    async fn gives_account(&self, booking: &str) {
        let body = json!({"account_holder": "Visitor 1", "iban": IBAN}).to_string();
        let path = format!("/v1/bookings/{booking}/refund-account");
        let answer = self.visitor.api.send("PUT", &path, Some("application/json"), body).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }
}

async fn marks(museum: &Process, venue: &str, notice: &str, body: &Value) -> atrio_tests::Answer {
    let manager = Manager::of(museum, venue).await;
    let path = format!("/v1/venues/{venue}/refunds/{notice}/paid-back");
    manager.api.post(&path, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_notice_also_through_a_kill_and_a_receipt_that_never_comes() {
    let (mut museum, double) = museum().await;
    let visitor = Visitor::of(&museum);
    let (order, bookings) = visitor.holds_order(&wishes()).await;
    double.stalls_at(Moment::PositionCreated);
    let (api, path) = (visitor.api.clone(), format!("/v1/orders/{order}/payment"));
    let cut_off =
        tokio::spawn(async move { api.try_post(&path, &json!({"return_url": "/order/"})).await });
    assert!(tokio::time::timeout(SOON, double.is_reached()).await.is_ok());
    museum.kill9();
    double.goes_on();
    assert!(cut_off.await.unwrap().is_err(), "nobody was told");
    museum.restart().await;
    let started = visitor.starts_order_payment(&order).await.expect(200);
    let positions = double.positions();
    assert_eq!(positions.len(), 1, "the position was found, not made again");
    assert_eq!(visitor.order(&order).await["total_cents"], positions[0].amount_cents);

    let _lost = double.pays(started["redirect_url"].as_str().unwrap()).unwrap();
    museum.kill9();
    museum.restart_after(SignedDuration::from_secs(30)).await;
    let confirmed = visitor.sees_order(&order, "CONFIRMED").await;
    let page = started["redirect_url"].as_str().unwrap().to_owned();
    let notice = double.notice_of(&page);
    Buyer { visitor, order, bookings, page, notice }.have_tickets().await;
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"]["lake"], confirmed["total_cents"]);
    assert!(double.said().1.is_empty(), "{:?}", double.said().1);
}

#[tokio::test]
async fn each_visit_that_is_given_up_goes_back_by_its_own_transfer() {
    let (museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double).await;
    let receipt = double.pays(&buyer.page).unwrap();
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "CONFIRMED");
    buyer.have_tickets().await;
    for booking in &buyer.bookings[..2] {
        buyer.visitor.cancel(booking).await.expect(200);
    }
    let manager = Manager::of(&museum, VENUE).await;
    assert_eq!(manager.refunds().await.len(), 2);
    assert!(Manager::of(&museum, ELSEWHERE).await.refunds().await.is_empty());
    // Whoever gives an account for one visit gives it for what was paid with it.
    buyer.gives_account(&buyer.bookings[0]).await;
    let refunds = manager.refunds().await;
    assert!(refunds.iter().all(|refund| refund["state"] == "READY"), "{refunds:?}");
    let xml = manager.files_refunds(&fresh_uuid()).await.text();
    assert_eq!(xml.matches("<CdtTrfTxInf>").count(), 2, "{xml}");
    for part in ["\"EUR\">2.50<", "\"EUR\">5.00<", "<CtrlSum>7.50<"] {
        assert!(xml.contains(part), "{part} is not in {xml}");
    }

    let unnamed = marks(&museum, VENUE, &buyer.notice, &json!({"reference": "TRN 1"})).await;
    unnamed.expect_problem(422, "invalid-field", "booking_reference");
    for (at, refund) in refunds.iter().enumerate() {
        let body = json!({
            "reference": format!("TRN {at}"), "booking_reference": refund["booking_reference"],
        });
        for _ in 0..2 {
            assert_eq!(marks(&museum, VENUE, &buyer.notice, &body).await.status, 204);
        }
    }
    let done = manager.refunds().await;
    assert_eq!(done.iter().filter(|refund| refund["state"] == "PAID_BACK").count(), 2);
    let elsewhere = marks(&museum, ELSEWHERE, &buyer.notice, &json!({"reference": "TRN 9"})).await;
    elsewhere.expect_problem(404, "unknown-refund", "payment_id");
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "KNOWN");
    let figures = museum.nothing_left_over().await;
    let kept = buyer.visitor.order(&buyer.order).await["bookings"][2]["total_cents"].clone();
    assert_eq!(figures["cents kept"]["lake"], kept);
}

#[tokio::test]
async fn another_amount_than_an_orders_price_confirms_nothing_and_goes_back_whole() {
    let (museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double).await;
    let asked = double.position(&buyer.notice).amount_cents;
    let receipt = double.is_charged_otherwise(&buyer.notice, asked - 1);
    for result in ["REFUND_DUE", "KNOWN"] {
        assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], result);
    }
    let held = buyer.visitor.sees_order(&buyer.order, "ON_HOLD").await;
    assert!(held["message"]["en"].as_str().unwrap().contains("goes back"), "{held}");
    let owed = Manager::of(&museum, VENUE).await.refunds().await;
    assert_eq!(owed.len(), 1, "{owed:?}");
    assert_eq!(
        (&owed[0]["amount_cents"], &owed[0]["asked_cents"]),
        (&json!(asked - 1), &json!(asked))
    );
    let mut third = receipt;
    third["paymentAmount"] = json!("0.01");
    let answer = double.sends(&museum, &third).await;
    answer.expect_problem(409, "receipt-differs", "paymentAmount");

    let again = buyer.visitor.starts_order_payment(&buyer.order).await.expect(200);
    let right = double.pays(again["redirect_url"].as_str().unwrap()).unwrap();
    assert_eq!(double.sends(&museum, &right).await.expect(200)["result"], "CONFIRMED");
    buyer.have_tickets().await;
    let body = json!({"reference": "TRN 7"});
    assert_eq!(marks(&museum, VENUE, &buyer.notice, &body).await.status, 204);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"]["lake"], asked);
}

#[tokio::test]
async fn money_that_comes_for_an_order_that_is_no_more_is_owed_by_each_museum() {
    let (mut museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double).await;
    museum.restart_after(SignedDuration::from_mins(21)).await;
    buyer.visitor.sees_order(&buyer.order, "EXPIRED").await;
    assert_eq!(double.position(&buyer.notice).status, "INVALID");
    let receipt = double.is_charged(&buyer.notice);
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "REFUND_DUE");
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "KNOWN");
    let mut owed = 0;
    for (venue, number) in [(VENUE, 2), (ELSEWHERE, 1)] {
        let refunds = Manager::of(&museum, venue).await.refunds().await;
        assert_eq!(refunds.len(), number, "{refunds:?}");
        for refund in refunds {
            owed += refund["amount_cents"].as_i64().unwrap();
            let reference = &refund["booking_reference"];
            let body = json!({"reference": "TRN 3", "booking_reference": reference});
            assert_eq!(marks(&museum, venue, &buyer.notice, &body).await.status, 204);
        }
    }
    assert_eq!(owed, double.position(&buyer.notice).amount_cents);
    museum.nothing_left_over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_an_orders_receipt_is_taken_sells_all_of_it_once() {
    let (mut museum, double) = museum().await;
    let mut asked = 0;
    // At moments nobody chose: before it is read, between the writes, after the answer.
    for after_micros in [500, 2_000, 5_000, 12_000] {
        let buyer = Buyer::sent_to_pay(&museum, &double).await;
        let receipt = double.pays(&buyer.page).unwrap();
        let sent = double.tries_to_send(&museum, &receipt);
        let _ = tokio::time::timeout(Duration::from_micros(after_micros), sent).await;
        museum.kill9();
        museum.restart().await;
        let order = buyer.visitor.order(&buyer.order).await;
        let all = order["bookings"].as_array().unwrap();
        assert!(all.iter().all(|booking| booking["status"] == order["status"]), "half: {order}");
        let result = double.sends(&museum, &receipt).await.expect(200)["result"].clone();
        assert!([json!("CONFIRMED"), json!("KNOWN")].contains(&result), "{result}");
        buyer.have_tickets().await;
        asked += double.position(&buyer.notice).amount_cents;
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"]["lake"], asked);
}
