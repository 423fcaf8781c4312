//! Messaging sessions: how users hear of messages.

use crate::model::session_event::SessionEvent;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How many events may wait for a session that does not receive them. One that has more to hear is closed.
pub(crate) const WAITING: usize = 1024;

/// Every open session, by the ARN of its user or bot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    closed: bool,
    sessions: HashMap<String, Vec<Entry>>,
    next_number: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    events: Sender<SessionEvent>,
    behind: Arc<AtomicBool>,
}

/// One session: the events for its user, in order. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Session {
    events: Receiver<SessionEvent>,
    behind: Arc<AtomicBool>,
    user_arn: String,
    number: u64,
    sessions: Weak<Mutex<Open>>,
}

impl Sessions {
    /// Opens a session, which gets all events for its user from now on. A user may have several.
    pub(crate) fn open(&self, user_arn: &str) -> Session {
        let (sender, events) = channel(WAITING);
        let behind = Arc::new(AtomicBool::new(false));
        let mut open = self.lock();
        let number = open.next_number;
        open.next_number += 1;
        if !open.closed {
            let entry = Entry { number, events: sender, behind: Arc::clone(&behind) };
            open.sessions.entry(user_arn.to_owned()).or_default().push(entry);
        }
        Session { events, behind, user_arn: user_arn.to_owned(), number, sessions: Arc::downgrade(&self.0) }
    }

    /// Sends an event to the sessions of these users and bots.
    pub(crate) fn notify(&self, to: &[String], event: &SessionEvent) {
        let sessions = &mut self.lock().sessions;
        for user_arn in to {
            if let Some(open) = sessions.get_mut(user_arn) {
                open.retain(|session| session.notify(event));
                if open.is_empty() {
                    sessions.remove(user_arn);
                }
            }
        }
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        count(&self.lock().sessions)
    }

    /// Closes those that are open, and returns how many they were. They still get what waits for them.
    pub(crate) fn close_all(&self) -> usize {
        let sessions = std::mem::take(&mut self.lock().sessions);
        count(&sessions)
    }

    /// Closes those that are open, and every one that is opened from now on.
    pub(crate) fn end(&self) {
        self.lock().closed = true;
        self.close_all();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}

fn count(sessions: &HashMap<String, Vec<Entry>>) -> usize {
    sessions.values().flatten().filter(|session| !session.events.is_closed()).count()
}

impl Entry {
    /// Whether it goes on.
    fn notify(&self, event: &SessionEvent) -> bool {
        match self.events.try_send(event.clone()) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => false,
            Err(TrySendError::Full(_)) => {
                self.behind.store(true, Ordering::Release);
                false
            }
        }
    }
}

impl Drop for Session {
    /// There may never be another event to show that it is gone.
    fn drop(&mut self) {
        let Some(sessions) = self.sessions.upgrade() else { return };
        let Ok(mut open) = sessions.lock() else { return };
        let Some(of_user) = open.sessions.get_mut(&self.user_arn) else { return };
        of_user.retain(|session| session.number != self.number);
        if of_user.is_empty() {
            open.sessions.remove(&self.user_arn);
        }
    }
}

impl Session {
    /// The next event; `None` once the session is closed and all that came before has been received.
    pub(crate) async fn recv(&mut self) -> Option<SessionEvent> {
        self.events.recv().await
    }

    /// As [`recv`](Self::recv), to wait for several sessions at once.
    pub(crate) fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<SessionEvent>> {
        self.events.poll_recv(context)
    }

    /// Whether it was closed because more waited than [`WAITING`], so that something is missing.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(number: usize) -> SessionEvent {
        SessionEvent { event_type: "CREATE_CHANNEL_MESSAGE", message_type: "STANDARD", payload: json!(number) }
    }

    async fn numbers(session: &mut Session) -> Vec<u64> {
        let mut numbers = Vec::new();
        while let Some(event) = session.recv().await {
            numbers.push(event.payload.as_u64().unwrap());
        }
        numbers
    }

    #[tokio::test]
    async fn every_session_of_those_who_are_told_gets_every_event_in_order() {
        let sessions = Sessions::default();
        let (mut first, mut second, mut other) = (sessions.open("bob"), sessions.open("bob"), sessions.open("carol"));
        let bob = ["bob".to_owned()];
        sessions.notify(&bob, &event(1));
        drop(sessions.open("bob"));
        sessions.notify(&["nobody".to_owned(), "bob".to_owned(), "carol".to_owned()], &event(2));
        assert_eq!(sessions.close_all(), 3);
        let mut late = sessions.open("bob");
        sessions.notify(&bob, &event(3));
        sessions.end();
        assert_eq!(numbers(&mut first).await, [1, 2]);
        assert_eq!(numbers(&mut second).await, [1, 2]);
        assert_eq!(numbers(&mut other).await, [2]);
        assert_eq!(numbers(&mut late).await, [3]);
        assert!(numbers(&mut sessions.open("bob")).await.is_empty(), "after the end");
        assert!(!first.is_behind());
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_session_that_is_dropped() {
        let sessions = Sessions::default();
        let bob = sessions.open("bob");
        drop((sessions.open("bob"), sessions.open("nobody")));
        assert_eq!(sessions.lock().sessions.values().map(Vec::len).collect::<Vec<_>>(), [1]);
        drop(bob);
        assert!(sessions.lock().sessions.is_empty());
        let late = sessions.open("bob");
        sessions.end();
        drop(late);
    }

    #[tokio::test]
    async fn a_session_that_does_not_receive_is_closed_and_the_others_are_not() {
        let sessions = Sessions::default();
        let (mut slow, mut quick) = (sessions.open("bob"), sessions.open("bob"));
        for number in 0..=WAITING {
            sessions.notify(&["bob".to_owned()], &event(number));
            assert_eq!(quick.recv().await.unwrap().payload, json!(number));
        }
        sessions.notify(&["bob".to_owned()], &event(WAITING + 1));
        assert_eq!(numbers(&mut slow).await.len(), WAITING);
        assert!(slow.is_behind());
        assert!(!quick.is_behind());
        assert_eq!(quick.recv().await.unwrap().payload, json!(WAITING + 1));
    }
}
