//! A message of the corpus or of a strategy.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use super::message_builder::{MessageBuilder, read};
use crate::limits::{self, Limit};
use crate::{Invocation, Message, PushNotification, RawEvent};

/// A message that the crate made up for tests. It can be used as a [`Message`], which it dereferences to.
///
/// `Debug` shows the whole event, content included, so that a test that fails shows the message that made it fail.
#[derive(Clone)]
pub struct Sample {
    name: &'static str,
    event: String,
    message: Message,
}

impl Sample {
    pub(super) fn new(name: &'static str, message: &MessageBuilder) -> Self {
        Self { name, event: message.to_event(), message: message.clone().build() }
    }

    /// Returns the name, such as `lex-from-bot`.
    pub fn name(&self) -> &str {
        self.name
    }

    /// Returns the event in which the message comes, as JSON.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Returns the message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Returns whether the service would accept this content and this push notification, so that a real event can have
    /// them.
    pub(super) fn is_within_limits(&self) -> bool {
        let fits = |limit: &Limit, value: Option<&str>| value.is_none_or(|value| limit.truncate(value) == value);
        let push = self.message.push_notification();
        fits(&limits::CONTENT, Some(self.message.content()))
            && fits(&limits::PUSH_NOTIFICATION_TITLE, push.and_then(PushNotification::title))
            && fits(&limits::PUSH_NOTIFICATION_BODY, push.and_then(PushNotification::body))
    }

    /// Returns the message with this much time left for its processor, from now on.
    pub(super) fn ending_in(&self, time_left: Duration) -> Message {
        let event = RawEvent::from_json(self.event.clone());
        event.and_then(|event| read(&event, Invocation::ending_in(time_left))).expect("it was read before")
    }
}

impl Deref for Sample {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.message
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.event)
    }
}
