//! The table itself: keys, the index of what falls due, the stream. On AWS the template creates
//! it; one machine creates it here, the same.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
    TimeToLiveSpecification, TimeToLiveStatus,
};

use crate::{Error, PK, SK, Store};

/// The sparse index of items that something must be done about by a certain time.
pub const DUE_INDEX: &str = "due";
/// What is due: `HOLD`, `PAYMENT`, `REFUND`, `MAIL`, `MINIMUM`, `WEBHOOK`, the gates of a venue's day, or the line
/// of a slot.
pub const DUE_PK: &str = "due_pk";
/// When it is due; at a gate, the slot; in a line, since when they wait.
pub const DUE_SK: &str = "due_sk";
/// Epoch seconds after which DynamoDB may tidy an item away.
pub const TTL: &str = "ttl";

impl Store {
    /// Lets items past their time be tidied away, unless that is set already.
    ///
    /// # Errors
    /// The service's own.
    pub async fn enable_time_to_live(&self) -> Result<(), Error> {
        let known = self
            .client
            .describe_time_to_live()
            .table_name(&self.table)
            .send()
            .await
            .map_err(Error::service("DescribeTimeToLive"))?;
        let status = known.time_to_live_description().and_then(|d| d.time_to_live_status());
        if status == Some(&TimeToLiveStatus::Enabled) {
            return Ok(());
        }
        let wanted = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(TTL)
            .build()
            .map_err(Error::service("UpdateTimeToLive"))?;
        self.client
            .update_time_to_live()
            .table_name(&self.table)
            .time_to_live_specification(wanted)
            .send()
            .await
            .map_err(Error::service("UpdateTimeToLive"))?;
        Ok(())
    }

    /// Creates the table unless it exists.
    ///
    /// # Errors
    /// The service's own.
    pub async fn create_table(&self) -> Result<(), Error> {
        let text = |name: &str| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(Error::service("CreateTable"))
        };
        let part = |name: &str, kind: KeyType| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .map_err(Error::service("CreateTable"))
        };
        let due = GlobalSecondaryIndex::builder()
            .index_name(DUE_INDEX)
            .key_schema(part(DUE_PK, KeyType::Hash)?)
            .key_schema(part(DUE_SK, KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .map_err(Error::service("CreateTable"))?;
        let stream = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::NewAndOldImages)
            .build()
            .map_err(Error::service("CreateTable"))?;
        let created = self
            .client
            .create_table()
            .table_name(&self.table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(text(PK)?)
            .attribute_definitions(text(SK)?)
            .attribute_definitions(text(DUE_PK)?)
            .attribute_definitions(text(DUE_SK)?)
            .key_schema(part(PK, KeyType::Hash)?)
            .key_schema(part(SK, KeyType::Range)?)
            .global_secondary_indexes(due)
            .stream_specification(stream)
            .send()
            .await;
        match created {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(aws_sdk_dynamodb::operation::create_table::CreateTableError::is_resource_in_use_exception) => Ok(()),
            Err(error) => Err(Error::service("CreateTable")(error)),
        }
    }
}
