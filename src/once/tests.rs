//! Whether work is done once, with a store in memory.

use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use super::*;
use crate::store::{MemoryStore, StoreAway};
use crate::{Invocation, testing};
use std::error::Error as StdError;

fn occasion() -> Occasion {
    Occasion::new("work", "key", &Invocation::default())
}

/// An occasion in the invocation with this request id, which has this much time.
fn occasion_in(request_id: &str, time: Duration) -> Occasion {
    let deadline = Some(Instant::now() + time);
    Occasion::new("work", "key", &Invocation { request_id: request_id.into(), deadline, ..Invocation::default() })
}

async fn ok(_: Attempt) -> Result<(), String> {
    Ok(())
}

async fn fails(_: Attempt) -> Result<(), String> {
    Err("no".to_owned())
}

/// Begins the work and drops it in the middle, as an environment does that dies.
async fn dies<S: ClaimStore>(once: &Once<S>, occasion: Occasion) {
    let working = once.run(occasion, |_| std::future::pending::<Result<(), String>>());
    assert!(tokio::time::timeout(Duration::from_millis(1), working).await.is_err());
}

#[tokio::test]
async fn work_is_done_once() {
    let once = Once::new(MemoryStore::new());
    let count = AtomicU32::new(0);
    let work = |attempt: Attempt| {
        assert!(!attempt.is_repeated());
        let before = count.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, String>(before) }
    };
    assert_eq!(once.run(occasion(), work).await.unwrap(), OnceOutcome::Done(0));
    assert_eq!(once.run(occasion(), work).await.unwrap(), OnceOutcome::DoneBefore);
    assert_eq!(once.clone().run(occasion(), work).await.unwrap().done(), None);
    assert_eq!(count.into_inner(), 1);
    assert_eq!(once.failures(), 0);
}

#[tokio::test]
async fn another_key_or_name_is_another_occasion() {
    let once = Once::new(MemoryStore::new());
    let message = testing::message("hi").build();
    let edit = testing::message("hi there").callback_id("another-callback-id-of-the-same-message").build();
    assert_eq!(message.id(), edit.id());
    let all = [
        (Occasion::of(&message, "help"), OnceOutcome::Done(())),
        (Occasion::of(&message, "help"), OnceOutcome::DoneBefore),
        (Occasion::of(&edit, "help"), OnceOutcome::Done(())),
        (Occasion::of(&message, "score"), OnceOutcome::Done(())),
        (Occasion::of(&message, "join").keyed_by(message.id()), OnceOutcome::Done(())),
        (Occasion::of(&edit, "join").keyed_by(edit.id()), OnceOutcome::DoneBefore),
    ];
    for (occasion, outcome) in all {
        assert_eq!(once.run(occasion.clone(), ok).await.unwrap(), outcome, "{occasion:?}");
    }
}

#[test]
#[should_panic(expected = "contains #")]
fn a_name_with_a_number_sign_is_refused() {
    Occasion::new("a#b", "c", &Invocation::default());
}

#[tokio::test]
async fn the_loser_of_a_race_learns_that_the_work_is_in_progress() {
    let once = Once::new(MemoryStore::new());
    let other = once.clone();
    let outcome = once
        .run(occasion_in("first", Duration::from_secs(10)), |_| async move {
            other.run(occasion_in("second", Duration::from_secs(10)), ok).await
        })
        .await;
    assert_eq!(outcome.unwrap(), OnceOutcome::Done(OnceOutcome::InProgress));
}

#[tokio::test]
async fn work_that_fails_can_be_done_again() {
    let once = Once::new(MemoryStore::new());
    assert!(matches!(once.run(occasion(), fails).await, Err(OnceError::Work(error)) if error == "no"));
    let done = once.run(occasion(), async |attempt| Ok::<_, String>(attempt.is_repeated())).await.unwrap();
    assert_eq!(done, OnceOutcome::Done(false));
}

#[tokio::test]
async fn work_of_an_invocation_that_is_over_is_repeated_with_its_token() {
    let once = Once::new(MemoryStore::new());
    let tokens = Mutex::new(Vec::new());
    let working = once.run(occasion_in("first", Duration::from_millis(5)), |attempt| {
        tokens.lock().unwrap().push(attempt.token());
        std::future::pending::<Result<(), String>>()
    });
    assert!(tokio::time::timeout(Duration::from_millis(10), working).await.is_err());
    tokio::time::sleep(Duration::from_millis(10)).await;
    let done = once
        .run(occasion_in("second", Duration::from_secs(10)), |attempt| {
            tokens.lock().unwrap().push(attempt.token());
            async move { Ok::<_, String>(attempt.is_repeated()) }
        })
        .await;
    assert_eq!(done.unwrap(), OnceOutcome::Done(true));
    let tokens = tokens.into_inner().unwrap();
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn work_of_an_invocation_that_lambda_repeats_is_repeated_at_once() {
    let once = Once::new(MemoryStore::new());
    dies(&once, occasion_in("first", Duration::from_secs(900))).await;
    let other = once.run(occasion_in("second", Duration::from_secs(900)), ok).await;
    assert_eq!(other.unwrap(), OnceOutcome::InProgress);
    let again = once.run(occasion_in("first", Duration::from_secs(900)), ok).await;
    assert_eq!(again.unwrap(), OnceOutcome::Done(()));
}

#[tokio::test]
async fn interrupted_work_is_given_up_if_that_is_chosen() {
    let once = Once::new(MemoryStore::new()).interrupted(Interrupted::GiveUp);
    dies(&once, occasion_in("first", Duration::from_secs(900))).await;
    for _ in 0..2 {
        let again = once.run(occasion_in("first", Duration::from_secs(900)), ok).await;
        assert_eq!(again.unwrap(), OnceOutcome::GivenUp);
    }
}

#[tokio::test]
async fn outside_an_invocation_a_claim_lasts_for_fifteen_minutes() {
    let once = Once::new(MemoryStore::new());
    dies(&once, occasion()).await;
    assert_eq!(once.run(occasion(), ok).await.unwrap(), OnceOutcome::InProgress);
    let now = SystemTime::now();
    assert_eq!(occasion().until(now), now + Duration::from_secs(900));
}

#[tokio::test]
async fn done_work_is_kept_as_long_as_it_is_set() {
    let once = Once::new(MemoryStore::new()).keep(Duration::ZERO);
    assert_eq!(once.run(occasion(), ok).await.unwrap(), OnceOutcome::Done(()));
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(once.run(occasion(), ok).await.unwrap(), OnceOutcome::Done(()));
}

#[tokio::test]
async fn without_the_store_the_work_is_done() {
    let store = MemoryStore::new();
    let once = Once::new(store.clone());
    store.set_away(true);
    let done = once.run(occasion(), async |attempt| Ok::<_, String>(attempt.is_repeated())).await.unwrap();
    assert_eq!(done, OnceOutcome::Done(true));
    // Neither the claim nor the end was recorded.
    assert_eq!(once.failures(), 2);
    store.set_away(false);
    assert_eq!(once.run(occasion(), ok).await.unwrap(), OnceOutcome::Done(()));
}

#[tokio::test]
async fn work_that_went_on_without_a_claim_is_recorded_when_the_store_is_back() {
    let store = MemoryStore::new();
    let once = Once::new(store.clone());
    store.set_away(true);
    let done = once.run(occasion(), |_| async {
        store.set_away(false);
        Ok::<_, String>(())
    });
    assert_eq!(done.await.unwrap(), OnceOutcome::Done(()));
    assert_eq!(once.run(occasion(), ok).await.unwrap(), OnceOutcome::DoneBefore);
}

#[tokio::test]
async fn without_the_store_the_work_is_held_back_if_that_is_chosen() {
    let store = MemoryStore::new();
    let once = Once::new(store.clone()).if_store_away(IfStoreAway::HoldBack);
    store.set_away(true);
    let error = once.run(occasion(), ok).await.unwrap_err();
    assert!(matches!(error, OnceError::HeldBack(_)), "{error:?}");
    let told = Box::<dyn StdError + Send + Sync>::from(error).to_string();
    assert_eq!(told, "the work is held back, since the store of claims failed: the store is away");
    assert_eq!(once.failures(), 1);
    store.set_away(false);
    assert_eq!(once.run(occasion(), ok).await.unwrap(), OnceOutcome::Done(()));
}

/// A store that never answers.
struct Silent;

impl ClaimStore for Silent {
    type Error = StoreAway;

    async fn claim(&self, _: &Claim) -> Result<ClaimOutcome, StoreAway> {
        std::future::pending().await
    }

    async fn finish(&self, _: &str, _: SystemTime) -> Result<(), StoreAway> {
        panic!("a store that panics");
    }

    async fn release(&self, _: &str, _: &str) -> Result<(), StoreAway> {
        unreachable!("nothing is claimed")
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_leaves_half_of_the_time() {
    let once = Once::new(Silent);
    let started = Instant::now();
    let done =
        once.run(occasion_in("first", Duration::from_millis(10_100)), async |_| Ok::<_, String>(started.elapsed()));
    let OnceOutcome::Done(waited) = done.await.unwrap() else { panic!("the work is done") };
    assert!((Duration::from_secs(5)..Duration::from_secs(6)).contains(&waited), "{waited:?}");
    assert_eq!(once.failures(), 2);
}

#[test]
fn tokens_are_those_that_services_accept() {
    let attempt = Attempt::new(&occasion(), false);
    let tokens = [attempt.token(), attempt.token_for("first"), attempt.token_for("second")];
    for (i, token) in tokens.iter().enumerate() {
        assert_eq!(token.len(), 64);
        assert!(token.chars().all(|character| character.is_ascii_hexdigit()));
        assert!(!tokens[..i].contains(token));
    }
    // It must stay the same from one version to the next: functions of both may work at the same time.
    assert_eq!(tokens[0], "b1d5cd6c32ae44587541e375bb2f45a5eb71acb07b051a5b2122bb70c0b221f3");
}
