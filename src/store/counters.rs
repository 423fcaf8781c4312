//! The trait for a store of counters.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::SystemTime;

/// Stores how often something happened lately, for [`Flood`](crate::Flood) and [`Strikes`](crate::Strikes).
///
/// A counter has a key, and it counts by *slot*: a short span of time with a number. Which span that is, the caller knows. A
/// counter can also have *marks*: names that are in force until some time, such as that a sender is muted.
///
/// Each method is one request, and each can be repeated: a request whose answer was lost is sent again with the same id. The
/// times come from the caller, so that a store needs no clock. A key has 1 to 1,024 bytes.
///
/// To check a store of your own, run [`testing::counters_contract`](crate::testing::counters_contract).
pub trait CounterStore: Send + Sync {
    /// The reason why the store could not do it. It is logged: keep secrets and content out of it.
    type Error: Into<Box<dyn StdError + Send + Sync>> + Send;

    /// Adds to slots of a counter, and returns the counter as this addition leaves it. No two additions to a counter see the
    /// same one.
    ///
    /// If an addition with the same id was the last one to this counter, this adds nothing and returns the counter as it
    /// is. A store may also know the ids of some additions before.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not say what the counter is. It may have added all the same.
    fn add(&self, addition: &Addition<'_>) -> impl Future<Output = Result<Counter, Self::Error>> + Send;

    /// Returns a counter as the last write left it. A counter to which nothing was added is empty.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read.
    fn counter(&self, key: &str) -> impl Future<Output = Result<Counter, Self::Error>> + Send;

    /// Puts a mark on a counter, unless one with that name is in force. Returns whether the mark in force is the one with
    /// this id: of those who race, one gets `true`, and gets it again if it repeats the request.
    ///
    /// # Errors
    ///
    /// Returns an error if the store does not say whose mark is in force. It may be this one all the same.
    fn mark(&self, mark: &Mark<'_>) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}

/// Something that is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Addition<'a> {
    /// The key of the counter.
    pub key: &'a str,
    /// What is counted, such as the id of a callback: 1 to 64 bytes.
    pub id: &'a str,
    /// When it happened.
    pub at: SystemTime,
    /// The numbers of slots, and how much to add to each: at least one, at most 32.
    pub slots: Vec<(u64, u64)>,
    /// Slots before this one are over. The store removes them, now or with a later addition.
    pub first_slot: u64,
    /// Until when the counter is needed, with its marks. What the last write says counts. The store removes the counter some
    /// time after that.
    pub keep_until: SystemTime,
}

impl<'a> Addition<'a> {
    /// Adds to slots of a counter, none of which is over.
    pub fn new(key: &'a str, id: &'a str, at: SystemTime, slots: Vec<(u64, u64)>, keep_until: SystemTime) -> Self {
        Self { key, id, at, slots, first_slot: 0, keep_until }
    }

    /// Tells the store that the slots before this one are over.
    #[must_use]
    pub fn first_slot(self, first_slot: u64) -> Self {
        Self { first_slot, ..self }
    }
}

/// A mark to put on a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark<'a> {
    /// The key of the counter.
    pub key: &'a str,
    /// The name of the mark: 1 to 32 ASCII letters, digits and `-`.
    pub name: &'a str,
    /// Whose mark it is, such as the id of a callback: 1 to 64 bytes.
    pub id: &'a str,
    /// The time now: a mark until then or earlier is not in force.
    pub at: SystemTime,
    /// Until when the mark is in force. A store may drop the fraction of a millisecond.
    pub until: SystemTime,
    /// Until when the counter is needed, with its slots. What the last write says counts. The store removes the counter some
    /// time after that.
    pub keep_until: SystemTime,
}

impl<'a> Mark<'a> {
    /// A mark from `at` until `until`, on a counter that is needed as long.
    pub fn new(key: &'a str, name: &'a str, id: &'a str, at: SystemTime, until: SystemTime) -> Self {
        Self { key, name, id, at, until, keep_until: until }
    }

    /// Sets until when the counter is needed.
    #[must_use]
    pub fn keep_until(self, keep_until: SystemTime) -> Self {
        Self { keep_until, ..self }
    }
}

/// What a store knows of a counter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    slots: BTreeMap<u64, u64>,
    marks: BTreeMap<String, SystemTime>,
}

impl Counter {
    /// Creates a counter from its slots, and from its marks with the time until which each is in force.
    pub fn new(
        slots: impl IntoIterator<Item = (u64, u64)>,
        marks: impl IntoIterator<Item = (String, SystemTime)>,
    ) -> Self {
        Self { slots: slots.into_iter().collect(), marks: marks.into_iter().collect() }
    }

    /// Returns the number of what was counted in these slots.
    pub fn count_in(&self, slots: RangeInclusive<u64>) -> u64 {
        // A range that ends before it begins is none of a map.
        if slots.is_empty() {
            return 0;
        }
        self.slots.range(slots).fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Returns the time until which a mark is in force, which may be over, or `None` if there is no such mark.
    pub fn marked_until(&self, mark: &str) -> Option<SystemTime> {
        self.marks.get(mark).copied()
    }
}

impl<S: CounterStore> CounterStore for Arc<S> {
    type Error = S::Error;

    fn add(&self, addition: &Addition<'_>) -> impl Future<Output = Result<Counter, S::Error>> + Send {
        (**self).add(addition)
    }

    fn counter(&self, key: &str) -> impl Future<Output = Result<Counter, S::Error>> + Send {
        (**self).counter(key)
    }

    fn mark(&self, mark: &Mark<'_>) -> impl Future<Output = Result<bool, S::Error>> + Send {
        (**self).mark(mark)
    }
}
