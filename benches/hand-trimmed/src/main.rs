//! The filter of `hand`, by someone who looked at the features: only those it needs, and tokio on the current thread.

use aws_config::BehaviorVersion;
use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::types::ChannelMessageCallback;
use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use rustrict::CensorStr;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    callback_id: String,
    channel_message: ChannelMessage,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChannelMessage {
    message_id: String,
    channel_arn: String,
    content: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| handle(&client, event.payload))).await
}

async fn handle(client: &Client, event: Event) -> Result<(), Error> {
    let message = event.channel_message;
    let censored = message.content.censor();
    client
        .channel_flow_callback()
        .callback_id(event.callback_id)
        .channel_arn(message.channel_arn)
        .channel_message(ChannelMessageCallback::builder().message_id(message.message_id).content(censored).build()?)
        .send()
        .await?;
    Ok(())
}
