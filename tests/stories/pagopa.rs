//! Paying through pagoPA, in every way in which a payment can go. At the end of each: money and ticket
//! agree (P2), and nobody can pay any more for places that went back.

use std::time::Duration;

use atrio_domain::booking::BookingState;
use atrio_domain::id::PaymentId;
use atrio_domain::payment::PaymentStatus;
use atrio_tests::{
    Manager, Moment, Options, PagoPaDouble, Process, SOON, Visitor, Wish, eventually, fresh_uuid,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

const VENUE: &str = "105950";
const CENTS: i64 = 500;
const IBAN: &str = "DE89 3704 0044 0532 0130 00";

/// A museum that is paid through pagoPA.
async fn museum() -> (Process, PagoPaDouble) {
    let double = PagoPaDouble::start().await;
    let environment = double.environment();
    // Everything that is logged, so that a person in it is found.
    let log = "info,rmqtt=error".to_owned();
    let museum = Process::start(Options { environment, log, ..Options::default() }).await;
    (museum, double)
}

fn two_adults(slot: &str) -> Wish {
    Wish::at(VENUE, slot, &[("adult", 2)])
}

/// Somebody with places on hold, on the way to the pay page.
struct Buyer {
    visitor: Visitor,
    uuid: String,
    page: String,
    notice: String,
}

impl Buyer {
    async fn sent_to_pay(museum: &Process, double: &PagoPaDouble, slot: &str) -> Self {
        let visitor = Visitor::of(museum);
        let uuid = visitor.hold(&two_adults(slot)).await;
        let started = visitor.start_payment(&uuid).await.expect(200);
        let page = started["redirect_url"].as_str().unwrap().to_owned();
        let notice = double.notice_of(&page);
        assert_eq!(started["payment"]["id"], notice.as_str());
        Self { visitor, uuid, page, notice }
    }

    async fn sees(&self, status: &str) -> Value {
        self.visitor.sees(&self.uuid, status).await
    }

    async fn has_no_ticket(&self) {
        self.visitor.ask_tickets(&self.uuid).await.expect_problem(409, "no-tickets", "uuid");
    }

    async fn refunds(&self) -> Value {
        let path = format!("/v1/bookings/{}/refunds", self.uuid);
        self.visitor.api.get(&path).await.expect(200)["refunds"].clone()
    }

    async fn gives_account(&self, iban: &str) -> atrio_tests::Answer {
        let body = json!({"account_holder": self.visitor.contact.full_name, "iban": iban});
        let path = format!("/v1/bookings/{}/refund-account", self.uuid);
        let body = body.to_string();
        self.visitor.api.send("PUT", &path, Some("application/json"), body).await
    }
}

/// P2 between pagoPA's book and the table: money that was taken is a confirmed booking or goes back, a
/// confirmed booking was paid once, and what is over can be paid no more.
async fn disagreements(museum: &Process, double: &PagoPaDouble) -> Vec<String> {
    let store = museum.store();
    let mut wrong = double.said().1;
    for position in double.positions() {
        let id = PaymentId::new(position.notice.clone()).unwrap();
        let uuid = store.booking_of_payment(&id).await.unwrap().unwrap();
        let payment = store.payment(uuid, &id).await.unwrap().unwrap();
        let stored = store.booking(uuid).await.unwrap().unwrap();
        let is_bought = matches!(
            &stored.booking.state,
            BookingState::Confirmed { payment: Some(by), .. } if *by == id
        );
        let is_running = matches!(
            &stored.booking.state,
            BookingState::Paying { payment, .. } if *payment == id
        );
        let agrees = match (position.status, payment.status) {
            ("PAID", PaymentStatus::Paid) => {
                let tickets = u32::try_from(stored.tickets.len()).unwrap();
                is_bought
                    && position.amount_cents == stored.booking.total().0
                    && tickets == stored.booking.places()
            }
            ("PAID", PaymentStatus::RefundDue | PaymentStatus::Refunded) => {
                !is_bought && payment.refund_cents().0 == position.amount_cents
            }
            ("VALID", PaymentStatus::Started) => is_running,
            ("INVALID", PaymentStatus::Declined) => !is_bought && !is_running,
            _ => false,
        };
        if !agrees {
            wrong.push(format!("{position:?} {payment:?} {:?}", stored.booking.state));
        }
    }
    wrong
}

async fn agrees(museum: &Process, double: &PagoPaDouble) {
    eventually("money and ticket agree", SOON, async || {
        let wrong = disagreements(museum, double).await;
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    })
    .await;
}

/// Nothing waits any more, and nobody was named to pagoPA, to the log or to the lake.
async fn ends_well(museum: &Process, double: &PagoPaDouble, buyers: &[&Buyer]) -> Value {
    agrees(museum, double).await;
    let figures = museum.nothing_left_over().await;
    let (said, log) = (double.said().0, museum.log());
    for buyer in buyers {
        let contact = &buyer.visitor.contact;
        for secret in [contact.full_name.as_str(), &contact.email] {
            assert!(!said.contains(secret), "pagoPA was told {secret}");
            assert!(!log.contains(secret), "the log holds {secret}");
        }
        let key = buyer.uuid.as_str();
        // The way back holds the key, as the browser needs it; nothing else may.
        let beside_returns = said.replace(&format!("/booking/?uuid={key}"), "");
        assert!(!beside_returns.contains(key), "pagoPA was told the booking's key");
    }
    for secret in ["The payer of the receipt", IBAN.replace(' ', "").as_str()] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
    figures
}

#[tokio::test]
async fn a_visitor_has_tickets_once_the_receipt_is_there_whether_or_not_the_browser_returned() {
    let (museum, double) = museum().await;
    let returns = Buyer::sent_to_pay(&museum, &double, "2026-11-24T11:00").await;
    let stays_away = Buyer::sent_to_pay(&museum, &double, "2026-11-24T11:00").await;
    assert_ne!(returns.notice, stays_away.notice);
    let again = returns.visitor.start_payment(&returns.uuid).await.expect(200);
    assert_eq!(again["payment"]["id"], returns.notice.as_str(), "two clicks are one notice");
    assert_eq!(double.positions().len(), 2);

    let receipt = double.pays(&returns.page).unwrap();
    assert_eq!(returns.sees("PAYING").await["status"], "PAYING", "the return proves nothing");
    returns.has_no_ticket().await;
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "CONFIRMED");
    let confirmed = returns.sees("CONFIRMED").await;
    assert_eq!(confirmed["payment"]["status"], "PAID");
    assert_eq!(returns.visitor.tickets(&returns.uuid).await.len(), 2);

    let receipt = double.pays(&stays_away.page).unwrap();
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "CONFIRMED");
    assert_eq!(stays_away.visitor.tickets(&stays_away.uuid).await.len(), 2);
    let figures = ends_well(&museum, &double, &[&returns, &stays_away]).await;
    assert_eq!(figures["cents kept"]["lake"], 2 * CENTS);
}

#[tokio::test]
async fn a_receipt_that_comes_twice_sells_once() {
    let (museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double, "2026-11-24T11:00").await;
    let receipt = double.pays(&buyer.page).unwrap();
    let both = tokio::join!(double.sends(&museum, &receipt), double.sends(&museum, &receipt));
    let mut results = [both.0, both.1].map(|answer| answer.expect(200)["result"].to_string());
    results.sort();
    assert_eq!(results, ["\"CONFIRMED\"", "\"KNOWN\""]);
    let tickets = buyer.visitor.tickets(&buyer.uuid).await;
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "KNOWN");
    assert_eq!(buyer.visitor.tickets(&buyer.uuid).await, tickets);
    let mut otherwise = receipt;
    otherwise["paymentAmount"] = json!("4.00");
    let answer = double.sends(&museum, &otherwise).await;
    answer.expect_problem(409, "receipt-differs", "paymentAmount");
    assert_eq!(buyer.visitor.tickets(&buyer.uuid).await, tickets, "a ticket sold stays sold");
    let figures = ends_well(&museum, &double, &[&buyer]).await;
    assert_eq!(figures["cents kept"]["lake"], CENTS);
}

#[tokio::test]
async fn a_payment_whose_receipt_never_comes_is_found_by_asking() {
    let (mut museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double, "2026-11-24T11:00").await;
    let receipt = double.pays(&buyer.page).unwrap();
    assert_eq!(buyer.sees("PAYING").await["status"], "PAYING");
    museum.restart_after(SignedDuration::from_secs(30)).await;
    buyer.sees("CONFIRMED").await;
    assert_eq!(buyer.visitor.tickets(&buyer.uuid).await.len(), 2);
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "KNOWN");
    ends_well(&museum, &double, &[&buyer]).await;
}

#[tokio::test]
async fn places_go_back_only_after_the_notice_can_be_paid_no_more() {
    let (mut museum, double) = museum().await;
    let wish = two_adults("2026-11-24T16:00");
    let before = Visitor::of(&museum).vacancies(&wish).await;
    let buyer = Buyer::sent_to_pay(&museum, &double, &wish.slot).await;
    // The browser comes back, nobody has paid, and the hold's own time is over.
    museum.restart_after(SignedDuration::from_mins(17)).await;
    assert_eq!(buyer.sees("PAYING").await["status"], "PAYING");
    assert_eq!(buyer.visitor.vacancies(&wish).await, before - 2);
    buyer.has_no_ticket().await;
    double.is_down(true);
    museum.restart_after(SignedDuration::from_mins(30)).await;
    assert_eq!(buyer.sees("PAYING").await["status"], "PAYING", "while pagoPA is down nothing ends");
    assert_eq!(buyer.visitor.vacancies(&wish).await, before - 2);
    double.is_down(false);
    buyer.sees("EXPIRED").await;
    assert_eq!(double.position(&buyer.notice).status, "INVALID");
    assert!(double.pays(&buyer.page).is_none(), "nobody pays late");
    eventually("the places go back", SOON, async || match buyer.visitor.vacancies(&wish).await {
        left if left == before => Ok(()),
        left => Err(left.to_string()),
    })
    .await;
    ends_well(&museum, &double, &[&buyer]).await;
}

#[tokio::test]
async fn money_that_comes_after_the_release_goes_back_by_transfer_with_a_trail() {
    let (mut museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double, "2026-11-24T15:00").await;
    let early = buyer.gives_account(IBAN).await;
    early.expect_problem(409, "no-refund-due", "uuid");
    museum.restart_after(SignedDuration::from_mins(21)).await;
    buyer.sees("EXPIRED").await;
    // The bank had begun before the notice was withdrawn.
    let receipt = double.is_charged(&buyer.notice);
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "REFUND_DUE");
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "KNOWN");
    assert_eq!(buyer.sees("EXPIRED").await["status"], "EXPIRED");
    buyer.has_no_ticket().await;
    agrees(&museum, &double).await;
    let refund = &buyer.refunds().await[0];
    assert_eq!((&refund["amount_cents"], &refund["needs_account"]), (&json!(CENTS), &json!(true)));

    let manager = Manager::of(&museum, VENUE).await;
    assert_eq!(manager.refunds().await[0]["state"], "WAITING");
    let none = manager.files_refunds(&fresh_uuid()).await;
    none.expect_problem(409, "nothing-to-file", "venue_id");
    buyer.gives_account("DE89 3704 0044 0532 0130 01").await.expect_problem(
        422,
        "invalid-field",
        "iban",
    );
    assert_eq!(buyer.gives_account(IBAN).await.status, 204);
    assert_eq!(buyer.refunds().await[0]["needs_account"], false);
    assert_eq!(manager.refunds().await[0]["state"], "READY");

    let file = fresh_uuid();
    let made = manager.files_refunds(&file).await;
    assert_eq!((made.status, made.header("content-type")), (200, Some("application/xml")));
    let xml = made.text();
    let account = IBAN.replace(' ', "");
    for part in [account.as_str(), &buyer.visitor.contact.full_name, "\"EUR\">5.00<", &buyer.notice]
    {
        assert!(xml.contains(part), "{part} is not in {xml}");
    }
    assert_eq!(manager.files_refunds(&file).await.text(), xml, "the same file each time");
    let other = manager.files_refunds(&fresh_uuid()).await;
    other.expect_problem(409, "nothing-to-file", "venue_id");
    buyer.gives_account(IBAN).await.expect_problem(409, "refund-filed", "iban");
    let filed = &manager.refunds().await[0];
    assert_eq!((&filed["state"], &filed["file"]), (&json!("FILED"), &json!(file)));
    assert!(!filed["filed"]["by"].as_str().unwrap().is_empty());

    for _ in 0..2 {
        assert_eq!(manager.marks_paid_back(&buyer.notice, "TRN 42").await.status, 204);
    }
    let contrary = manager.marks_paid_back(&buyer.notice, "TRN 43").await;
    contrary.expect_problem(409, "paid-back-before", "reference");
    manager.files_refunds(&file).await.expect_problem(409, "file-is-over", "uuid");
    let done = manager.refunds().await;
    assert_eq!(done.len(), 1);
    assert_eq!((&done[0]["state"], &done[0]["reference"]), (&json!("PAID_BACK"), &json!("TRN 42")));
    assert!(done[0]["paid_back"]["at"].is_string() && done[0]["paid_back"]["by"].is_string());
    assert_eq!(buyer.refunds().await[0]["status"], "REFUNDED");
    let listed = serde_json::to_string(&done).unwrap();
    assert!(!listed.contains(&account) && !listed.contains(&buyer.uuid), "{listed}");
    ends_well(&museum, &double, &[&buyer]).await;
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "KNOWN");
}

#[tokio::test]
async fn another_amount_than_the_price_confirms_nothing_and_staff_see_both() {
    let (museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double, "2026-11-24T12:00").await;
    let receipt = double.is_charged_otherwise(&buyer.notice, CENTS - 1);
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "REFUND_DUE");
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "KNOWN");
    let held = buyer.sees("ON_HOLD").await;
    assert_eq!(held["payment"]["status"], "REFUND_DUE");
    assert!(held["message"]["en"].as_str().unwrap().contains("goes back"), "{held}");
    buyer.has_no_ticket().await;
    let manager = Manager::of(&museum, VENUE).await;
    let owed = &manager.refunds().await[0];
    assert_eq!(
        (&owed["amount_cents"], &owed["asked_cents"]),
        (&json!(CENTS - 1), &json!(CENTS)),
        "what came goes back"
    );
    // The places are still held: the visitor pays the price with a new notice.
    let again = buyer.visitor.start_payment(&buyer.uuid).await.expect(200);
    let page = again["redirect_url"].as_str().unwrap();
    assert_ne!(double.notice_of(page), buyer.notice);
    let right = double.pays(page).unwrap();
    assert_eq!(double.sends(&museum, &right).await.expect(200)["result"], "CONFIRMED");
    assert_eq!(buyer.visitor.tickets(&buyer.uuid).await.len(), 2);
    assert_eq!(manager.marks_paid_back(&buyer.notice, "TRN 7").await.status, 204);
    let figures = ends_well(&museum, &double, &[&buyer]).await;
    assert_eq!(figures["cents kept"]["lake"], CENTS);
}

#[tokio::test]
async fn another_amount_found_by_asking_goes_back_as_well() {
    let (mut museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double, "2026-11-24T12:00").await;
    let _lost = double.is_charged_otherwise(&buyer.notice, CENTS + 250);
    museum.restart_after(SignedDuration::from_secs(30)).await;
    buyer.sees("ON_HOLD").await;
    let manager = Manager::of(&museum, VENUE).await;
    assert_eq!(manager.refunds().await[0]["amount_cents"], CENTS + 250);
    assert_eq!(manager.marks_paid_back(&buyer.notice, "TRN 8").await.status, 204);
    assert_eq!(buyer.visitor.cancel(&buyer.uuid).await.expect(200)["status"], "CANCELLED");
    ends_well(&museum, &double, &[&buyer]).await;
}

#[tokio::test]
async fn a_declined_visitor_tries_again_with_another_notice_and_the_first_is_void() {
    let (museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double, "2026-11-24T13:00").await;
    let declined = double.declines(&buyer.notice);
    assert_eq!(double.sends(&museum, &declined).await.expect(200)["result"], "ON_HOLD");
    assert_eq!(buyer.sees("ON_HOLD").await["payment"]["status"], "DECLINED");
    assert!(double.pays(&buyer.page).is_none(), "the first notice is void");
    assert_eq!(double.sends(&museum, &declined).await.expect(200)["result"], "KNOWN");
    let again = buyer.visitor.start_payment(&buyer.uuid).await.expect(200);
    assert_eq!(again["payment"]["status"], "STARTED");
    let receipt = double.pays(again["redirect_url"].as_str().unwrap()).unwrap();
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "CONFIRMED");
    assert_eq!(double.sends(&museum, &declined).await.expect(200)["result"], "KNOWN");
    assert_eq!(buyer.visitor.tickets(&buyer.uuid).await.len(), 2);
    ends_well(&museum, &double, &[&buyer]).await;
}

#[tokio::test]
async fn a_node_that_is_down_keeps_the_places_and_the_same_notice_for_later() {
    let (museum, double) = museum().await;
    let visitor = Visitor::of(&museum);
    let uuid = visitor.hold(&two_adults("2026-11-24T14:00")).await;
    double.is_down(true);
    let refused = visitor.start_payment(&uuid).await;
    let refused =
        (refused.status, refused.header("retry-after").map(str::to_owned), refused.json());
    assert_eq!((refused.0, refused.1.as_deref()), (503, Some("5")), "{}", refused.2);
    let held = visitor.booking(&uuid).await;
    assert_eq!(held["status"], "PAYING");
    double.is_down(false);
    let started = visitor.start_payment(&uuid).await.expect(200);
    assert_eq!(started["payment"]["id"], held["payment"]["id"], "one attempt, one notice");
    let receipt = double.pays(started["redirect_url"].as_str().unwrap()).unwrap();
    assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "CONFIRMED");
    assert_eq!(double.positions().len(), 1);
    ends_well(&museum, &double, &[]).await;
}

#[tokio::test]
async fn a_receipt_that_is_not_ours_changes_nothing() {
    let (museum, double) = museum().await;
    let buyer = Buyer::sent_to_pay(&museum, &double, "2026-11-24T11:00").await;
    let body = double.declines(&buyer.notice).to_string().replace("\"KO\"", "\"OK\"");
    let receipt: Value = serde_json::from_str(&body).unwrap();
    let path = "/v1/payments/pagopa/receipts";
    for forged in ["", "00", &"0".repeat(64)] {
        let answer = museum.api().signed(path, forged, &body).await;
        answer.expect_problem(401, "unsigned", "X-Atrio-Signature");
    }
    let sandbox = json!({"payment_id": buyer.notice, "outcome": "PAID"}).to_string();
    museum.api().notify("", &sandbox).await.expect_problem(401, "unsigned", "X-Atrio-Signature");
    let changed = |name: &str, to: Value| {
        let mut receipt = receipt.clone();
        receipt[name] = to;
        receipt
    };
    for (name, to, status, kind, field) in [
        ("noticeNumber", json!("302000000000000001"), 422, "invalid-field", "noticeNumber"),
        ("creditorReferenceId", json!("1"), 422, "invalid-field", "creditorReferenceId"),
        ("fiscalCode", json!("98765432103"), 422, "invalid-field", "fiscalCode"),
        ("outcome", json!("PAID"), 422, "invalid-field", "outcome"),
        ("paymentAmount", json!("5,00"), 422, "invalid-field", "paymentAmount"),
        ("paymentAmount", json!(5.0), 400, "malformed-json", "body"),
    ] {
        let answer = double.sends(&museum, &changed(name, to)).await;
        answer.expect_problem(status, kind, field);
    }
    let mut unknown = changed("noticeNumber", json!("302123456789012356"));
    unknown["creditorReferenceId"] = json!("02123456789012356");
    let answer = double.sends(&museum, &unknown).await;
    answer.expect_problem(404, "unknown-payment", "noticeNumber");
    assert_eq!(buyer.sees("PAYING").await["status"], "PAYING");
    buyer.has_no_ticket().await;
    let paid = double.pays(&buyer.page).unwrap();
    double.sends(&museum, &paid).await.expect(200);
    ends_well(&museum, &double, &[&buyer]).await;
}

/// Cuts the power once the double has come to the moment it was told to wait at.
async fn killed_there(museum: &mut Process, double: &PagoPaDouble) {
    let reached = tokio::time::timeout(SOON, double.is_reached()).await;
    assert!(reached.is_ok(), "the moment was not reached");
    museum.kill9();
    double.goes_on();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_a_payment_begins_leaves_one_notice_that_is_paid_once() {
    let (mut museum, double) = museum().await;
    for (moment, slot) in
        [(Moment::PositionCreated, "2026-11-24T12:00"), (Moment::CartCreated, "2026-11-24T13:00")]
    {
        let visitor = Visitor::of(&museum);
        let uuid = visitor.hold(&two_adults(slot)).await;
        double.stalls_at(moment);
        let (api, path) = (visitor.api.clone(), format!("/v1/bookings/{uuid}/payment"));
        let cut_off =
            tokio::spawn(
                async move { api.try_post(&path, &json!({"return_url": "/booking/"})).await },
            );
        killed_there(&mut museum, &double).await;
        assert!(cut_off.await.unwrap().is_err(), "nobody was told");
        museum.restart().await;
        assert_eq!(visitor.booking(&uuid).await["status"], "PAYING");
        let known = double.positions().len();
        let started = visitor.start_payment(&uuid).await.expect(200);
        assert_eq!(double.positions().len(), known, "the position was found, not made again");
        let receipt = double.pays(started["redirect_url"].as_str().unwrap()).unwrap();
        assert_eq!(double.sends(&museum, &receipt).await.expect(200)["result"], "CONFIRMED");
        assert_eq!(visitor.tickets(&uuid).await.len(), 2);
    }
    let figures = ends_well(&museum, &double, &[]).await;
    assert_eq!(figures["cents kept"]["lake"], 2 * CENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_a_receipt_is_taken_sells_once_when_it_is_sent_again() {
    let (mut museum, double) = museum().await;
    // At moments nobody chose: before it is read, between the writes, after the answer.
    let moments = [0, 500, 2_000, 5_000, 12_000];
    for (round, after_micros) in moments.into_iter().enumerate() {
        let slot = format!("2026-11-24T{}:00", 12 + round);
        let buyer = Buyer::sent_to_pay(&museum, &double, &slot).await;
        let receipt = double.pays(&buyer.page).unwrap();
        let sent = double.tries_to_send(&museum, &receipt);
        let cut = tokio::time::timeout(Duration::from_micros(after_micros), sent).await;
        museum.kill9();
        let was_told = matches!(&cut, Ok(Ok(answer)) if answer.status == 200);
        museum.restart().await;
        if was_told {
            assert_eq!(buyer.visitor.booking(&buyer.uuid).await["status"], "CONFIRMED");
        }
        let result = double.sends(&museum, &receipt).await.expect(200)["result"].clone();
        assert!([json!("CONFIRMED"), json!("KNOWN")].contains(&result), "{result}");
        assert_eq!(buyer.visitor.tickets(&buyer.uuid).await.len(), 2);
    }
    let figures = ends_well(&museum, &double, &[]).await;
    assert_eq!(figures["cents kept"]["lake"], 5 * CENTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_a_payment_is_reconciled_ends_as_pagopa_has_it() {
    let (mut museum, double) = museum().await;
    let paid = Buyer::sent_to_pay(&museum, &double, "2026-11-24T12:00").await;
    let _lost = double.pays(&paid.page).unwrap();
    double.stalls_at(Moment::Asked);
    museum.restart_after(SignedDuration::from_secs(30)).await;
    killed_there(&mut museum, &double).await;
    museum.restart().await;
    paid.sees("CONFIRMED").await;
    assert_eq!(paid.visitor.tickets(&paid.uuid).await.len(), 2);

    let unpaid = Buyer::sent_to_pay(&museum, &double, "2026-11-24T13:00").await;
    double.stalls_at(Moment::Withdrawn);
    museum.restart_after(SignedDuration::from_mins(21)).await;
    killed_there(&mut museum, &double).await;
    assert_eq!(double.position(&unpaid.notice).status, "INVALID");
    museum.restart().await;
    unpaid.sees("EXPIRED").await;
    assert!(double.pays(&unpaid.page).is_none(), "nobody pays late");
    ends_well(&museum, &double, &[&paid, &unpaid]).await;
}
