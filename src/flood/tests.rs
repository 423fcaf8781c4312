use super::*;
use crate::testing;
use proptest::prelude::*;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::store::{MemoryStore, StoreAway};

const SECOND: Duration = Duration::from_secs(1);
/// The start of the tests' time, in milliseconds: not the start of a slot.
const START: u64 = 1_772_366_400_250;

/// A store that counts what it is asked.
#[derive(Default)]
struct Counting {
    store: MemoryStore,
    adds: AtomicUsize,
    reads: AtomicUsize,
    marks: AtomicUsize,
}

impl Counting {
    /// Returns the additions, the reads and the marks so far.
    fn requests(&self) -> (usize, usize, usize) {
        let [adds, reads, marks] = [&self.adds, &self.reads, &self.marks].map(|number| number.load(Ordering::Relaxed));
        (adds, reads, marks)
    }
}

impl CounterStore for Counting {
    type Error = StoreAway;

    async fn add(&self, addition: &Addition<'_>) -> Result<Counter, StoreAway> {
        self.adds.fetch_add(1, Ordering::Relaxed);
        self.store.add(addition).await
    }

    async fn counter(&self, key: &str) -> Result<Counter, StoreAway> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.store.counter(key).await
    }

    async fn mark(&self, mark: &Mark<'_>) -> Result<bool, StoreAway> {
        self.marks.fetch_add(1, Ordering::Relaxed);
        self.store.mark(mark).await
    }
}

fn message(id: usize, sender: &str, ms: u64) -> Message {
    let ms = START + ms;
    let seconds = format!("{}.{:03}", ms / 1_000, ms % 1_000);
    let callback_id = format!("callback-{id:032}");
    testing::message("Hi").callback_id(&callback_id).sender_user(sender).field("CreatedTimestamp", &seconds).build()
}

#[track_caller]
fn decide(flood: &Flood<Arc<Counting>>, message: &Message) -> Decision {
    testing::decide(flood, message).expect("it decides")
}

fn denied() -> Decision {
    Decision::deny().because("flood")
}

fn muted() -> Decision {
    Decision::deny().because("muted")
}

/// Environments of one function, with one store.
fn environments(
    number: usize,
    new: impl Fn(Arc<Counting>) -> Flood<Arc<Counting>>,
) -> (Arc<Counting>, Vec<Flood<Arc<Counting>>>) {
    let store = Arc::new(Counting::default());
    let environments = (0..number).map(|_| new(store.clone())).collect();
    (store, environments)
}

fn five_in_ten(store: Arc<Counting>) -> Flood<Arc<Counting>> {
    Flood::more_than(5, 10 * SECOND, store)
}

#[test]
fn one_message_too_many_is_denied_whichever_environment_it_comes_to() {
    let (store, environments) = environments(3, five_in_ten);
    for id in 0..5 {
        assert_eq!(decide(&environments[id % 3], &message(id, "alice", 100 * id as u64)), Decision::no_change());
    }
    for environment in &environments {
        assert_eq!(decide(environment, &message(environment as *const _ as usize, "alice", 900)), denied());
    }
    assert_eq!(decide(&environments[0], &message(8, "bob", 900)), Decision::no_change());
    // Long after, she may speak again.
    assert_eq!(decide(&environments[0], &message(9, "alice", 12_000)), Decision::no_change());
    assert_eq!(store.requests(), (10, 0, 0));
}

#[test]
fn a_redelivery_counts_once() {
    let (store, environments) = environments(2, five_in_ten);
    for _ in 0..10 {
        for environment in &environments {
            assert_eq!(decide(environment, &message(1, "alice", 0)), Decision::no_change());
        }
    }
    // Each environment takes it for new once, and the store knows better.
    assert_eq!(store.requests().0, 2);
    for id in 2..6 {
        assert_eq!(decide(&environments[0], &message(id, "alice", 10)), Decision::no_change());
    }
    assert_eq!(decide(&environments[0], &message(6, "alice", 10)), denied());
}

#[test]
fn what_is_counted_together_is_a_choice() {
    let general = |sender, id| message(id, sender, 0);
    let elsewhere = |sender, id| {
        let channel = general(sender, id).channel_arn().replace("/channel/", "/channel/elsewhere-");
        let message = testing::message("Hi").channel_arn(&channel).sender_user(sender);
        message
            .callback_id(&format!("callback-{id:032}"))
            .field("CreatedTimestamp", &(START / 1_000).to_string())
            .build()
    };
    for (by, shares) in [
        (CountBy::Sender, [true, false]),
        (CountBy::Channel, [false, true]),
        (CountBy::SenderInChannel, [false, false]),
    ] {
        let flood = |_| Flood::more_than(1, 10 * SECOND, Arc::new(Counting::default())).by(by);
        for (other, shares) in [elsewhere("alice", 2), general("bob", 2)].iter().zip(shares) {
            let flood = flood(());
            assert_eq!(decide(&flood, &general("alice", 1)), Decision::no_change());
            assert_eq!(decide(&flood, other).kind() == crate::DecisionKind::Deny, shares, "{by:?}");
        }
    }
}

#[test]
fn floods_with_two_names_share_nothing() {
    let store = Arc::new(Counting::default());
    let all = Flood::more_than(1, 10 * SECOND, store.clone());
    let commands = Flood::more_than(1, 10 * SECOND, store.clone()).named("commands");
    let longer = Flood::more_than(1, 60 * SECOND, store);
    for flood in [&all, &commands, &longer] {
        assert_eq!(decide(flood, &message(1, "alice", 0)), Decision::no_change());
    }
    assert_eq!(decide(&all, &message(2, "alice", 0)), denied());
}

#[test]
fn a_message_without_a_sender_is_let_through() {
    let store = Arc::new(Counting::default());
    let nobody = testing::message("Hi").field("Sender", "{}").build();
    assert_eq!(decide(&Flood::more_than(0, SECOND, store.clone()), &nobody), Decision::no_change());
    assert_eq!(decide(&Flood::more_than(0, SECOND, store).by(CountBy::Channel), &nobody), denied());
}

#[test]
fn an_edit_counts_when_it_is_made() {
    let flood = Flood::more_than(1, 10 * SECOND, Arc::new(Counting::default()));
    let edit = |second: u64| {
        let edited = ((START / 1_000) + second).to_string();
        let message = testing::message("Hi").callback_id(&format!("callback-{second:032}"));
        message.field("CreatedTimestamp", &(START / 1_000).to_string()).field("LastEditedTimestamp", &edited).build()
    };
    assert_eq!(decide(&flood, &edit(1)), Decision::no_change());
    assert_eq!(decide(&flood, &edit(30)), Decision::no_change());
    assert_eq!(decide(&flood, &edit(31)), denied());
}

#[test]
fn a_mute_lasts_its_time_in_all_environments() {
    let (store, environments) = environments(2, |store| five_in_ten(store).mute(60 * SECOND));
    for id in 0..5 {
        assert_eq!(decide(&environments[0], &message(id, "alice", 0)), Decision::no_change());
    }
    assert_eq!(decide(&environments[0], &message(5, "alice", 1_000)), denied());
    assert_eq!(store.requests(), (6, 0, 1));
    // The environment that muted her asks no more. The other one learns of it when it counts the message.
    assert_eq!(decide(&environments[0], &message(6, "alice", 30_000)), muted());
    assert_eq!(store.requests(), (6, 0, 1));
    for id in 7..9 {
        assert_eq!(decide(&environments[1], &message(id, "alice", 31_000)), muted());
    }
    assert_eq!(store.requests(), (7, 0, 1));
    assert_eq!(decide(&environments[1], &message(9, "bob", 31_000)), Decision::no_change());
    for environment in &environments {
        let id = environment as *const _ as usize;
        assert_eq!(decide(environment, &message(id, "alice", 61_000)), Decision::no_change());
    }
}

/// Lambda may deliver an old message after a mute has begun.
#[test]
fn a_message_from_before_the_mute_is_not_muted() {
    let (_, environments) = environments(1, |store| Flood::more_than(1, 10 * SECOND, store).mute(60 * SECOND));
    let flood = &environments[0];
    assert_eq!(decide(flood, &message(1, "alice", 100_000)), Decision::no_change());
    assert_eq!(decide(flood, &message(2, "alice", 100_000)), denied());
    assert_eq!(decide(flood, &message(3, "alice", 100_000)), muted());
    assert_eq!(decide(flood, &message(4, "alice", 50_000)), Decision::no_change());
}

#[test]
fn with_a_share_quiet_senders_cost_no_write() {
    let (store, environments) = environments(2, |store| five_in_ten(store).environments(2));
    for id in 0..100 {
        assert_eq!(decide(&environments[id % 2], &message(id, &format!("user-{}", id % 25), 0)), Decision::no_change());
    }
    assert_eq!(store.requests(), (0, 0, 0));
    // The third in one environment is written, with those that were held back.
    assert_eq!(decide(&environments[0], &message(100, "user-0", 0)), Decision::no_change());
    assert_eq!(store.requests(), (1, 0, 0));
    for id in 101..103 {
        assert_eq!(decide(&environments[0], &message(id, "user-0", 0)), Decision::no_change());
    }
    assert_eq!(decide(&environments[0], &message(103, "user-0", 0)), denied());
}

#[test]
fn one_environment_writes_nothing() {
    let (store, environments) = environments(1, |store| five_in_ten(store).environments(1));
    for id in 0..10 {
        let expected = if id < 5 { Decision::no_change() } else { denied() };
        assert_eq!(decide(&environments[0], &message(id, "alice", 0)), expected);
    }
    assert_eq!(store.requests(), (0, 0, 0));
}

/// Without a write, a mute is read.
#[test]
fn with_a_share_a_mute_is_read_once_in_a_window() {
    let (store, environments) = environments(2, |store| five_in_ten(store).environments(2).mute(3_600 * SECOND));
    for id in 0..2 {
        assert_eq!(decide(&environments[1], &message(id, "alice", 0)), Decision::no_change());
    }
    assert_eq!(store.requests(), (0, 1, 0));
    for id in 2..8 {
        let expected = if id < 7 { Decision::no_change() } else { denied() };
        assert_eq!(decide(&environments[0], &message(id, "alice", 0)), expected);
    }
    assert_eq!(store.requests(), (4, 2, 1));
    assert_eq!(decide(&environments[1], &message(8, "alice", 12_000)), muted());
    assert_eq!(decide(&environments[1], &message(9, "alice", 24_000)), muted());
    assert_eq!(store.requests(), (4, 3, 1));
}

/// An environment may have ended that muted somebody.
#[test]
fn one_environment_reads_once_who_is_muted() {
    let new = |store| five_in_ten(store).environments(1).mute(3_600 * SECOND);
    let (store, environments) = environments(2, new);
    for id in 0..6 {
        decide(&environments[0], &message(id, "alice", 0));
    }
    assert_eq!(store.requests(), (0, 1, 1));
    assert_eq!(decide(&environments[1], &message(6, "alice", 60_000)), muted());
    for second in 0..10 {
        decide(&environments[1], &message(7 + second, "bob", 60_000 + 20_000 * second as u64));
    }
    assert_eq!(store.requests(), (0, 3, 1));
}

#[test]
fn if_the_if_store_away_the_environment_counts_alone() {
    let (store, environments) = environments(2, |store| five_in_ten(store).mute(60 * SECOND));
    store.store.set_away(true);
    for environment in &environments {
        for id in 0..7_usize {
            let expected = [Decision::no_change(), denied(), muted()][id.saturating_sub(4).min(2)].clone();
            assert_eq!(decide(environment, &message(id, "alice", 0)), expected, "{id}");
        }
    }
    // Six additions and a mark.
    assert_eq!(environments[0].store_failures(), 7);
    store.store.set_away(false);
    assert_eq!(decide(&environments[1], &message(9, "bob", 0)), Decision::no_change());
    assert_eq!(environments[1].store_failures(), 7);
}

#[test]
fn if_the_if_store_away_a_flood_can_hold_back() {
    let store = Arc::new(Counting::default());
    let flood = five_in_ten(store.clone()).if_store_away(IfStoreAway::HoldBack);
    store.store.set_away(true);
    let error = testing::decide(&flood, &message(1, "alice", 0)).unwrap_err();
    assert!(error.to_string().contains("the store of counters failed: the store is away"), "{error}");
    store.store.set_away(false);
    assert_eq!(decide(&flood, &message(1, "alice", 0)), Decision::no_change());
}

/// A store that never answers.
struct Silent;

impl CounterStore for Silent {
    type Error = Infallible;

    async fn add(&self, _: &Addition<'_>) -> Result<Counter, Infallible> {
        std::future::pending().await
    }

    async fn counter(&self, _: &str) -> Result<Counter, Infallible> {
        std::future::pending().await
    }

    async fn mark(&self, _: &Mark<'_>) -> Result<bool, Infallible> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_store_holds_no_message_up() {
    let flood = Flood::more_than(0, SECOND, Silent).mute(SECOND);
    let started = tokio::time::Instant::now();
    assert_eq!(testing::decide_async(&flood, &message(1, "alice", 0)).await.unwrap(), denied());
    // A second for the addition, and a second for the mark.
    assert!(started.elapsed().abs_diff(2 * SECOND) < Duration::from_millis(10), "{:?}", started.elapsed());
    assert_eq!(flood.store_failures(), 2);
}

/// No panic, no lost time and no content in the logs, whatever the message.
#[test]
fn it_conforms() {
    testing::conformance(Flood::more_than(3, SECOND, MemoryStore::new()).mute(SECOND));
    let away = MemoryStore::new();
    away.set_away(true);
    testing::conformance(Flood::more_than(3, SECOND, away));
}

/// Messages in the order in which they are sent: the milliseconds since the one before, and the environment that gets it.
fn messages() -> impl Strategy<Value = Vec<(u64, usize)>> {
    let gap = prop_oneof![4 => 0..50_u64, 3 => 0..500_u64, 1 => 500..3_000_u64];
    proptest::collection::vec((gap, 0..6_usize), 1..150)
}

/// How many of the messages came within this time before `now`, `now` included.
fn within(sent: &[u64], now: u64, ms: u64) -> u64 {
    sent.iter().filter(|sent| now - **sent < ms).count() as u64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every message is written. What passes is within the limit, and what is denied is above it if the window counts as a
    /// tenth longer.
    #[test]
    fn the_error_is_a_tenth_of_the_window(messages in messages(), limit in 0..8_u64, number in 1..4_usize) {
        let (store, environments) = environments(number, |store| Flood::more_than(limit, SECOND, store));
        let (mut now, mut sent) = (0, Vec::new());
        for (id, (gap, environment)) in messages.into_iter().enumerate() {
            now += gap;
            sent.push(now);
            let decision = decide(&environments[environment % number], &message(id, "alice", now));
            if decision == denied() {
                prop_assert!(within(&sent, now, 1_100) > limit, "denied at {} ms", now);
            } else {
                prop_assert!(within(&sent, now, 1_000) <= limit, "passed at {} ms", now);
            }
        }
        prop_assert_eq!(store.requests(), (sent.len(), 0, 0));
    }

    /// With a share, no message is denied too early, and no more get through in a window than is said. An environment that is replaced
    /// takes its share along.
    #[test]
    fn the_error_of_a_share_is_what_the_others_hold_back(
        messages in messages(),
        limit in 0..12_u64,
        number in 1..6_usize,
        ends in proptest::collection::vec((0..150_usize, 0..6_usize), 0..3),
    ) {
        let count = number as u64;
        let new = |store| Flood::more_than(limit, SECOND, store).environments(count);
        let (store, mut environments) = environments(number, new);
        let (mut now, mut sent, mut passed, mut ended) = (0, Vec::new(), Vec::new(), 0);
        for (id, (gap, environment)) in messages.into_iter().enumerate() {
            for (_, ends) in ends.iter().filter(|(at, _)| *at == id) {
                environments[ends % number] = new(store.clone());
                ended += 1;
            }
            now += gap;
            sent.push(now);
            let decision = decide(&environments[environment % number], &message(id, "alice", now));
            let (share, others) = (limit / count, count - 1 + ended);
            if decision == denied() {
                prop_assert!(within(&sent, now, 1_100) > limit, "denied at {} ms", now);
            } else {
                passed.push(now);
                prop_assert!(within(&passed, now, 1_000) <= limit + others * share, "passed at {} ms", now);
            }
        }
        prop_assert!(store.requests().0 <= sent.len());
        prop_assert!(number > 1 || store.requests().0 == 0);
    }
}
