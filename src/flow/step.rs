//! A step of a flow.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::debug_span;

use super::after::{After, What};
use super::condition::{Always, Condition};
use super::error::FlowError;
use super::failure::Failure;
use super::run::Run;
use crate::catch_unwind::{Ended, catch_unwind, within};
use crate::debug_span::in_debug_span;
use crate::decision::trace::Trace;
use crate::error::cause;
use crate::{Decision, FallbackAction, Message, Processor, StepFailure, StepOutcome, StepReport};

/// A step of a [`Flow`](crate::Flow): a processor with a name.
///
/// ```
/// use std::time::Duration;
///
/// use channel_flow::{Decision, FallbackAction, Flow, LimitError, Message, Step, condition, processor_fn};
///
/// let slow = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::no_change()) });
/// let step = Step::new("judge", slow)
///     .only_if(condition::from_user())
///     .time_limit(Duration::from_secs(1))
///     .fallback_action(FallbackAction::Continue);
/// let flow = Flow::new().step(step);
/// ```
#[must_use]
pub struct Step<P, C = Always> {
    name: &'static str,
    processor: P,
    condition: C,
    fallback_action: Option<FallbackAction>,
    time: Time,
    shadow: bool,
}

/// The time that a step may take.
#[derive(Clone, Copy)]
enum Time {
    /// All that is left.
    Rest,
    Limit(Duration),
    /// This share of what is left when the step begins, from 0 to 1.
    Share(f64),
}

impl<P: Processor> Step<P> {
    /// Creates a step. Its name appears in logs, reports and metrics.
    pub const fn new(name: &'static str, processor: P) -> Self {
        Self { name, processor, condition: Always, fallback_action: None, time: Time::Rest, shadow: false }
    }
}

impl<P, C> Step<P, C> {
    /// Skips the step for messages that do not meet `condition`: a closure, or one of [`condition`](crate::condition).
    /// The condition sees the message as the steps before leave it.
    pub fn only_if<D: Fn(&Message) -> bool + Send + Sync>(self, condition: D) -> Step<P, D> {
        let Self { name, processor, condition: _, fallback_action, time, shadow } = self;
        Step { name, processor, condition, fallback_action, time, shadow }
    }

    /// Sets what happens if the step returns an error, panics or runs out of its time: `Continue` goes on with the next
    /// step, and `Abort` denies the message. Without this setting, the flow fails, and the function's fallback action
    /// decides.
    ///
    /// It does not apply if the time of the whole message runs out: then the function's fallback action decides.
    pub fn fallback_action(mut self, fallback_action: FallbackAction) -> Self {
        self.fallback_action = Some(fallback_action);
        self
    }

    /// Limits the time that the step takes, its retries included. [`Invocation::time_left`](crate::Invocation::time_left)
    /// tells the step's processor what it has left. Without a limit, the step has all the time that is left.
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.time = Time::Limit(time_limit);
        self
    }

    /// Limits the time that the step takes to a share of the time that is left when it begins, so that a slow step leaves
    /// the others theirs: 0.5 is half of it. A value outside 0 to 1 counts as the nearest of the two.
    pub fn time_share(mut self, share: f64) -> Self {
        self.time = Time::Share(share.clamp(0.0, 1.0));
        self
    }

    /// Makes the step a shadow if `shadow` is true: it runs after the callback, in the time that is left then, and has no
    /// effect on the message. Its decision is logged and stands in [`Settled::steps`](crate::Settled::steps), so that a
    /// rule can be judged before it counts. It sees the message as the steps before it leave it.
    ///
    /// The shadows of a flow share the time that is left equally: with three of them, the first has a third of it, and the
    /// second half of what the first leaves. One that takes longer has failed with
    /// [`OutOfTime`](crate::StepFailure::OutOfTime).
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }
}

impl<P: Processor, C: Condition> Step<P, C> {
    pub(super) async fn run(&self, position: usize, run: &mut Run<'_>) -> Result<(), FlowError> {
        match catch_unwind(|| self.condition.is_met(run.message())) {
            Ok(true) if self.shadow => {
                run.defer(position);
                return Ok(());
            }
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(_) if self.shadow => return Ok(()),
            Err(panicked) => return self.failed(position, run, Failure::panicked(panicked), Duration::ZERO),
        }
        let started = Instant::now();
        match self.ask(run.message(), None).await {
            Ok(decision) => {
                run.decided(position, self.name, decision, started.elapsed());
                Ok(())
            }
            Err(failure) => self.failed(position, run, failure, started.elapsed()),
        }
    }

    /// Runs the step as a shadow, until `deadline` at the latest.
    pub(super) async fn run_shadow(&self, message: &Message, deadline: Option<Instant>, trace: &Trace) {
        let started = Instant::now();
        let message = message.with_time_after_callback(deadline);
        let outcome = match self.ask(&message, deadline).await {
            Ok(decision) => StepOutcome::of(&decision),
            Err(Failure { failure, panicked_at, source, .. }) => {
                let cause = source.map(|source| cause::text(source, false));
                tracing::warn!(step = self.name, failure = failure.as_str(), cause, "a shadow step failed");
                StepOutcome::Failed { failure, panicked_at, fallback_action: None }
            }
        };
        let report = StepReport { name: self.name, outcome, shadow: true, duration: started.elapsed() };
        if let StepOutcome::Decided { decision, reasons, scores } = &report.outcome {
            let (decision, reasons, scores) =
                (decision.as_str(), crate::decision::reason::joined(reasons), scores.joined());
            let duration_ms = report.milliseconds();
            tracing::info!(step = self.name, decision, reasons, scores, duration_ms, "shadow step");
        }
        trace.add_shadow(report);
    }

    pub(super) async fn after(&self, position: usize, after: &After<'_>) -> Result<(), FlowError> {
        let After { message, decision, what, trace } = after;
        // A step that is a flow works by its own trace, or by none: the positions in this one are not its own.
        let nested = trace.nested.iter().find(|(nested, _)| *nested == position);
        let traced = nested.map(|(_, trace)| decision.clone().traced(trace.clone()));
        let decision = traced.as_ref().unwrap_or(decision);
        let deadline = message.invocation().after_deadline();
        let time_left = || deadline.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        let worked = match what {
            What::Callback(settled) => {
                self.repeat(|| self.processor.after_callback(message, decision, settled), deadline, time_left).await
            }
            What::Hold(ticket) => {
                self.repeat(|| self.processor.after_hold(message, decision, ticket), deadline, time_left).await
            }
        };
        // The step was asked again as often as it wished: the flow as a whole is not.
        worked.map_err(|failure| self.error(Failure { retry_after: None, ..failure }))
    }

    /// Asks the processor, and asks again as long as it requests a retry and there is time: until `latest`, or until the
    /// step's own limit.
    async fn ask(&self, message: &Message, latest: Option<Instant>) -> Result<Decision, Failure> {
        let limited = match self.time {
            Time::Rest => None,
            Time::Limit(limit) => Some(limit),
            Time::Share(share) => Some(share_of(message.invocation().time_left(), share)),
        };
        let limited = limited.and_then(|limit| Instant::now().checked_add(limit));
        let deadline = limited.into_iter().chain(latest).min();
        // A clone shares everything but the deadline.
        let shortened = deadline.map(|deadline| message.with_processor_deadline(deadline));
        let message = shortened.as_ref().unwrap_or(message);
        let asking = self.repeat(|| self.processor.process(message), deadline, || message.invocation().time_left());
        in_debug_span(pin!(asking), || debug_span!("step", step = self.name)).await
    }

    /// Does some work of the processor, and does it again as long as the processor requests a retry and there is time.
    async fn repeat<T, F>(
        &self,
        work: impl Fn() -> F,
        deadline: Option<Instant>,
        time_left: impl Fn() -> Duration,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, P::Error>>,
    {
        let mut attempt = 1;
        loop {
            let pause = match within(pin!(Some(work())), deadline).await {
                Ended::Output(Ok(output)) => return Ok(output),
                Ended::Panicked(panicked) => return Err(Failure::panicked(panicked)),
                Ended::OutOfTime => return Err(Failure::out_of_time()),
                Ended::Output(Err(error)) => {
                    let failure = self.read(error, attempt, time_left());
                    match failure.retry_after.filter(|_| failure.source.is_none()) {
                        Some(pause) => pause,
                        None => return Err(failure),
                    }
                }
            };
            tracing::warn!(step = self.name, attempt, pause_ms = pause.as_millis(), "the step asks for another try");
            sleep(pause).await;
            attempt += 1;
        }
    }

    /// Returns what to do about an error of the processor: a failure without a source, but with a pause, asks for another
    /// try. The error's own code may panic.
    fn read(&self, error: P::Error, attempt: u32, time_left: Duration) -> Failure {
        let retry_after = match catch_unwind(|| self.processor.retry_after(&error, attempt)) {
            Ok(retry_after) => retry_after,
            Err(panicked) => {
                let _ = catch_unwind(|| drop(error));
                return Failure::panicked(panicked);
            }
        };
        let failed = Failure { failure: StepFailure::Error, panicked_at: None, source: None, retry_after };
        if retry_after.is_some_and(|pause| pause < time_left) {
            let _ = catch_unwind(|| drop(error));
            return failed;
        }
        let source = catch_unwind(|| error.into()).unwrap_or_else(|_| "an error that cannot be shown".into());
        Failure { source: Some(source), ..failed }
    }

    fn failed(
        &self,
        position: usize,
        run: &mut Run<'_>,
        failure: Failure,
        duration: Duration,
    ) -> Result<(), FlowError> {
        let Some(fallback_action) = self.fallback_action else {
            run.gave_up(position, self.name, &failure, duration);
            return Err(self.error(failure));
        };
        run.fell_back(position, self.name, &failure, fallback_action, duration);
        let cause = failure.source.map(|source| cause::text(source, false));
        tracing::error!(
            step = self.name,
            failure = failure.failure.as_str(),
            fallback_action = fallback_action.as_str(),
            cause,
            "a step failed; its fallback action decides"
        );
        Ok(())
    }

    fn error(&self, failure: Failure) -> FlowError {
        let Failure { failure, panicked_at, source, retry_after } = failure;
        FlowError { step: self.name, failure, panicked_at, source, retry_after, trace: None }
    }
}

fn share_of(time: Duration, share: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * share).unwrap_or(Duration::MAX)
}

impl<P, C> fmt::Debug for Step<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("name", &self.name)
            .field("fallback_action", &self.fallback_action)
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}
