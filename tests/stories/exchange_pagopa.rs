//! Visits that are moved and tickets that are given back where pagoPA took the money: what goes back is paid
//! by transfer, each part by itself, and all of it together is what was paid (P2).

use atrio_tests::{Manager, Options, PagoPaDouble, Process, Visitor, Wish, fresh_uuid};
use serde_json::{Value, json};

const VENUE: &str = "105950";
const IBAN: &str = "DE89 3704 0044 0532 0130 00";

/// Pays what is held by a notice of its own; answers the notice.
async fn pays(visitor: &Visitor, museum: &Process, double: &PagoPaDouble, uuid: &str) -> String {
    let started = visitor.start_payment(uuid).await.expect(200);
    let page = started["redirect_url"].as_str().unwrap();
    let receipt = double.pays(page).unwrap();
    assert_eq!(double.sends(museum, &receipt).await.expect(200)["result"], "CONFIRMED");
    double.notice_of(page)
}

/// Gives the account that refunds of a booking go to.
async fn gives_account(visitor: &Visitor, uuid: &str) {
    let body = json!({"account_holder": visitor.contact.full_name, "iban": IBAN}).to_string();
    let path = format!("/v1/bookings/{uuid}/refund-account");
    let taken = visitor.api.send("PUT", &path, Some("application/json"), body).await;
    assert_eq!(taken.status, 204, "{}", taken.text());
}

/// What a venue owes, and how far it is: payment, amount, state.
async fn owes(manager: &Manager) -> Vec<(String, i64, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let refunds = manager.refunds().await.into_iter();
    let mut owed: Vec<_> = refunds
        .map(|refund| {
            let cents = refund["amount_cents"].as_i64().unwrap();
            (text(&refund["payment_id"]), cents, text(&refund["state"]))
        })
        .collect();
    owed.sort();
    owed
}

#[tokio::test]
async fn parts_of_what_pagopa_took_go_back_by_transfers_of_their_own() {
    let double = PagoPaDouble::start().await;
    let environment = double.environment();
    let museum = Process::start(Options { environment, ..Options::default() }).await;
    let manager = Manager::of(&museum, VENUE).await;
    super::exchange::dear_december(&museum).await;
    let visitor = Visitor::of(&museum);
    let uuid = visitor.hold(&Wish::at(VENUE, "2026-11-27T11:00", &[("adult", 2)])).await;
    let first = pays(&visitor, &museum, &double, &uuid).await;
    let tickets = visitor.tickets(&uuid).await;

    visitor.gives_back(&uuid, &fresh_uuid(), &[&tickets[0]]).await.expect(200);
    let part = format!("{first}-1");
    assert_eq!(owes(&manager).await, [(part.clone(), 250, "WAITING".to_owned())]);
    gives_account(&visitor, &uuid).await;
    let file = manager.files_refunds(&fresh_uuid()).await;
    assert_eq!((file.status, file.text().contains("2.50")), (200, true));
    assert_eq!(owes(&manager).await, [(part.clone(), 250, "FILED".to_owned())]);

    // The other ticket is moved to a dearer day; the difference has a notice of its own.
    let hold = visitor.holds_instead(&uuid, "2026-12-02T11:00").await;
    let moved = hold["uuid"].as_str().unwrap().to_owned();
    assert_eq!(hold["replaces"]["due_cents"], 150);
    let second = pays(&visitor, &museum, &double, &moved).await;
    let asked: Vec<i64> = double.positions().iter().map(|one| one.amount_cents).collect();
    assert_eq!(asked.iter().sum::<i64>(), 650, "{asked:?}");
    assert_eq!(manager.marks_paid_back(&part, "TRN 1").await.status, 204);
    assert_eq!(manager.marks_paid_back(&part, "TRN 1").await.status, 204, "again");

    visitor.cancel_for(&moved, 400).await.expect(200);
    gives_account(&visitor, &moved).await;
    let rest = format!("{first}-2");
    let ready = |payment: &str, cents| (payment.to_owned(), cents, "READY".to_owned());
    let mut expected =
        vec![(part, 250, "PAID_BACK".to_owned()), ready(&rest, 250), ready(&second, 150)];
    expected.sort();
    assert_eq!(owes(&manager).await, expected);
    let file = manager.files_refunds(&fresh_uuid()).await.text();
    assert!(file.contains("2.50") && file.contains("1.50"), "both are in one file");
    for payment in [&rest, &second] {
        assert_eq!(manager.marks_paid_back(payment, "TRN 2").await.status, 204);
    }
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["cents kept"], json!({"table": 0, "lake": 0}));
    assert_eq!(figures["bookings confirmed"], json!({"table": 0, "lake": 0}));
}
