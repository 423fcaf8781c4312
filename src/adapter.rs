//! From a Lambda event to a processor's decision to a callback.

use std::any::type_name;
use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aws_sdk_chimesdkmessaging::Client;
use lambda_runtime::{LambdaEvent, Service};
use serde::Serialize;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::callback::{Callback, Callbacks, Outcome};
use crate::error::Chain;
use crate::event::{Event, RawEvent, Unreadable};
use crate::{Decision, Error, FallbackAction, Invocation, Message, Processor, client};

/// Time before Lambda's deadline that is kept for the callback: a TLS connection, the call, and one retry.
const DEFAULT_RESERVE: Duration = Duration::from_secs(1);

/// A [`Processor`] as a Lambda function: a tower `Service` over the raw event.
///
/// [`run`](crate::run) makes one and serves it. Make one yourself to choose the [fallback
/// action](AdapterBuilder::fallback_action) or the [client](AdapterBuilder::client), or to put it under
/// [`lambda_runtime`] and layers of your own.
///
/// ```no_run
/// use channel_flow::{Adapter, Decision, FallbackAction, LimitError, Message, processor_fn};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), channel_flow::Error> {
///     let processor = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::NoChange) });
///     Adapter::builder(processor).fallback_action(FallbackAction::Continue).run().await
/// }
/// ```
pub struct Adapter<P>(Arc<Inner<P>>);

struct Inner<P> {
    processor: P,
    fallback_action: FallbackAction,
    reserve: Duration,
    callbacks: Callbacks,
}

/// Settings of an [`Adapter`].
#[must_use]
pub struct AdapterBuilder<P> {
    processor: P,
    fallback_action: FallbackAction,
    reserve: Duration,
    client: Option<Client>,
    pub(crate) show_panic_messages: bool,
}

/// How an invocation ended; what the function returns to Lambda. The service throws it away; for a person who invokes
/// the function by hand it tells what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Settled {
    /// The id of the message.
    pub message_id: String,
    /// The decision that was sent: `UPDATE`, `DENY` or `NO_CHANGE`.
    pub decision: &'static str,
    /// Whether the processor decided, or the fallback action in its place.
    pub decided_by: DecidedBy,
    /// What the service said.
    pub outcome: Outcome,
}

/// Who made a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum DecidedBy {
    /// The processor.
    Processor,
    /// The fallback action, since the processor failed or could not be asked.
    FallbackAction,
}

impl<P: Processor + 'static> Adapter<P> {
    /// An adapter for `processor`, to be set up.
    pub fn builder(processor: P) -> AdapterBuilder<P> {
        AdapterBuilder {
            processor,
            fallback_action: FallbackAction::default(),
            reserve: DEFAULT_RESERVE,
            client: None,
            show_panic_messages: false,
        }
    }

    async fn handle(&self, event: LambdaEvent<RawEvent>) -> Result<Settled, Error> {
        let invocation = Invocation::new(&event.context, self.0.reserve);
        let deadline = invocation.deadline;
        let Event { ids, message } = Event::read(&event.payload, invocation).map_err(Error::missing_ids)?;
        let span = tracing::info_span!(
            "channel_flow",
            message_id = ids.message_id,
            channel_arn = ids.channel_arn,
            callback_id = ids.callback_id,
            decision = Empty,
        );
        let settled = async {
            let started = Instant::now();
            let (decision, decided_by) = self.decide(&message).await;
            let processed = started.elapsed();
            Span::current().record("decision", name(&decision));

            let content = message.as_ref().map_or("", Message::content);
            let fallback = self.0.fallback_action.decision();
            let sent_at = message.as_ref().ok().and_then(|message| message.last_edited_at().or(message.created_at()));
            let callback = Callback { ids: &ids, decision: &decision, content, fallback: &fallback, sent_at };
            let outcome = self.0.callbacks.settle(callback, deadline).await?;
            tracing::info!(
                decision = name(&decision),
                ?decided_by,
                ?outcome,
                process_ms = milliseconds(processed),
                duration_ms = milliseconds(started.elapsed()),
                "message settled"
            );
            Ok(Settled { message_id: ids.message_id.clone(), decision: name(&decision), decided_by, outcome })
        };
        settled.instrument(span).await
    }

    /// The processor's decision, or the fallback action where it has none.
    async fn decide(&self, message: &Result<Message, Unreadable>) -> (Decision, DecidedBy) {
        let failure = match message {
            Ok(message) => match self.ask(message).await {
                Ok(decision) => return (decision, DecidedBy::Processor),
                Err(failure) => failure,
            },
            Err(unreadable) => Failure::Unreadable(*unreadable),
        };
        let fallback_action = self.0.fallback_action;
        let cause = failure.cause();
        tracing::error!(?fallback_action, cause, "{failure}; the fallback action decides");
        (fallback_action.decision(), DecidedBy::FallbackAction)
    }

    async fn ask(&self, message: &Message) -> Result<Decision, Failure> {
        let processing = caught(async { self.0.processor.process(message).await });
        let answer = match message.invocation().processor_deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, processing).await.map_err(|_| Failure::OutOfTime)?,
            None => processing.await,
        };
        answer.ok_or(Failure::Panic)?.map_err(|error| Failure::Error(error.into()))
    }
}

impl<P: Processor + 'static> AdapterBuilder<P> {
    /// What becomes of a message whose processor errs, panics or runs out of time; [`FallbackAction::Abort`] unless set.
    pub fn fallback_action(mut self, fallback_action: FallbackAction) -> Self {
        self.fallback_action = fallback_action;
        self
    }

    /// The time before Lambda's deadline that is kept for the callback, 1 s unless set. When it begins, a processor that
    /// is still at work is stopped and the fallback action goes out. It never takes more than half of an invocation.
    pub fn reserve(mut self, reserve: Duration) -> Self {
        self.reserve = reserve;
        self
    }

    /// The client through which callbacks go out, in place of one made from the environment. Its retries and time-outs
    /// are then yours as well.
    pub fn client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Lets Rust print the messages of panics. [`run`](crate::run) keeps them out of the logs, and logs only where a
    /// panic happened: a message can quote what was processed, as those of string slicing do.
    pub fn show_panic_messages(mut self) -> Self {
        self.show_panic_messages = true;
        self
    }

    /// The adapter.
    ///
    /// # Errors
    ///
    /// Of kind [`Configuration`](crate::ErrorKind::Configuration), where no client can be made from the environment.
    pub async fn build(self) -> Result<Adapter<P>, Error> {
        let client = match self.client {
            Some(client) => client,
            None => client::from_environment().await?,
        };
        Ok(Adapter(Arc::new(Inner {
            processor: self.processor,
            fallback_action: self.fallback_action,
            reserve: self.reserve,
            callbacks: Callbacks::new(client),
        })))
    }
}

impl<P: Processor + 'static> Service<LambdaEvent<RawEvent>> for Adapter<P> {
    type Response = Settled;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Settled, Error>> + Send>>;

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
            .field("fallback_action", &self.0.fallback_action)
            .field("reserve", &self.0.reserve)
            .finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for AdapterBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdapterBuilder")
            .field("processor", &type_name::<P>())
            .field("fallback_action", &self.fallback_action)
            .field("reserve", &self.reserve)
            .finish_non_exhaustive()
    }
}

/// Why a processor gave no decision.
enum Failure {
    Unreadable(Unreadable),
    Error(Box<dyn StdError + Send + Sync>),
    Panic,
    OutOfTime,
}

impl Failure {
    fn cause(&self) -> Option<String> {
        match self {
            Self::Unreadable(unreadable) => Some(unreadable.to_string()),
            Self::Error(error) => Some(Chain(&**error).to_string()),
            Self::Panic | Self::OutOfTime => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable(_) => "the message cannot be shown to the processor",
            Self::Error(_) => "the processor failed",
            Self::Panic => "the processor panicked",
            Self::OutOfTime => "the processor ran out of time",
        })
    }
}

fn name(decision: &Decision) -> &'static str {
    match decision {
        Decision::Update(_) => "UPDATE",
        Decision::Deny => "DENY",
        Decision::NoChange => "NO_CHANGE",
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// What `future` gives, or `None` where it panics.
async fn caught<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}
