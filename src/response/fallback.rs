//! Why a fallback action decided in place of the processor.

use serde::Serialize;

use crate::StepFailure;
use crate::catch_unwind::Panicked;

/// Why a fallback action decided in place of the processor.
///
/// It has no content: neither the text of an error nor the message of a panic. The log has the text of an error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Fallback {
    /// What went wrong.
    pub cause: FallbackCause,
    /// The step that failed, if the processor is a [`Flow`](crate::Flow) and one of its steps is the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<&'static str>,
    /// Where in the code the processor panicked, as file, line and column: `src/main.rs:18:9`. `None` if the [panic
    /// hook](crate::run::hide_panic_messages) of the framework is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panicked_at: Option<String>,
}

/// What went wrong, so that a fallback action decided in place of the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum FallbackCause {
    /// The processor returned an error.
    Error,
    /// The processor asked for a retry, and there was no time for one.
    NoTimeForRetry,
    /// The processor panicked.
    Panic,
    /// The processor ran out of its time.
    OutOfTime,
    /// The processor did not return, not even at its deadline: it blocks its thread. The watchdog answered, and ended the
    /// process.
    Blocked,
    /// The processor was not asked: the message in the event cannot be read.
    Unreadable,
    /// The processor's decision was to [hold](crate::Decision::hold) the message, and no ticket could be stored.
    NotHeld,
    /// The service refused the processor's decision as invalid.
    DecisionRefused,
    /// The processor was not asked: earlier invocations for the event had failed, and this one is its
    /// [rescue](crate::DecidedBy::Rescue).
    FailedBefore,
}

impl FallbackCause {
    /// Returns the name: `ERROR`, `NO_TIME_FOR_RETRY`, `PANIC`, `OUT_OF_TIME`, `BLOCKED`, `UNREADABLE`, `NOT_HELD`,
    /// `DECISION_REFUSED` or `FAILED_BEFORE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::NoTimeForRetry => "NO_TIME_FOR_RETRY",
            Self::Panic => "PANIC",
            Self::OutOfTime => "OUT_OF_TIME",
            Self::Blocked => "BLOCKED",
            Self::Unreadable => "UNREADABLE",
            Self::NotHeld => "NOT_HELD",
            Self::DecisionRefused => "DECISION_REFUSED",
            Self::FailedBefore => "FAILED_BEFORE",
        }
    }
}

impl Fallback {
    pub(crate) fn panicked(panicked: Panicked) -> Self {
        Self { panicked_at: panicked.at, ..FallbackCause::Panic.into() }
    }

    /// Returns the fallback that the failure of a flow's step leads to.
    pub(crate) fn of_step(step: &'static str, failure: StepFailure, panicked_at: Option<String>) -> Self {
        let cause = match failure {
            StepFailure::Error => FallbackCause::Error,
            StepFailure::Panic => FallbackCause::Panic,
            StepFailure::OutOfTime => FallbackCause::OutOfTime,
        };
        Self { cause, step: Some(step), panicked_at }
    }
}

impl From<FallbackCause> for Fallback {
    fn from(cause: FallbackCause) -> Self {
        Self { cause, step: None, panicked_at: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{json, to_value};

    #[test]
    fn a_cause_has_the_same_name_in_code_and_in_json() {
        use FallbackCause::*;
        for cause in
            [Error, NoTimeForRetry, Panic, OutOfTime, Blocked, Unreadable, NotHeld, DecisionRefused, FailedBefore]
        {
            assert_eq!(to_value(cause).unwrap(), cause.as_str());
        }
    }

    #[test]
    fn json_has_what_is_known() {
        assert_eq!(to_value(Fallback::from(FallbackCause::Blocked)).unwrap(), json!({ "Cause": "BLOCKED" }));
        let panicked = Fallback::of_step("links", StepFailure::Panic, Some("src/main.rs:18:9".to_owned()));
        let expected = json!({ "Cause": "PANIC", "Step": "links", "PanickedAt": "src/main.rs:18:9" });
        assert_eq!(to_value(panicked).unwrap(), expected);
    }
}
