//! The one trait that a user implements.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

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
}

impl<P: Processor + ?Sized> Processor for &P {
    type Error = P::Error;

    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send {
        (**self).process(message)
    }
}

impl<P: Processor + ?Sized> Processor for Box<P> {
    type Error = P::Error;

    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send {
        (**self).process(message)
    }
}

impl<P: Processor + ?Sized> Processor for Arc<P> {
    type Error = P::Error;

    fn process(&self, message: &Message) -> impl Future<Output = Result<Decision, Self::Error>> + Send {
        (**self).process(message)
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

impl<F> fmt::Debug for ProcessorFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProcessorFn").field(&std::any::type_name::<F>()).finish()
    }
}
