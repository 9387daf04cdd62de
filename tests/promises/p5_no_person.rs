//! P5: nothing in the lake identifies anyone. A person with a name like no other lives through
//! everything that can happen to a visitor; then every byte and every value of the lake is read.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

use std::fs::File;
use std::path::{Path, PathBuf};

use atrio::data_dir::DataDir;
use atrio::keys::Secrets;
use atrio_domain::risk::RiskKeys;
use atrio_lake_query::Lake;
use atrio_tests::{
    Appointer, Gate, Manager, Options, Outcome, Process, SOON, Visitor, Wish, eventually,
    fresh_uuid,
};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

const VENUE: &str = "106484";

/// What names the person; no part of it may be found.
const PERSON: [&str; 6] =
    ["Ermengarda", "Quattrocchi", "żółkiewska", "ermengarda.q", "posta-rara", "3479876543"];

fn person(museum: &Process) -> Visitor {
    let mut visitor = Visitor::of(museum);
    visitor.contact.full_name = "Ermengarda Quattrocchi-Żółkiewska".to_owned();
    visitor.contact.email = "Ermengarda.Q+musei@posta-rara.example".to_owned();
    visitor.contact.phone = Some("+39 347 9876543".to_owned());
    visitor
}

/// Lives through it; answers every identifier that points to the person.
async fn everything_happens(museum: &Process, visitor: &Visitor) -> Vec<String> {
    let wish = |slot: &str, quantity| Wish::at(VENUE, slot, &[("adult", quantity)]);
    let (bought, tickets) = visitor.buys(&wish("2026-11-24T10:00", 2)).await;
    let gate = Gate::of(museum, VENUE, "main").await;
    let code = tickets[0]["code"].as_str().unwrap();
    let nonce = fresh_uuid();
    gate.scan_again(&nonce, code).await.expect(201);
    let declined = visitor.hold(&wish("2026-11-24T12:00", 1)).await;
    let payment = visitor.pay(&declined, Outcome::Decline).await;
    visitor.sees(&declined, "ON_HOLD").await;
    visitor.cancel(&declined).await.expect(200);
    let mut ids = vec![bought, declined, payment, nonce];
    ids.push(waits(museum, visitor).await);
    ids.push(leads_a_group(museum, visitor).await);
    ids.push(enters_by_name(museum, visitor).await);
    ids.push(works_there(museum, visitor).await);
    for ticket in &tickets {
        for name in ["id", "typed_code", "code"] {
            ids.push(ticket[name].as_str().unwrap().to_owned());
        }
    }
    // Enough places to be reviewed, so that a decision with reasons is written.
    for hour in 13..17 {
        let answer = visitor.ask(&wish(&format!("2026-11-24T{hour}:00"), 10)).await;
        if let Some(uuid) = answer.json()["uuid"].as_str() {
            visitor.cancel(uuid).await.expect(200);
            ids.push(uuid.to_owned());
        }
    }
    let secrets = Secrets::open(&DataDir::open(museum.data()).unwrap()).unwrap();
    let key = secrets.contact_hash_key.as_bytes();
    let hashed = RiskKeys::of(key, Some(&visitor.contact.email), Some("127.0.0.1"));
    ids.extend([hashed.contact.unwrap(), hashed.client.unwrap()]);
    let plain: Vec<String> = ids.iter().map(|id| id.replace('-', "")).collect();
    [ids, plain].concat()
}

/// Is on the staff of the venue, signs in, and leaves; answers who they were to the identity provider.
async fn works_there(museum: &Process, visitor: &Visitor) -> String {
    let operator = Appointer::operator(museum, VENUE).await;
    let member = operator.adds(&visitor.contact.email, &["desk"]).await;
    let subject = fresh_uuid();
    museum.signs_in(&subject, &visitor.contact.email).await;
    assert_eq!(operator.reads(&member).await.expect(200)["subject"], subject.as_str());
    assert_eq!(operator.takes_back(&member).await.status, 204);
    subject
}

/// Waits for a place of a slot that others fill, and is offered one; answers the uuid.
async fn waits(museum: &Process, visitor: &Visitor) -> String {
    let wish = |people| Wish::at(VENUE, "2026-12-02T10:00", &[("minor", people)]);
    let mut held = Vec::new();
    while visitor.vacancies(&wish(10)).await > 0 {
        let other = Visitor::of(museum);
        held.push((other.hold(&wish(10)).await, other));
    }
    let uuid = fresh_uuid();
    let joined = visitor.api.post("/v1/waiting", &visitor.request(&uuid, &wish(1))).await;
    joined.expect(201);
    for (held, other) in &held {
        other.cancel(held).await.expect(200);
    }
    eventually("the turn has come", SOON, async || {
        let standing = visitor.api.get(&format!("/v1/waiting/{uuid}")).await.expect(200);
        if standing["status"] == "OFFERED" { Ok(()) } else { Err(standing.to_string()) }
    })
    .await;
    visitor.confirm(&uuid).await.expect(200);
    uuid
}

/// Asks for a class, is taken, and sends in a list that names them; answers the uuid.
async fn leads_a_group(museum: &Process, visitor: &Visitor) -> String {
    let uuid = fresh_uuid();
    let mut body = visitor.request(&uuid, &Wish::at(VENUE, "2026-12-15T10:00", &[]));
    body.as_object_mut().unwrap().remove("units");
    for (name, value) in [
        ("kind", json!("SCHOOL")),
        ("organisation", json!("Liceo di prova")),
        ("people", json!(12)),
        ("leaders", json!(1)),
    ] {
        body[name] = value;
    }
    visitor.api.post("/v1/groups", &body).await.expect(201);
    let manager = Manager::of(museum, VENUE).await;
    let path = format!("/v1/venues/{VENUE}/groups/{uuid}/approve");
    manager.api.post(&path, &json!({})).await.expect(200);
    let file = "last_name,first_name,role\nQuattrocchi-Żółkiewska,Ermengarda,leader\n";
    let path = format!("/v1/groups/{uuid}/list");
    let sent = visitor.api.send("PUT", &path, Some("text/csv"), file).await;
    assert_eq!(sent.expect(200)["listed"], 1);
    visitor.confirm(&uuid).await.expect(200);
    uuid
}

/// Buys a ticket that names them, and enters; what gates are sent names nobody. Answers the uuid.
async fn enters_by_name(museum: &Process, visitor: &Visitor) -> String {
    let manager = Manager::of(museum, VENUE).await;
    let (mut product, tag) = manager.reads("products/admission").await;
    product["admission"]["holder_names"] =
        json!({"change_until_minutes_before": 0, "changes_max": 1});
    product["person_limit"] = json!({"tickets": 50, "per": "DAY"});
    manager.changes("products/admission", &tag, &product).await.expect(200);
    let uuid = visitor.hold(&Wish::at(VENUE, "2026-11-24T10:00", &[("adult", 1)])).await;
    let path = format!("/v1/bookings/{uuid}/holders");
    let names = json!({"holders": [visitor.contact.full_name]}).to_string();
    visitor.api.send("PUT", &path, Some("application/json"), names).await.expect(200);
    visitor.pay(&uuid, Outcome::Pay).await;
    visitor.sees(&uuid, "CONFIRMED").await;
    let gate = Gate::of(museum, VENUE, "main").await;
    let bundle = gate.bundle().await.text();
    assert!(!PERSON.iter().any(|needle| holds(bundle.as_bytes(), needle)), "{bundle}");
    let code = visitor.tickets(&uuid).await[0]["code"].as_str().unwrap().to_owned();
    let shown = gate.scan(&code).await.expect(201)["show"].to_string();
    assert!(shown.contains("Quattrocchi"), "the steward sees whom to look for: {shown}");
    uuid
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

/// Every value of a batch, as text.
fn values(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default();
    let mut values = Vec::new();
    for column in batch.columns() {
        let formatter = ArrayFormatter::try_new(column, &options).unwrap();
        values.extend((0..batch.num_rows()).map(|row| formatter.value(row).to_string()));
    }
    values
}

/// Without case, in bytes, for what may be anywhere.
fn holds(bytes: &[u8], needle: &str) -> bool {
    let (text, needle) = (bytes.to_ascii_lowercase(), needle.to_lowercase().into_bytes());
    text.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn nothing_in_the_lake_or_the_log_leads_back_to_a_person() {
    let museum =
        Process::start(Options { log: "info,rmqtt=error".to_owned(), ..Options::default() }).await;
    let visitor = person(&museum);
    // A partner who is told of all of it, and never listens.
    let (manager, partner) = (Manager::of(&museum, VENUE).await, fresh_uuid());
    let server = serde_json::json!({"url": "http://127.0.0.1:9/"});
    manager.changes(&format!("webhooks/{partner}"), "*", &server).await.expect(201);
    let ids = everything_happens(&museum, &visitor).await;
    museum.nothing_left_over().await;
    crate::p5_retention::everything_ends_as_published(&museum).await;

    let lake = Lake::open(museum.run.lake.clone()).await.unwrap();
    let mut seen = Vec::new();
    for table in atrio_lake_schema::TABLES {
        for batch in lake.sql(&format!("SELECT * FROM {}", table.name)).await.unwrap() {
            seen.extend(values(&batch));
        }
    }
    assert!(seen.iter().any(|value| value == VENUE), "the lake holds the visit");
    // Files that the log no longer names, too.
    let files = files_below(&museum.data().join("lake"));
    let parquet =
        files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "parquet"));
    for file in parquet {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
        for batch in reader.build().unwrap() {
            seen.extend(values(&batch.unwrap()));
        }
    }
    let needles: Vec<&str> = PERSON.into_iter().chain(ids.iter().map(String::as_str)).collect();
    for value in &seen {
        let found = needles.iter().find(|needle| holds(value.as_bytes(), needle));
        assert_eq!(found, None, "in the value `{value}`");
    }
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let found = needles.iter().find(|needle| holds(&bytes, needle));
        assert_eq!(found, None, "in {}", file.display());
    }
    let log = museum.log();
    let named = PERSON.iter().find(|needle| holds(log.as_bytes(), needle));
    assert_eq!(named, None, "in the log: {log}");
    // The search itself works: the table knows the person.
    let store = museum.store();
    let table = store.client.scan().table_name(&store.table).into_paginator().items().send();
    let table = format!("{:?}", table.try_collect().await.unwrap());
    assert!(holds(table.as_bytes(), "Quattrocchi"), "the table knows whom to write to");
}
