//! Performing the effects of requests, in the order of the requests, once their changes are safe.

use crate::messaging::invoker::Invoker;
use crate::messaging::outbox::{Entry, Order, OutboxEnd};
use crate::messaging::sessions::Sessions;
use crate::messaging::store::Store;
use crate::messaging::watchers::Watchers;
use crate::messaging::world::batch::Effect;
use std::io;
use std::sync::{Arc, Weak};

/// Performs effects.
#[derive(Debug)]
pub(crate) struct Effects {
    pub(crate) sessions: Sessions,
    pub(crate) watchers: Arc<Watchers>,
    /// Weak, since it holds the state, whose end ends this.
    pub(crate) invoker: Weak<Invoker>,
}

/// How many batches one commit takes at most.
const BATCHES: usize = 1000;

impl Effects {
    fn perform(&self, effect: Effect) {
        match effect {
            Effect::Notify { to, event } => self.sessions.notify(&to, &event),
            // One that nobody waits for any more is closed by the drop.
            Effect::Open { user_arn, opened } => drop(opened.send(self.sessions.open(&user_arn))),
            Effect::Invoke { function_arn, event } => {
                if let Some(invoker) = self.invoker.upgrade() {
                    invoker.invoke_processor(function_arn, event);
                }
            }
            Effect::Announce(activity) => self.watchers.notify(&activity),
        }
    }
}

/// Works until the state is gone, or the service closes the data file. Many batches that wait become safe by one commit.
/// After one that failed there is no other, and nothing comes of batches with changes.
pub(crate) async fn run(mut outbox: OutboxEnd, mut store: Option<Store>, effects: Effects) {
    let mut orders = Vec::new();
    while outbox.orders.recv_many(&mut orders, BATCHES).await > 0 {
        let mut entries = Vec::new();
        let mut close = None;
        for order in orders.drain(..) {
            match order {
                Order::Entry(entry) if close.is_none() => entries.push(entry),
                // Its receiver learns of it by the drop.
                Order::Entry(_) => {}
                Order::Close(closed) => close = Some(closed),
            }
        }
        let safe = match outbox.failure.get() {
            Some(error) => Err(Arc::clone(error)),
            None => commit(&mut store, &mut entries).await.map_err(Arc::new),
        };
        if let Err(error) = &safe {
            // Taken before is the first one.
            let _ = outbox.failure.set(Arc::clone(error));
        }
        for entry in entries {
            let safe = if entry.rests_on_store { safe.clone() } else { Ok(()) };
            if safe.is_ok() {
                entry.batch.effects.into_iter().for_each(|effect| effects.perform(effect));
            }
            let _ = entry.done.send(safe);
        }
        if let Some(closed) = close {
            drop(store);
            let _ = closed.send(());
            return;
        }
    }
}

async fn commit(store: &mut Option<Store>, entries: &mut [Entry]) -> io::Result<()> {
    let changes: Vec<_> = entries.iter_mut().flat_map(|entry| std::mem::take(&mut entry.batch.changes)).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let Some(open) = store.take() else { return Ok(()) };
    let (open, committed) = tokio::task::spawn_blocking(move || {
        let committed = open.commit(&changes);
        (open, committed)
    })
    .await
    .expect("a commit does not panic");
    *store = Some(open);
    committed
}
