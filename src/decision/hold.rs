//! A message that waits for a person.

use std::fmt;
use std::time::Duration;

use super::update::Update;
use crate::FallbackAction;

/// How long a message waits for a person, and what becomes of it if nobody comes.
///
/// ```
/// use std::time::Duration;
///
/// use channel_flow::{Decision, FallbackAction, Hold, HoldError};
///
/// # fn hold() -> Result<Decision, HoldError> {
/// let hold = Hold::new(Duration::from_secs(4 * 3600))?.fallback_action(FallbackAction::Abort).with_content();
/// Ok(Decision::hold(hold).because("links"))
/// # }
/// # hold().unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Hold {
    time: Duration,
    fallback_action: Option<FallbackAction>,
    approval: Option<Update>,
    content: bool,
}

impl Hold {
    /// The longest time that a message may be held: 47 hours. The service accepts a callback for 48 hours; the last one is left
    /// for the [sweep](crate::Reviewer::sweep), and for a service that is away at the deadline.
    pub const LONGEST: Duration = Duration::from_secs(47 * 3600);

    /// Holds a message for this time at most.
    ///
    /// # Errors
    ///
    /// Returns a [`HoldError`] if `time` is zero or longer than [`LONGEST`](Self::LONGEST).
    pub fn new(time: Duration) -> Result<Self, HoldError> {
        match !time.is_zero() && time <= Self::LONGEST {
            true => Ok(Self { time, fallback_action: None, approval: None, content: false }),
            false => Err(HoldError(())),
        }
    }

    /// Sets what happens to the message at the deadline if nobody has resolved its ticket: `Abort` denies it, and `Continue`
    /// releases it as an approval does. Without this setting, the fallback action of the function decides.
    pub fn fallback_action(mut self, fallback_action: FallbackAction) -> Self {
        self.fallback_action = Some(fallback_action);
        self
    }

    /// Sets the changes with which an approval releases the message. Without this setting, it is released unchanged. In a
    /// [`Flow`](crate::Flow), the updates of the other steps are added.
    ///
    /// The changes are stored in the ticket, with the content of the message in them if they leave it as it was.
    pub fn approval(mut self, update: Update) -> Self {
        self.approval = (!update.is_empty()).then_some(update);
        self
    }

    /// Stores the content of the message and the name of its sender in the ticket, so that the person sees them there.
    /// Without this setting, the ticket has neither.
    pub fn with_content(mut self) -> Self {
        self.content = true;
        self
    }

    /// Returns how long the message may be held.
    pub fn time(&self) -> Duration {
        self.time
    }

    pub(crate) fn action(&self) -> Option<FallbackAction> {
        self.fallback_action
    }

    pub(crate) fn changes(&self) -> Option<&Update> {
        self.approval.as_ref()
    }

    pub(crate) fn take_changes(&mut self) -> Option<Update> {
        self.approval.take()
    }

    pub(crate) fn changes_mut(&mut self) -> Option<&mut Update> {
        self.approval.as_mut()
    }

    pub(crate) fn shows_content(&self) -> bool {
        self.content
    }
}

/// The error for a time that a message cannot be held.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HoldError(());

impl fmt::Display for HoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a message can be held for more than zero and at most 47 hours: the service accepts a callback for 48",
        )
    }
}

impl std::error::Error for HoldError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_two_ends() {
        assert!(Hold::new(Duration::ZERO).is_err());
        assert!(Hold::new(Hold::LONGEST).is_ok());
        assert!(Hold::new(Hold::LONGEST + Duration::from_nanos(1)).is_err());
    }
}
