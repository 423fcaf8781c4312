//! Why there is no score.

use std::error::Error;
use std::fmt;

use aws_sdk_comprehend::error::{ProvideErrorMetadata, SdkError};

/// The service that judges, for the person who reads an error.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) grant: &'static str,
    pub(crate) region: String,
}

/// The judge gave no scores. Shows no text of the service, which may quote the message.
pub(crate) struct JudgeError {
    service: Service,
    problem: Problem,
    /// What went wrong with the connection.
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(PartialEq)]
enum Problem {
    Throttled,
    TimedOut,
    Unreachable,
    /// The service is broken or overloaded.
    Unavailable(u16),
    /// The service refuses the request with this code.
    Refused(String),
    Unreadable,
}

impl Service {
    pub(crate) fn error<E: ProvideErrorMetadata + Error + Send + Sync + 'static>(
        &self,
        error: SdkError<E>,
    ) -> JudgeError {
        let problem = match &error {
            SdkError::TimeoutError(_) => Problem::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Problem::TimedOut,
            SdkError::DispatchFailure(_) => Problem::Unreachable,
            _ => {
                let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
                // An answer may come from a load balancer and be no answer of the service: its status still counts.
                match error.raw_response().map(|answer| answer.status().as_u16()) {
                    Some(429) => Problem::Throttled,
                    _ if code.is_some_and(|code| code.contains("Throttling")) => Problem::Throttled,
                    Some(status @ 500..) => Problem::Unavailable(status),
                    Some(status @ 400..) => Problem::Refused(code.map_or_else(|| status.to_string(), str::to_owned)),
                    _ => Problem::Unreadable,
                }
            }
        };
        let source = (problem == Problem::Unreachable).then(|| error.into_source().ok()).flatten();
        JudgeError { service: self.clone(), problem, source }
    }

    pub(crate) fn unreadable(&self) -> JudgeError {
        JudgeError { service: self.clone(), problem: Problem::Unreadable, source: None }
    }
}

impl JudgeError {
    pub(crate) fn is_throttled(&self) -> bool {
        self.problem == Problem::Throttled
    }

    /// Returns whether another try may help.
    pub(crate) fn is_transient(&self) -> bool {
        match self.problem {
            Problem::Throttled | Problem::TimedOut | Problem::Unreachable | Problem::Unavailable(_) => true,
            Problem::Refused(_) | Problem::Unreadable => false,
        }
    }
}

impl fmt::Display for JudgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service: Service { name, grant, region }, problem, .. } = self;
        match problem {
            Problem::Throttled => write!(f, "{name} throttles requests: raise the quota for {grant} in {region}"),
            Problem::TimedOut => write!(f, "{name} did not answer in time"),
            Problem::Unreachable => write!(f, "cannot reach {name}: check that {region} has it, and the network"),
            Problem::Unavailable(status) => write!(f, "{name} is unavailable ({status})"),
            Problem::Refused(code) => {
                write!(f, "{name} refused the request ({code})")?;
                match code.as_str() {
                    "AccessDeniedException" => write!(f, ": grant {grant} to the role of the function"),
                    "ResourceNotFoundException" => write!(f, ": check the guardrail's id, version and region"),
                    "UnknownOperationException" => write!(f, ": {region} does not have this operation"),
                    _ => Ok(()),
                }
            }
            Problem::Unreadable => write!(f, "the request to {name} could not be made or its answer not be read"),
        }
    }
}

impl fmt::Debug for JudgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for JudgeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
