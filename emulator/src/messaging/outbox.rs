//! What requests bring about, done in the order of the requests once their changes are safe.

use crate::messaging::core::Core;
use crate::messaging::store::Store;
use crate::messaging::world::batch::{Batch, Effect};
use std::io;
use std::sync::{Arc, OnceLock, Weak};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Where batches go, with the world locked, so that their order is that of the changes.
#[derive(Debug)]
pub(crate) struct Outbox {
    orders: UnboundedSender<Order>,
    failure: Arc<Failure>,
}

/// Why the store does not take changes any more. What is in memory is ahead of it then, so that no later change can be told
/// to be safe.
type Failure = OnceLock<Arc<io::Error>>;

/// Comes when a batch is safe and its effects are under way.
pub(crate) type Done = oneshot::Receiver<Result<(), Arc<io::Error>>>;

#[derive(Debug)]
enum Order {
    Entry(Entry),
    /// Whoever gave it is told once all that came before is safe, and the store closed.
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Entry {
    batch: Batch,
    /// Whether nothing may come of it unless the store has all that was sent so far.
    rests_on_store: bool,
    done: oneshot::Sender<Result<(), Arc<io::Error>>>,
}

/// How many batches one commit takes at most.
const BATCHES: usize = 1000;

impl Outbox {
    /// The outbox, and its other end for [`run`].
    pub(crate) fn new() -> (Self, OutboxEnd) {
        let (sender, orders) = unbounded_channel();
        let failure = Arc::<Failure>::default();
        (Self { orders: sender, failure: Arc::clone(&failure) }, OutboxEnd { orders, failure })
    }

    /// Why changes can no longer become safe, if that is so.
    pub(crate) fn failure(&self) -> Option<&Arc<io::Error>> {
        self.failure.get()
    }

    pub(crate) fn send(&self, batch: Batch) -> Done {
        let (done, receiver) = oneshot::channel();
        // Without its other end the service is about to end, which the receiver tells.
        let rests_on_store = batch.rests_on_store();
        let _ = self.orders.send(Order::Entry(Entry { batch, rests_on_store, done }));
        receiver
    }

    /// Closes the store once all that was sent so far is safe. What is sent after this is not done.
    pub(crate) async fn close(&self) {
        let (closed, receiver) = oneshot::channel();
        let _ = self.orders.send(Order::Close(closed));
        // An error is that it was closed before.
        let _ = receiver.await;
    }
}

/// The end of the outbox that is read.
#[derive(Debug)]
pub(crate) struct OutboxEnd {
    orders: UnboundedReceiver<Order>,
    failure: Arc<Failure>,
}

/// Works until the service is gone, or closes it. Many batches that wait become safe by one commit. After one that failed
/// there is no other, and nothing comes of batches with changes.
pub(crate) async fn run(mut outbox: OutboxEnd, mut store: Option<Store>, core: Weak<Core>) {
    let mut orders = Vec::new();
    while outbox.orders.recv_many(&mut orders, BATCHES).await > 0 {
        let mut entries = Vec::new();
        let mut close = None;
        for order in orders.drain(..) {
            match order {
                Order::Entry(entry) if close.is_none() => entries.push(entry),
                // Its sender is told by the drop.
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
        let Some(core) = core.upgrade() else { return };
        for entry in entries {
            let safe = if entry.rests_on_store { safe.clone() } else { Ok(()) };
            if safe.is_ok() {
                entry.batch.effects.into_iter().for_each(|effect| perform(&core, effect));
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

fn perform(core: &Arc<Core>, effect: Effect) {
    match effect {
        Effect::Tell { to, event } => core.sessions.tell(&to, &event),
        // One that nobody waits for any more is closed by the drop.
        Effect::Open { user_arn, opened } => drop(opened.send(core.sessions.open(&user_arn))),
        Effect::Invoke { function_arn, event } => core.invoke(function_arn, event),
        Effect::Happened(happening) => core.watchers.tell(&happening),
    }
}
