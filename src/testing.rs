//! Messages for testing a processor without AWS and without a server.
//!
//! A function that does not call this module has nothing of it in its binary.
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
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let message = testing::message("GOOD MORNING").build();
//! assert_eq!(Quiet.process(&message).await, Decision::update("good morning"));
//! # });
//! ```

mod message_builder;

pub use self::message_builder::{MessageBuilder, message, message_from_event};
