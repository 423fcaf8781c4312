//! Asynchronous invocation: Lambda's queue of events for a function, with retries and destinations.

use crate::assumptions;
use crate::ids;
use crate::json;
use crate::lambda::attempt::{Attempt, OnAttempt};
use crate::lambda::envelope::{Failed, FailureCondition};
use crate::lambda::function::{Delivered, Function};
use crate::lambda::scope::while_open;
use crate::lambda::sqs::{ConsumedMessage, SqsQueue};
use crate::model::event::{Event, OutgoingMessage};
use crate::model::message::MessageState;
use axum::body::Bytes;
use serde_json::json;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// A function's queue of asynchronous events, as the messaging service invokes a processor.
///
/// Each event is delivered as soon as the function's concurrency allows, again after a failure, and in the end to a
/// destination. Clones are the same queue; when the last one is dropped, and the last handle of an event in it, the queue
/// and its deliveries end.
#[derive(Clone, Debug)]
pub struct EventQueue {
    shared: Arc<Shared>,
    open: Arc<watch::Sender<()>>,
}

/// How a function is invoked asynchronously: retries, event age, and the destination of events that failed for good.
#[derive(Clone, Debug)]
pub struct EventInvokeConfig {
    maximum_retry_attempts: usize,
    retry_delays: [Duration; 2],
    maximum_event_age: Duration,
    on_failure: Option<Destination>,
    dead_letter_queue: Option<SqsQueue>,
}

/// The destination of an event that failed for good, in an envelope that says how it failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Destination {
    /// To another function, invoked asynchronously.
    Function(EventQueue),
    /// To an SQS queue.
    Queue(SqsQueue),
}

/// An event on its way.
#[derive(Debug)]
pub struct QueuedEvent {
    request_id: String,
    finished: JoinHandle<Option<FinishedEvent>>,
    _queue: EventQueue,
}

/// An event that Lambda is done with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FinishedEvent {
    /// The event.
    pub event: Event,
    /// Lambda's id of the request, the same for every try.
    pub request_id: String,
    /// Every try, in order.
    pub attempts: Vec<Delivered>,
    /// Why it was given up; `None` if the last try succeeded.
    pub failure: Option<FailureCondition>,
    /// Its outcome at the on-failure destination, if it went there.
    pub destination: Option<FinishedDestination>,
    /// Its outcome in the dead-letter queue, if it went there.
    pub dead_letter: Option<ConsumedMessage>,
    /// The message when all that was over; `None` if the event has no usable ids.
    pub message: Option<MessageState>,
}

/// The outcome of an event at its on-failure destination.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FinishedDestination {
    /// The function there was invoked with the envelope.
    Function(Box<FinishedEvent>),
    /// The envelope went to the queue.
    Queue(ConsumedMessage),
}

/// Why Lambda does not take an event at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvokeError {
    /// `InvalidRequestContentException`, 400: the event is not JSON.
    InvalidRequestContent,
    /// `RequestTooLargeException`, 413: the event has this many bytes, more than [`assumptions::EVENT_BYTES`].
    RequestTooLarge(usize),
}

/// How an event is to be delivered.
#[derive(Clone, Default)]
pub(crate) struct Delivery {
    /// The first try ends with the environment's death.
    pub(crate) crash: bool,
    /// Called with every try, at the function and at its on-failure destination.
    pub(crate) on_attempt: Option<OnAttempt>,
}

#[derive(Debug)]
struct Shared {
    function: Arc<Function>,
    config: EventInvokeConfig,
}

impl EventQueue {
    /// The queue of `function`. Needs a tokio runtime from the first event on.
    pub fn new(function: impl Into<Arc<Function>>, config: EventInvokeConfig) -> Self {
        let shared = Arc::new(Shared { function: function.into(), config });
        Self { shared, open: Arc::new(watch::Sender::new(())) }
    }

    /// The function that the events go to.
    pub fn function(&self) -> &Arc<Function> {
        &self.shared.function
    }

    /// Sends a message through the function. It is pending when this returns.
    pub fn send(&self, message: OutgoingMessage) -> QueuedEvent {
        self.queue(Event::new(message, self.shared.function.region()), Delivery::default())
    }

    /// Takes an event, byte for byte. Its message, if it has the ids, is pending when this returns.
    ///
    /// # Errors
    ///
    /// Lambda's `Invoke` would refuse it. [`Function::deliver`] delivers anything.
    pub fn deliver(&self, event: &Event) -> Result<QueuedEvent, InvokeError> {
        self.deliver_as(event, Delivery::default())
    }

    pub(crate) fn deliver_as(&self, event: &Event, delivery: Delivery) -> Result<QueuedEvent, InvokeError> {
        InvokeError::check(event.json())?;
        Ok(self.queue(event.clone(), delivery))
    }

    /// Takes an event as two, with a request id for each: a duplicate delivery at once.
    ///
    /// # Errors
    ///
    /// As [`deliver`](Self::deliver).
    pub fn deliver_twice(&self, event: &Event) -> Result<[QueuedEvent; 2], InvokeError> {
        Ok([self.deliver(event)?, self.deliver(event)?])
    }

    fn queue(&self, event: Event, delivery: Delivery) -> QueuedEvent {
        self.shared.function.host().register(&event);
        let request_id = ids::uuid();
        let run = run(Arc::clone(&self.shared), event, request_id.clone(), delivery);
        let finished = tokio::spawn(while_open(self.open.subscribe(), run));
        QueuedEvent { request_id, finished, _queue: self.clone() }
    }
}

async fn run(shared: Arc<Shared>, event: Event, request_id: String, delivery: Delivery) -> FinishedEvent {
    let Shared { function, config } = &*shared;
    let queued = Instant::now();
    let until = queued + config.maximum_event_age;
    let mut attempts = Vec::new();
    let failure = loop {
        let crash = delivery.crash && attempts.is_empty();
        let Some(delivered) = function.deliver_until(&event, request_id.clone(), until, crash).await else {
            break Some(FailureCondition::EventAgeExceeded);
        };
        if let Some(on_attempt) = &delivery.on_attempt {
            on_attempt.call(&Attempt::reported(&function.arn(), &delivered.invocation));
        }
        let success = delivered.invocation.outcome().is_success();
        attempts.push(delivered);
        if success {
            break None;
        }
        let retries = attempts.len() - 1;
        if retries >= config.maximum_retry_attempts {
            break Some(FailureCondition::RetriesExhausted);
        }
        let delay = config.retry_delays[retries];
        if Instant::now() + delay >= until {
            break Some(FailureCondition::EventAgeExceeded);
        }
        sleep(delay).await;
    };
    let (mut destination, mut dead_letter) = (None, None);
    if let Some(condition) = failure {
        let failed = Failed {
            request_id: &request_id,
            function_arn: &function.arn(),
            condition,
            event: event.json(),
            attempts: attempts.len(),
            last: attempts.last().map(|delivered| &delivered.invocation),
        };
        let to_destination = config.to_destination(&failed, delivery.on_attempt);
        (destination, dead_letter) = tokio::join!(to_destination, config.to_dead_letter_queue(&failed));
    }
    let message = event.ids().ok().and_then(|ids| function.host().message(ids));
    FinishedEvent { event, request_id, attempts, failure, destination, dead_letter, message }
}

impl EventInvokeConfig {
    async fn to_destination(&self, failed: &Failed<'_>, on_attempt: Option<OnAttempt>) -> Option<FinishedDestination> {
        Some(match self.on_failure.as_ref()? {
            Destination::Function(queue) => {
                let delivery = Delivery { crash: false, on_attempt };
                let envelope = queue.queue(Event::raw(failed.envelope()), delivery);
                FinishedDestination::Function(Box::new(envelope.finished().await))
            }
            Destination::Queue(queue) => FinishedDestination::Queue(queue.send(failed.envelope(), json!({})).await),
        })
    }

    async fn to_dead_letter_queue(&self, failed: &Failed<'_>) -> Option<ConsumedMessage> {
        let queue = self.dead_letter_queue.as_ref()?;
        let body = String::from_utf8_lossy(failed.event).into_owned();
        Some(queue.send(body, failed.dead_letter_attributes()).await)
    }
}

impl QueuedEvent {
    /// Lambda's id of the request.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Waits until Lambda, and whatever comes after it, is done with the event.
    pub async fn finished(self) -> FinishedEvent {
        match self.finished.await {
            Ok(Some(finished)) => finished,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The queue is open, so it is the runtime that is about to end, and this with it.
            Ok(None) | Err(_) => pending().await,
        }
    }
}

impl Default for EventInvokeConfig {
    fn default() -> Self {
        Self {
            maximum_retry_attempts: 2,
            retry_delays: [Duration::from_secs(60), Duration::from_secs(120)],
            maximum_event_age: Duration::from_secs(6 * 60 * 60),
            on_failure: None,
            dead_letter_queue: None,
        }
    }
}

impl EventInvokeConfig {
    /// As Lambda does it by default: two retries, after one minute and two, for 6 hours at most, and then nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `MaximumRetryAttempts`: 0, 1 or 2. More counts as 2.
    #[must_use]
    pub fn maximum_retry_attempts(mut self, attempts: usize) -> Self {
        self.maximum_retry_attempts = attempts.min(2);
        self
    }

    /// Sets how long after a failure the first and the second retry come. Lambda has no such setting.
    #[must_use]
    pub fn retry_delays(mut self, first: Duration, second: Duration) -> Self {
        self.retry_delays = [first, second];
        self
    }

    /// Sets `MaximumEventAgeInSeconds`, of any length here: how old an event may become in the queue.
    #[must_use]
    pub fn maximum_event_age(mut self, age: Duration) -> Self {
        self.maximum_event_age = age;
        self
    }

    /// Sets the destination of events that failed for good.
    #[must_use]
    pub fn on_failure(mut self, destination: Destination) -> Self {
        self.on_failure = Some(destination);
        self
    }

    /// Sets the queue that gets the bare events that failed for good. It goes with a destination or without.
    #[must_use]
    pub fn dead_letter_queue(mut self, queue: SqsQueue) -> Self {
        self.dead_letter_queue = Some(queue);
        self
    }
}

impl FinishedEvent {
    /// Whether the message has been decided, by whomever.
    pub fn is_decided(&self) -> bool {
        self.message.as_ref().is_some_and(|message| message.decision().is_some())
    }
}

impl InvokeError {
    fn check(event: &Bytes) -> Result<(), Self> {
        if event.len() > assumptions::EVENT_BYTES {
            return Err(Self::RequestTooLarge(event.len()));
        }
        if json::is_json(event) { Ok(()) } else { Err(Self::InvalidRequestContent) }
    }
}

impl fmt::Display for InvokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRequestContent => f.write_str("Lambda takes no event that is not JSON"),
            Self::RequestTooLarge(bytes) => {
                write!(f, "the event has {bytes} bytes; Lambda takes {} at most", assumptions::EVENT_BYTES)
            }
        }
    }
}

impl std::error::Error for InvokeError {}
