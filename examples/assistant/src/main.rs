//! A channel flow processor that answers the commands `/help` and `/stats` by a message of its own.
//!
//! ```text
//! cargo run -p cargo-channel-flow -- dev --processor assistant \
//!     --env ASSISTANT_ARN=arn:aws:chime:us-east-1:123456789012:app-instance/demo/bot/helper
//! ```
//!
//! Every message is released unchanged. A command of a person is answered after the callback, so that the command stands
//! above its answer and does not wait for it. Environment variable:
//!
//! | variable | |
//! | --- | --- |
//! | `ASSISTANT_ARN` | the ARN of the app instance bot or user that answers; it must be a member of the channels |

use std::env;

use channel_flow::aws_sdk_chimesdkmessaging::Client;
use channel_flow::{Adapter, Callbacks, Decision, Message, Processor, Settled};

use crate::assistant_arn::AssistantArn;
use crate::command::Command;
use crate::request_error::RequestError;

mod answer;
mod assistant_arn;
mod command;
mod request_error;
mod statistics;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arn = AssistantArn::from_settings(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
    // One client, with its retries and connections, for the callbacks and the answers.
    let client = Callbacks::from_environment().await?.client().clone();
    let assistant = Assistant { arn, client: client.clone() };
    Ok(Adapter::builder(assistant).client(client).run().await?)
}

struct Assistant {
    arn: AssistantArn,
    client: Client,
}

impl Processor for Assistant {
    type Error = RequestError;

    async fn process(&self, _: &Message) -> Result<Decision, RequestError> {
        Ok(Decision::no_change())
    }

    async fn after_callback(&self, message: &Message, _: &Decision, _: &Settled) -> Result<(), RequestError> {
        let answer = match self.command_in(message) {
            None => return Ok(()),
            Some(Command::Help) => command::HELP.to_owned(),
            Some(Command::Stats) => statistics::members(&self.client, &self.arn, message).await?.to_string(),
        };
        answer::send(&self.client, &self.arn, message, answer).await
    }
}

impl Assistant {
    /// The answers pass through the channel flow again, so neither a bot nor the assistant itself can give a command.
    fn command_in(&self, message: &Message) -> Option<Command> {
        let sender = message.sender();
        let is_from_person = sender.is_user() && sender.arn() != self.arn.as_str();
        // An edit does not give the command again.
        let command = Command::parse(message.to_text().as_str());
        command.filter(|_| is_from_person && !message.is_edited())
    }
}

#[cfg(test)]
mod tests;
