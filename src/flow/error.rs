//! The error of a flow.

use std::error::Error as StdError;
use std::fmt;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use crate::decision::trace::Trace;
use crate::{Fallback, StepFailure};

/// How many causes of an error are looked at: a chain without an end is possible.
const MOST_CAUSES: usize = 32;

/// A step failed that has no fallback action of its own. The function's fallback action decides.
pub struct FlowError {
    pub(super) step: &'static str,
    pub(super) failure: StepFailure,
    pub(super) panicked_at: Option<String>,
    pub(super) source: Option<Box<dyn StdError + Send + Sync>>,
    /// The pause after which the step asked for another try, for which there was no time.
    pub(super) retry_after: Option<Duration>,
    /// What the steps did until then, for the decision that takes the place of the flow's.
    pub(super) trace: Option<Arc<Trace>>,
}

impl FlowError {
    /// Returns the name of the step that failed.
    pub fn step(&self) -> &'static str {
        self.step
    }

    /// Returns how the step failed.
    pub fn failure(&self) -> StepFailure {
        self.failure
    }

    /// Returns what the failure of a step leads to, if an error is that of a flow. Of flows within a flow, the innermost
    /// counts.
    pub(crate) fn fallback_of(error: &(dyn StdError + 'static)) -> Option<Fallback> {
        let Self { step, failure, panicked_at, .. } = Self::among_causes(error).last()?;
        Some(Fallback::of_step(step, *failure, panicked_at.clone()))
    }

    /// Returns what the steps of a flow did, if an error is that of a flow. Of flows within a flow, the outermost counts: it
    /// has the others in it.
    pub(crate) fn trace_of(error: &(dyn StdError + 'static)) -> Option<Arc<Trace>> {
        Self::among_causes(error).next()?.trace.clone()
    }

    fn among_causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a Self> {
        let causes = successors(Some(error), |error: &&(dyn StdError + 'static)| (*error).source()).take(MOST_CAUSES);
        causes.filter_map(|error| error.downcast_ref())
    }
}

impl fmt::Display for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = match self.failure {
            StepFailure::Error => "failed",
            StepFailure::Panic => "panicked",
            StepFailure::OutOfTime => "ran out of its time",
        };
        write!(f, "the step {} {told}", self.step)
    }
}

impl fmt::Debug for FlowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowError").field("step", &self.step).field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl StdError for FlowError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
