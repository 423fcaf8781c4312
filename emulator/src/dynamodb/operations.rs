//! The operations of DynamoDB's API, by name.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Does an operation; `None` if this API does not have it.
pub(super) fn run(database: &Database, operation: &str, body: &str) -> Option<Result<String, DynoxideError>> {
    macro_rules! operations {
        ($($name:literal => $method:ident),* $(,)?) => {
            match operation {
                $($name => Some(answer(body, |input| database.$method(input))),)*
                _ => None,
            }
        };
    }
    operations! {
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "GetItem" => get_item,
        "ListTables" => list_tables,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
        "UpdateItem" => update_item,
        "UpdateTimeToLive" => update_time_to_live,
    }
}

/// Whether an operation changes items.
pub(super) fn writes(operation: &str) -> bool {
    matches!(operation, "BatchWriteItem" | "DeleteItem" | "PutItem" | "TransactWriteItems" | "UpdateItem")
}

fn answer<I: DeserializeOwned, O: Serialize>(
    body: &str,
    run: impl FnOnce(I) -> Result<O, DynoxideError>,
) -> Result<String, DynoxideError> {
    // The crate's own types say so of input that has the form and breaks a rule.
    let broken = |error: serde_json::Error| {
        let text = error.to_string();
        match text.split_once("VALIDATION:") {
            Some((_, problem)) => DynoxideError::ValidationException(problem.to_owned()),
            None => DynoxideError::SerializationException(String::new()),
        }
    };
    let output = run(serde_json::from_str(body).map_err(broken)?)?;
    serde_json::to_string(&output).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
