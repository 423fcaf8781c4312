//! What a processor decides.

use crate::{LimitError, Update};

/// What becomes of a message: the three answers the service knows.
///
/// ```
/// use channel_flow::{Decision, LimitError, Message};
///
/// fn decide(message: &Message) -> Result<Decision, LimitError> {
///     match message.content() {
///         "" => Ok(Decision::Deny),
///         content if content.contains("darn") => Decision::update(content.replace("darn", "****")),
///         _ => Ok(Decision::NoChange),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Everyone in the channel gets the message as the [`Update`] has it.
    Update(Update),
    /// Nobody gets the message; its sender is told that it was denied.
    Deny,
    /// Everyone in the channel gets the message as it is.
    NoChange,
}

impl Decision {
    /// Replaces the content of the message; for anything else there is [`Update`].
    ///
    /// # Errors
    ///
    /// A [`LimitError`] where `content` is empty or longer than [`limits::CONTENT`](crate::limits::CONTENT) allows.
    pub fn update(content: impl Into<String>) -> Result<Self, LimitError> {
        Update::new().content(content).map(Self::Update)
    }

    /// The decision with the message's own content in an update that leaves it as it was.
    pub(crate) fn with_content(mut self, content: &str) -> Self {
        if let Self::Update(update) = &mut self {
            update.set_missing_content(content);
        }
        self
    }
}

impl From<Update> for Decision {
    fn from(update: Update) -> Self {
        Self::Update(update)
    }
}
