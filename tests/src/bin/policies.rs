//! Denies links by the policy of the channel: from `MODERATION_POLICIES` and, if `TAGS_ENDPOINT` names a service, from the
//! tag `moderation` of the channel there.

use std::time::Duration;

use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use channel_flow::aws_sdk_chimesdkmessaging::config::retry::RetryConfig;
use channel_flow::aws_sdk_chimesdkmessaging::config::{BehaviorVersion, Config, Credentials, Region};
use channel_flow::aws_sdk_chimesdkmessaging::{self, Client};
use channel_flow::{
    Decision, Exemptions, Flow, LimitError, Message, Policies, PolicyCache, PolicySource, Processor, Settled, Step,
};
use serde::Deserialize;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    links: bool,
    #[serde(default)]
    exempt: Exemptions,
}

struct Links {
    allowed: bool,
}

impl Processor for Links {
    type Error = LimitError;

    async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
        let has_link = message.any_text(|text| text.contains("://"));
        Ok(if has_link && !self.allowed { Decision::deny().because("links") } else { Decision::no_change() })
    }

    async fn after_callback(&self, _: &Message, _: &Decision, _: &Settled) -> Result<(), LimitError> {
        tracing::info!(links_allowed = self.allowed, "worked");
        Ok(())
    }
}

struct ChannelTags(Client);

impl PolicySource for ChannelTags {
    type Policy = Rules;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    async fn load(&self, channel_arn: &str) -> Result<Option<Rules>, Self::Error> {
        let tags = self.0.list_tags_for_resource().resource_arn(channel_arn).send().await;
        let tags = tags.map_err(aws_sdk_chimesdkmessaging::Error::from)?;
        match tags.tags().iter().find(|tag| tag.key() == "moderation").map(|tag| tag.value()) {
            None => Ok(None),
            Some("strict") => Ok(Some(Rules { links: false, exempt: Exemptions::default() })),
            Some("lenient") => Ok(Some(Rules { links: true, exempt: Exemptions::default() })),
            Some(_) => Err("the tag `moderation` must be `strict` or `lenient`".into()),
        }
    }
}

fn client(endpoint: String) -> Client {
    let var = |name| std::env::var(name).expect("the variables of a function");
    let (id, secret) = (var("AWS_ACCESS_KEY_ID"), var("AWS_SECRET_ACCESS_KEY"));
    let credentials = Credentials::new(id, secret, std::env::var("AWS_SESSION_TOKEN").ok(), None, "environment");
    let http_client =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(var("AWS_REGION")))
        .credentials_provider(credentials)
        .endpoint_url(endpoint)
        .http_client(http_client)
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), channel_flow::Error> {
    let mut policies = Policies::<Rules>::from_env("MODERATION_POLICIES")?;
    if let Ok(endpoint) = std::env::var("TAGS_ENDPOINT") {
        // A source that is away refuses connections, which takes no time; a debug build on a busy machine does.
        let cache = PolicyCache::new(ChannelTags(client(endpoint)))
            .refresh_every(Duration::ZERO)
            .refresh_limit(Duration::from_secs(5));
        policies = policies.with_source(cache);
    }
    let flows = policies.map(|rules| {
        let flow = Flow::new().step(Step::new("links", Links { allowed: rules.links }));
        rules.exempt.clone().around(flow)
    });
    channel_flow::run(Exemptions::from_env("EXEMPT")?.around(flows)).await
}
