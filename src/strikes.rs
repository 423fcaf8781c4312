//! What happens to a sender whose messages are denied again and again.

mod around;
mod ban;
mod error;
mod refused;
mod strike;
mod warning;

use std::any::type_name;
use std::fmt;
use std::pin::pin;
use std::time::{Duration, SystemTime};

pub use self::around::WithStrikes;
pub use self::ban::Ban;
use self::error::FailedAction;
pub use self::error::StrikesError;
pub use self::refused::StrikeActionError;
use self::strike::Erased;
pub use self::strike::{Strike, StrikeAction, StrikeActionFn, strike_action_fn};
pub use self::warning::Warning;
use crate::catch_unwind::{Ended, within};
use crate::counting::count_by::CountBy;
use crate::counting::{Recent, StoreRequest, Window, sent_at};
use crate::error::cause;
use crate::response::{DecidedBy, Outcome};
use crate::store::{Addition, CounterStore, Mark};
use crate::{Decision, DecisionKind, Message, Settled};

/// Counts the denied messages of a sender, and does something at the nth: "a warning at the third within a day, a ban at the
/// fifth".
///
/// All environments of a function count together, in a [store](CounterStore). A denied message is counted after the callback,
/// so nobody waits for it. Strikes go [around](Self::around) the processor that denies: around the whole flow, since the steps
/// after a denial do not run.
///
/// ```no_run
/// use std::time::Duration;
///
/// use channel_flow::store::MemoryStore;
/// use channel_flow::{
///     Adapter, Ban, Callbacks, Decision, LimitError, Message, ReasonTexts, Strikes, Warning, processor_fn,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), channel_flow::Error> {
/// let links = processor_fn(|message: Message| async move {
///     let has_link = message.any_text(|text| text.contains("://"));
///     Ok::<_, LimitError>(if has_link { Decision::deny().because("links") } else { Decision::no_change() })
/// });
/// let client = Callbacks::from_environment().await?.client().clone();
/// let bot = "arn:aws:chime:us-east-1:111122223333:app-instance/a/bot/moderator";
/// let texts = ReasonTexts::new("en").with_text("strike", "en", "If you go on like this, you will be banned.");
///
/// // With `DynamoDbStore` of the crate `channel-flow-dynamodb` in a deployed function.
/// let strikes = Strikes::within(Duration::from_secs(86_400), MemoryStore::new())
///     .at(3, Warning::new(client.clone(), bot, texts))
///     .at(5, Ban::new(client.clone(), bot));
/// Adapter::builder(strikes.around(links)).client(client).run().await
/// # }
/// ```
///
/// # What is a strike
///
/// - A message that the processor denied and whose callback the service accepted. A message that the fallback action denies is
///   none, and neither is one that was decided before, or one in a dry run. [`only_if`](Self::only_if) makes it fewer.
/// - Messages of bots are none: the warning is one.
/// - The window slides in slots of a tenth of it, so a strike counts for at least the time that was set and for at most a tenth
///   longer.
///
/// # At the nth
///
/// - What is set for *n* is done once there are *n* strikes in the window, **by one environment, however many race**: it puts a
///   mark on the counter by a conditional write. For as long as the window, the mark stays and it is not done again.
/// - If the function dies between the mark and the end of what it does, or if that fails, nothing repeats it. A failure is one
///   of the [work after the callback](crate::Processor::after_callback), with its field in the log, its metric and its alarm.
/// - A strike that the store did not take is lost, as is one whose function dies after the callback. The sender needs one
///   more.
///
/// # What it costs
///
/// A message that is not denied costs nothing. A denied one costs one write to the store after the callback, and one more
/// at the nth.
pub struct Strikes<S> {
    name: &'static str,
    window: Window,
    store: S,
    count_by: CountBy,
    condition: Option<Box<Condition>>,
    actions: Vec<Action>,
    requests: StoreRequest,
    recent: Recent,
}

type Condition = dyn Fn(&Message, &Decision) -> bool + Send + Sync;

struct Action {
    at: u64,
    action: Box<dyn Erased>,
}

impl<S: CounterStore> Strikes<S> {
    /// Counts the denied messages of each sender within this time.
    #[must_use]
    pub fn within(window: Duration, store: S) -> Self {
        Self {
            name: "strikes",
            window: Window::new(window),
            store,
            count_by: CountBy::default(),
            condition: None,
            actions: Vec::new(),
            requests: StoreRequest::default(),
            recent: Recent::default(),
        }
    }
}

impl<S> Strikes<S> {
    /// Names the counter. Strikes with one store need different names, or they count each other's messages. The default is
    /// `strikes`.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Sets whose denied messages are counted together. The default is [`CountBy::Sender`].
    #[must_use]
    pub fn by(self, count_by: CountBy) -> Self {
        Self { count_by, ..self }
    }

    /// Counts only denied messages for which `condition` is true.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use channel_flow::store::MemoryStore;
    /// use channel_flow::{Decision, Message, Strikes};
    ///
    /// let no_flood = |_: &Message, decision: &Decision| decision.reasons().iter().all(|reason| reason.as_str() != "muted");
    /// let strikes = Strikes::within(Duration::from_secs(86_400), MemoryStore::new()).only_if(no_flood);
    /// ```
    #[must_use]
    pub fn only_if(self, condition: impl Fn(&Message, &Decision) -> bool + Send + Sync + 'static) -> Self {
        Self { condition: Some(Box::new(condition)), ..self }
    }

    /// Sets what happens at the strike with this number: a [`Warning`], a [`Ban`], or a closure by
    /// [`strike_action_fn`]. Call it again for another number.
    ///
    /// # Panics
    ///
    /// Panics if the number is 0, or if it has an action.
    #[must_use]
    pub fn at<A: StrikeAction + 'static>(mut self, number: u64, action: A) -> Self {
        assert!(number > 0, "strikes are numbered from 1: there is none with the number 0");
        assert!(
            self.actions.iter().all(|action| action.at != number),
            "strike {number} has two actions: make them one"
        );
        self.actions.push(Action { at: number, action: Box::new(action) });
        self.actions.sort_by_key(|action| action.at);
        self
    }

    /// Sets how long an answer of the store is waited for. The default is 1 s.
    #[must_use]
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.requests.time_limit = time_limit;
        self
    }

    /// Returns how many requests to the store have failed in this environment.
    pub fn store_failures(&self) -> u64 {
        self.requests.failures()
    }

    fn is_strike(&self, message: &Message, decision: &Decision, settled: &Settled) -> bool {
        settled.decision == DecisionKind::Deny
            && settled.outcome == Outcome::Accepted
            && settled.decided_by == DecidedBy::Processor
            && settled.dry_run.is_none()
            && !message.sender().is_bot()
            && self.condition.as_ref().is_none_or(|condition| condition(message, decision))
    }
}

impl<S: CounterStore> Strikes<S> {
    /// Counts a denied message, and does what is due. A failure of the store is logged and goes no further.
    async fn count(&self, message: &Message, decision: &Decision, settled: &Settled) -> Result<(), FailedAction> {
        if self.actions.is_empty() || !self.is_strike(message, decision, settled) {
            return Ok(());
        }
        let key = self.count_by.key(self.name, self.window.slot_ms(), message);
        // The processor may ask for its work after the callback to be repeated. A strike is none of that.
        let Some(key) = key.filter(|_| self.recent.is_new(message.callback_id())) else {
            return Ok(());
        };
        let at = sent_at(message);
        let keep_until = self.window.keep_until(at, self.window.length());
        let addition = Addition::new(&key, message.callback_id(), at, vec![(self.window.slot(at), 1)], keep_until)
            .first_slot(self.window.first_kept(at));
        let Ok(counter) = self.requests.answer(self.store.add(&addition), Duration::MAX).await else {
            return Ok(());
        };
        let count = counter.count_in(self.window.slots(at));
        let mut done = Ok(());
        for Action { at: number, action } in self.actions.iter().take_while(|action| action.at <= count) {
            let mark = mark_name(*number);
            let is_done = counter.marked_until(&mark).is_some_and(|until| until > at);
            if !is_done && self.is_first(&key, &mark, message.callback_id(), at).await {
                let strike = Strike::new(message.clone(), decision.reasons().to_vec(), *number, count);
                // The others are done all the same.
                done = done.and(act(&**action, &strike).await);
            }
        }
        done
    }

    /// Returns whether this environment is the one that does it.
    async fn is_first(&self, key: &str, name: &str, id: &str, at: SystemTime) -> bool {
        let until = at.checked_add(self.window.length()).unwrap_or(at);
        let keep_until = self.window.keep_until(at, self.window.length());
        let mark = Mark::new(key, name, id, at, until).keep_until(keep_until);
        self.requests.answer(self.store.mark(&mark), Duration::MAX).await.unwrap_or(false)
    }
}

fn mark_name(number: u64) -> String {
    format!("strike-{number}")
}

async fn act(action: &dyn Erased, strike: &Strike) -> Result<(), FailedAction> {
    let cause = match within(pin!(Some(async { action.act_erased(strike).await })), None).await {
        Ended::Output(Ok(())) => return Ok(()),
        Ended::Output(Err(error)) => cause::text(error, false),
        Ended::Panicked(_) | Ended::OutOfTime => "it panicked".to_owned(),
    };
    Err(FailedAction { number: strike.number(), cause })
}

impl<S> fmt::Debug for Strikes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Strikes")
            .field("name", &self.name)
            .field("window", &self.window.length())
            .field("store", &type_name::<S>())
            .field("by", &self.count_by)
            .field("at", &self.actions.iter().map(|action| action.at).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
