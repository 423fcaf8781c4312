//! The trait for a store of claims to work that is done once.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

/// Stores claims to work that is done once. [`Once`](crate::Once) asks it.
///
/// A piece of work has a key. A claim to it is in progress until the work is [finished](Self::finish) or the claim is
/// [released](Self::release). A claim in progress is **interrupted** if its time is over, or if the invocation that made it
/// runs again: Lambda repeats an invocation after it has failed.
///
/// The times come from the caller, so that a store needs no clock.
pub trait ClaimStore: Send + Sync {
    /// The reason why the store could not do it. It is logged: keep secrets and content out of it.
    type Error: Into<Box<dyn StdError + Send + Sync>> + Send;

    /// Claims a piece of work with one conditional write:
    ///
    /// | what the store has for the key | result | after that, it has |
    /// | --- | --- | --- |
    /// | nothing, or a claim of any kind whose [`keep_until`](Claim::keep_until) is over | [`Claimed`](ClaimOutcome::Claimed) | the new claim, in progress |
    /// | a claim in progress | [`InProgress`](ClaimOutcome::InProgress) | the same |
    /// | finished work | [`Done`](ClaimOutcome::Done) | the same |
    /// | an interrupted claim, and the new claim [repeats](Interrupted::Repeat) | [`Claimed`](ClaimOutcome::Claimed), `repeated` | the new claim, in progress |
    /// | an interrupted claim, and the new claim [gives up](Interrupted::GiveUp) | [`Interrupted`](ClaimOutcome::Interrupted) | the same |
    /// | the same claim, by its [`claimant`](Claim::claimant) | [`Claimed`](ClaimOutcome::Claimed) | the same |
    ///
    /// The last row is for a request whose answer was lost. It is sent again, and may say `repeated` of work that is not.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not say how it ended. The work may be claimed all the same.
    fn claim(&self, claim: &Claim) -> impl Future<Output = Result<ClaimOutcome, Self::Error>> + Send;

    /// Records that the work with this key is done, whoever has claimed it, and keeps that until the given time.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not say that it is recorded.
    fn finish(&self, key: &str, keep_until: SystemTime) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Removes the claim in progress of this claimant. If the work is done, or if somebody else has claimed it, this changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not say that it is removed.
    fn release(&self, key: &str, claimant: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// A claim to a piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The key of the work.
    pub key: String,
    /// An id that no other claim has.
    pub claimant: String,
    /// The request id of the invocation that makes the claim. Lambda uses it again when it repeats the invocation.
    pub invocation: Option<String>,
    /// The time of the claim.
    pub now: SystemTime,
    /// When the claim is interrupted if the work is not done by then.
    pub until: SystemTime,
    /// How long the claim is kept, if the work is never finished.
    pub keep_until: SystemTime,
    /// What happens to an interrupted claim that is there.
    pub interrupted: Interrupted,
}

impl Claim {
    /// Creates a claim to the work with this key. It is in progress until `until` and kept no longer, belongs to no
    /// invocation, and repeats interrupted work.
    pub fn new(key: impl Into<String>, claimant: impl Into<String>, now: SystemTime, until: SystemTime) -> Self {
        Self {
            key: key.into(),
            claimant: claimant.into(),
            invocation: None,
            now,
            until,
            keep_until: until,
            interrupted: Interrupted::Repeat,
        }
    }

    /// Sets the invocation that makes the claim. An empty id is none.
    #[must_use]
    pub fn invocation(self, request_id: &str) -> Self {
        Self { invocation: Some(request_id.to_owned()).filter(|id| !id.is_empty()), ..self }
    }

    /// Sets how long the claim is kept.
    #[must_use]
    pub fn keep_until(self, keep_until: SystemTime) -> Self {
        Self { keep_until, ..self }
    }

    /// Sets what happens to an interrupted claim.
    #[must_use]
    pub fn interrupted(self, interrupted: Interrupted) -> Self {
        Self { interrupted, ..self }
    }
}

/// What happens to work whose claim was interrupted: its environment died in the middle of it, or its time ran out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Interrupted {
    /// The work is done again: at least once.
    #[default]
    Repeat,
    /// The work is not done again: at most once.
    GiveUp,
}

/// How a claim ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimOutcome {
    /// The work belongs to the claimant.
    Claimed {
        /// Whether it may have been begun before.
        repeated: bool,
    },
    /// Somebody else does the work now.
    InProgress,
    /// The work is done.
    Done,
    /// The work was interrupted, and is [given up](Interrupted::GiveUp).
    Interrupted,
}

impl<S: ClaimStore> ClaimStore for Arc<S> {
    type Error = S::Error;

    fn claim(&self, claim: &Claim) -> impl Future<Output = Result<ClaimOutcome, S::Error>> + Send {
        (**self).claim(claim)
    }

    fn finish(&self, key: &str, keep_until: SystemTime) -> impl Future<Output = Result<(), S::Error>> + Send {
        (**self).finish(key, keep_until)
    }

    fn release(&self, key: &str, claimant: &str) -> impl Future<Output = Result<(), S::Error>> + Send {
        (**self).release(key, claimant)
    }
}
