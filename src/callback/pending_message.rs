//! A message that waits for its callback.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::event::Event;
use crate::event::header::Header;
use crate::event::ids::{CallbackIds, MissingIds};
use crate::event::payload::Payload;
use crate::event::provenance::Provenance;
use crate::message::sender::Sender;
use crate::message::times::Times;
use crate::{Error, Message, Persistence, RawEvent};

/// A message that waits for its callback: its ids, and the data needed to ask the service about it.
///
/// Get one from [`Message::pending`], from the event, or from the parts that you have stored.
/// [`Callbacks::send`](crate::Callbacks::send) decides it.
///
/// ```
/// use channel_flow::{PendingMessage, Persistence, testing};
///
/// let pending = testing::message("Hi").build().pending();
/// let stored = PendingMessage::builder()
///     .callback_id(pending.callback_id())
///     .message_id(pending.message_id())
///     .channel_arn(pending.channel_arn())
///     .build()?;
/// assert_eq!(stored.message_id(), pending.message_id());
/// # Ok::<_, channel_flow::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PendingMessage(Arc<Header>);

impl PendingMessage {
    /// Returns a builder, which needs the three ids.
    pub fn builder() -> PendingMessageBuilder {
        PendingMessageBuilder::default()
    }

    /// Reads the message in an event of a channel flow.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Event`](crate::ErrorKind::Event) if `json` is not JSON or lacks an id.
    pub fn from_event(json: impl Into<String>) -> Result<Self, Error> {
        let event = RawEvent::from_json(json)?;
        Ok(Self(Arc::new(Event::read_header(&Payload::read(event.json()))?)))
    }

    /// Returns the id by which the service recognizes the callback.
    pub fn callback_id(&self) -> &str {
        &self.0.ids.callback_id
    }

    /// Returns the id of the message.
    pub fn message_id(&self) -> &str {
        &self.0.ids.message_id
    }

    /// Returns the ARN of the channel in which the message was sent.
    pub fn channel_arn(&self) -> &str {
        &self.0.ids.channel_arn
    }

    /// Returns the ARN of the sender, if it is known.
    pub fn sender_arn(&self) -> Option<&str> {
        self.0.provenance.sender_arn()
    }

    pub(crate) fn header(&self) -> &Header {
        &self.0
    }

    /// Returns when the message was sent or last edited.
    pub(crate) fn sent_at(&self) -> Option<SystemTime> {
        self.0.provenance.sent_at()
    }

    /// Returns the same message without the name of its sender, which deciding it does not need.
    pub(crate) fn without_sender_name(self) -> Self {
        let mut header = Arc::unwrap_or_clone(self.0);
        header.provenance.sender.name = None;
        Self(Arc::new(header))
    }
}

impl Message {
    /// Returns the message as one that waits for its callback, for [`Callbacks::send`](crate::Callbacks::send).
    pub fn pending(&self) -> PendingMessage {
        PendingMessage(self.header().clone())
    }
}

/// Builds a [`PendingMessage`].
#[derive(Clone, Default)]
#[must_use]
pub struct PendingMessageBuilder {
    callback_id: String,
    message_id: String,
    channel_arn: String,
    provenance: Provenance,
}

impl PendingMessageBuilder {
    /// Sets the id by which the service recognizes the callback.
    pub fn callback_id(mut self, callback_id: impl Into<String>) -> Self {
        self.callback_id = callback_id.into();
        self
    }

    /// Sets the id of the message.
    pub fn message_id(mut self, message_id: impl Into<String>) -> Self {
        self.message_id = message_id.into();
        self
    }

    /// Sets the ARN of the channel in which the message was sent.
    pub fn channel_arn(mut self, channel_arn: impl Into<String>) -> Self {
        self.channel_arn = channel_arn.into();
        self
    }

    /// Sets the ARN of the sender, who alone may ask for the message's status. Without it, a refusal without a reason
    /// leaves open whether the message is decided.
    pub fn sender_arn(mut self, sender_arn: impl Into<String>) -> Self {
        self.provenance.sender = Sender { arn: sender_arn.into(), name: None };
        self
    }

    /// Sets the id of the sub-channel in which the message was sent.
    pub fn sub_channel_id(mut self, sub_channel_id: impl Into<String>) -> Self {
        self.provenance.sub_channel_id = Some(sub_channel_id.into());
        self
    }

    /// Sets whether the service stores the message. If that is not known, the absence of a status proves less.
    pub fn persistence(mut self, persistence: Persistence) -> Self {
        self.provenance.persistence = Some(persistence);
        self
    }

    /// Sets when the message was sent and edited.
    pub(crate) fn times(mut self, times: Times) -> Self {
        self.provenance.times = times;
        self
    }

    /// Returns the message.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Event`](crate::ErrorKind::Event) that names the ids that are missing or empty.
    pub fn build(self) -> Result<PendingMessage, Error> {
        let Self { callback_id, message_id, channel_arn, provenance } = self;
        let ids = [("callback_id", &callback_id), ("message_id", &message_id), ("channel_arn", &channel_arn)];
        let missing: Vec<_> = ids.into_iter().filter(|(_, id)| id.is_empty()).map(|(name, _)| name).collect();
        if !missing.is_empty() {
            return Err(MissingIds(missing).into());
        }
        let ids = CallbackIds { callback_id, message_id, channel_arn };
        Ok(PendingMessage(Arc::new(Header { ids, provenance })))
    }
}

impl fmt::Debug for PendingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingMessage")
            .field("callback_id", &self.callback_id())
            .field("message_id", &self.message_id())
            .field("channel_arn", &self.channel_arn())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PendingMessageBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingMessageBuilder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_message_and_its_event_name_the_same_pending_message() {
        let builder = testing::message("secret").sender_user("secret");
        let from_event = PendingMessage::from_event(builder.to_event()).unwrap();
        let pending = builder.build().pending();
        assert_eq!(pending, from_event);
        assert!(pending.sender_arn().is_some_and(|arn| arn.ends_with("/user/secret")));
        assert!(!format!("{pending:?}").contains("secret"));
    }

    #[test]
    fn an_id_that_is_missing_is_named() {
        let error = PendingMessage::builder().callback_id("c").channel_arn("").build().unwrap_err();
        assert!(format!("{error:?}").contains("message_id and no channel_arn"), "{error:?}");
        assert!(PendingMessage::from_event("{}").is_err());
    }
}
