//! Every DynamoDB item, key, condition, index and transaction of atrio. One table holds them all;
//! items become domain types here and nowhere else. No rule lives here: what may happen is decided
//! in `atrio-domain`, this crate makes it happen once, or not at all.

pub mod attributes;
pub mod audit;
pub mod booking;
pub mod change;
pub mod conflict;
pub mod count;
pub mod decision;
pub mod event_log;
mod exchange;
pub mod feed;
mod finding;
pub mod gate_day;
pub mod give_back;
pub mod group;
pub mod invoice;
pub mod lease;
pub mod ledger;
pub mod mail;
pub mod month_key;
pub mod moving;
pub mod on_sale;
pub mod order;
pub mod payment;
pub mod person;
pub mod presence;
pub mod redemption;
pub mod refund;
pub mod reissue;
pub mod resale;
pub mod reseller;
pub mod resource;
pub mod settlement;
pub mod shard;
pub mod shift;
pub mod slot;
pub mod staff;
pub mod table;
pub mod template;
pub mod ticket;
pub mod transaction;
pub mod vacancies;
pub mod velocity;
pub mod venue;
pub mod voucher;
pub mod waiting;
pub mod webhook;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

/// An item as DynamoDB holds it.
pub type Item = HashMap<String, AttributeValue>;

/// The table and the client that reaches it.
#[derive(Debug, Clone)]
pub struct Store {
    /// The client, with endpoint and credentials.
    pub client: Client,
    /// The table's name.
    pub table: String,
}

/// Why the table did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An item is not what this version writes.
    #[error("item `{key}` of the table is malformed: attribute `{attribute}` {problem}")]
    Malformed {
        /// Partition and sort key.
        key: String,
        /// The attribute at fault.
        attribute: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another writer was faster; reading again and repeating is safe.
    #[error("the item `{key}` was changed by another request meanwhile")]
    Stale {
        /// Partition and sort key.
        key: String,
    },
    /// The service could not be reached or refused the call.
    #[error("DynamoDB {operation} failed")]
    Service {
        /// The call.
        operation: &'static str,
        /// What the service said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// Wraps what a call of the service answered.
    pub fn service<E>(operation: &'static str) -> impl FnOnce(E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        move |source| Self::Service { operation, source: Box::new(source) }
    }
}

/// Name of the partition key attribute.
pub const PK: &str = "pk";
/// Name of the sort key attribute.
pub const SK: &str = "sk";

/// Keys in one read, DynamoDB's own bound.
const READ: usize = 100;

/// A key pair as an item.
#[must_use]
pub fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(pk.into())),
        (SK.to_owned(), AttributeValue::S(sk.into())),
    ])
}

impl Store {
    /// Reads one item, as last written.
    ///
    /// # Errors
    /// The service's own.
    pub async fn get(&self, key: Item) -> Result<Option<Item>, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(Error::service("GetItem"))?;
        Ok(answer.item)
    }

    /// The items of those keys that there are.
    pub(crate) async fn get_all(&self, keys: &[Item]) -> Result<Vec<Item>, Error> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(READ) {
            let mut pending = Some(some.to_vec());
            while let Some(keys) = pending {
                let request = KeysAndAttributes::builder()
                    .set_keys(Some(keys))
                    .consistent_read(true)
                    .build()
                    .map_err(Error::service("BatchGetItem"))?;
                let answer = self
                    .client
                    .batch_get_item()
                    .request_items(&self.table, request)
                    .send()
                    .await
                    .map_err(Error::service("BatchGetItem"))?;
                found.extend(answer.responses.unwrap_or_default().into_values().flatten());
                pending = answer
                    .unprocessed_keys
                    .and_then(|mut tables| tables.remove(&self.table))
                    .map(|rest| rest.keys);
            }
        }
        Ok(found)
    }

    /// A page of a partition, newest first, older than the cursor where one is given, at most
    /// `limit`; and the cursor of the next page, none on the last one.
    pub(crate) async fn newest_first<T>(
        &self,
        partition: String,
        cursor: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<T>, Option<String>), Error>
    where
        T: for<'a> TryFrom<&'a Item, Error = Error>,
    {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", attributes::text(partition))
            .expression_attribute_values(":before", attributes::text(cursor.unwrap_or("9999")))
            .scan_index_forward(false)
            .limit(limit)
            .send()
            .await
            .map_err(Error::service("Query"))?;
        let next = page
            .last_evaluated_key
            .as_ref()
            .and_then(|key| key.get(SK))
            .and_then(|sk| sk.as_s().ok())
            .cloned();
        let found: Result<_, _> = page.items().iter().map(T::try_from).collect();
        Ok((found?, next))
    }

    /// The items of a partition whose sort keys lie between two, both included, in order.
    pub(crate) async fn between(
        &self,
        pk: String,
        from: String,
        to: String,
    ) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":pk", attributes::text(&pk))
                .expression_attribute_values(":from", attributes::text(&from))
                .expression_attribute_values(":to", attributes::text(&to))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(Error::service("Query"))?;
            start = page.last_evaluated_key;
            items.extend(page.items.unwrap_or_default());
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}
