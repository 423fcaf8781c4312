//! Work that ends with its owner.

use std::future::Future;
use tokio::sync::watch;

/// Runs `work` to its end, unless the last sender is gone before.
pub(crate) async fn while_open<T>(mut open: watch::Receiver<()>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        worked = work => Some(worked),
        _ = open.changed() => None,
    }
}
