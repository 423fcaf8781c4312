//! Tests a processor without AWS and without a server.
//!
//! A function that does not call this module has nothing of it in its binary.
//!
//! - [`message`] creates a message, and [`decide`] runs a processor on it, in a plain `#[test]`.
//! - [`assert_update`] and [`assert_decision`] show the difference if a decision is not the expected one.
//! - [`CallbackService`] refuses and accepts the callbacks of a whole [`Adapter`](crate::Adapter) as scripted.
//! - [`conformance`](fn@conformance) runs a processor on a [`corpus`](fn@corpus) of messages. It finds panics, lost time,
//!   content in the logs, and updates that lose a part of the message.
//! - [`counters_contract`] checks a [store of counters](crate::store::CounterStore) of your own.
//! - [`tickets_contract`] checks a [store of tickets](crate::store::TicketStore) of your own.
//! - `strategies` makes up messages for [proptest](https://docs.rs/proptest), with the feature `proptest`.
//!
//! ```
//! use channel_flow::{Decision, LimitError, Message, Processor, testing};
//!
//! struct Quiet;
//!
//! impl Processor for Quiet {
//!     type Error = LimitError;
//!
//!     async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
//!         Decision::update(message.content().to_lowercase())
//!     }
//! }
//!
//! let message = testing::message("GOOD MORNING").build();
//! testing::assert_update(testing::decide(&Quiet, &message), "good morning");
//! ```

mod assertions;
mod callback_service;
mod carried_over;
mod claims_contract;
mod conformance;
mod corpus;
mod counters_contract;
mod decide;
mod decision_difference;
mod log_capture;
mod message_builder;
mod sample;
#[cfg(any(test, feature = "proptest"))]
pub mod strategies;
mod text_difference;
mod tickets_contract;

pub use self::assertions::{assert_decision, assert_update};
pub use self::callback_service::{Answer, CallbackService, SentCallback, invoke};
pub use self::carried_over::MessagePart;
pub use self::claims_contract::claims_contract;
pub use self::conformance::{Conformance, Nonconformance, conformance};
pub use self::corpus::corpus;
pub use self::counters_contract::counters_contract;
pub use self::decide::{Undecided, decide, decide_async};
pub use self::message_builder::{MessageBuilder, message, message_from_event};
pub use self::sample::Sample;
pub use self::tickets_contract::tickets_contract;
