//! Decides messages of one kind, and ends: `.ci/instructions` counts the instructions of that.
//!
//! ```text
//! channel-flow-instructions KIND MESSAGES
//! ```
//!
//! A message goes the way of one in Lambda, from the event's JSON to the response's JSON, except that there is no network: the
//! AWS SDK's client signs each callback and gives it to a service in memory. Two runs with different numbers of
//! messages do the same before the first message and after the last one.

mod function;
mod kinds;
mod service;

use std::process::ExitCode;

use crate::kinds::{KINDS, decide};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [kind, messages] = &arguments[..] else {
        // The list of kinds is for the script.
        KINDS.iter().for_each(|kind| println!("{kind}"));
        return ExitCode::SUCCESS;
    };
    let messages = messages.parse().expect("the number of messages is a number");
    decide(kind, messages).await.expect("the messages are decided");
    ExitCode::SUCCESS
}
