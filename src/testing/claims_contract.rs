//! The contract of a store of claims, as a test.

use std::time::{Duration, SystemTime};

use crate::store::{Claim, ClaimOutcome, ClaimStore, Interrupted};

const FRESH: ClaimOutcome = ClaimOutcome::Claimed { repeated: false };
const REPEATED: ClaimOutcome = ClaimOutcome::Claimed { repeated: true };

/// How long the claims of this test are kept. Stores may round it to seconds, and keep a claim for some seconds more.
const KEPT: Duration = Duration::from_secs(1_000);

/// Asserts that a store of claims keeps the [contract](ClaimStore). The store has to be new and empty. The test does not wait:
/// its times are given to the store.
///
/// ```
/// use channel_flow::store::MemoryStore;
/// use channel_flow::testing;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// testing::claims_contract(&MemoryStore::new()).await;
/// # }
/// ```
///
/// # Panics
///
/// Panics if the store fails or breaks the contract, and says how.
pub async fn claims_contract<S: ClaimStore>(store: &S) {
    let now = SystemTime::now();
    one_claimant(store, now).await;
    finished(store, now).await;
    released(store, now).await;
    interrupted_by_time(store, now).await;
    interrupted_by_a_repeated_invocation(store, now).await;
    no_longer_kept(store, now).await;
}

async fn one_claimant(store: &impl ClaimStore, now: SystemTime) {
    let a = claim("race", "a", now).invocation("first");
    let b = claim("race", "b", now).invocation("second");
    assert_eq!(claimed(store, &a).await, FRESH, "nobody has claimed the work");
    assert_eq!(claimed(store, &b).await, ClaimOutcome::InProgress, "another invocation does the work");
    let gives_up = b.interrupted(Interrupted::GiveUp);
    assert_eq!(claimed(store, &gives_up).await, ClaimOutcome::InProgress, "another invocation does the work");
    assert_eq!(
        claimed(store, &claim("race", "c", now)).await,
        ClaimOutcome::InProgress,
        "a claim outside an invocation"
    );
    assert_eq!(claimed(store, &claim("other", "c", now)).await, FRESH, "other work");

    let again = claimed(store, &a).await;
    assert!(matches!(again, ClaimOutcome::Claimed { .. }), "the same claim, whose answer was lost: {again:?}");
    let gives_up = claim("careful", "a", now).invocation("first").interrupted(Interrupted::GiveUp);
    assert_eq!(claimed(store, &gives_up).await, FRESH, "nobody has claimed the work");
    let again = claimed(store, &gives_up).await;
    assert!(matches!(again, ClaimOutcome::Claimed { .. }), "the same claim, whose answer was lost: {again:?}");
}

async fn finished(store: &impl ClaimStore, now: SystemTime) {
    let a = claim("finished", "a", now).invocation("first");
    assert_eq!(claimed(store, &a).await, FRESH, "nobody has claimed the work");
    for time in ["the first time", "again"] {
        let finished = store.finish("finished", now + KEPT).await;
        finished.unwrap_or_else(|error| panic!("finish {time}: {}", error.into()));
    }
    let later = now + KEPT / 2;
    for other in [claim("finished", "b", later), claim("finished", "c", later).invocation("first")] {
        assert_eq!(claimed(store, &other).await, ClaimOutcome::Done, "the work is done");
    }
    store.release("finished", "a").await.unwrap_or_else(|error| panic!("release after finish: {}", error.into()));
    assert_eq!(claimed(store, &claim("finished", "d", now)).await, ClaimOutcome::Done, "done work is not released");

    let finished = store.finish("unclaimed", now + KEPT).await;
    finished.unwrap_or_else(|error| panic!("finish without a claim: {}", error.into()));
    assert_eq!(claimed(store, &claim("unclaimed", "a", now)).await, ClaimOutcome::Done, "finished without a claim");
}

async fn released(store: &impl ClaimStore, now: SystemTime) {
    assert_eq!(claimed(store, &claim("released", "a", now)).await, FRESH, "nobody has claimed the work");
    store.release("released", "b").await.unwrap_or_else(|error| panic!("release by another: {}", error.into()));
    let other = claim("released", "b", now);
    assert_eq!(claimed(store, &other).await, ClaimOutcome::InProgress, "a claim is released by its claimant alone");
    for time in ["the first time", "again"] {
        let released = store.release("released", "a").await;
        released.unwrap_or_else(|error| panic!("release {time}: {}", error.into()));
    }
    assert_eq!(claimed(store, &other).await, FRESH, "a released claim leaves nothing behind");
    store.release("never", "a").await.unwrap_or_else(|error| panic!("release without a claim: {}", error.into()));
}

async fn interrupted_by_time(store: &impl ClaimStore, now: SystemTime) {
    let a = claim("expired", "a", now).invocation("first");
    let later = a.until + Duration::from_millis(1);
    assert_eq!(claimed(store, &a).await, FRESH, "nobody has claimed the work");
    let b = Claim { now: a.until - Duration::from_millis(1), ..claim("expired", "b", now) };
    assert_eq!(claimed(store, &b).await, ClaimOutcome::InProgress, "a millisecond is left");
    let gives_up = claim("expired", "c", later).interrupted(Interrupted::GiveUp);
    for _ in 0..2 {
        assert_eq!(claimed(store, &gives_up).await, ClaimOutcome::Interrupted, "its time is over, and it is given up");
    }
    assert_eq!(claimed(store, &claim("expired", "d", later)).await, REPEATED, "its time is over");
    assert_eq!(claimed(store, &claim("expired", "e", later)).await, ClaimOutcome::InProgress, "it is claimed anew");
    store.release("expired", "a").await.unwrap_or_else(|error| panic!("release after it was lost: {}", error.into()));
    assert_eq!(
        claimed(store, &claim("expired", "f", later)).await,
        ClaimOutcome::InProgress,
        "a lost claim is not released"
    );
}

async fn interrupted_by_a_repeated_invocation(store: &impl ClaimStore, now: SystemTime) {
    let a = claim("invocation", "a", now).invocation("first");
    assert_eq!(claimed(store, &a).await, FRESH, "nobody has claimed the work");
    let again = claim("invocation", "b", now).invocation("first");
    let gives_up = again.clone().interrupted(Interrupted::GiveUp);
    assert_eq!(
        claimed(store, &gives_up).await,
        ClaimOutcome::Interrupted,
        "the invocation is repeated: its first run failed"
    );
    assert_eq!(claimed(store, &again).await, REPEATED, "the invocation is repeated: its first run failed");
    let outside = claim("outside", "a", now);
    assert_eq!(claimed(store, &outside).await, FRESH, "nobody has claimed the work");
    let other = claim("outside", "b", now);
    assert_eq!(
        claimed(store, &other).await,
        ClaimOutcome::InProgress,
        "two claims outside an invocation have none in common"
    );
}

async fn no_longer_kept(store: &impl ClaimStore, now: SystemTime) {
    let later = now + KEPT + Duration::from_secs(10);
    assert_eq!(claimed(store, &claim("old", "a", now)).await, FRESH, "nobody has claimed the work");
    let gives_up = claim("old", "b", later).interrupted(Interrupted::GiveUp);
    assert_eq!(claimed(store, &gives_up).await, FRESH, "the earlier claim is no longer kept");
    let finished = store.finish("old work", now + KEPT).await;
    finished.unwrap_or_else(|error| panic!("finish: {}", error.into()));
    assert_eq!(claimed(store, &claim("old work", "a", later)).await, FRESH, "the finished work is no longer kept");
}

fn claim(key: &str, claimant: &str, now: SystemTime) -> Claim {
    Claim::new(key, claimant, now, now + KEPT / 10).keep_until(now + KEPT)
}

async fn claimed<S: ClaimStore>(store: &S, claim: &Claim) -> ClaimOutcome {
    store.claim(claim).await.unwrap_or_else(|error| panic!("claim of {:?}: {}", claim.key, error.into()))
}
