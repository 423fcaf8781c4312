//! Turns a Lambda event into a processor's decision, and the decision into a callback.

mod after;
pub(crate) mod builder;
pub(crate) mod decider;
mod hold;
pub(crate) mod watchdog;

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::{LambdaEvent, Service};
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use crate::adapter::decider::{Decided, Decider};
use crate::adapter::hold::Held;
use crate::adapter::watchdog::{Watch, Watchdog};
use crate::callback::settle::{Callback, Callbacks};
use crate::debug_span::in_debug_span;
use crate::decision::trace::Trace;
use crate::event::durable::Invoked;
use crate::event::envelope::{Delivery, QueueMessage};
use crate::event::header::Header;
use crate::event::ids::{CallbackIds, MissingIds};
use crate::event::payload::Payload;
use crate::event::{Event, RawEvent};
use crate::record::recorder::Recorder;
use crate::record::{AfterRecord, Record};
use crate::response::by::By;
use crate::response::{BatchItemFailure, FallbackCause, Outcome, Response, Settled};
use crate::review::Sweep;
use crate::review::desk::Desk;
use crate::ticket::Ticket;
use crate::{Decision, Error, ErrorKind, FallbackAction, Invocation, Message, Processor, ReasonsIn};

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
    pub(crate) recorder: Recorder,
    /// Whether decisions are only recorded.
    pub(crate) dry_run: bool,
    pub(crate) reasons_in: Option<ReasonsIn>,
    /// Where held messages wait.
    pub(crate) desk: Option<Box<dyn Desk>>,
    pub(crate) watchdog: Option<Watchdog>,
    /// Whether the environment has had no event yet.
    pub(crate) cold: AtomicBool,
}

/// A decision as it is sent, and what a dry run holds back.
struct Sent {
    decision: Decision,
    held_back: Option<Decision>,
}

/// How an event was settled, by which decision, and the ticket if this invocation stored it.
struct SettledBy {
    settled: Settled,
    decision: Decision,
    new_ticket: Option<Box<Ticket>>,
}

/// A decision, and the ticket if the message is held by it.
struct ToHold {
    decision: Decision,
    by: By,
    held: Option<Held>,
}

impl<P: Processor + 'static> Adapter<P> {
    pub(crate) fn new(inner: Inner<P>) -> Self {
        Self(Arc::new(inner))
    }

    async fn handle(&self, event: LambdaEvent<RawEvent>) -> Result<Response, Error> {
        let invocation = Invocation::new(&event.context, self.0.reserve);
        match Invoked::read(event.payload.json()) {
            Invoked::Plain(payload) => self.deliver(payload, &invocation).await,
            Invoked::Durable(input) => {
                let invocation = invocation.durable();
                let result = match input {
                    Ok(json) => self.deliver(Payload::read(&json), &invocation).await,
                    Err(missing) => Err(self.unanswerable(missing, &invocation)),
                };
                Response::of(result, &invocation)
            }
        }
    }

    async fn deliver(&self, payload: Payload<'_>, invocation: &Invocation) -> Result<Response, Error> {
        match Delivery::open(payload, Event::read_header) {
            Delivery::First(payload) => match Event::read(&payload, invocation) {
                Ok(event) => self.process(&event, invocation).await.map(Response::Settled),
                Err(missing) => Err(self.unanswerable(missing, invocation)),
            },
            Delivery::Failed(header) => self.rescue(header, invocation).await.map(Response::Settled),
            Delivery::Queue(messages) => Ok(self.rescue_all(messages, invocation).await),
            Delivery::Scheduled => self.sweep(invocation).await,
        }
    }

    /// Handles an event from the channel flow: the processor decides.
    async fn process(&self, event: &Event, invocation: &Invocation) -> Result<Settled, Error> {
        let ids = &event.header.ids;
        let settling = async {
            let settled = self.settle(event, invocation).await;
            settled.inspect_err(|error| self.0.recorder.failed(Some(ids), invocation, error))
        };
        settling.instrument(span(ids)).await
    }

    /// Handles an event that failed before: the fallback action decides, since the processor had its chances.
    async fn rescue(&self, header: Result<Header, MissingIds>, invocation: &Invocation) -> Result<Settled, Error> {
        let started = Instant::now();
        let header = header.map_err(|missing| self.unanswerable(missing, invocation))?;
        let cold_start = self.0.is_first_event();
        let Sent { decision, held_back } = self.0.sent(self.0.decider.fallback_action.decision());
        let rescuing = async {
            Span::current().record("decision", decision.kind().as_str());
            let fallback_action = self.0.fallback_action();
            let callback = Callback {
                header: &header,
                decision: &decision,
                by: &By::Rescue,
                fallback_action: Some(fallback_action),
                xray_trace_id: self.0.xray_trace_id(invocation),
            };
            // The function may have died after it had stored a ticket.
            let ticket = hold::ticket(self.0.desk.as_deref(), &header, invocation.deadline).await;
            let (settled, fallback_action) = match ticket {
                Some(ticket) => (Settled::held(&header, &ticket)?, None),
                None => {
                    let mut settled = self.0.callbacks.settle(callback, invocation.deadline).await?;
                    settled.dry_run = held_back.as_ref().map(Decision::kind);
                    (settled, Some(fallback_action))
                }
            };
            let record = Record {
                ids: &header.ids,
                invocation,
                trace: None,
                fallback_action,
                cold_start,
                by_watchdog: false,
                processor_time: Duration::ZERO,
                duration: started.elapsed(),
            };
            self.0.recorder.settled(&record, &settled);
            Ok(settled)
        };
        let rescued = rescuing.instrument(span(&header.ids)).await;
        rescued.inspect_err(|error| self.0.recorder.failed(Some(&header.ids), invocation, error))
    }

    fn unanswerable(&self, missing: impl Into<Error>, invocation: &Invocation) -> Error {
        let error = missing.into();
        self.0.recorder.failed(None, invocation, &error);
        error
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
            Some(watchdog) => watchdog.watch(event, invocation, self.0.fallback_action()).await,
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
        let SettledBy { mut settled, decision, new_ticket } = result?;
        // From here on the message is decided or held, and the watchdog has nothing left to send.
        let failed = match (&event.message, new_ticket) {
            (Ok(message), Some(ticket)) => {
                let working = self.0.decider.work_after_hold(message, &decision, &ticket);
                in_debug_span(pin!(working), || debug_span!("after_hold")).await
            }
            // The ticket was stored by an earlier invocation, which did the work.
            (Ok(_), None) if settled.outcome == Outcome::Held => false,
            (Ok(message), None) => {
                let working = self.0.decider.work_after(message, &decision, &settled);
                in_debug_span(pin!(working), || debug_span!("after_callback")).await
            }
            (Err(_), _) => false,
        };
        settled.steps = decision.into_trace().map(Trace::into_reports).unwrap_or_default();
        let after = AfterRecord { ids: &event.header.ids, invocation, steps: &settled.steps, failed };
        self.0.recorder.after_callback(&after);
        Ok(settled)
    }

    async fn settle_watched(
        &self,
        event: &Event,
        invocation: &Invocation,
        watch: Option<&Watch<'_>>,
    ) -> Result<SettledBy, Error> {
        let Event { header, message } = event;
        let started = Instant::now();
        let cold_start = self.0.is_first_event();
        let content = message.as_ref().map_or("", Message::content);
        let deciding = pin!(self.0.decider.decide(message));
        let Decided { decision, by } = in_debug_span(deciding, || debug_span!("processor")).await?;
        let Sent { decision, held_back } = self.0.sent(decision);
        let decision = match (&self.0.reasons_in, message) {
            (Some(reasons_in), Ok(message)) => reasons_in.shown(decision, message),
            _ => decision,
        };
        let decision = decision.with_content(content);
        let processor_time = started.elapsed();
        let ToHold { decision, by, held } = match message {
            Ok(message) => self.hold(message, decision, by, invocation, watch).await,
            Err(_) => ToHold { decision, by, held: None },
        };
        Span::current().record("decision", decision.kind().as_str());
        let mut settled = match &held {
            Some(Held { ticket, .. }) => {
                let mut settled = Settled::held(header, ticket)?;
                // The ticket has none, and a person who tunes thresholds needs those of the messages between them.
                settled.scores = decision.scores().cloned().unwrap_or_default();
                settled
            }
            None => {
                if let Some(watch) = watch {
                    watch.decided(&decision, &by).await;
                }
                let callback = Callback {
                    header,
                    decision: &decision,
                    by: &by,
                    fallback_action: Some(self.0.fallback_action()),
                    xray_trace_id: self.0.xray_trace_id(invocation),
                };
                self.0.callbacks.settle(callback, invocation.callback_deadline).await?
            }
        };
        if let Some(held_back) = held_back {
            settled.dry_run = Some(held_back.kind());
            settled.reasons = held_back.reasons().to_vec();
            settled.scores = held_back.scores().cloned().unwrap_or_default();
        }
        let record = Record {
            ids: &header.ids,
            invocation,
            trace: decision.trace().map(|trace| &**trace),
            fallback_action: None,
            cold_start,
            by_watchdog: false,
            processor_time,
            duration: started.elapsed(),
        };
        self.0.recorder.settled(&record, &settled);
        let asked_for = self.0.decider.after_decided_before && settled.outcome == Outcome::Held;
        let new_ticket = held.filter(|held| held.new || asked_for).map(|held| held.ticket);
        Ok(SettledBy { settled, decision, new_ticket })
    }

    /// Stores the ticket of a message that is to be held. If that fails, the fallback action decides.
    async fn hold(
        &self,
        message: &Message,
        decision: Decision,
        by: By,
        invocation: &Invocation,
        watch: Option<&Watch<'_>>,
    ) -> ToHold {
        let Some(hold) = decision.held() else { return ToHold { decision, by, held: None } };
        let fallback_action = self.0.fallback_action();
        let fallback = fallback_action.decision();
        let not_held = By::fallback_for(FallbackCause::NotHeld);
        if let Some(watch) = watch {
            // It answers by the fallback action if the store takes too long.
            watch.decided(&fallback, &not_held).await;
        }
        let ticket = Ticket::new(message, &decision, hold, fallback_action, SystemTime::now());
        match hold::open(self.0.desk.as_deref(), ticket, invocation.callback_deadline).await {
            Ok(held) => ToHold { decision, by, held: Some(held) },
            Err(cause) => {
                let fallback_action = fallback_action.as_str();
                tracing::error!(fallback_action, cause, "the message cannot be held; the fallback action decides");
                ToHold { decision: fallback.traced_as(&decision), by: not_held, held: None }
            }
        }
    }

    /// Handles an invocation by a schedule: sweeps the held messages.
    async fn sweep(&self, invocation: &Invocation) -> Result<Response, Error> {
        let Some(desk) = &self.0.desk else {
            let problem = "a schedule invoked this function, which holds no messages: remove the schedule, or set a store with \
                           `AdapterBuilder::tickets`";
            let error = Error::new(ErrorKind::Event, problem);
            self.0.recorder.failed(None, invocation, &error);
            return Err(error);
        };
        let mut sweep = Sweep::default();
        let swept = desk.sweep(&mut sweep, invocation.processor_deadline).await;
        let failed = swept.is_err();
        let swept = swept.and_then(|()| sweep.clone().checked());
        self.0.recorder.swept(invocation, &sweep, failed);
        swept.map(Response::Swept)
    }
}

impl<P> Inner<P> {
    fn is_first_event(&self) -> bool {
        self.cold.load(Ordering::Relaxed) && self.cold.swap(false, Ordering::Relaxed)
    }

    /// Returns the trace that the callback has to be told. If the environment has one invocation at a time, lambda_runtime
    /// puts the trace into the process's environment, and the SDK takes it from there.
    fn xray_trace_id<'a>(&self, invocation: &'a Invocation) -> Option<&'a str> {
        invocation.xray_trace_id().filter(|_| self.decider.apart)
    }

    /// Returns the action that decides in place of the processor. A dry run releases every message.
    fn fallback_action(&self) -> FallbackAction {
        if self.dry_run { FallbackAction::Continue } else { self.decider.fallback_action }
    }

    fn sent(&self, decision: Decision) -> Sent {
        if !self.dry_run {
            return Sent { decision, held_back: None };
        }
        Sent { decision: Decision::no_change().traced_as(&decision), held_back: Some(decision) }
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
