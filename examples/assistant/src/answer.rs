//! Sends an answer.

use channel_flow::aws_sdk_chimesdkmessaging::Client;
use channel_flow::aws_sdk_chimesdkmessaging::error::ProvideErrorMetadata;
use channel_flow::aws_sdk_chimesdkmessaging::types::{ChannelMessagePersistenceType, ChannelMessageType};
use channel_flow::{Message, Persistence};

use crate::assistant_arn::AssistantArn;
use crate::request_error::RequestError;

/// The longest `ClientRequestToken`.
const MAX_TOKEN: usize = 64;

/// Sends `text` to the channel of `message` as the assistant. The id of the message is the request's token, so the service
/// takes one answer to it, whatever repeats the request.
pub(crate) async fn send(
    client: &Client,
    arn: &AssistantArn,
    message: &Message,
    text: String,
) -> Result<(), RequestError> {
    // The answer is kept if the command is.
    let persistence = match message.persistence() {
        Some(Persistence::NonPersistent) => ChannelMessagePersistenceType::NonPersistent,
        _ => ChannelMessagePersistenceType::Persistent,
    };
    let request = client
        .send_channel_message()
        .channel_arn(message.channel_arn())
        .set_sub_channel_id(message.sub_channel_id().map(str::to_owned))
        .chime_bearer(arn.as_str())
        .content(text)
        .r#type(ChannelMessageType::Standard)
        .persistence(persistence)
        .client_request_token(message.id().chars().take(MAX_TOKEN).collect::<String>());
    match request.send().await {
        Ok(_) => Ok(()),
        // Another answer came with this token before.
        Err(error) if error.code() == Some("ConflictException") => Ok(()),
        Err(error) => Err(RequestError::new("SendChannelMessage", &error)),
    }
}
