//! The one trait that a user implements.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::{Decision, Message};

/// Decides what becomes of a message.
///
/// # Contract
///
/// **One decision, one callback.** The framework calls [`process`](Self::process) for an event and issues one
/// `ChannelFlowCallback` with what it returns. A processor never calls back itself.
///
/// **Failing is safe.** An error, a panic, or a processor that is still at work when the time for the callback has come
/// leads to the [`FallbackAction`](crate::FallbackAction): by default the message is denied. So return an error where
/// you do not know, and leave the decision about that to the person who deploys.
///
/// **A message may come again.** Lambda delivers at least once, so the same message, with the same ids, can be processed
/// twice, at the same time or hours apart; the first callback decides. Processing must therefore be harmless to repeat.
///
/// **No order.** Two messages of a channel may be processed at once, in two environments, in any order.
///
/// **Cancellation.** When its time is over the future is dropped at the `.await` where it stands. Code that blocks its
/// thread cannot be stopped that way: put long computations and blocking calls into `tokio::task::spawn_blocking`.
///
/// **Privacy.** The framework logs ids, the decision and durations. It also logs the error that a processor returns, in
/// full: keep content, names and metadata out of it.
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
/// For a closure there is [`processor_fn`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Processor`",
    note = "implement `Processor` for it; a closure `|message: Message| async move {{ … }}` becomes one with `processor_fn`"
)]
pub trait Processor: Send + Sync {
    /// Why a decision could not be made. Any error type will do, and so do `String` and `Box<dyn Error + Send + Sync>`.
    type Error: Into<Box<dyn StdError + Send + Sync>>;

    /// Decides what becomes of `message`.
    ///
    /// Write it as a plain `async fn`. The time that is left and Lambda's request id are in
    /// [`message.invocation()`](Message::invocation).
    ///
    /// # Errors
    ///
    /// Where no decision can be made; the fallback action answers then.
    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send;

    /// Whether `process` is worth another try after `error`, and after what pause; `attempt` counts from 1.
    ///
    /// For what passes by itself: a service asked for advice was throttled, a connection broke. The message is then
    /// processed again in the same invocation, as long as the pause fits into the [time
    /// left](crate::Invocation::time_left). Where it does not, the fallback action decides, or Lambda delivers the event
    /// again if the function was [set up](crate::AdapterBuilder::redeliver) for that.
    ///
    /// `None`, which is what this returns unless you write it, stands for an error that another try would not mend.
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
}

impl<P: Processor> Processor for &P {
    type Error = P::Error;

    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send {
        (**self).process(message)
    }

    fn retry_after(&self, error: &P::Error, attempt: u32) -> Option<Duration> {
        (**self).retry_after(error, attempt)
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
}

impl<P: Processor> Processor for Arc<P> {
    type Error = P::Error;

    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send {
        (**self).process(message)
    }

    fn retry_after(&self, error: &P::Error, attempt: u32) -> Option<Duration> {
        (**self).retry_after(error, attempt)
    }
}

/// A [`Processor`] from a closure or a function.
///
/// ```
/// use channel_flow::{Decision, LimitError, Message, processor_fn};
///
/// let no_links = processor_fn(|message: Message| async move {
///     let decision = if message.text().contains("://") { Decision::Deny } else { Decision::NoChange };
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

/// What [`processor_fn`] returns.
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
/// let deny = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::Deny) });
/// let pass = processor_fn(|_: Message| async { Ok::<_, String>(Decision::NoChange) });
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
    fn process_erased<'a>(&'a self, message: &'a Message) -> Processing<'a>;
    fn retry_after_erased(&self, error: &(dyn Any + Send), attempt: u32) -> Option<Duration>;
    fn type_name(&self) -> &'static str;
}

type Processing<'a> = Pin<Box<dyn Future<Output = Result<Decision, BoxProcessorError>> + Send + 'a>>;

impl<P> Erased for P
where
    P: Processor,
    P::Error: Send + 'static,
{
    fn process_erased<'a>(&'a self, message: &'a Message) -> Processing<'a> {
        Box::pin(async move {
            self.process(message).await.map_err(|error| BoxProcessorError {
                original: Box::new(error),
                into_error: |original| match original.downcast::<P::Error>() {
                    Ok(error) => (*error).into(),
                    Err(_) => unreachable!("it was boxed with its type"),
                },
            })
        })
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
