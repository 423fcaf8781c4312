//! Turns a Lambda event into a processor's decision, and the decision into a callback.

mod after;
pub(crate) mod builder;
pub(crate) mod decider;
pub(crate) mod watchdog;

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use lambda_runtime::{LambdaEvent, Service};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::adapter::decider::{Decided, Decider};
use crate::adapter::watchdog::{Watch, Watchdog};
use crate::callback::settle::{Callback, Callbacks};
use crate::decision::reason;
use crate::event::envelope::{Delivery, QueueMessage};
use crate::event::header::Header;
use crate::event::ids::{CallbackIds, MissingIds};
use crate::event::{Event, RawEvent};
use crate::response::{BatchItemFailure, DecidedBy, Outcome, Response, Settled};
use crate::{Decision, Error, FallbackAction, Invocation, Message, Processor};

/// A [`Processor`] as a Lambda function: a tower `Service` over the raw event.
///
/// [`run`](fn@crate::run) creates an adapter and serves it. Create one yourself to choose the [fallback
/// action](builder::AdapterBuilder::fallback_action) or the [client](builder::AdapterBuilder::client), or to use it
/// with [`lambda_runtime`] and your own layers.
///
/// ```no_run
/// use channel_flow::{Adapter, Decision, FallbackAction, LimitError, Message, processor_fn};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), channel_flow::Error> {
///     let processor = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::no_change()) });
///     Adapter::builder(processor).fallback_action(FallbackAction::Continue).run().await
/// }
/// ```
pub struct Adapter<P>(Arc<Inner<P>>);

pub(crate) struct Inner<P> {
    pub(crate) decider: Decider<P>,
    pub(crate) reserve: Duration,
    pub(crate) callbacks: Callbacks,
    pub(crate) watchdog: Option<Watchdog>,
}

impl<P: Processor + 'static> Adapter<P> {
    pub(crate) fn new(inner: Inner<P>) -> Self {
        Self(Arc::new(inner))
    }

    async fn handle(&self, event: LambdaEvent<RawEvent>) -> Result<Response, Error> {
        let invocation = Invocation::new(&event.context, self.0.reserve);
        match Delivery::open(event.payload.json(), Event::read_header) {
            Delivery::First(payload) => {
                let event = Event::read(&payload, &invocation)?;
                self.process(&event, &invocation).await.map(Response::Settled)
            }
            Delivery::Failed(header) => self.rescue(header, &invocation).await.map(Response::Settled),
            Delivery::Queue(messages) => Ok(self.rescue_all(messages, &invocation).await),
        }
    }

    /// Handles an event from the channel flow: the processor decides.
    async fn process(&self, event: &Event, invocation: &Invocation) -> Result<Settled, Error> {
        self.settle(event, invocation).instrument(span(&event.header.ids)).await
    }

    /// Handles an event that failed before: the fallback action decides, since the processor had its chances.
    async fn rescue(&self, header: Result<Header, MissingIds>, invocation: &Invocation) -> Result<Settled, Error> {
        let started = Instant::now();
        let header = header?;
        let decision = self.0.decider.fallback_action.decision();
        let rescuing = async {
            Span::current().record("decision", decision.kind().as_str());
            let fallback_action = self.0.decider.fallback_action;
            let callback = Callback {
                header: &header,
                decision: &decision,
                decided_by: DecidedBy::Rescue,
                fallback_action: Some(fallback_action),
            };
            let settled = self.0.callbacks.settle(callback, invocation.deadline).await?;
            log(&settled, None, Some(fallback_action), 0.0, milliseconds(started.elapsed()));
            Ok(settled)
        };
        rescuing.instrument(span(&header.ids)).await
    }

    /// Gives each message from a queue its share of the time, so that a message in trouble leaves the others theirs.
    async fn rescue_all(
        &self,
        messages: Vec<QueueMessage<Result<Header, MissingIds>>>,
        invocation: &Invocation,
    ) -> Response {
        let mut batch_item_failures = Vec::new();
        let lefts = (1..=messages.len()).rev();
        for (QueueMessage { id, event }, left) in messages.into_iter().zip(lefts) {
            if let Err(error) = self.rescue(event, &invocation.share(left)).await {
                tracing::error!(?error, queue_message_id = id, "a message from the queue was not settled");
                batch_item_failures.push(BatchItemFailure { item_identifier: id });
            }
        }
        Response::Batch { batch_item_failures }
    }

    async fn settle(&self, event: &Event, invocation: &Invocation) -> Result<Settled, Error> {
        let watch = match &self.0.watchdog {
            Some(watchdog) => watchdog.watch(event, invocation, self.0.decider.fallback_action).await,
            None => None,
        };
        let result = self.settle_watched(event, invocation, watch.as_ref()).await;
        let result = match (watch, result) {
            // The cause may be the connection, or the resources of this process that the connection needs.
            (Some(watch), Err(error)) if error.is_unanswered() => watch.hands_over(error).await,
            (Some(watch), result) => {
                watch.answers().await;
                result
            }
            (None, result) => result,
        };
        let (mut settled, decision) = result?;
        // From here on the message is decided, and the watchdog has nothing left to send.
        if let Ok(message) = &event.message {
            self.0.decider.work_after(message, &decision, &settled).await;
        }
        settled.steps = decision.trace().map(|trace| trace.reports()).unwrap_or_default();
        Ok(settled)
    }

    /// Returns how the event was settled, and the decision of the processor or of the fallback action.
    async fn settle_watched(
        &self,
        event: &Event,
        invocation: &Invocation,
        watch: Option<&Watch<'_>>,
    ) -> Result<(Settled, Decision), Error> {
        let Event { header, message } = event;
        let started = Instant::now();
        let fallback_action = self.0.decider.fallback_action;
        let content = message.as_ref().map_or("", Message::content);
        let Decided { decision, by: decided_by } = self.0.decider.decide(message).await?;
        let decision = decision.with_content(content);
        let process_ms = milliseconds(started.elapsed());
        Span::current().record("decision", decision.kind().as_str());
        if let Some(watch) = watch {
            watch.decided(&decision, decided_by).await;
        }

        let callback = Callback { header, decision: &decision, decided_by, fallback_action: Some(fallback_action) };
        let settled = self.0.callbacks.settle(callback, invocation.callback_deadline).await?;
        let steps = decision.trace().and_then(|trace| trace.steps_text());
        log(&settled, steps, None, process_ms, milliseconds(started.elapsed()));
        Ok((settled, decision))
    }
}

fn span(ids: &CallbackIds) -> Span {
    tracing::info_span!(
        "channel_flow",
        message_id = ids.message_id,
        channel_arn = ids.channel_arn,
        callback_id = ids.callback_id,
        decision = Empty,
    )
}

/// `fallback_action` is the action that decided in a rescue. If a processor failed, a separate line logs its fallback
/// action.
fn log(
    settled: &Settled,
    steps: Option<String>,
    fallback_action: Option<FallbackAction>,
    process_ms: f64,
    duration_ms: f64,
) {
    let Settled { decision, decided_by, outcome, doubt, reasons, scores, .. } = settled;
    let (reasons, scores) = (reason::joined(reasons), scores.joined());
    let decision = decision.as_str();
    // Another callback decided a message that was decided before.
    let fallback_action = fallback_action.filter(|_| *outcome == Outcome::Accepted).map(FallbackAction::as_str);
    let told = match (outcome, doubt) {
        (Outcome::Accepted, _) => "message settled",
        (Outcome::DecidedBefore, None) => "message was decided before",
        (Outcome::DecidedBefore, Some(doubt)) => {
            let doubt = doubt.as_str();
            let told = "message was decided before, unless a grant is missing";
            tracing::warn!(
                decision,
                reasons,
                scores,
                steps,
                ?decided_by,
                ?outcome,
                doubt,
                process_ms,
                duration_ms,
                "{told}"
            );
            return;
        }
    };
    tracing::info!(
        decision,
        reasons,
        scores,
        steps,
        ?decided_by,
        ?outcome,
        fallback_action,
        process_ms,
        duration_ms,
        "{told}"
    );
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

impl<P: Processor + 'static> Service<LambdaEvent<RawEvent>> for Adapter<P> {
    type Response = Response;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, event: LambdaEvent<RawEvent>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { this.handle(event).await })
    }
}

impl<P> Clone for Adapter<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P> fmt::Debug for Adapter<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapter")
            .field("processor", &type_name::<P>())
            .field("fallback_action", &self.0.decider.fallback_action)
            .field("reserve", &self.0.reserve)
            .finish_non_exhaustive()
    }
}
