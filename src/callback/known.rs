//! The grants in an app instance, as far as the service's answers there show them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::status::Question;
use crate::arn::app_instance;

/// The number of app instances that are remembered. A function for more app instances forgets some, and asks.
const MOST_APP_INSTANCES: usize = 256;

/// The knowledge about each app instance: a role may have a grant for one and not for another.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<String, InAppInstance>>);

#[derive(Debug, Default)]
struct InAppInstance {
    /// Whether a callback was accepted since the grant for it was last in doubt.
    accepted: bool,
    /// Whether a callback for a pending message was refused and none was accepted since: the grant for it is
    /// missing.
    forbidden: bool,
    /// A person's message that was sent, and about which the service has an answer for its sender.
    sent: Option<Question>,
}

impl Known {
    /// Records that a callback was accepted. `sent` returns the message if it was sent and is stored.
    pub(super) fn accepted(&self, channel_arn: &str, sent: impl FnOnce() -> Option<Question>) {
        self.update(channel_arn, |known| {
            known.accepted = true;
            known.forbidden = false;
            // One message is enough, so later callbacks do not build a question.
            if known.sent.is_none() {
                known.sent = sent();
            }
        });
    }

    /// Records that a callback was refused without a reason although its message is pending.
    pub(super) fn forbidden(&self, channel_arn: &str) {
        self.update(channel_arn, |known| {
            known.accepted = false;
            known.forbidden = true;
        });
    }

    /// Returns whether the grant for callbacks is missing, according to the latest answer about it.
    pub(super) fn is_forbidden(&self, channel_arn: &str) -> bool {
        self.lock().get(app_instance(channel_arn)).is_some_and(|known| known.forbidden)
    }

    /// Returns whether a callback was accepted, once for each accepted callback. A conclusion from this may be wrong if
    /// the grant was revoked, so it must not be drawn again.
    pub(super) fn take_accepted(&self, channel_arn: &str) -> bool {
        self.lock().get_mut(app_instance(channel_arn)).is_some_and(|known| std::mem::take(&mut known.accepted))
    }

    /// Returns a message about which the service has an answer.
    pub(super) fn sent(&self, channel_arn: &str) -> Option<Question> {
        self.lock().get(app_instance(channel_arn))?.sent.clone()
    }

    /// Forgets a message about which the service had no answer: the message was deleted, or the grant to ask is
    /// gone.
    pub(super) fn forget_sent(&self, channel_arn: &str) {
        if let Some(known) = self.lock().get_mut(app_instance(channel_arn)) {
            known.sent = None;
        }
    }

    fn update(&self, channel_arn: &str, change: impl FnOnce(&mut InAppInstance)) {
        let mut known = self.lock();
        let app_instance = app_instance(channel_arn);
        if let Some(known) = known.get_mut(app_instance) {
            return change(known);
        }
        if known.len() == MOST_APP_INSTANCES {
            known.clear();
        }
        change(known.entry(app_instance.to_owned()).or_default());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, InAppInstance>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "arn:aws:chime:us-east-1:1:app-instance/one/channel/c";
    const OTHER: &str = "arn:aws:chime:us-east-1:1:app-instance/other/channel/c";

    fn question(message_id: &str) -> Option<Question> {
        let text = str::to_owned;
        Some(Question {
            channel_arn: text(ONE),
            message_id: text(message_id),
            sender_arn: text("arn:aws:chime:us-east-1:1:app-instance/one/user/u"),
            sub_channel_id: None,
        })
    }

    #[test]
    fn a_grant_is_known_for_one_app_instance_and_once() {
        let known = Known::default();
        assert!(!known.take_accepted(ONE));
        known.accepted(ONE, || None);
        assert!(!known.take_accepted(OTHER));
        assert!(known.take_accepted(ONE));
        assert!(!known.take_accepted(ONE));
        known.accepted(ONE, || None);
        assert!(known.take_accepted(ONE));
    }

    #[test]
    fn a_missing_grant_is_known_until_a_callback_is_accepted() {
        let known = Known::default();
        known.accepted(ONE, || None);
        known.forbidden(ONE);
        assert!(known.is_forbidden(ONE) && !known.is_forbidden(OTHER));
        assert!(!known.take_accepted(ONE));
        known.accepted(ONE, || None);
        assert!(!known.is_forbidden(ONE));
    }

    #[test]
    fn one_sent_message_is_remembered() {
        let known = Known::default();
        known.accepted(ONE, || None);
        assert_eq!(known.sent(ONE), None);
        known.accepted(ONE, || question("first"));
        known.accepted(ONE, || unreachable!("one is enough"));
        assert_eq!((known.sent(ONE), known.sent(OTHER)), (question("first"), None));
        known.forget_sent(ONE);
        known.accepted(ONE, || question("second"));
        assert_eq!(known.sent(ONE), question("second"));
    }

    #[test]
    fn the_number_of_app_instances_is_bounded() {
        let known = Known::default();
        for number in 0..MOST_APP_INSTANCES * 3 {
            known.accepted(&format!("arn:aws:chime:us-east-1:1:app-instance/{number}/channel/c"), || None);
        }
        assert!(known.lock().len() <= MOST_APP_INSTANCES);
    }
}
