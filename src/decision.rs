//! What a processor decides.

pub(crate) mod update;

use self::update::Update;
use crate::LimitError;

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

    /// The decision as logs and [`Settled`] spell it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Update(_) => "UPDATE",
            Self::Deny => "DENY",
            Self::NoChange => "NO_CHANGE",
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

/// An update that changes nothing is no change.
impl From<Update> for Decision {
    fn from(update: Update) -> Self {
        if update.is_empty() { Self::NoChange } else { Self::Update(update) }
    }
}

/// What becomes of a message whose processor errs, panics or runs out of time.
///
/// These are the names of the channel flow's own setting, and they mean the same here. The flow's setting covers a
/// function that cannot be *reached*; this one covers a function that was reached and failed, which the service does
/// not notice. Give both the same value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FallbackAction {
    /// `ABORT`: the message is denied. What could not be checked is not released. This is the default.
    #[default]
    Abort,
    /// `CONTINUE`: the message goes out as it is.
    Continue,
}

impl FallbackAction {
    /// How the service spells it: `ABORT` or `CONTINUE`.
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
