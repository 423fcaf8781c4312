//! Tells a sender that their message is held.

use std::fmt;
use std::time::SystemTime;

use channel_flow::aws_sdk_chimesdkmessaging::Client;
use channel_flow::aws_sdk_chimesdkmessaging::error::ProvideErrorMetadata;
use channel_flow::aws_sdk_chimesdkmessaging::types::{ChannelMessagePersistenceType, ChannelMessageType, Target};
use channel_flow::{Message, Ticket};

/// The bot that tells people what happens to their messages. It must be a member of the channels.
pub(crate) struct Bot {
    arn: String,
    client: Client,
}

impl Bot {
    pub(crate) fn new(arn: String, client: Client) -> Self {
        Self { arn, client }
    }

    /// Tells the sender alone. The service takes one message for a token, whatever repeats the request.
    pub(crate) async fn tell(&self, message: &Message, ticket: &Ticket, token: String) -> Result<(), Untold> {
        let hours = ticket.deadline().duration_since(SystemTime::now()).unwrap_or_default().as_secs().div_ceil(3600);
        let target = Target::builder().member_arn(message.sender().arn()).build();
        let request = self
            .client
            .send_channel_message()
            .channel_arn(message.channel_arn())
            .set_sub_channel_id(message.sub_channel_id().map(str::to_owned))
            .chime_bearer(&self.arn)
            .content(format!("A person looks at your message within {hours} h. Nobody else sees it until then."))
            .r#type(ChannelMessageType::Standard)
            // The service takes a targeted message only if it is not stored.
            .persistence(ChannelMessagePersistenceType::NonPersistent)
            .target(target)
            .client_request_token(token);
        request.send().await.map(drop).map_err(|error| Untold { code: error.code().map(str::to_owned) })
    }
}

/// The service's code. Its own words can quote a message, and errors are logged.
#[derive(Debug)]
pub(crate) struct Untold {
    code: Option<String>,
}

impl fmt::Display for Untold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "the bot's message was refused: {code}"),
            None => f.write_str("the bot's message got no answer"),
        }
    }
}

impl std::error::Error for Untold {}
