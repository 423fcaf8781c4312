//! A channel flow processor that mutes, warns and bans people who send too fast, with all its environments as one.
//!
//! ```text
//! cargo run -p cargo-channel-flow -- dev --processor flood --env FLOOD_LIMIT=3
//! ```
//!
//! Environment variables, besides `CHANNEL_FLOW_TABLE`, which names the DynamoDB table:
//!
//! | variable | | default |
//! | --- | --- | --- |
//! | `FLOOD_LIMIT` | the most messages of a person within the window, in one channel | 5 |
//! | `FLOOD_WINDOW_SECONDS` | the window | 10 |
//! | `FLOOD_MUTE_SECONDS` | how long the person is muted then; 0 for not at all | 60 |
//! | `MODERATOR_ARN` | the bot that warns and bans; it must be a moderator of the channels | nobody is warned or banned |
//! | `WARN_AT`, `BAN_AT` | at which flood within a day | 2, 3 |

use std::env;
use std::time::Duration;

use channel_flow::aws_sdk_chimesdkmessaging::Client;
use channel_flow::store::CounterStore;
use channel_flow::{
    Adapter, Ban, Callbacks, CountBy, Flood, Flow, Processor, ReasonTexts, Step, Strikes, Warning, condition,
};
use channel_flow_dynamodb::DynamoDbStore;

use crate::settings::Settings;

mod settings;

const FLOOD: &str = "flood";
const DAY: Duration = Duration::from_secs(86_400);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::read(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
    let store = DynamoDbStore::from_environment().await?;
    // One client, with its retries and connections, for the callbacks, the warnings and the bans.
    let client = Callbacks::from_environment().await?.client().clone();
    let processor = processor(settings, store, client.clone());
    Ok(Adapter::builder(processor).client(client).run().await?)
}

fn processor<S: CounterStore + Clone>(settings: Settings, store: S, client: Client) -> impl Processor {
    let mut flood = Flood::more_than(settings.limit, settings.window, store.clone()).by(CountBy::SenderInChannel);
    if let Some(time) = settings.mute {
        flood = flood.mute(time);
    }
    // Messages of bots pass: the warnings are some.
    let flow = Flow::new().step(Step::new(FLOOD, flood).only_if(condition::from_user()));

    // The message that is one too many is a strike. Those of somebody who is muted are none.
    let mut strikes = Strikes::within(DAY, store)
        .by(CountBy::SenderInChannel)
        .only_if(|_, decision| decision.reasons().iter().any(|reason| reason.as_str() == FLOOD));
    if let Some(arn) = settings.moderator_arn {
        strikes = strikes
            .at(settings.warn_at, Warning::new(client.clone(), &arn, texts()))
            .at(settings.ban_at, Ban::new(client, arn));
    }
    strikes.around(flow)
}

fn texts() -> ReasonTexts {
    ReasonTexts::new("en").with_text(
        FLOOD,
        "en",
        "Slow down, please: who goes on like this is banned from the channel.",
    )
}

#[cfg(test)]
mod tests;
