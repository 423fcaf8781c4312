//! Why the store could not do something.

use std::error::Error as StdError;
use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The reason why a store could not do something.
///
/// Its text says what to do. It contains the name of the table and no item of it. `Debug` shows the same text with all
/// causes, so that the error reads well if `main` returns it.
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kind of a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The environment is wrong: the table has no name, or there is no region.
    Configuration,
    /// The table is not there.
    TableMissing,
    /// The role lacks a grant, which the error's text names.
    GrantMissing,
    /// DynamoDB does not accept the credentials, or there are none.
    Unauthorized,
    /// DynamoDB takes fewer requests than there are.
    Throttled,
    /// DynamoDB could not be reached, did not answer in time, or failed.
    Away,
    /// DynamoDB refused the request itself: the table has other keys than the store needs, or an item is too large.
    Refused,
    /// An item in the table is not one that this version of the store writes.
    Unreadable,
}

impl StoreError {
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self { kind: StoreErrorKind::Configuration, message: message.into(), source: None }
    }

    pub(crate) fn configuration_caused_by(error: channel_flow::Error) -> Self {
        Self::configuration("no client for DynamoDB can be made from the environment").caused_by(error)
    }

    /// The error for an item that lacks `attribute`, or has another type of it.
    pub(crate) fn unreadable(table: &str, attribute: &str) -> Self {
        let message = format!(
            "an item in the table {table} has no attribute {attribute} that can be read: use the table for channel-flow alone, \
             and the same version of it in all functions"
        );
        Self { kind: StoreErrorKind::Unreadable, message, source: None }
    }

    pub(crate) fn caused_by(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The error of a request for an operation with this name, which is also the name of its grant.
    pub(crate) fn of_request<E, R>(operation: &'static str, table: &str, error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        let kind = kind(&error);
        let message = message(kind, operation, table);
        match error {
            SdkError::ServiceError(refusal) => Self::from(kind, message).caused_by(Said::of(kind, refusal.err())),
            // What failed is the connection, or the client on the way to it. There is no answer that could quote an item.
            error => match error.into_source() {
                Ok(source) => Self::from(kind, message).caused_by(source),
                Err(_) => Self::from(kind, message),
            },
        }
    }

    fn from(kind: StoreErrorKind, message: String) -> Self {
        Self { kind, message, source: None }
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

fn kind<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> StoreErrorKind {
    let SdkError::ServiceError(refusal) = error else { return StoreErrorKind::Away };
    match refusal.err().code().unwrap_or_default() {
        "ResourceNotFoundException" => StoreErrorKind::TableMissing,
        "AccessDeniedException" | "KMSAccessDeniedException" => StoreErrorKind::GrantMissing,
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationTokenException"
        | "MissingAuthenticationToken"
        | "ExpiredTokenException" => StoreErrorKind::Unauthorized,
        "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" => {
            StoreErrorKind::Throttled
        }
        "ValidationException" | "ItemCollectionSizeLimitExceededException" | "SerializationException" => {
            StoreErrorKind::Refused
        }
        _ => StoreErrorKind::Away,
    }
}

fn message(kind: StoreErrorKind, operation: &str, table: &str) -> String {
    match kind {
        StoreErrorKind::TableMissing => format!(
            "there is no DynamoDB table {table} in the account and region of the function: create it, or correct \
             CHANNEL_FLOW_TABLE"
        ),
        StoreErrorKind::GrantMissing => {
            format!(
                "the role of the function lacks the grant dynamodb:{operation} for the table {table} and its indexes"
            )
        }
        StoreErrorKind::Unauthorized => {
            "DynamoDB does not accept the credentials of the function, or there are none: check AWS_ACCESS_KEY_ID, \
             AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
                .to_owned()
        }
        StoreErrorKind::Throttled => format!(
            "DynamoDB throttled {operation} on the table {table}: set the table's capacity to on demand, or raise its limits"
        ),
        StoreErrorKind::Refused => format!(
            "DynamoDB refused {operation} on the table {table}: create the table with the keys and the index that the \
             documentation of channel-flow-dynamodb lists, and store no more than 400 KB in an item"
        ),
        _ => format!("DynamoDB did not answer {operation} on the table {table}, or failed"),
    }
}

/// What DynamoDB said. Its words are left out, since they can quote an item, unless they are about a grant.
#[derive(Debug)]
struct Said {
    code: String,
    words: Option<String>,
    request_id: Option<String>,
}

impl Said {
    fn of(kind: StoreErrorKind, error: &impl ProvideErrorMetadata) -> Self {
        Self {
            code: error.code().unwrap_or("no code").to_owned(),
            words: error.message().filter(|_| kind == StoreErrorKind::GrantMissing).map(str::to_owned),
            request_id: error.meta().extra("aws_request_id").map(str::to_owned),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(words) = &self.words {
            write!(f, ": {words}")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, " (request id {request_id})")?;
        }
        Ok(())
    }
}

impl StdError for Said {}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut next = self.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
