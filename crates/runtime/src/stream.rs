//! Changes of the table as the functions hear them that a bus brings them to.

use std::future::Future;

use atrio_dynamo::Item;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::change::{Change, is_rehearsal, rehearsed};
use aws_lambda_events::event::dynamodb::EventRecord;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use lambda_http::Error;
use serde::Deserialize;
use serde_dynamo::AttributeValue;

/// Why a function was woken that hears the bus: for changes, or by the schedule, which brings none.
#[derive(Debug, Deserialize)]
pub struct Waking {
    /// The changes.
    #[serde(rename = "Records", default)]
    pub records: Vec<EventRecord>,
}

/// Takes records one by one. The answer names the first that failed: the stream goes on from there.
pub async fn one_by_one<'a, F>(
    records: &'a [EventRecord],
    take: impl Fn(&'a EventRecord) -> F,
) -> DynamoDbEventResponse
where
    F: Future<Output = Result<(), atrio_dynamo::Error>>,
{
    for record in records {
        // On the heap: the clients' futures nest deeper than the compiler follows in a program.
        if let Err(error) = Box::pin(take(record)).await {
            return failed(record, &error);
        }
    }
    DynamoDbEventResponse::default()
}

/// The answer that a record was not taken: the stream goes on from it.
#[must_use]
pub fn failed(record: &EventRecord, error: &atrio_dynamo::Error) -> DynamoDbEventResponse {
    tracing::error!(error = error.to_string(), "a record was not taken");
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier.clone_from(&record.change.sequence_number);
    let mut answer = DynamoDbEventResponse::default();
    answer.batch_item_failures.push(failure);
    answer
}

/// What a record says happened. One that cannot be read will not be better at the next try, and the
/// others must not wait for it: it is logged, and nobody's.
#[must_use]
pub fn change_of(record: &EventRecord) -> Change {
    if !is_heard(record) {
        return Change::Other;
    }
    let (old, new) = images(record);
    Change::from_images(old.as_ref(), new.as_ref()).unwrap_or_else(|error| {
        tracing::error!(error = error.to_string(), "a record cannot be read");
        Change::Other
    })
}

fn images(record: &EventRecord) -> (Option<Item>, Option<Item>) {
    let old = Item::from(record.change.old_image.clone());
    let new = Item::from(record.change.new_image.clone());
    let present = |item: Item| (!item.is_empty()).then_some(item);
    (present(old), present(new))
}

/// The step of a booking that is only rehearsed, where the record is of one. One that cannot be read is nobody's.
#[must_use]
pub fn rehearsal_of(record: &EventRecord) -> Option<(Option<Stored>, Stored)> {
    if !is_rehearsal(key_part(record, atrio_dynamo::PK), key_part(record, atrio_dynamo::SK)) {
        return None;
    }
    let (old, new) = images(record);
    rehearsed(old.as_ref(), new.as_ref()).unwrap_or_else(|error| {
        tracing::error!(error = error.to_string(), "a record cannot be read");
        None
    })
}

/// Whether a record can say anything that a function hears, by the key of its item alone.
#[must_use]
pub fn is_heard(record: &EventRecord) -> bool {
    Change::is_heard(key_part(record, atrio_dynamo::PK), key_part(record, atrio_dynamo::SK))
}

fn key_part<'r>(record: &'r EventRecord, name: &str) -> &'r str {
    match record.change.new_image.get(name) {
        Some(AttributeValue::S(text)) => text.as_str(),
        _ => "",
    }
}

/// What a function answers the bus: that hears of a failure by an error only, and then brings the
/// event again.
///
/// # Errors
/// When a record failed.
pub fn to_bus(answer: DynamoDbEventResponse) -> Result<DynamoDbEventResponse, Error> {
    if answer.batch_item_failures.is_empty() { Ok(answer) } else { Err("a record failed".into()) }
}
