//! The watchers of all activity.

use crate::model::activity::Activity;
use std::sync::{Mutex, MutexGuard};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Every receiver that is still there.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<Vec<UnboundedSender<Activity>>>);

impl Watchers {
    /// What happens from now on.
    pub(crate) fn watch(&self) -> UnboundedReceiver<Activity> {
        let (sender, receiver) = unbounded_channel();
        self.lock().push(sender);
        receiver
    }

    pub(crate) fn notify(&self, activity: &Activity) {
        self.lock().retain(|watcher| watcher.send(activity.clone()).is_ok());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<UnboundedSender<Activity>>> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}
