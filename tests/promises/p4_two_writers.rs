//! P4 at the log of the lake itself: two processes append to one table at once, each batch twice, while
//! both are killed again and again; every row is there once.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed expectation of a test is a panic"
)]

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use atrio_lake_query::Lake;
use atrio_lake_schema::LakeAddress;
use atrio_lake_schema::decisions::{self, Row};
use atrio_lake_write::{LakeWriter, NumberedRows, SequenceNumber};
use jiff::civil::date;

/// Appends of each of the two.
const APPENDS: u32 = 200;

/// How often each of them is killed.
const KILLS: u64 = 4;

/// What tells a process that is started by the test what to do.
const LAKE: &str = "ATRIO_TEST_LAKE";
const WRITER: &str = "ATRIO_TEST_WRITER";

/// Where an S3-compatible store listens, for the test that wants one.
const S3: &str = "ATRIO_S3_ENDPOINT";

/// A lake at this URL; on S3 in the store that the environment names.
fn address(url: &str) -> LakeAddress {
    let address = LakeAddress::new(url);
    if !url.starts_with("s3://") {
        return address;
    }
    let endpoint = std::env::var(S3).expect("an endpoint");
    let options = [
        ("aws_endpoint", endpoint.as_str()),
        ("aws_allow_http", "true"),
        ("aws_region", "us-east-1"),
        ("aws_access_key_id", "any"),
        ("aws_secret_access_key", "any"),
        ("aws_conditional_put", "etag"),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    address.with_options(options.map(owned).into_iter().collect::<HashMap<_, _>>())
}

/// One of the two: appends its rows one by one, each as if its answer had been lost.
#[tokio::test]
#[ignore = "a process that the other tests start"]
async fn appends_of_one_process() {
    let url = std::env::var(LAKE).expect("the lake");
    let writer: u32 = std::env::var(WRITER).expect("a number").parse().expect("a number");
    let lake = LakeWriter::open(address(&url)).await.unwrap();
    for number in 1..=APPENDS {
        let batch = decisions::batch(&[row(writer, number)]).unwrap();
        let sequence: SequenceNumber = number.to_string().parse().unwrap();
        let sequences = [sequence];
        let rows = NumberedRows { batch: &batch, sequences: &sequences };
        for _ in 0..2 {
            let stream = format!("writer/{writer}");
            lake.append(&decisions::TABLE, rows, &stream, sequence).await.unwrap();
        }
    }
}

fn row(writer: u32, number: u32) -> Row {
    Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        slot_day: date(2026, 11, 24),
        decision_key: format!("{writer:016x}{number:016x}"),
        outcome: "ALLOW".into(),
        score: 0,
        rules: String::new(),
        rules_version: "1".into(),
    }
}

fn started(url: &str, writer: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["p4_two_writers::appends_of_one_process", "--exact", "--ignored", "--nocapture"])
        .env(LAKE, url)
        .env(WRITER, writer.to_string())
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

async fn two_write_at_once(url: &str) {
    LakeWriter::open(address(url)).await.unwrap();
    let mut running = [started(url, 0), started(url, 1)];
    let mut killed_at_work = 0;
    for kill in 0..KILLS * 2 {
        let writer = u32::try_from(kill % 2).unwrap();
        let one = &mut running[usize::try_from(writer).unwrap()];
        tokio::time::sleep(Duration::from_millis(300 + 170 * kill)).await;
        killed_at_work += u32::from(one.try_wait().unwrap().is_none());
        one.kill().unwrap();
        one.wait().unwrap();
        *one = started(url, writer);
    }
    for mut one in running {
        assert!(one.wait().unwrap().success());
    }
    assert!(killed_at_work > 0, "no kill met a writer at work");
    let lake = Lake::open(address(url)).await.unwrap();
    let expected = i64::from(2 * APPENDS);
    let rows = lake.figure("SELECT count(*) FROM decisions").await.unwrap();
    let keys = lake.figure("SELECT count(DISTINCT decision_key) FROM decisions").await.unwrap();
    assert_eq!((rows, keys), (expected, expected));
}

#[tokio::test]
async fn every_row_of_two_processes_is_there_once_in_files() {
    let folder = tempfile::tempdir().unwrap();
    two_write_at_once(&format!("file://{}/lake", folder.path().display())).await;
}

#[tokio::test]
#[ignore = "needs an S3-compatible store in ATRIO_S3_ENDPOINT: `make test-endpoint` has one"]
async fn every_row_of_two_processes_is_there_once_in_an_object_store() {
    let endpoint = std::env::var(S3).expect("an endpoint in ATRIO_S3_ENDPOINT");
    let bucket = format!("lake-{}", std::process::id());
    let made = reqwest::Client::new().put(format!("{endpoint}/{bucket}")).send().await.unwrap();
    assert!(made.status().is_success(), "{made:?}");
    two_write_at_once(&format!("s3://{bucket}/lake")).await;
}
