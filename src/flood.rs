//! A step that denies messages that come too fast.

mod error;
mod own_counts;

use std::any::type_name;
use std::fmt;
use std::time::{Duration, SystemTime};

pub use self::error::FloodError;
use self::own_counts::{Own, OwnCounts, Sharing};
use crate::counting::count_by::CountBy;
use crate::counting::{Recent, StoreRequest, Window, sent_at};
use crate::store::{Addition, Counter, CounterStore, IfStoreAway, Mark};
use crate::{Decision, Message, Processor, Reason};

const FLOOD: Reason = Reason::new("flood");
const MUTED: Reason = Reason::new("muted");
/// The name of the mark of a sender who is muted.
const MUTE: &str = "muted";

/// Denies the messages of a sender, of a channel or of a sender in a channel that come too fast: "no more than 5 in 10 s".
///
/// All environments of a function count together, in a [store](CounterStore). A `Flood` is a [`Processor`]: a function of its
/// own, or a [step](crate::Step) of a flow.
///
/// ```
/// use std::time::Duration;
///
/// use channel_flow::store::MemoryStore;
/// use channel_flow::{Flood, Flow, Step, condition};
///
/// // With `DynamoDbStore` of the crate `channel-flow-dynamodb` in a deployed function.
/// let store = MemoryStore::new();
/// let flood = Flood::more_than(5, Duration::from_secs(10), store).mute(Duration::from_secs(300));
/// let flow = Flow::new().step(Step::new("flood", flood).only_if(condition::from_user()));
/// ```
///
/// # What is counted
///
/// - Every message, also one that is denied: who goes on to send too fast stays denied. An edit is a message, too.
/// - At the time at which the service says that it was sent, not at the time at which it is processed. So messages that had
///   to wait are no flood, and the clocks of the environments do not matter.
/// - A redelivered event counts once if it comes to the same environment, of whose last 256 callbacks each is known, or if
///   it comes soon: a store knows the last callbacks of a counter. Later, and in another environment, it counts again.
/// - A message without a sender is let through, unless the channel is counted.
///
/// # How exact it is
///
/// - **The window is longer by less than a tenth of it.** It slides in slots of a tenth. A message counts for at least the
///   time that was set, and for at most a tenth longer.
/// - Two messages that are processed at the same time are counted one after the other. A message that is processed *after*
///   one that was sent later is not counted for that one.
/// - With [`environments`](Self::environments), some messages are not written. How many more get through is said there.
///
/// # What it costs
///
/// Each message costs one request to the store, a write, and its latency. A message of a sender who is known to be
/// [muted](Self::mute) costs none. For a function with few environments, see [`environments`](Self::environments).
pub struct Flood<S> {
    name: &'static str,
    limit: u64,
    window: Window,
    store: S,
    count_by: CountBy,
    mute: Option<Duration>,
    environments: Option<u64>,
    if_store_away: IfStoreAway,
    requests: StoreRequest,
    own: OwnCounts,
    recent: Recent,
}

impl<S: CounterStore> Flood<S> {
    /// Denies messages with the reason `flood` if more than `limit` came within `window`, this one included. A window has at
    /// least 10 ms.
    #[must_use]
    pub fn more_than(limit: u64, window: Duration, store: S) -> Self {
        let window = Window::new(window);
        Self {
            name: "flood",
            limit,
            window,
            store,
            count_by: CountBy::default(),
            mute: None,
            environments: None,
            if_store_away: IfStoreAway::default(),
            requests: StoreRequest::default(),
            own: OwnCounts::new(window),
            recent: Recent::default(),
        }
    }
}

impl<S> Flood<S> {
    /// Names the counter. Two floods with one store need two names, or they count each other's messages. The default is
    /// `flood`.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Sets whose messages are counted together. The default is [`CountBy::Sender`].
    #[must_use]
    pub fn by(self, count_by: CountBy) -> Self {
        Self { count_by, ..self }
    }

    /// Denies whatever else is sent for this time, with the reason `muted`: by the sender, in the channel, or by the sender in
    /// the channel, as it is [counted](Self::by).
    ///
    /// The time begins with the message that was one too many, and does not begin anew. The store remembers it: one more
    /// write. Other environments learn of it when they count the next message. From then on, it costs them nothing.
    #[must_use]
    pub fn mute(self, time: Duration) -> Self {
        Self { mute: Some(time), ..self }
    }

    /// Says that the function has at most this many environments at once, at least 1: its reserved concurrency. Then only
    /// senders who may be too fast cost a write.
    ///
    /// While each of *n* environments has counted no more than ⌊limit/*n*⌋ messages within the window, there are no more than
    /// the limit, so nothing is written. An environment that counts more writes what it held back, and each message from
    /// then on. If all messages come to one environment, nothing is written at all.
    ///
    /// **The price**: what the others hold back is not known. No message is denied too early, but up to
    /// (*n* − 1) · ⌊limit/*n*⌋ more than the limit can get through. An environment that ends takes what it held back with it:
    /// up to ⌊limit/*n*⌋ more. With more environments than the limit, each message is written, and none more gets through.
    ///
    /// | limit | environments | not written | more than the limit |
    /// | --- | --- | --- | --- |
    /// | 5 | not set | none | 0 |
    /// | 5 | 1 | all | 0 |
    /// | 5 | 2 | the first 2 in each environment | 2 |
    /// | 20 | 4 | the first 5 in each environment | 15 |
    /// | 5 | 10 | none | 0 |
    ///
    /// With [`mute`](Self::mute), an environment reads once in a window whether somebody is muted, in place of the writes: a
    /// mute of another environment counts after a window at the latest. A function with one environment reads it once for
    /// each sender, since an environment before it may have muted the sender.
    #[must_use]
    pub fn environments(self, environments: u64) -> Self {
        Self { environments: Some(environments.max(1)), ..self }
    }

    /// Sets what happens to a message if the store gives no answer.
    ///
    /// - [`GoOn`](IfStoreAway::GoOn), the default: the environment decides by what it has counted itself. So somebody who
    ///   sends too fast to *one* environment is still denied.
    /// - [`HoldBack`](IfStoreAway::HoldBack): the processor fails, and the fallback action decides.
    ///
    /// Each failure is logged as a warning with the field `counter_store_failed`.
    #[must_use]
    pub fn if_store_away(self, if_store_away: IfStoreAway) -> Self {
        Self { if_store_away, ..self }
    }

    /// Sets how long a message waits for the store. The default is 1 s. It never waits for longer than half of the time that
    /// it has left.
    #[must_use]
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.requests.time_limit = time_limit;
        self
    }

    /// Returns how many requests to the store have failed in this environment.
    pub fn store_failures(&self) -> u64 {
        self.requests.failures()
    }

    fn sharing(&self) -> Sharing {
        match self.environments {
            None => Sharing::Each,
            Some(1) => Sharing::Alone { asks: self.mute.is_some() },
            Some(environments) => Sharing::Above { share: self.limit / environments, asks: self.mute.is_some() },
        }
    }
}

impl<S: CounterStore> Processor for Flood<S> {
    type Error = FloodError;

    async fn process(&self, message: &Message) -> Result<Decision, FloodError> {
        let Some(key) = self.count_by.key(self.name, self.window.slot_ms(), message) else {
            return Ok(Decision::no_change());
        };
        let at = sent_at(message);
        if self.is_muted(self.own.muted_until(&key), at) {
            return Ok(Decision::deny().because(MUTED));
        }
        let is_new = self.recent.is_new(message.callback_id());
        let own = self.own.count(&key, at, is_new, self.sharing());
        let stored = match self.stored(&key, at, message, &own).await {
            Ok(stored) => stored,
            Err(failure) => match self.if_store_away {
                IfStoreAway::GoOn => None,
                IfStoreAway::HoldBack => return Err(FloodError::new(failure.cause())),
            },
        };
        let muted_until = stored.as_ref().and_then(|counter| counter.marked_until(MUTE));
        if self.is_muted(muted_until, at) {
            self.own.mute(&key, at, muted_until.unwrap_or(at));
            return Ok(Decision::deny().because(MUTED));
        }
        let stored = stored.map_or(0, |counter| counter.count_in(self.window.slots(at)));
        // What this environment has counted holds even if the store lost it.
        if own.counted.max(stored.saturating_add(own.held_back)) <= self.limit {
            return Ok(Decision::no_change());
        }
        if let Some(time) = self.mute {
            self.begin_mute(&key, at, time, message).await;
        }
        Ok(Decision::deny().because(FLOOD))
    }
}

impl<S: CounterStore> Flood<S> {
    /// Returns what the store knows of the counter, if it has to be asked.
    async fn stored(
        &self,
        key: &str,
        at: SystemTime,
        message: &Message,
        own: &Own,
    ) -> Result<Option<Counter>, crate::counting::Failure> {
        let time_left = message.invocation().time_left();
        if !own.report.is_empty() {
            let keep_until = self.window.keep_until(at, self.mute.unwrap_or_default());
            let addition = Addition::new(key, message.callback_id(), at, own.report.clone(), keep_until)
                .first_slot(self.window.first_kept(at));
            return self.requests.answer(self.store.add(&addition), time_left).await.map(Some);
        }
        match own.asks {
            true => self.requests.answer(self.store.counter(key), time_left).await.map(Some),
            false => Ok(None),
        }
    }

    /// A message that was sent before the mute began is not muted, although it is processed later.
    fn is_muted(&self, until: Option<SystemTime>, at: SystemTime) -> bool {
        let (Some(until), Some(time)) = (until, self.mute) else { return false };
        until.duration_since(at).is_ok_and(|left| !left.is_zero() && left <= time)
    }

    /// Mutes the sender in this environment, and in the others if the store can be told.
    async fn begin_mute(&self, key: &str, at: SystemTime, time: Duration, message: &Message) {
        let Some(until) = at.checked_add(time) else { return };
        self.own.mute(key, at, until);
        let mark = Mark::new(key, MUTE, message.callback_id(), at, until).keep_until(self.window.keep_until(at, time));
        // A failure is logged. The message is denied all the same.
        let _ = self.requests.answer(self.store.mark(&mark), message.invocation().time_left()).await;
    }
}

impl<S> fmt::Debug for Flood<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flood")
            .field("name", &self.name)
            .field("limit", &self.limit)
            .field("window", &self.window.length())
            .field("store", &type_name::<S>())
            .field("by", &self.count_by)
            .field("mute", &self.mute)
            .field("environments", &self.environments)
            .field("if_store_away", &self.if_store_away)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
