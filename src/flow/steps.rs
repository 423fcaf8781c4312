//! The steps of a flow as one value, so that each is called directly.

use std::future::Future;

use tokio::time::Instant;

use super::after::After;
use super::condition::Condition;
use super::error::FlowError;
use super::run::Run;
use super::step::Step;
use crate::Processor;
use crate::decision::trace::Trace;

/// The steps of a flow: none, or the steps before and one more.
pub(crate) trait Steps: Send + Sync {
    /// How many there are.
    const COUNT: usize;

    /// Runs the steps that decide, in order.
    fn run(&self, run: &mut Run<'_>) -> impl Future<Output = Result<(), FlowError>> + Send;

    /// Runs the work after the callback or the hold of each step that ran, and returns the first error.
    fn after(&self, after: &After<'_>) -> impl Future<Output = Result<(), FlowError>> + Send;

    /// Runs the shadows in equal shares of the time that is left until `deadline`. `after` is how many run after these.
    fn run_shadows(&self, trace: &Trace, deadline: Option<Instant>, after: u32) -> impl Future<Output = ()> + Send;
}

impl Steps for () {
    const COUNT: usize = 0;

    async fn run(&self, _: &mut Run<'_>) -> Result<(), FlowError> {
        Ok(())
    }

    async fn after(&self, _: &After<'_>) -> Result<(), FlowError> {
        Ok(())
    }

    async fn run_shadows(&self, _: &Trace, _: Option<Instant>, _: u32) {}
}

impl<S: Steps, P: Processor, C: Condition> Steps for (S, Step<P, C>) {
    const COUNT: usize = S::COUNT + 1;

    async fn run(&self, run: &mut Run<'_>) -> Result<(), FlowError> {
        self.0.run(run).await?;
        match run.is_denied() {
            true => Ok(()),
            false => self.1.run(S::COUNT, run).await,
        }
    }

    async fn after(&self, after: &After<'_>) -> Result<(), FlowError> {
        let before = self.0.after(after).await;
        let this = match after.trace.steps.iter().any(|(position, _)| *position == S::COUNT) {
            true => self.1.after(S::COUNT, after).await,
            false => Ok(()),
        };
        match (before, this) {
            // One error is returned. No other one is lost.
            (Err(first), Err(later)) => {
                tracing::error!(after_callback_failed = true, error = %later, "the work of a step after the callback failed");
                Err(first)
            }
            (before, this) => before.and(this),
        }
    }

    async fn run_shadows(&self, trace: &Trace, deadline: Option<Instant>, after: u32) {
        let shadow = trace.shadows.iter().find(|(position, _)| *position == S::COUNT);
        let with_this = after + u32::from(shadow.is_some());
        self.0.run_shadows(trace, deadline, with_this).await;
        if let Some((_, message)) = shadow {
            self.1.run_shadow(message, deadline.map(|deadline| share_until(deadline, with_this)), trace).await;
        }
    }
}

/// Returns when the first of equal shares of the time until `deadline` ends.
fn share_until(deadline: Instant, shares: u32) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now) / shares.max(1)
}
