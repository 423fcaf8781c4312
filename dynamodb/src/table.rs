//! The table.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
};

use crate::error::StoreError;
use crate::item::{EXPIRES_AT, KEY, QUEUE, QUEUED_AT};

/// The index of the tickets by queue and time.
pub(crate) const QUEUES: &str = "queues";

/// How long a new table may take to become usable.
const PATIENCE: Duration = Duration::from_secs(60);

/// Creates the table of a [`DynamoDbStore`](crate::DynamoDbStore) and waits until it can be used. If it is there, this does
/// nothing.
///
/// It is meant for a laptop and for tests: the template of the repository creates the table of a function. The caller needs the
/// grants `dynamodb:CreateTable`, `dynamodb:DescribeTable` and `dynamodb:UpdateTimeToLive`.
///
/// # Errors
///
/// Returns an error if DynamoDB refuses the table, or if it is not usable after a minute.
pub async fn create_table(client: &Client, name: &str) -> Result<(), StoreError> {
    let key = |name, r#type| KeySchemaElement::builder().attribute_name(name).key_type(r#type).build();
    let attribute = |name, r#type| AttributeDefinition::builder().attribute_name(name).attribute_type(r#type).build();
    let complete = "all required fields are set";
    let queues = GlobalSecondaryIndex::builder()
        .index_name(QUEUES)
        .key_schema(key(QUEUE, KeyType::Hash).expect(complete))
        .key_schema(key(QUEUED_AT, KeyType::Range).expect(complete))
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()
        .expect(complete);
    let created = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute(KEY, ScalarAttributeType::S).expect(complete))
        .attribute_definitions(attribute(QUEUE, ScalarAttributeType::S).expect(complete))
        .attribute_definitions(attribute(QUEUED_AT, ScalarAttributeType::N).expect(complete))
        .key_schema(key(KEY, KeyType::Hash).expect(complete))
        .global_secondary_indexes(queues)
        .send()
        .await;
    match created {
        Ok(_) => {}
        Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {
            return Ok(());
        }
        Err(error) => return Err(StoreError::of_request("CreateTable", name, error)),
    }
    let usable = client.wait_until_table_exists().table_name(name).wait(PATIENCE).await;
    if usable.is_err() {
        return Err(StoreError::configuration(format!(
            "the table {name} is not usable: look at it in the console of DynamoDB"
        )));
    }
    let time_to_live =
        TimeToLiveSpecification::builder().attribute_name(EXPIRES_AT).enabled(true).build().expect(complete);
    let set = client.update_time_to_live().table_name(name).time_to_live_specification(time_to_live).send().await;
    set.map(drop).map_err(|error| StoreError::of_request("UpdateTimeToLive", name, error))
}
