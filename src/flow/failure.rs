//! Why a step gave no decision.

use std::error::Error as StdError;
use std::time::Duration;

use crate::StepFailure;
use crate::catch_unwind::Panicked;

/// Why a step gave no decision.
pub(super) struct Failure {
    pub(super) failure: StepFailure,
    pub(super) panicked_at: Option<String>,
    pub(super) source: Option<Box<dyn StdError + Send + Sync>>,
    /// The pause after which the step asked for another try.
    pub(super) retry_after: Option<Duration>,
}

impl Failure {
    pub(super) fn panicked(panicked: Panicked) -> Self {
        Self { failure: StepFailure::Panic, panicked_at: panicked.at, source: None, retry_after: None }
    }

    pub(super) fn out_of_time() -> Self {
        Self { failure: StepFailure::OutOfTime, panicked_at: None, source: None, retry_after: None }
    }
}
