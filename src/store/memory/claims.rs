//! Claims in memory.

use std::collections::HashMap;
use std::time::SystemTime;

use super::{MemoryStore, StoreAway};
use crate::store::claims::{Claim, ClaimOutcome, ClaimStore, Interrupted};

pub(super) type Claims = HashMap<String, Stored>;

pub(super) struct Stored {
    keep_until: SystemTime,
    /// `None` if the work is done.
    in_progress: Option<InProgress>,
}

struct InProgress {
    claimant: String,
    invocation: Option<String>,
    until: SystemTime,
}

impl ClaimStore for MemoryStore {
    type Error = StoreAway;

    async fn claim(&self, claim: &Claim) -> Result<ClaimOutcome, StoreAway> {
        let mut state = self.state()?;
        // What is kept for days must not grow for ever.
        state.claims.retain(|_, stored| stored.keep_until >= claim.now);
        let outcome = match state.claims.get(&claim.key) {
            None => ClaimOutcome::Claimed { repeated: false },
            Some(Stored { in_progress: None, .. }) => return Ok(ClaimOutcome::Done),
            Some(Stored { in_progress: Some(other), .. }) => {
                let again = claim.invocation.is_some() && other.invocation == claim.invocation;
                let interrupted = other.until < claim.now || again;
                match claim.interrupted {
                    _ if other.claimant == claim.claimant => ClaimOutcome::Claimed { repeated: false },
                    _ if !interrupted => return Ok(ClaimOutcome::InProgress),
                    Interrupted::Repeat => ClaimOutcome::Claimed { repeated: true },
                    Interrupted::GiveUp => return Ok(ClaimOutcome::Interrupted),
                }
            }
        };
        let Claim { claimant, invocation, until, .. } = claim.clone();
        let in_progress = Some(InProgress { claimant, invocation, until });
        state.claims.insert(claim.key.clone(), Stored { keep_until: claim.keep_until, in_progress });
        Ok(outcome)
    }

    async fn finish(&self, key: &str, keep_until: SystemTime) -> Result<(), StoreAway> {
        self.state()?.claims.insert(key.to_owned(), Stored { keep_until, in_progress: None });
        Ok(())
    }

    async fn release(&self, key: &str, claimant: &str) -> Result<(), StoreAway> {
        let mut state = self.state()?;
        let own = |stored: &Stored| stored.in_progress.as_ref().is_some_and(|claim| claim.claimant == claimant);
        if state.claims.get(key).is_some_and(own) {
            state.claims.remove(key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[tokio::test]
    async fn claims_keep_the_contract() {
        testing::claims_contract(&MemoryStore::new()).await;
    }

    #[tokio::test]
    async fn what_is_no_longer_kept_is_forgotten() {
        let store = MemoryStore::new();
        let now = SystemTime::UNIX_EPOCH;
        let later = now + std::time::Duration::from_secs(1);
        for key in ["a", "b", "c"] {
            store.claim(&Claim::new(key, "claimant", now, now)).await.unwrap();
        }
        store.claim(&Claim::new("d", "claimant", later, later)).await.unwrap();
        assert_eq!(store.state().unwrap().claims.len(), 1);
    }
}
