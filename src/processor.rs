//! The trait that a user implements.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::{Decision, Message, Settled, Ticket};

/// Decides what happens to a message.
///
/// # Contract
///
/// **One decision, one callback.** The framework calls [`process`](Self::process) for an event and sends one
/// `ChannelFlowCallback` with the decision that `process` returns. A processor never sends a callback itself.
///
/// **Failure is safe.** If the processor returns an error, panics, or is still running when the callback is due, the
/// framework applies the [`FallbackAction`](crate::FallbackAction), which by default denies the message. If the
/// processor cannot decide, return an error and leave the choice to the person who deploys the function.
///
/// **A message may be redelivered.** Lambda delivers events at least once, so the same message, with the same ids, can
/// be processed twice, at the same time or hours apart. The first callback decides. Processing must therefore be safe
/// to repeat.
///
/// **No ordering.** Two messages of a channel may be processed at the same time, in two environments, in any order.
///
/// **Cancellation.** When the processor's time runs out, its future is dropped at the current `.await`. This cannot
/// stop code that blocks its thread: run long computations and blocking calls in `tokio::task::spawn_blocking`.
///
/// **Privacy.** The framework logs ids, the decision and durations. It also logs the first 1,000 characters of the error
/// that a processor returns, without the messages of panics: keep content, names and metadata out of it.
///
/// # Example
///
/// ```
/// use channel_flow::{Decision, LimitError, Message, Processor};
///
/// struct Shout;
///
/// impl Processor for Shout {
///     type Error = LimitError;
///
///     async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
///         Decision::update(message.content().to_uppercase())
///     }
/// }
/// ```
///
/// To use a closure as a processor, see [`processor_fn`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Processor`",
    note = "implement `Processor` for it; a closure `|message: Message| async move {{ … }}` becomes one with `processor_fn`"
)]
pub trait Processor: Send + Sync {
    /// The reason why the processor could not decide. Any error type works, as do `String` and
    /// `Box<dyn Error + Send + Sync>`.
    type Error: Into<Box<dyn StdError + Send + Sync>>;

    /// Decides what happens to `message`.
    ///
    /// Write it as a plain `async fn`. [`message.invocation()`](Message::invocation) returns the time left and Lambda's
    /// request id.
    ///
    /// # Errors
    ///
    /// Returns an error if the processor cannot decide. The fallback action then decides.
    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send;

    /// Returns the pause before a retry of `process` after `error`, or `None` to give up. `attempt` counts from 1.
    ///
    /// Return a pause for transient errors: a service that the processor asked for advice throttled the request, or a
    /// connection broke. The framework then processes the message again in the same invocation, if the pause fits into
    /// the [time left](crate::Invocation::time_left). If the pause does not fit, the fallback action decides, or Lambda
    /// redelivers the event if the function was [configured](crate::AdapterBuilder::redeliver) for that.
    ///
    /// Returns `None` by default: a retry would not help.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use channel_flow::{Decision, Message, Processor};
    /// # enum AdviceError { Throttled, Refused }
    /// # impl From<AdviceError> for Box<dyn std::error::Error + Send + Sync> {
    /// #     fn from(_: AdviceError) -> Self { "no advice".into() }
    /// # }
    /// # struct Advised;
    /// impl Processor for Advised {
    ///     type Error = AdviceError;
    ///
    ///     # async fn process(&self, _: &Message) -> Result<Decision, AdviceError> { Err(AdviceError::Refused) }
    ///     // async fn process(&self, message: &Message) …
    ///
    ///     fn retry_after(&self, error: &AdviceError, attempt: u32) -> Option<Duration> {
    ///         matches!(error, AdviceError::Throttled).then(|| Duration::from_millis(100) * attempt)
    ///     }
    /// }
    /// ```
    fn retry_after(&self, error: &Self::Error, attempt: u32) -> Option<Duration> {
        let _ = (error, attempt);
        None
    }

    /// Works on after the callback: answers a command, tells the sender why, notifies a queue.
    ///
    /// It runs in the same invocation once the service has accepted the callback, with the message as it was sent, the
    /// decision and how it was settled, until it ends or the invocation's time is over. It does not run for a message
    /// that was decided before, such as a redelivered one, unless the function [asks for
    /// that](crate::AdapterBuilder::after_decided_before). If the function dies meanwhile, nothing repeats the work.
    ///
    /// The message is decided by then: whatever this method does, the invocation is a success. An error or a panic is
    /// logged, with the field `after_callback_failed`. If [`retry_after`](Self::retry_after) returns a pause that fits into
    /// the time left, the work is repeated.
    ///
    /// Does nothing by default.
    ///
    /// ```
    /// # use channel_flow::{Decision, LimitError, Message, Processor, Settled};
    /// # struct Assistant;
    /// impl Processor for Assistant {
    ///     # type Error = LimitError;
    ///     # async fn process(&self, _: &Message) -> Result<Decision, LimitError> { Ok(Decision::no_change()) }
    ///     // async fn process(&self, message: &Message) …
    ///
    ///     async fn after_callback(
    ///         &self,
    ///         message: &Message,
    ///         decision: &Decision,
    ///         settled: &Settled,
    ///     ) -> Result<(), Self::Error> {
    ///         if message.content() == "/help" {
    ///             // Send a bot's message.
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the work failed.
    fn after_callback(
        &self,
        message: &Message,
        decision: &Decision,
        settled: &Settled,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (message, decision, settled);
        async { Ok(()) }
    }

    /// Does work once the message is held, with the ticket that is stored: tells the sender that a person looks at the message,
    /// or the person that one waits. It does nothing unless you write it.
    ///
    /// It runs in place of [`after_callback`](Self::after_callback) for a held message, in the same way, and not for an event
    /// whose ticket an earlier invocation stored, unless [asked for](crate::AdapterBuilder::after_decided_before). No processor
    /// is asked when the ticket is resolved: that happens anywhere.
    ///
    /// # Errors
    ///
    /// Returns an error if the work failed.
    fn after_hold(
        &self,
        message: &Message,
        decision: &Decision,
        ticket: &Ticket,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (message, decision, ticket);
        async { Ok(()) }
    }
}

impl<P: Processor> Processor for &P {
    type Error = P::Error;

    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send {
        (**self).process(message)
    }

    fn retry_after(&self, error: &P::Error, attempt: u32) -> Option<Duration> {
        (**self).retry_after(error, attempt)
    }

    fn after_callback(
        &self,
        message: &Message,
        decision: &Decision,
        settled: &Settled,
    ) -> impl Future<Output = Result<(), P::Error>> + Send {
        (**self).after_callback(message, decision, settled)
    }

    fn after_hold(
        &self,
        message: &Message,
        decision: &Decision,
        ticket: &Ticket,
    ) -> impl Future<Output = Result<(), P::Error>> + Send {
        (**self).after_hold(message, decision, ticket)
    }
}

impl<P: Processor> Processor for Box<P> {
    type Error = P::Error;

    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send {
        (**self).process(message)
    }

    fn retry_after(&self, error: &P::Error, attempt: u32) -> Option<Duration> {
        (**self).retry_after(error, attempt)
    }

    fn after_callback(
        &self,
        message: &Message,
        decision: &Decision,
        settled: &Settled,
    ) -> impl Future<Output = Result<(), P::Error>> + Send {
        (**self).after_callback(message, decision, settled)
    }

    fn after_hold(
        &self,
        message: &Message,
        decision: &Decision,
        ticket: &Ticket,
    ) -> impl Future<Output = Result<(), P::Error>> + Send {
        (**self).after_hold(message, decision, ticket)
    }
}

impl<P: Processor> Processor for Arc<P> {
    type Error = P::Error;

    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send {
        (**self).process(message)
    }

    fn retry_after(&self, error: &P::Error, attempt: u32) -> Option<Duration> {
        (**self).retry_after(error, attempt)
    }

    fn after_callback(
        &self,
        message: &Message,
        decision: &Decision,
        settled: &Settled,
    ) -> impl Future<Output = Result<(), P::Error>> + Send {
        (**self).after_callback(message, decision, settled)
    }

    fn after_hold(
        &self,
        message: &Message,
        decision: &Decision,
        ticket: &Ticket,
    ) -> impl Future<Output = Result<(), P::Error>> + Send {
        (**self).after_hold(message, decision, ticket)
    }
}

/// Makes a [`Processor`] from a closure or a function.
///
/// ```
/// use channel_flow::{Decision, LimitError, Message, processor_fn};
///
/// let no_links = processor_fn(|message: Message| async move {
///     let has_link = message.to_text().as_str().contains("://");
///     let decision = if has_link { Decision::deny() } else { Decision::no_change() };
///     Ok::<_, LimitError>(decision)
/// });
/// # fn takes(_: impl channel_flow::Processor) {}
/// # takes(no_links);
/// ```
pub fn processor_fn<F, Fut, E>(f: F) -> ProcessorFn<F>
where
    F: Fn(Message) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Decision, E>> + Send,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    ProcessorFn(f)
}

/// The processor that [`processor_fn`] returns.
#[derive(Clone, Copy)]
pub struct ProcessorFn<F>(F);

impl<F, Fut, E> Processor for ProcessorFn<F>
where
    F: Fn(Message) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Decision, E>> + Send,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    type Error = E;

    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, E>> + Send {
        (self.0)(message.clone())
    }
}

/// A [`Processor`] of any type, to be stored beside others: in a `Vec`, or in a field whose type a setting decides.
///
/// It costs an allocation for each message.
///
/// ```
/// use channel_flow::{BoxProcessor, Decision, LimitError, Message, processor_fn};
///
/// let deny = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::deny()) });
/// let pass = processor_fn(|_: Message| async { Ok::<_, String>(Decision::no_change()) });
/// let processors = vec![BoxProcessor::new(deny), BoxProcessor::new(pass)];
/// ```
pub struct BoxProcessor(Box<dyn Erased>);

impl BoxProcessor {
    /// Boxes `processor`.
    pub fn new<P>(processor: P) -> Self
    where
        P: Processor + 'static,
        P::Error: Send + 'static,
    {
        Self(Box::new(processor))
    }
}

impl Processor for BoxProcessor {
    type Error = BoxProcessorError;

    async fn process(&self, message: &Message) -> Result<Decision, BoxProcessorError> {
        self.0.process_erased(message).await
    }

    fn retry_after(&self, error: &BoxProcessorError, attempt: u32) -> Option<Duration> {
        self.0.retry_after_erased(&*error.original, attempt)
    }

    async fn after_callback(
        &self,
        message: &Message,
        decision: &Decision,
        settled: &Settled,
    ) -> Result<(), BoxProcessorError> {
        self.0.after_callback_erased(message, decision, settled).await
    }

    async fn after_hold(
        &self,
        message: &Message,
        decision: &Decision,
        ticket: &Ticket,
    ) -> Result<(), BoxProcessorError> {
        self.0.after_hold_erased(message, decision, ticket).await
    }
}

impl fmt::Debug for BoxProcessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BoxProcessor").field(&self.0.type_name()).finish()
    }
}

/// The error of the processor in a [`BoxProcessor`]. As a `Box<dyn Error>` it is the processor's own error.
pub struct BoxProcessorError {
    original: Box<dyn Any + Send>,
    into_error: fn(Box<dyn Any + Send>) -> Box<dyn StdError + Send + Sync>,
}

impl BoxProcessorError {
    fn new<E: Into<Box<dyn StdError + Send + Sync>> + Send + 'static>(error: E) -> Self {
        Self {
            original: Box::new(error),
            into_error: |original| match original.downcast::<E>() {
                Ok(error) => (*error).into(),
                Err(_) => unreachable!("it was boxed with its type"),
            },
        }
    }
}

impl From<BoxProcessorError> for Box<dyn StdError + Send + Sync> {
    fn from(error: BoxProcessorError) -> Self {
        (error.into_error)(error.original)
    }
}

impl fmt::Debug for BoxProcessorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxProcessorError").finish_non_exhaustive()
    }
}

/// [`Processor`] without its types.
trait Erased: Send + Sync {
    fn process_erased<'a>(&'a self, message: &'a Message) -> Erasing<'a, Decision>;
    fn retry_after_erased(&self, error: &(dyn Any + Send), attempt: u32) -> Option<Duration>;
    fn after_callback_erased<'a>(
        &'a self,
        message: &'a Message,
        decision: &'a Decision,
        settled: &'a Settled,
    ) -> Erasing<'a, ()>;
    fn after_hold_erased<'a>(
        &'a self,
        message: &'a Message,
        decision: &'a Decision,
        ticket: &'a Ticket,
    ) -> Erasing<'a, ()>;
    fn type_name(&self) -> &'static str;
}

type Erasing<'a, T> = Pin<Box<dyn Future<Output = Result<T, BoxProcessorError>> + Send + 'a>>;

impl<P> Erased for P
where
    P: Processor,
    P::Error: Send + 'static,
{
    fn process_erased<'a>(&'a self, message: &'a Message) -> Erasing<'a, Decision> {
        Box::pin(async move { self.process(message).await.map_err(BoxProcessorError::new) })
    }

    fn after_callback_erased<'a>(
        &'a self,
        message: &'a Message,
        decision: &'a Decision,
        settled: &'a Settled,
    ) -> Erasing<'a, ()> {
        Box::pin(async move { self.after_callback(message, decision, settled).await.map_err(BoxProcessorError::new) })
    }

    fn after_hold_erased<'a>(
        &'a self,
        message: &'a Message,
        decision: &'a Decision,
        ticket: &'a Ticket,
    ) -> Erasing<'a, ()> {
        Box::pin(async move { self.after_hold(message, decision, ticket).await.map_err(BoxProcessorError::new) })
    }

    fn retry_after_erased(&self, error: &(dyn Any + Send), attempt: u32) -> Option<Duration> {
        self.retry_after(error.downcast_ref()?, attempt)
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<P>()
    }
}

impl<F> fmt::Debug for ProcessorFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProcessorFn").field(&std::any::type_name::<F>()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    struct Busy;

    impl Processor for Busy {
        type Error = &'static str;

        async fn process(&self, _: &Message) -> Result<Decision, &'static str> {
            Err("busy")
        }

        fn retry_after(&self, error: &&'static str, attempt: u32) -> Option<Duration> {
            (*error == "busy").then(|| Duration::from_millis(10) * attempt)
        }
    }

    #[tokio::test]
    async fn a_boxed_processor_is_the_processor_in_it() {
        let boxed = BoxProcessor::new(Arc::new(BoxProcessor::new(Busy)));
        let error = boxed.process(&testing::message("Hi").build()).await.unwrap_err();
        assert_eq!(boxed.retry_after(&error, 3), Some(Duration::from_millis(30)));
        assert_eq!(Box::<dyn StdError + Send + Sync>::from(error).to_string(), "busy");
        assert!(format!("{:?}", BoxProcessor::new(Busy)).contains("Busy"));
    }
}
