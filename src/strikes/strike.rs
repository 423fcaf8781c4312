//! A strike that something is to be done about.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::{Message, Reason};

/// The nth denied message of a sender.
#[derive(Clone, Debug)]
pub struct Strike {
    message: Message,
    reasons: Vec<Reason>,
    number: u64,
    count: u64,
}

impl Strike {
    pub(super) fn new(message: Message, reasons: Vec<Reason>, number: u64, count: u64) -> Self {
        Self { message, reasons, number, count }
    }

    /// Returns the message that was denied.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Returns why the message was denied.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// Returns the number for which the action was set.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns how many strikes there are in the window: the number, or more if several messages were denied at the same time.
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// What happens at the nth denied message of a sender: see [`Strikes::at`](crate::Strikes::at).
pub trait StrikeAction: Send + Sync {
    /// The reason why it failed. It is logged: keep content and names out of it.
    type Error: Into<Box<dyn StdError + Send + Sync>>;

    /// Does it. This runs after the callback, in the time that the invocation has left.
    ///
    /// # Errors
    ///
    /// Returns an error if it could not be done. That is a failure of the work after the callback, and is not
    /// repeated.
    fn act(&self, strike: &Strike) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Makes a [`StrikeAction`] from a closure.
///
/// ```
/// use std::convert::Infallible;
/// use std::time::Duration;
///
/// use channel_flow::store::MemoryStore;
/// use channel_flow::{Strike, Strikes, strike_action_fn};
///
/// let tell = strike_action_fn(|strike: Strike| async move {
///     println!("{} has {} strikes", strike.message().sender().id(), strike.count());
///     Ok::<_, Infallible>(())
/// });
/// let strikes = Strikes::within(Duration::from_secs(86_400), MemoryStore::new()).at(3, tell);
/// ```
pub fn strike_action_fn<F, Fut, E>(f: F) -> StrikeActionFn<F>
where
    F: Fn(Strike) -> Fut + Send + Sync,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    StrikeActionFn(f)
}

/// The action that [`strike_action_fn`] returns.
#[derive(Clone, Copy)]
pub struct StrikeActionFn<F>(F);

impl<F, Fut, E> StrikeAction for StrikeActionFn<F>
where
    F: Fn(Strike) -> Fut + Send + Sync,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    type Error = E;

    fn act(&self, strike: &Strike) -> impl Future<Output = Result<(), E>> + Send {
        (self.0)(strike.clone())
    }
}

impl<F> fmt::Debug for StrikeActionFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StrikeActionFn").field(&std::any::type_name::<F>()).finish()
    }
}

type Acting<'a> = Pin<Box<dyn Future<Output = Result<(), Box<dyn StdError + Send + Sync>>> + Send + 'a>>;

/// [`StrikeAction`] without its types.
pub(super) trait Erased: Send + Sync {
    fn act_erased<'a>(&'a self, strike: &'a Strike) -> Acting<'a>;
}

impl<A: StrikeAction> Erased for A {
    fn act_erased<'a>(&'a self, strike: &'a Strike) -> Acting<'a> {
        Box::pin(async move { self.act(strike).await.map_err(Into::into) })
    }
}
