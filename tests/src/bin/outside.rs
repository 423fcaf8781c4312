//! Decides a message from outside an invocation: reads its event from standard input, and the decision from the arguments.

use std::io::{Read, stdin};
use std::time::Duration;

use channel_flow::{Callbacks, Decision, Error, PendingMessage, Update};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut event = String::new();
    stdin().read_to_string(&mut event).expect("an event in UTF-8");
    let decision = match std::env::args().nth(1).as_deref() {
        Some("deny") => Decision::deny(),
        Some("no change") => Decision::no_change(),
        Some("update metadata") => Update::builder().metadata("{}").build().expect("within the limits").into(),
        Some(content) => Decision::update(content).expect("within the limits"),
        None => panic!("a decision"),
    };
    let message = PendingMessage::from_event(event)?;
    let callbacks = Callbacks::from_environment().await?;
    let settled = callbacks.send(&message, &decision, Duration::from_secs(5)).await?;
    println!("{}", serde_json::to_string(&settled).expect("it can be written"));
    Ok(())
}
