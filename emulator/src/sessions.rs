//! Messaging sessions: how users hear of messages.

use crate::world::SessionEvent;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Every open session, by the ARN of its user or bot.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Vec<UnboundedSender<SessionEvent>>>>);

impl Sessions {
    /// Opens a session: everything that its user is told from now on.
    pub(crate) fn open(&self, user_arn: &str) -> UnboundedReceiver<SessionEvent> {
        let (sender, receiver) = unbounded_channel();
        self.lock().entry(user_arn.to_owned()).or_default().push(sender);
        receiver
    }

    /// Sends an event to the sessions of these users and bots.
    pub(crate) fn tell(&self, to: &[String], event: &SessionEvent) {
        let mut sessions = self.lock();
        for user_arn in to {
            if let Some(open) = sessions.get_mut(user_arn) {
                open.retain(|session| session.send(event.clone()).is_ok());
                if open.is_empty() {
                    sessions.remove(user_arn);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<UnboundedSender<SessionEvent>>>> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}
