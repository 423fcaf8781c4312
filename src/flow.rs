//! Several processors in one function, with one callback.

mod after;
pub mod condition;
mod error;
mod failure;
mod run;
pub(crate) mod step;
mod steps;

use std::fmt;
use std::time::Duration;

use self::after::{After, What};
pub use self::error::FlowError;
use self::run::Run;
use self::step::Step;
use self::steps::Steps;
use crate::{Decision, Message, Processor, Settled, Ticket};

/// Several processors in one function: named steps that decide one after the other, with one callback at the end.
///
/// The service allows one processor for a channel flow. A `Flow` is that processor, and its steps are yours:
///
/// ```no_run
/// use std::time::Duration;
///
/// use channel_flow::{Decision, FallbackAction, Flow, LimitError, Mask, Message, Step, condition, processor_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), channel_flow::Error> {
/// let cursing = processor_fn(|message: Message| async move {
///     let find = |text: &str| text.match_indices("damn").map(|(at, curse)| at..at + curse.len()).collect();
///     let update = message.mask_texts(Mask::default(), find)?;
///     Ok::<_, LimitError>(Decision::from(update))
/// });
/// let links = processor_fn(|message: Message| async move {
///     let has_link = message.any_text(|text| text.contains("://"));
///     Ok::<_, LimitError>(if has_link { Decision::deny().because("links") } else { Decision::no_change() })
/// });
/// let flow = Flow::new()
///     .step(Step::new("cursing", cursing))
///     .step(
///         Step::new("links", links)
///             .only_if(condition::from_user())
///             .time_limit(Duration::from_millis(500))
///             .fallback_action(FallbackAction::Continue),
///     );
/// channel_flow::run(flow).await
/// # }
/// ```
///
/// # What a step sees and does
///
/// - A step sees the message as the steps before it leave it: [`Message::with_update`].
/// - Updates accumulate, and so do their reasons. If two steps set the same field, the later one counts; message
///   attributes are merged by name. The merged update is sent once.
/// - The first denial ends the flow, with the reasons of that step alone.
/// - If a step fails, its [own fallback action](Step::fallback_action) applies to it: `Continue` goes on with the next
///   step, `Abort` denies the message. If it has none, the flow fails, and the function's fallback action decides. The
///   reports of the steps so far are kept.
/// - [`retry_after`](Processor::retry_after) of a step repeats that step.
/// - If a step [holds](Decision::hold) the message, the flow goes on. A denial by a later step ends it as ever. Otherwise the
///   message is held as the first step to hold it asks for, with the reasons of all steps, and an approval releases it with
///   their updates.
/// - [`after_callback`](Processor::after_callback), or [`after_hold`](Processor::after_hold), runs for each step that ran, and
///   then the [shadows](Step::shadow) run.
///
/// A flow is a [`Processor`], so it can be a step of another flow. Steps are called directly: a step that leaves the
/// message alone allocates nothing.
#[must_use]
pub struct Flow<S = ()> {
    steps: S,
}

impl Flow {
    /// Creates a flow without steps, which changes nothing.
    pub const fn new() -> Self {
        Self { steps: () }
    }
}

impl Default for Flow {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Flow<S> {
    /// Adds a step at the end of the flow.
    pub fn step<P, C>(self, step: Step<P, C>) -> Flow<(S, Step<P, C>)> {
        Flow { steps: (self.steps, step) }
    }
}

impl<S: Steps> Processor for Flow<S> {
    type Error = FlowError;

    async fn process(&self, message: &Message) -> Result<Decision, FlowError> {
        let mut run = Run::new(message, S::COUNT);
        match self.steps.run(&mut run).await {
            Ok(()) => Ok(run.into_decision()),
            Err(error) => Err(FlowError { trace: Some(run.into_trace()), ..error }),
        }
    }

    fn retry_after(&self, error: &FlowError, _: u32) -> Option<Duration> {
        error.retry_after
    }

    async fn after_callback(&self, message: &Message, decision: &Decision, settled: &Settled) -> Result<(), FlowError> {
        after(&self.steps, message, decision, What::Callback(settled)).await
    }

    async fn after_hold(&self, message: &Message, decision: &Decision, ticket: &Ticket) -> Result<(), FlowError> {
        after(&self.steps, message, decision, What::Hold(ticket)).await
    }
}

async fn after<S: Steps>(steps: &S, message: &Message, decision: &Decision, what: What<'_>) -> Result<(), FlowError> {
    let Some(trace) = decision.trace() else { return Ok(()) };
    let decision = decision.clone().untraced();
    let worked = steps.after(&After { message, decision, what, trace }).await;
    steps.run_shadows(trace, message.invocation().after_deadline(), 0).await;
    worked
}

impl<S> fmt::Debug for Flow<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
