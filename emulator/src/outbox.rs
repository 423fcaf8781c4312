//! What requests bring about, done in the order of the requests once their changes are safe.

use crate::core::Core;
use crate::store::Store;
use crate::world::{Batch, Effect};
use std::io;
use std::sync::{Arc, Weak};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Where batches go, with the world locked, so that their order is that of the changes.
#[derive(Debug)]
pub(crate) struct Outbox(UnboundedSender<Entry>);

/// Comes when a batch is safe and its effects are under way.
pub(crate) type Done = oneshot::Receiver<Result<(), Arc<io::Error>>>;

#[derive(Debug)]
struct Entry {
    batch: Batch,
    done: oneshot::Sender<Result<(), Arc<io::Error>>>,
}

/// How many batches one commit takes at most.
const BATCHES: usize = 1000;

impl Outbox {
    /// The outbox, and its other end for [`run`].
    pub(crate) fn new() -> (Self, OutboxEnd) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), OutboxEnd(receiver))
    }

    pub(crate) fn send(&self, batch: Batch) -> Done {
        let (done, receiver) = oneshot::channel();
        // Without its other end the service is about to end, which the receiver tells.
        let _ = self.0.send(Entry { batch, done });
        receiver
    }
}

/// The end of the outbox that is read.
#[derive(Debug)]
pub(crate) struct OutboxEnd(UnboundedReceiver<Entry>);

/// Works until the service is gone. Many batches that wait become safe by one commit.
pub(crate) async fn run(mut outbox: OutboxEnd, mut store: Option<Store>, core: Weak<Core>) {
    let mut entries = Vec::new();
    while outbox.0.recv_many(&mut entries, BATCHES).await > 0 {
        let changes: Vec<_> = entries.iter_mut().flat_map(|entry| std::mem::take(&mut entry.batch.changes)).collect();
        let mut safe = Ok(());
        if !changes.is_empty()
            && let Some(open) = store.take()
        {
            let (open, committed) = tokio::task::spawn_blocking(move || {
                let committed = open.commit(&changes);
                (open, committed)
            })
            .await
            .expect("a commit does not panic");
            store = Some(open);
            safe = committed.map_err(Arc::new);
        }
        let Some(core) = core.upgrade() else { return };
        for entry in entries.drain(..) {
            if safe.is_ok() {
                entry.batch.effects.into_iter().for_each(|effect| perform(&core, effect));
            }
            let _ = entry.done.send(safe.clone());
        }
    }
}

fn perform(core: &Arc<Core>, effect: Effect) {
    match effect {
        Effect::Tell { to, event } => core.sessions.tell(&to, &event),
        Effect::Invoke { function_arn, event } => core.invoke(function_arn, event),
        Effect::Happened(happening) => core.watchers.tell(&happening),
    }
}
