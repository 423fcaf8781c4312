//! Checks decisions that are sent without the message at hand.

use crate::{Decision, Error, ErrorKind};

/// Checks that an update sets the content. The [`Adapter`](crate::Adapter) adds the content of the message to an update that
/// sets none. Without the message, nobody knows it.
pub(crate) fn check_content(decision: &Decision) -> Result<(), Error> {
    if decision.changes().is_none_or(|update| update.content().is_some()) {
        return Ok(());
    }
    let problem =
        "the update sets no content, and the service may delete the message's: set it with `Update::into_builder`";
    Err(Error::new(ErrorKind::CallbackInvalid, problem))
}
