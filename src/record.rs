//! The record of an event: how it was settled, once for the log and the metrics.

mod emf;
mod log;
pub(crate) mod metrics;
mod names;
pub(crate) mod recorder;

use std::time::Duration;

use crate::decision::trace::Trace;
use crate::event::ids::CallbackIds;
use crate::{FallbackAction, Invocation, StepReport};

/// An event that is answered, and how that went.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) ids: &'a CallbackIds,
    pub(crate) invocation: &'a Invocation,
    /// How the steps of a flow came to the decision.
    pub(crate) trace: Option<&'a Trace>,
    /// The action that decided in a rescue. If a processor failed, a separate line logs its fallback action.
    pub(crate) fallback_action: Option<FallbackAction>,
    /// Whether this is the first event of the environment.
    pub(crate) cold_start: bool,
    /// Whether the watchdog answers.
    pub(crate) by_watchdog: bool,
    /// The time until the decision.
    pub(crate) processor_time: Duration,
    /// The time until the callback was accepted.
    pub(crate) duration: Duration,
}

/// What happened after the callback.
pub(crate) struct AfterRecord<'a> {
    pub(crate) ids: &'a CallbackIds,
    pub(crate) invocation: &'a Invocation,
    /// The steps of the flow, shadows included.
    pub(crate) steps: &'a [StepReport],
    /// Whether the work after the callback failed.
    pub(crate) failed: bool,
}

impl AfterRecord<'_> {
    /// Returns whether there is nothing to say.
    fn is_empty(&self) -> bool {
        !self.failed && !self.steps.iter().any(|step| step.shadow)
    }
}
