//! A store in the memory of the process.

mod claims;
mod counters;
mod tickets;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::claims::Claims;
use self::counters::Counters;
use self::tickets::Tickets;

/// A store in the memory of the process: for tests, and for a function with one environment that may forget.
///
/// A clone is the same store. **It is lost when the process ends**: a message whose ticket was in it is then decided by nobody.
/// Never hold messages of real channels with it.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    away: AtomicBool,
}

#[derive(Default)]
struct State {
    claims: Claims,
    counters: Counters,
    tickets: Tickets,
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether the store is away: then every method fails. For tests of what a function does about it.
    pub fn set_away(&self, away: bool) {
        self.0.away.store(away, Ordering::Relaxed);
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreAway> {
        match self.0.away.load(Ordering::Relaxed) {
            true => Err(StoreAway(())),
            false => Ok(self.0.state.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// The error of a [`MemoryStore`] that was told to be [away](MemoryStore::set_away).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreAway(());

impl fmt::Display for StoreAway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store is away")
    }
}

impl std::error::Error for StoreAway {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::TicketStore;
    use crate::testing;

    #[tokio::test]
    async fn it_keeps_the_contract_of_tickets() {
        testing::tickets_contract(&MemoryStore::new()).await;
    }

    #[tokio::test]
    async fn a_store_that_is_away_fails_until_it_is_back() {
        let store = MemoryStore::new();
        store.set_away(true);
        assert_eq!(store.ticket("a").await.unwrap_err().to_string(), "the store is away");
        store.set_away(false);
        assert_eq!(store.ticket("a").await, Ok(None));
    }
}
