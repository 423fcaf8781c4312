//! What many environments of a function remember together.
//!
//! An environment forgets everything between two messages, and shares nothing with the others. A store is what they share.
//! There are three traits, each for one kind of memory:
//!
//! - [`ClaimStore`]: work that is done once.
//! - [`CounterStore`]: how often something happened lately.
//! - [`TicketStore`]: messages that are held for a person.
//!
//! The crate `channel-flow-dynamodb` keeps all three in one table of Amazon DynamoDB. [`MemoryStore`] keeps them in the
//! process: for tests, and for a function with one environment that may forget. [`testing`](crate::testing) has the contract of
//! each trait as a test, for a store of your own.

pub(crate) mod answer;
mod claims;
mod counters;
mod if_store_away;
mod memory;
pub(crate) mod tickets;

pub use self::claims::{Claim, ClaimOutcome, ClaimStore, Interrupted};
pub use self::counters::{Addition, Counter, CounterStore, Mark};
pub use self::if_store_away::IfStoreAway;
pub use self::memory::{MemoryStore, StoreAway};
pub use self::tickets::{Queue, TicketPage, TicketQuery, TicketStore};
