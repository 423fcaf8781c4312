//! Calls to Amazon DynamoDB.

use crate::account::arn::Arn;
use crate::account::clients::Clients;
use crate::account::explain::{Problem, Service};

/// A table of held messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) arn: Arn,
    /// `ACTIVE`, or another state of DynamoDB's.
    pub(crate) status: String,
    /// The names of its indexes.
    pub(crate) indexes: Vec<String>,
}

/// Looks a table up by its name or ARN. Returns `None` if there is none.
pub(crate) async fn table(clients: &Clients, name: &str) -> Result<Option<Table>, Problem> {
    let call = clients.dynamodb.describe_table().table_name(name);
    let answer = match call.send().await.map_err(clients.problem(Service::DynamoDb, "DescribeTable", name)) {
        Ok(answer) => answer,
        Err(problem) if problem.code() == Some("ResourceNotFoundException") => return Ok(None),
        Err(problem) => return Err(problem),
    };
    let misunderstood = clients.misunderstood(Service::DynamoDb, "DescribeTable", name);
    let found = answer.table.ok_or_else(|| "it has no table".to_owned());
    let read = found.and_then(|found| {
        let indexes = found.global_secondary_indexes.unwrap_or_default();
        Ok(Table {
            arn: found.table_arn.unwrap_or_default().parse()?,
            status: found.table_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            indexes: indexes.into_iter().filter_map(|index| index.index_name).collect(),
        })
    });
    read.map(Some).map_err(misunderstood)
}
