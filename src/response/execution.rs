//! What a durable function returns.

use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::{Error, ErrorKind};

/// How the execution of a [durable function](https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html) ended.
///
/// Lambda reads it. An execution that returns anything else does not end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "Status", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "PascalCase")]
#[non_exhaustive]
pub enum Execution {
    /// The execution succeeded.
    Succeeded {
        /// What the function returns if it is not durable, as JSON.
        result: String,
    },
    /// The execution failed, and another attempt would fail too. Lambda puts the event into the function's dead-letter
    /// queue, if it has one.
    Failed {
        /// Why the execution failed.
        error: ExecutionError,
    },
}

/// Why the execution of a durable function failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ExecutionError {
    /// The kind of the error: `ChannelFlow.` and the name of an [`ErrorKind`].
    pub error_type: String,
    /// What happened, and what to do.
    pub error_message: String,
}

impl Execution {
    /// Returns how the execution ended. An error that may not come again stays an error of the invocation: Lambda then
    /// invokes the function again.
    pub(crate) fn ended(result: Result<impl Serialize, Error>) -> Result<Self, Error> {
        match result {
            Ok(response) => match serde_json::to_string(&response) {
                Ok(result) => Ok(Self::Succeeded { result }),
                Err(error) => Err(Error::new(ErrorKind::Runtime, "the response is not JSON").caused_by(error)),
            },
            Err(error) if matches!(error.kind(), ErrorKind::Event | ErrorKind::CallbackExpired) => {
                // For Lambda, the invocation succeeds, so the runtime does not log the error.
                tracing::error!(?error, "the durable execution failed for good");
                let Diagnostic { error_type, error_message } = error.into();
                Ok(Self::Failed { error: ExecutionError { error_type, error_message } })
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lambda_reads_how_the_execution_ended() {
        let succeeded = Execution::ended(Ok(json!({ "MessageId": "m" }))).unwrap();
        let expected = json!({ "Status": "SUCCEEDED", "Result": r#"{"MessageId":"m"}"# });
        assert_eq!(serde_json::to_value(succeeded).unwrap(), expected);

        let failed = Execution::ended(Err::<(), _>(Error::new(ErrorKind::Event, "no ids"))).unwrap();
        let error = json!({ "ErrorType": "ChannelFlow.Event", "ErrorMessage": "no ids" });
        assert_eq!(serde_json::to_value(failed).unwrap(), json!({ "Status": "FAILED", "Error": error }));
    }

    #[test]
    fn what_another_attempt_can_settle_is_attempted_again() {
        for kind in [ErrorKind::CallbackUnavailable, ErrorKind::CallbackForbidden, ErrorKind::Redelivery] {
            assert_eq!(Execution::ended(Err::<(), _>(Error::new(kind, "later"))).unwrap_err().kind(), kind);
        }
    }
}
