//! The store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::client;
use crate::counters::Leftovers;
use crate::error::StoreError;

/// Names the table.
const TABLE: &str = "CHANNEL_FLOW_TABLE";

/// How long a closed ticket is kept: a person who asks what became of a message does so within days.
const KEPT_CLOSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A store in a table of Amazon DynamoDB, which many environments share. See the [crate](crate) for the table's schema and
/// the grants.
///
/// A clone shares the client and its connections.
///
/// Each request is answered within 2 s, retries included, or fails.
#[derive(Clone)]
pub struct DynamoDbStore(Arc<Inner>);

struct Inner {
    client: Client,
    table: String,
    kept_closed: Duration,
    leftovers: Leftovers,
}

impl DynamoDbStore {
    /// Creates a store in the table that the environment variable `CHANNEL_FLOW_TABLE` names, with a client from the
    /// credentials, the region and the endpoint of the environment. To use another endpoint, set `AWS_ENDPOINT_URL_DYNAMODB`.
    ///
    /// This sends no request.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`Configuration`](crate::StoreErrorKind::Configuration) if the variable is not set, or if no
    /// client can be made from the environment.
    pub async fn from_environment() -> Result<Self, StoreError> {
        let table = std::env::var(TABLE).ok().filter(|table| !table.is_empty()).ok_or_else(|| {
            StoreError::configuration(format!(
                "{TABLE} is not set: set it to the name of the function's DynamoDB table"
            ))
        })?;
        Ok(Self::new(client::from_environment().await?, table))
    }

    /// Creates a store in the table with this name. You choose the retries and timeouts of the client.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        let (table, kept_closed, leftovers) = (table.into(), KEPT_CLOSED, Leftovers::default());
        Self(Arc::new(Inner { client, table, kept_closed, leftovers }))
    }

    /// Sets how long a closed ticket is kept. The default is 30 days. DynamoDB deletes it some time after that, mostly within two
    /// days. A ticket that is not closed is kept for 14 days, which no setting changes.
    #[must_use]
    pub fn keep_closed(self, keep: Duration) -> Self {
        let Inner { client, table, .. } = &*self.0;
        let (client, table, leftovers) = (client.clone(), table.clone(), Leftovers::default());
        Self(Arc::new(Inner { client, table, kept_closed: keep, leftovers }))
    }

    /// Returns the name of the table.
    pub fn table(&self) -> &str {
        &self.0.table
    }

    pub(crate) fn kept_closed(&self) -> Duration {
        self.0.kept_closed
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(crate) fn leftovers(&self) -> &Leftovers {
        &self.0.leftovers
    }

    /// Returns the error for a request that failed. `operation` is the API's name of it, and of its grant.
    pub(crate) fn failed<E, R>(&self, operation: &'static str, error: SdkError<E, R>) -> StoreError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        StoreError::of_request(operation, self.table(), error)
    }
}

impl fmt::Debug for DynamoDbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbStore").field("table", &self.0.table).finish_non_exhaustive()
    }
}
