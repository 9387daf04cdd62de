//! P5: what is kept ends when the public list says, whatever it is.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

use std::collections::BTreeSet;

use atrio_tests::Process;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::Value;

/// Partition, sort key, and the record of the list that an item with such keys is. An item that fits
/// none is one whose end nobody has decided.
const RECORDS: &[(&str, &str, &str)] = &[
    ("BOOKING#", "ACCOUNT#", "transfer-account"),
    ("BOOKING#", "BOOKING", "booking"),
    ("BOOKING#", "PAYMENT#", "account"),
    ("BOOKING#", "GIVEBACK#", "ticket"),
    ("BOOKING#", "REISSUE#", "ticket"),
    ("PAYMENT#", "PAYMENT", "account"),
    ("REFUNDS#", "", "account"),
    ("SHIFT", "", "account"),
    ("DESK#", "", "account"),
    ("TESTBOOKING#", "BOOKING", "booking"),
    ("RESALES#", "", "booking"),
    ("RESELLER", "", "offer"),
    // What is agreed with a reseller and what it owes, with its firm and nobody's name.
    ("LEDGER#", "", "account"),
    ("INVOICES#", "YEAR#", "account"),
    ("INVOICER", "", "offer"),
    ("LISTENERS", "", "offer"),
    ("TOLDBOOKING#", "BOOKING", "booking"),
    ("TICKET#", "TICKET", "ticket"),
    ("ORDER#", "ORDER", "order"),
    ("MAIL#", "", "mail"),
    ("GROUP#", "", "group"),
    ("SCHOOLS#", "", "group"),
    ("WAITING", "", "waiting"),
    ("PERSON#", "", "person-limit"),
    ("VELOCITY#", "", "velocity"),
    ("GUESSES#", "", "code-guess"),
    ("LINE#", "", "sale-line"),
    ("DECISIONS#", "", "decision"),
    ("REDEMPTION#", "REDEMPTION", "admission"),
    ("PRESENCE#", "", "presence"),
    ("CONFLICTS#", "", "conflict"),
    ("LEASE", "", "lease"),
    ("DEADLETTER#", "", "dead-letter"),
    ("STAFF#", "", "staff"),
    ("SUBJECT#", "", "staff"),
    ("INVITED#", "", "staff"),
    ("ROSTER", "", "staff"),
    ("VENUE", "", "offer"),
    ("TEMPLATE", "", "offer"),
    ("AUDIT#", "", "offer"),
    ("VOUCHERS#", "", "offer"),
    ("BATCHES#", "", "offer"),
    ("SLOTS#", "", "places"),
    ("RESOURCES#", "", "places"),
    // The number of the newest event, and how often a slot was told as full: no event is in it.
    ("EVENTS#", "LAST", "offer"),
    ("EVENTS#", "SLOT#", "places"),
    ("EVENTS#", "", "event"),
    ("DELIVERIES#", "", "event"),
    ("WEBHOOKS#", "", "offer"),
    ("DEVICE#", "", "count"),
    ("DEVICES", "CHANGES", "count"),
    ("FEEDS#", "MAPPING#", "offer"),
    ("FEEDS#", "FILE#", "feed"),
    ("FEEDREJECTED#", "", "feed-rejected"),
    ("KEY#FEED", "", "feed-key"),
    ("WATCH", "", "count"),
    // Destroyed by upkeep once its month is over for so long.
    ("KEY#PSEUDONYM", "", "pseudonym-key"),
];

/// Each item of the table has the end that the list gives its kind, counted from a moment that can be.
pub(crate) async fn everything_ends_as_published(museum: &Process) {
    let list = museum.api().get("/v1/retention").await.expect(200);
    let published = |name: &str| {
        let records = list["records"].as_array().unwrap().iter();
        records.clone().find(|record| record["name"] == name).unwrap()
    };
    let store = museum.store();
    let items = store.client.scan().table_name(&store.table).into_paginator().items().send();
    let mut seen = BTreeSet::new();
    for item in items.try_collect().await.unwrap() {
        let text = |name: &str| item[name].as_s().unwrap();
        let (pk, sk) = (text("pk"), text("sk"));
        let kind = RECORDS.iter().find(|(p, s, _)| pk.starts_with(p) && sk.starts_with(s));
        assert!(kind.is_some(), "when does `{pk}` / `{sk}` end?");
        let (_, _, name) = kind.unwrap();
        let end = item.get("ttl").map(|ttl| ttl.as_n().unwrap().parse().unwrap());
        let end = end.map(|second| Timestamp::from_second(second).unwrap());
        let fits = fits(published(name), end, museum.now());
        assert!(fits, "`{name}` ends at {end:?}, the list says {}", published(name));
        seen.insert(*name);
    }
    let lived = ["account", "admission", "booking", "decision", "event", "group", "mail", "ticket"];
    assert!(lived.iter().all(|name| seen.contains(name)), "{seen:?}");
}

/// Whether an end is so long after what its time runs from.
fn fits(record: &Value, end: Option<Timestamp>, now: Timestamp) -> bool {
    let Some(length) = record["kept_for"].as_str() else { return end.is_none() };
    if record["after"] == "MONTH" {
        return end.is_none();
    }
    let length: Span = length.parse().unwrap();
    let hours = i64::from(length.get_days()) * 24 + i64::from(length.get_hours());
    let Some(end) = end else { return false };
    let since = end - SignedDuration::from_hours(hours);
    match record["after"].as_str() {
        // A slot ends on a minute, today or in the time ahead that is on sale.
        Some("VISIT") => {
            since.as_second() % 60 == 0
                && since > now - SignedDuration::from_hours(24)
                && since < now + SignedDuration::from_hours(181 * 24)
        }
        Some("WRITING") => since > now - SignedDuration::from_hours(1) && since <= now,
        _ => false,
    }
}
