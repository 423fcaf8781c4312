//! A channel flow processor that keeps the presence of people, such as `Busy`, in the metadata of their channel.
//!
//! ```text
//! cargo run -p cargo-channel-flow -- dev --processor presence \
//!     --env PRESENCE_MODERATOR_ARN=arn:aws:chime:us-east-1:123456789012:app-instance/demo/user/alice
//! ```
//!
//! It takes the messages and keeps the metadata of AWS's chat demo. A message that repeats a status is denied, and a new
//! status is kept after the callback. All other messages are released. Environment variable:
//!
//! | variable | |
//! | --- | --- |
//! | `PRESENCE_MODERATOR_ARN` | the ARN of an app instance user or bot that moderates the channels |

use std::env;
use std::time::Duration;

use channel_flow::aws_sdk_chimesdkmessaging::Client;
use channel_flow::{Adapter, Callbacks, Decision, DecisionKind, Message, Processor, Settled};
use tokio::time::timeout;

use crate::channel::Channel;
use crate::channel_error::ChannelError;
use crate::moderator_arn::ModeratorArn;
use crate::status::{Status, status_in};

mod channel;
mod channel_error;
mod channel_presence;
mod moderator_arn;
mod status;

/// How long a message waits for the channel's metadata.
const READ_TIME: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let moderator = ModeratorArn::from_settings(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
    // One client, with its retries and connections, for the callbacks and the channel.
    let client = Callbacks::from_environment().await?.client().clone();
    Ok(Adapter::builder(Presence { moderator, client: client.clone() }).client(client).run().await?)
}

struct Presence {
    moderator: ModeratorArn,
    client: Client,
}

impl Processor for Presence {
    type Error = ChannelError;

    async fn process(&self, message: &Message) -> Result<Decision, ChannelError> {
        Ok(match status_in(message) {
            None => Decision::no_change(),
            Some(Err(_)) => Decision::deny().because("invalid-status"),
            Some(Ok(status)) if self.is_kept(message, &status).await => Decision::deny().because("same-status"),
            Some(Ok(_)) => Decision::no_change(),
        })
    }

    async fn after_callback(&self, message: &Message, decision: &Decision, _: &Settled) -> Result<(), ChannelError> {
        match status_in(message) {
            Some(Ok(status)) if decision.kind() == DecisionKind::NoChange => {
                self.channel(message).keep(message, &status).await
            }
            _ => Ok(()),
        }
    }
}

impl Presence {
    /// Whether the channel has this status of the sender already. If it cannot be read in time, the message is released: a
    /// line too many in the chat is better than none.
    async fn is_kept(&self, message: &Message, status: &Status) -> bool {
        let presence = timeout(READ_TIME, self.channel(message).read()).await;
        matches!(presence, Ok(Ok(presence)) if presence.has(message.sender().id(), status))
    }

    fn channel<'a>(&'a self, message: &'a Message) -> Channel<'a> {
        Channel::new(&self.client, message.channel_arn(), self.moderator.as_str())
    }
}

#[cfg(test)]
mod tests;
