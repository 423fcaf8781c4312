//! How an invocation of a function ended.

use crate::model::credentials::Credentials;
use crate::model::returned::Returned;
use axum::body::Bytes;
use std::fmt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// The outcome of a success.
pub(crate) const ANSWERED: &str = "the function answered";

/// How an outcome begins that goes on with the function's own words.
pub(crate) const REPORTED: &str = "the function reported";

/// One invocation, from Lambda's side.
#[derive(Clone, Debug)]
pub struct InvocationReport {
    pub(crate) request_id: String,
    pub(crate) outcome: InvocationOutcome,
    pub(crate) cold_start: Option<Duration>,
    pub(crate) taken: Option<Instant>,
    pub(crate) duration: Duration,
}

/// What tells the callbacks of one invocation from others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InvocationKey<'a> {
    /// How many callbacks had come before it began.
    pub(crate) callbacks_before: usize,
    /// Those of its environment.
    pub(crate) credentials: &'a Credentials,
    /// Of its event, if it has one.
    pub(crate) callback_id: Option<&'a str>,
    /// Whether its environment has other events in hand: then the callback id has to fit as well.
    pub(crate) is_shared: bool,
}

/// How an invocation ended.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum InvocationOutcome {
    /// The function answered with this body, which Lambda throws away.
    Response(Bytes),
    /// The function reported an error; Lambda would deliver the event again.
    Error(FunctionError),
    /// The time was over, and the environment was killed, unless it takes several events at once.
    TimedOut,
    /// The process ended with the event in its hands.
    Exited(ExitStatus),
    /// The process never came to ask for an event.
    InitFailed(InitFailure),
}

/// Why a function did not come to ask for its first event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InitFailure {
    /// It reported an error.
    Reported(FunctionError),
    /// Its process ended.
    Exited(ExitStatus),
    /// It took longer than [`assumptions::INIT_TIMEOUT`](crate::assumptions::INIT_TIMEOUT).
    TimedOut,
    /// The system could not start its process, or gave no port to its Runtime API.
    NotStarted(String),
}

/// An error as a function reports it to Lambda.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionError {
    /// `errorType` of the body, or else the header `Lambda-Runtime-Function-Error-Type`.
    pub error_type: String,
    /// `errorMessage` of the body.
    pub error_message: String,
}

impl InvocationReport {
    /// Lambda's id of the request.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// How it ended.
    pub fn outcome(&self) -> &InvocationOutcome {
        &self.outcome
    }

    /// From the event being taken to the end of the invocation; zero if it never was taken.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// From the start of the process to its asking for an event, if this invocation needed a new
    /// environment.
    pub fn cold_start(&self) -> Option<Duration> {
        self.cold_start
    }
}

impl InvocationOutcome {
    /// Whether Lambda counts the invocation as a success.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Response(_))
    }

    /// What the function returned about the message: reasons, scores, and what the steps of its flow did. Empty for a
    /// function that returns none of it.
    pub fn returned(&self) -> Returned {
        match self {
            Self::Response(body) => Returned::read(body),
            _ => Returned::default(),
        }
    }
}

impl fmt::Display for InvocationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(_) => f.write_str(ANSWERED),
            Self::Error(error) => write!(f, "{REPORTED} {error}"),
            Self::TimedOut => f.write_str("the function ran out of time and was killed"),
            Self::Exited(status) => write!(f, "the function ended in the invocation: {status}"),
            Self::InitFailed(failure) => write!(f, "{failure}"),
        }
    }
}

impl fmt::Display for InitFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reported(error) => write!(f, "{REPORTED} at its start {error}"),
            Self::Exited(status) => {
                write!(f, "the function ended before it asked for an event: {status}")
            }
            Self::TimedOut => f.write_str("the function did not ask for an event in time"),
            Self::NotStarted(why) => write!(f, "the function could not be started: {why}"),
        }
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.error_message)
    }
}

impl std::error::Error for FunctionError {}

impl fmt::Debug for InvocationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(body) => write!(f, "Response({} bytes)", body.len()),
            Self::Error(error) => f.debug_tuple("Error").field(error).finish(),
            Self::TimedOut => f.write_str("TimedOut"),
            Self::Exited(status) => f.debug_tuple("Exited").field(status).finish(),
            Self::InitFailed(failure) => f.debug_tuple("InitFailed").field(failure).finish(),
        }
    }
}
