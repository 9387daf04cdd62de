//! Transactions: all writes or none, tried again when DynamoDB reports that two of them met.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use crate::{Error, Item, Store};

/// What became of a transaction.
#[derive(Debug)]
pub enum Written {
    /// All was written.
    All,
    /// Nothing was written: some conditions did not hold. One entry per write, in order; the item
    /// found where the condition failed, an empty one where there was none.
    Refused(Vec<Option<Item>>),
}

/// How often a transaction is tried when others hold its items.
const ATTEMPTS: u32 = 10;

impl Store {
    /// Writes all or nothing.
    ///
    /// # Errors
    /// The service's own, after conflicts were tried again.
    pub async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<Written, Error> {
        let mut attempt = 0;
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()))
                .send()
                .await;
            let error = match sent {
                Ok(_) => return Ok(Written::All),
                Err(error) => error,
            };
            let Some(reasons) = cancellation(&error) else {
                return Err(Error::service("TransactWriteItems")(error));
            };
            if let Some(refused) = refusal(reasons) {
                return Ok(refused);
            }
            attempt += 1;
            if attempt == ATTEMPTS {
                return Err(Error::Stale { key: "transaction".to_owned() });
            }
            pause(attempt).await;
        }
    }

    /// A write that puts an item, refused unless `condition` holds.
    ///
    /// # Errors
    /// Never in practice: table and item are set.
    pub fn put(&self, item: Item, condition: Condition) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(Error::service("Put"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A write that changes an item by `update`, refused unless `condition` holds.
    ///
    /// # Errors
    /// Never in practice: table, key and expression are set.
    pub fn update(
        &self,
        key: Item,
        update: &str,
        condition: Condition,
    ) -> Result<TransactWriteItem, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key))
            .update_expression(update)
            .set_condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(Error::service("Update"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// A write that removes an item.
    ///
    /// # Errors
    /// Never in practice: table and key are set.
    pub fn delete(&self, key: Item) -> Result<TransactWriteItem, Error> {
        self.delete_when(key, Condition::none())
    }

    /// A write that removes an item, refused unless `condition` holds.
    ///
    /// # Errors
    /// Never in practice: table and key are set.
    pub fn delete_when(&self, key: Item, condition: Condition) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key))
            .set_condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .build()
            .map_err(Error::service("Delete"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

/// What must hold for a write, and the values its expressions name.
#[derive(Debug, Default)]
pub struct Condition {
    expression: Option<String>,
    names: Option<std::collections::HashMap<String, String>>,
    values: Option<Item>,
}

impl Condition {
    /// Nothing must hold.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The item must be new.
    #[must_use]
    pub fn absent() -> Self {
        Self::when("attribute_not_exists(pk)")
    }

    /// The expression must hold.
    #[must_use]
    pub fn when(expression: &str) -> Self {
        Self { expression: Some(expression.to_owned()), ..Self::default() }
    }

    /// The same names and values, for this expression.
    #[must_use]
    pub fn holding(mut self, expression: String) -> Self {
        self.expression = Some(expression);
        self
    }

    /// Gives a value its name.
    #[must_use]
    pub fn value(mut self, name: &str, value: aws_sdk_dynamodb::types::AttributeValue) -> Self {
        self.values.get_or_insert_default().insert(name.to_owned(), value);
        self
    }

    /// Gives an attribute whose name is a reserved word another name.
    #[must_use]
    pub fn name(mut self, name: &str, attribute: &str) -> Self {
        self.names.get_or_insert_default().insert(name.to_owned(), attribute.to_owned());
        self
    }
}

/// Waits before the next attempt. Conflicts last as long as the other transaction, a few milliseconds; those
/// that met once must not meet again in step.
pub(crate) async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(jitter(1 << attempt.min(7)))).await;
}

/// A wait of up to `bound_millis`. The standard library seeds each hasher differently, which is as
/// much chance as a wait needs.
fn jitter(bound_millis: u64) -> u64 {
    RandomState::new().build_hasher().finish() % (bound_millis + 1)
}

fn cancellation(error: &SdkError<TransactWriteItemsError>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            Some(canceled.cancellation_reasons())
        }
        _ => None,
    }
}

/// That conditions did not hold, once every item could be looked at. An item that another transaction
/// holds is reported without its content: what only the others say may be half of the truth, such as
/// that a slot is full where the caller's own booking filled it.
fn refusal(reasons: &[CancellationReason]) -> Option<Written> {
    let any = |code| reasons.iter().any(|reason| reason.code() == Some(code));
    (any(FAILED) && !any("TransactionConflict"))
        .then(|| Written::Refused(reasons.iter().map(refused).collect()))
}

const FAILED: &str = "ConditionalCheckFailed";

fn refused(reason: &CancellationReason) -> Option<Item> {
    (reason.code() == Some(FAILED)).then(|| reason.item().cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(codes: &[&str]) -> Vec<CancellationReason> {
        let reason = |code: &&str| CancellationReason::builder().code(*code).build();
        codes.iter().map(reason).collect()
    }

    #[test]
    fn a_refusal_is_believed_only_when_no_item_was_in_the_hands_of_others() {
        let told = |codes: &[&str]| match refusal(&reasons(codes)) {
            Some(Written::Refused(found)) => Some(found.iter().map(Option::is_some).collect()),
            _ => None::<Vec<_>>,
        };
        assert_eq!(told(&[FAILED, "None"]), Some(vec![true, false]));
        assert_eq!(told(&[FAILED, FAILED]), Some(vec![true, true]));
        assert_eq!(told(&[FAILED, "TransactionConflict"]), None);
        assert_eq!(told(&["TransactionConflict", "None"]), None);
    }
}
