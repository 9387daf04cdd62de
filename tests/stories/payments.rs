//! Paying, in every way in which a provider behaves. Throughout: money and ticket agree (P2).

use std::sync::Arc;

use atrio::data_dir::DataDir;
use atrio::keys::Secrets;
use atrio::{payment_book, sandbox};
use atrio_runtime::provider::signature;
use atrio_tests::{Answer, Outcome, Process, SOON, Visitor, Wish, eventually};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

const VENUE: &str = "105950";
const ADULT_CENTS: u64 = 250;

async fn shared() -> Arc<Process> {
    static MUSEUM: OnceCell<Arc<Process>> = OnceCell::const_new();
    let start = async || Arc::new(Process::fresh().await);
    Arc::clone(MUSEUM.get_or_init(start).await)
}

fn two_adults(slot: &str) -> Wish {
    Wish::at(VENUE, slot, &[("adult", 2)])
}

/// The provider's own book on one payment.
fn book(museum: &Process, payment: &str) -> Value {
    let book = payment_book::read::<Value>(&museum.data().join(sandbox::FILE)).unwrap();
    book.get(payment).cloned().unwrap_or_default()
}

/// A notification with the provider's own signature.
async fn notify(museum: &Process, payment: &str, outcome: &str) -> Answer {
    let secrets = Secrets::open(&DataDir::open(museum.data()).unwrap()).unwrap();
    let body = json!({"payment_id": payment, "outcome": outcome}).to_string();
    let signed = signature(secrets.payment_secret.as_bytes(), body.as_bytes());
    museum.api().notify(&signed, &body).await
}

async fn has_no_ticket(visitor: &Visitor, uuid: &str) {
    visitor.ask_tickets(uuid).await.expect_problem(409, "no-tickets", "uuid");
    let paper = visitor.api.get(&format!("/v1/bookings/{uuid}/tickets.pdf")).await;
    paper.expect_problem(409, "no-tickets", "uuid");
}

#[tokio::test]
async fn a_visitor_who_pays_has_tickets_only_once_the_provider_said_so() {
    let museum = shared().await;
    let visitor = Visitor::of(&museum);
    let uuid = visitor.hold(&two_adults("2026-11-24T11:00")).await;
    has_no_ticket(&visitor, &uuid).await;
    let started = visitor.start_payment(&uuid).await.expect(200);
    assert_eq!(visitor.booking(&uuid).await["status"], "PAYING");
    has_no_ticket(&visitor, &uuid).await;
    let again = visitor.start_payment(&uuid).await.expect(200);
    assert_eq!(again, started, "two clicks are one attempt");

    let back = visitor.press(started["redirect_url"].as_str().unwrap(), Outcome::Pay).await;
    let home = back.header("location").unwrap().to_owned();
    assert!(home.ends_with(&format!("/booking/?uuid={uuid}")), "{home}");
    let booking = visitor.sees(&uuid, "CONFIRMED").await;
    assert_eq!(booking["payment"]["status"], "PAID");
    assert_eq!(visitor.tickets(&uuid).await.len(), 2);
    let payment = started["payment"]["id"].as_str().unwrap();
    assert_eq!(book(&museum, payment)["amount_cents"], 2 * ADULT_CENTS);
    visitor.start_payment(&uuid).await.expect_problem(409, "wrong-state", "uuid");
}

#[tokio::test]
async fn a_declined_visitor_learns_why_and_tries_again_in_the_time_left() {
    let museum = shared().await;
    let visitor = Visitor::of(&museum);
    let uuid = visitor.hold(&two_adults("2026-11-24T12:00")).await;
    let held_until = visitor.booking(&uuid).await["expires_at"].clone();
    let first = visitor.pay(&uuid, Outcome::Decline).await;
    let declined = visitor.sees(&uuid, "ON_HOLD").await;
    assert_eq!(declined["expires_at"], held_until, "the rest of its time");
    assert_eq!(declined["payment"]["status"], "DECLINED");
    assert!(!declined["message"]["it"].as_str().unwrap().is_empty());
    has_no_ticket(&visitor, &uuid).await;

    let second = visitor.pay(&uuid, Outcome::Pay).await;
    assert_ne!(first, second);
    let confirmed = visitor.sees(&uuid, "CONFIRMED").await;
    assert_eq!(
        (&confirmed["payment"]["id"], &confirmed["payment"]["attempt"]),
        (&json!(second), &json!(2))
    );
    assert_eq!(visitor.tickets(&uuid).await.len(), 2);
    assert_eq!(book(&museum, &first)["outcome"], "DECLINED");
    assert_eq!(book(&museum, &second)["outcome"], "PAID");
}

#[tokio::test]
async fn a_slow_provider_keeps_the_visitor_waiting_but_not_the_places() {
    let museum = shared().await;
    let visitor = Visitor::of(&museum);
    let wish = two_adults("2026-11-24T13:00");
    let before = visitor.vacancies(&wish).await;
    let uuid = visitor.hold(&wish).await;
    visitor.pay(&uuid, Outcome::Slow).await;
    assert_eq!(visitor.booking(&uuid).await["status"], "PAYING");
    has_no_ticket(&visitor, &uuid).await;
    assert_eq!(visitor.vacancies(&wish).await, before - 2);
    visitor.cancel(&uuid).await.expect_problem(409, "wrong-state", "uuid");
    visitor.sees(&uuid, "CONFIRMED").await;
    assert_eq!(visitor.tickets(&uuid).await.len(), 2);
    assert_eq!(visitor.vacancies(&wish).await, before - 2);
}

#[tokio::test]
async fn a_provider_that_says_paid_twice_sells_once() {
    let museum = shared().await;
    let visitor = Visitor::of(&museum);
    let wish = two_adults("2026-11-24T14:00");
    let before = visitor.vacancies(&wish).await;
    let uuid = visitor.hold(&wish).await;
    let payment = visitor.pay(&uuid, Outcome::Twice).await;
    let confirmed = visitor.sees(&uuid, "CONFIRMED").await;
    let tickets = visitor.tickets(&uuid).await;
    for _ in 0..3 {
        let noted = notify(&museum, &payment, "PAID").await.expect(200);
        assert_eq!(noted["result"], "KNOWN");
    }
    let contradicted = notify(&museum, &payment, "DECLINED").await.expect(200);
    assert_eq!(contradicted["result"], "KNOWN", "a ticket that was sold stays sold");
    assert_eq!(visitor.booking(&uuid).await, confirmed);
    assert_eq!(visitor.tickets(&uuid).await, tickets);
    assert_eq!(visitor.vacancies(&wish).await, before - 2);
    assert_eq!(book(&museum, &payment)["refunded"], false, "the one payment is kept");
}

#[tokio::test]
async fn money_that_comes_for_a_booking_that_is_no_more_goes_back() {
    let museum = shared().await;
    let visitor = Visitor::of(&museum);
    let wish = two_adults("2026-11-24T15:00");
    let before = visitor.vacancies(&wish).await;
    let uuid = visitor.hold(&wish).await;
    let payment = visitor.pay(&uuid, Outcome::Decline).await;
    visitor.sees(&uuid, "ON_HOLD").await;
    assert_eq!(visitor.cancel(&uuid).await.expect(200)["status"], "CANCELLED");
    has_no_ticket(&visitor, &uuid).await;

    let noted = notify(&museum, &payment, "PAID").await.expect(200);
    assert_eq!(noted["result"], "REFUND_DUE");
    eventually("the money goes back", SOON, async || match book(&museum, &payment) {
        entry if entry["refunded"] == true => Ok(()),
        entry => Err(entry.to_string()),
    })
    .await;
    assert_eq!(notify(&museum, &payment, "PAID").await.expect(200)["result"], "KNOWN");
    assert_eq!(visitor.booking(&uuid).await["status"], "CANCELLED");
    has_no_ticket(&visitor, &uuid).await;
    assert_eq!(visitor.vacancies(&wish).await, before);
}

#[tokio::test]
async fn a_provider_that_never_answers_keeps_the_places_until_it_is_asked() {
    let mut museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wish = two_adults("2026-11-24T16:00");
    let before = visitor.vacancies(&wish).await;
    let uuid = visitor.hold(&wish).await;
    visitor.pay(&uuid, Outcome::Never).await;
    // The visitor gives up on the page; five minutes later nobody has said a word.
    museum.restart_after(SignedDuration::from_mins(5)).await;
    assert_eq!(visitor.booking(&uuid).await["status"], "PAYING");
    has_no_ticket(&visitor, &uuid).await;
    assert_eq!(visitor.vacancies(&wish).await, before - 2, "the places stay taken");

    museum.restart_after(SignedDuration::from_mins(6)).await;
    let open_again = visitor.sees(&uuid, "ON_HOLD").await;
    assert_eq!(open_again["payment"]["status"], "DECLINED", "the provider's page had ended");
    assert_eq!(visitor.vacancies(&wish).await, before - 2);

    museum.restart_after(SignedDuration::from_mins(5)).await;
    assert_eq!(visitor.booking(&uuid).await["status"], "EXPIRED");
    has_no_ticket(&visitor, &uuid).await;
    eventually("the places go back", SOON, async || match visitor.vacancies(&wish).await {
        left if left == before => Ok(()),
        left => Err(left.to_string()),
    })
    .await;
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_visitor_who_pays_after_the_hold_would_have_ended_still_has_the_places() {
    let mut museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let wish = two_adults("2026-11-24T17:00");
    let before = visitor.vacancies(&wish).await;
    let uuid = visitor.hold(&wish).await;
    museum.restart_after(SignedDuration::from_mins(10)).await;
    let started = visitor.start_payment(&uuid).await.expect(200);
    museum.restart_after(SignedDuration::from_mins(7)).await;
    assert_eq!(visitor.booking(&uuid).await["status"], "PAYING", "17 minutes after a hold of 15");
    visitor.press(started["redirect_url"].as_str().unwrap(), Outcome::Pay).await;
    visitor.sees(&uuid, "CONFIRMED").await;
    assert_eq!(visitor.tickets(&uuid).await.len(), 2);
    assert_eq!(visitor.vacancies(&wish).await, before - 2);
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"]["lake"], 2 * ADULT_CENTS);
}
