//! Memory for [channel flow processors](channel_flow) in one table of Amazon DynamoDB.
//!
//! [`DynamoDbStore`] implements the traits of [`channel_flow::store`]. All environments of a function share what it holds,
//! and so do several functions that use the same table.
//!
//! ```no_run
//! use channel_flow_dynamodb::DynamoDbStore;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // The table is the one that CHANNEL_FLOW_TABLE names.
//!     let store = DynamoDbStore::from_environment().await?;
//!     // Give clones of it to whatever remembers something, and then run the processor.
//!     # drop(store);
//!     Ok(())
//! }
//! ```
//!
//! # The table
//!
//! | | |
//! | --- | --- |
//! | partition key | `pk`, a string: `claim#…`, `counter#…` or `ticket#…` |
//! | sort key | none |
//! | time to live | the attribute `expires_at`, a number of seconds since 1970 |
//! | index `queues`, for tickets | partition key `queue`, a string: `OPEN`, `RESOLVED` or `CLOSED`; sort key `queued_at`, a number of milliseconds since 1970; projects all attributes |
//!
//! The template of the repository creates it, encrypted and with capacity on demand. [`create_table`] creates one for a laptop
//! or a test.
//!
//! # Grants
//!
//! The role of the function needs these grants on the table:
//!
//! | for | grants |
//! | --- | --- |
//! | claims | `dynamodb:PutItem`, `dynamodb:DeleteItem` |
//! | counters | `dynamodb:UpdateItem`, `dynamodb:GetItem` |
//! | to hold messages | `dynamodb:PutItem` |
//! | to resolve tickets, and for the sweep | `dynamodb:GetItem`, `dynamodb:UpdateItem`, and `dynamodb:Query` on the index `queues` |

mod claims;
mod client;
mod counters;
mod error;
mod item;
mod store;
mod table;
mod tickets;

pub use crate::error::{StoreError, StoreErrorKind};
pub use crate::store::DynamoDbStore;
pub use crate::table::create_table;

pub use aws_sdk_dynamodb;

/// Compiles the code in the README as a doc test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
