//! The queue of the effects of requests, which wait until the changes are safe.

use crate::messaging::world::batch::Batch;
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// Takes batches, with the state locked, so that their order is that of the changes.
#[derive(Debug)]
pub(crate) struct Outbox {
    orders: UnboundedSender<Order>,
    failure: Arc<Failure>,
}

/// Why the store does not take changes any more. Memory is ahead of it then, so that no later change can become
/// safe.
pub(crate) type Failure = OnceLock<Arc<io::Error>>;

/// Comes when a batch is safe and its effects are under way.
pub(crate) type Done = oneshot::Receiver<Result<(), Arc<io::Error>>>;

#[derive(Debug)]
pub(crate) enum Order {
    Entry(Entry),
    /// The sender fires once all orders before are safe, and the store is closed.
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) batch: Batch,
    /// Whether nothing may come of it unless the store has all that was sent so far.
    pub(crate) rests_on_store: bool,
    pub(crate) done: oneshot::Sender<Result<(), Arc<io::Error>>>,
}

impl Outbox {
    /// The outbox, and its other end for [`effects::run`](crate::messaging::effects::run).
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
        // Without its other end the service is about to end, which the receiver shows.
        let rests_on_store = batch.rests_on_store();
        let _ = self.orders.send(Order::Entry(Entry { batch, rests_on_store, done }));
        receiver
    }

    /// Closes the store once all that was sent so far is safe. Batches that are sent after this are dropped.
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
    pub(crate) orders: UnboundedReceiver<Order>,
    pub(crate) failure: Arc<Failure>,
}
