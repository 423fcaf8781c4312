//! A filter of eight words on the AWS SDK, by someone who left out all that can be: one crypto provider, ring; Amazon's
//! five roots in the binary; credentials from the environment, without a chain that looks for them; no logs.

use std::borrow::Cow;
use std::env;
use std::fs;

use aws_sdk_chimesdkmessaging::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_chimesdkmessaging::types::ChannelMessageCallback;
use aws_sdk_chimesdkmessaging::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;

const WORDS: [&str; 8] = ["arse", "bastard", "bollocks", "bugger", "crap", "damn", "piss", "shit"];

const AMAZON_ROOTS: &str = include_str!("../../amazon-roots.pem");

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
    let client = client()?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| handle(&client, event.payload))).await
}

fn client() -> Result<Client, Error> {
    let roots = match env::var_os("SSL_CERT_FILE") {
        Some(path) => Cow::Owned(fs::read(path)?),
        None => Cow::Borrowed(AMAZON_ROOTS.as_bytes()),
    };
    let trust_store = TrustStore::empty().with_pem_certificate(roots.as_ref());
    let http_client = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(TlsContext::builder().with_trust_store(trust_store).build()?)
        .build_https();
    let credentials = Credentials::new(
        env::var("AWS_ACCESS_KEY_ID")?,
        env::var("AWS_SECRET_ACCESS_KEY")?,
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(env::var("AWS_REGION")?))
        .credentials_provider(credentials)
        .http_client(http_client);
    config.set_endpoint_url(env::var("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING").ok());
    Ok(Client::from_conf(config.build()))
}

async fn handle(client: &Client, event: Event) -> Result<(), Error> {
    let message = event.channel_message;
    let censored = censor(message.content);
    client
        .channel_flow_callback()
        .callback_id(event.callback_id)
        .channel_arn(message.channel_arn)
        .channel_message(ChannelMessageCallback::builder().message_id(message.message_id).content(censored).build()?)
        .send()
        .await?;
    Ok(())
}

fn censor(mut content: String) -> String {
    let lower = content.to_ascii_lowercase();
    for word in WORDS {
        for (at, _) in lower.match_indices(word) {
            content.replace_range(at..at + word.len(), "****");
        }
    }
    content
}
