//! What a piece of work is done for.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::{Invocation, Message};

/// The longest time that Lambda gives an invocation.
const LONGEST_INVOCATION: Duration = Duration::from_secs(15 * 60);

/// What a piece of work is done for: the name of the work, and the key under which it is done [once](crate::Once).
///
/// The key is the message's callback id, unless another one is [set](Self::keyed_by). An edit of a message runs through the
/// flow again with the same message id and another callback id, so it is a new occasion. A message that is delivered again
/// brings the same callback id.
///
/// Names and keys are stored: keep content out of them.
#[derive(Clone, Debug)]
pub struct Occasion {
    name: String,
    key: String,
    invocation: Invocation,
}

impl Occasion {
    /// Creates an occasion for the work with this name for a message. The claim lasts as long as the invocation of the message.
    ///
    /// Each kind of work has a name of its own. Two functions that share a table and process the same messages share the names,
    /// too.
    ///
    /// # Panics
    ///
    /// Panics if the name is empty or contains `#`, which ends it in the store.
    #[track_caller]
    pub fn of(message: &Message, name: &str) -> Self {
        Self::new(name, message.callback_id(), message.invocation())
    }

    /// Creates an occasion for the work with this name and this key, which lasts as long as the invocation. For work outside an
    /// invocation, give [`Invocation::default()`]: its claim lasts for 15 minutes.
    ///
    /// # Panics
    ///
    /// Panics if the name is empty or contains `#`, which ends it in the store.
    #[track_caller]
    pub fn new(name: &str, key: impl Into<String>, invocation: &Invocation) -> Self {
        assert!(!name.is_empty() && !name.contains('#'), "the name of the work is empty or contains #");
        Self { name: name.to_owned(), key: key.into(), invocation: invocation.clone() }
    }

    /// Sets the key, such as the id of the message for work that an edit must not repeat.
    ///
    /// DynamoDB takes keys of up to 2,048 bytes, the name included.
    ///
    /// ```
    /// use channel_flow::{Occasion, testing};
    ///
    /// let message = testing::message("Hello, I am new here").build();
    /// let welcome = Occasion::of(&message, "welcome").keyed_by(message.sender().arn());
    /// let score = Occasion::of(&message, "score").keyed_by(message.id());
    /// # drop((welcome, score));
    /// ```
    #[must_use]
    pub fn keyed_by(self, key: impl Into<String>) -> Self {
        Self { key: key.into(), ..self }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn key(&self) -> String {
        format!("{}#{}", self.name, self.key)
    }

    pub(super) fn invocation(&self) -> &Invocation {
        &self.invocation
    }

    /// Returns the time that the work has, or `None` if there is no limit.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.invocation.after_deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Returns when a claim that is made now ends: when Lambda ends the environment. The work itself ends a little earlier, so
    /// the clocks of two environments may differ by that.
    pub(super) fn until(&self, now: SystemTime) -> SystemTime {
        let left = self.invocation.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        now + left.unwrap_or(LONGEST_INVOCATION)
    }
}
