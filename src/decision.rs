//! The decision of a processor.

pub(crate) mod update;

use serde::Serialize;

use self::update::Update;
use crate::LimitError;

/// What happens to a message: the three answers that the service knows.
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Everyone in the channel gets the message with the changes of the [`Update`].
    Update(Update),
    /// Nobody gets the message, and its sender is told that it was denied.
    Deny,
    /// Everyone in the channel gets the message unchanged.
    NoChange,
}

impl Decision {
    /// Replaces the content of the message. To change anything else, use [`Update`].
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if `content` is empty or longer than [`limits::CONTENT`](crate::limits::CONTENT)
    /// allows.
    pub fn update(content: impl Into<String>) -> Result<Self, LimitError> {
        Update::builder().content(content).build().map(Self::Update)
    }

    /// Returns which of the three decisions this is.
    pub fn kind(&self) -> DecisionKind {
        match self {
            Self::Update(_) => DecisionKind::Update,
            Self::Deny => DecisionKind::Deny,
            Self::NoChange => DecisionKind::NoChange,
        }
    }

    /// The decision as it is sent: with the message's own content in an update that leaves it as it was, and without an
    /// update that changes nothing.
    pub(crate) fn with_content(mut self, content: &str) -> Self {
        match &mut self {
            Self::Update(update) if update.is_empty() => return Self::NoChange,
            Self::Update(update) => update.set_missing_content(content),
            Self::Deny | Self::NoChange => {}
        }
        self
    }
}

/// A [`Decision`] without its changes, as logs and the value that is returned to Lambda show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DecisionKind {
    /// `UPDATE`: [`Decision::Update`].
    Update,
    /// `DENY`: [`Decision::Deny`].
    Deny,
    /// `NO_CHANGE`: [`Decision::NoChange`].
    NoChange,
}

impl DecisionKind {
    /// Returns the name of the decision: `UPDATE`, `DENY` or `NO_CHANGE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Update => "UPDATE",
            Self::Deny => "DENY",
            Self::NoChange => "NO_CHANGE",
        }
    }
}

/// An update that changes nothing is no change.
impl From<Update> for Decision {
    fn from(update: Update) -> Self {
        if update.is_empty() { Self::NoChange } else { Self::Update(update) }
    }
}

/// What happens to a message if its processor returns an error, panics or times out.
///
/// The names are those of the channel flow's own setting and have the same meaning. The flow's setting applies if the
/// service cannot *reach* the function. This setting applies if the service reached the function and the function
/// failed, which the service does not notice. Set both to the same value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FallbackAction {
    /// `ABORT`: the message is denied. A message that could not be checked is not released. This is the default.
    #[default]
    Abort,
    /// `CONTINUE`: the message is released unchanged.
    Continue,
}

impl FallbackAction {
    /// Returns the service's name for the action: `ABORT` or `CONTINUE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "ABORT",
            Self::Continue => "CONTINUE",
        }
    }

    pub(crate) fn decision(self) -> Decision {
        match self {
            Self::Abort => Decision::Deny,
            Self::Continue => Decision::NoChange,
        }
    }
}
