//! The one table, as `create_table` of the crate channel-flow-dynamodb and `template.yaml` make it.

use crate::dynamodb::operations;
use dynoxide::Database;
use serde_json::{Value, json};
use std::io;
use std::time::Duration;

/// How long a recorded decision is left to the process that recorded it. The framework's sweep leaves it as long.
pub(super) const LEFT_ALONE: Duration = Duration::from_secs(60);

/// Makes the table.
pub(super) fn create(database: &Database, name: &str) -> io::Result<()> {
    let table = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "queue", "AttributeType": "S" },
            { "AttributeName": "queued_at", "AttributeType": "N" },
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": "queues",
            "KeySchema": [
                { "AttributeName": "queue", "KeyType": "HASH" },
                { "AttributeName": "queued_at", "KeyType": "RANGE" },
            ],
            "Projection": { "ProjectionType": "ALL" },
        }],
    });
    let time_to_live = json!({
        "TableName": name,
        "TimeToLiveSpecification": { "AttributeName": "expires_at", "Enabled": true },
    });
    run(database, "CreateTable", &table)?;
    run(database, "UpdateTimeToLive", &time_to_live)
}

/// Counts the tickets of a queue whose time is no later than `until`, in milliseconds since 1970.
pub(super) fn query(table: &str, queue: &str, until: u64) -> String {
    json!({
        "TableName": table,
        "IndexName": "queues",
        "Select": "COUNT",
        "Limit": 1,
        "KeyConditionExpression": "#queue = :queue AND queued_at <= :until",
        "ExpressionAttributeNames": { "#queue": "queue" },
        "ExpressionAttributeValues": { ":queue": { "S": queue }, ":until": { "N": until.to_string() } },
    })
    .to_string()
}

fn run(database: &Database, operation: &str, input: &Value) -> io::Result<()> {
    let done = operations::run(database, operation, &input.to_string());
    done.expect("the operation is known").map(drop).map_err(io::Error::other)
}
