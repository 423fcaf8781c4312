//! A callback that the service has got.

use std::fmt;

use serde_json::Value;

use super::answer::Answer;
use crate::DecisionKind;

/// A callback that a [`CallbackService`](super::CallbackService) has got.
///
/// `Debug` shows ids, the decision and the answer, never texts.
#[derive(Clone, PartialEq, Eq)]
pub struct SentCallback {
    json: Value,
    body: String,
    answer: Answer,
}

impl SentCallback {
    /// Reads the body of a request. Returns `None` if it lacks an id.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(body).ok()?;
        let callback = Self { json, body: String::from_utf8(body.to_vec()).ok()?, answer: Answer::Accepted };
        (!callback.callback_id().is_empty() && !callback.message_id().is_empty()).then_some(callback)
    }

    pub(super) fn answered(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }

    /// Returns the id of the callback.
    pub fn callback_id(&self) -> &str {
        self.json["CallbackId"].as_str().unwrap_or_default()
    }

    /// Returns the id of the message.
    pub fn message_id(&self) -> &str {
        self.message_field("MessageId").unwrap_or_default()
    }

    /// Returns the decision that was sent.
    pub fn decision(&self) -> DecisionKind {
        let fields = self.json["ChannelMessage"].as_object().map_or(0, serde_json::Map::len);
        match self.json["DeleteResource"] == Value::Bool(true) {
            true => DecisionKind::Deny,
            // Without changes, the message's id is alone.
            false if fields > 1 => DecisionKind::Update,
            false => DecisionKind::NoChange,
        }
    }

    /// Returns the new content of the message.
    pub fn content(&self) -> Option<&str> {
        self.message_field("Content")
    }

    /// Returns the new metadata of the message.
    pub fn metadata(&self) -> Option<&str> {
        self.message_field("Metadata")
    }

    /// Returns the whole callback, as the JSON that was sent.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Returns the answer that the callback got.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    fn message_field(&self, name: &str) -> Option<&str> {
        self.json["ChannelMessage"][name].as_str()
    }
}

impl fmt::Debug for SentCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentCallback")
            .field("callback_id", &self.callback_id())
            .field("message_id", &self.message_id())
            .field("decision", &self.decision())
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}
