//! A channel flow processor that holds messages for a person: those with a link, and the first message of a sender.
//!
//! ```text
//! cargo run -p cargo-channel-flow -- dev --processor review
//! cargo run -p cargo-channel-flow -- review list
//! ```
//!
//! The table of [`DynamoDbStore`] has the tickets, and the senders that are known. Environment variables:
//!
//! | variable | |
//! | --- | --- |
//! | `CHANNEL_FLOW_TABLE` | the name of the table; `dev` sets it |
//! | `REVIEW_HOURS` | how long a message is held at most, from 1 to 47 hours; 4 without this variable |
//! | `REVIEW_BOT_ARN` | the ARN of the bot that tells senders that their message is held; nobody tells them without it |

use std::env;
use std::error::Error;
use std::time::{Duration, SystemTime};

use channel_flow::store::{Claim, ClaimOutcome, ClaimStore};
use channel_flow::{Adapter, Callbacks, Decision, Hold, Message, Occasion, Once, Processor, Ticket};
use channel_flow_dynamodb::DynamoDbStore;
use linkify::{LinkFinder, LinkKind};

use crate::bot::Bot;
use crate::settings::Settings;

mod bot;
mod settings;

/// How long a sender stays known.
const KNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Settings { hold, bot_arn } = Settings::read(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
    let store = DynamoDbStore::from_environment().await?;
    // One client, with its retries and connections, for the callbacks and the bot.
    let client = Callbacks::from_environment().await?.client().clone();
    let bot = bot_arn.map(|arn| Bot::new(arn, client.clone()));
    let review = Review { store: store.clone(), hold, bot };
    // A function that dies after the ticket was stored is invoked again, and then tells the sender.
    Ok(Adapter::builder(review).client(client).tickets(store).after_decided_before(true).run().await?)
}

struct Review<S> {
    store: S,
    hold: Hold,
    bot: Option<Bot>,
}

impl<S: ClaimStore + Clone> Processor for Review<S> {
    type Error = Box<dyn Error + Send + Sync>;

    async fn process(&self, message: &Message) -> Result<Decision, Self::Error> {
        if !message.sender().is_user() {
            return Ok(Decision::no_change());
        }
        let mut reasons = Vec::new();
        if message.any_text(has_link) {
            reasons.push("link");
        }
        if self.is_first_message(message).await? {
            reasons.push("new-sender");
        }
        Ok(match reasons.is_empty() {
            true => Decision::no_change(),
            false => Decision::hold(self.hold.clone()).because_all(reasons),
        })
    }

    async fn after_hold(&self, message: &Message, _: &Decision, ticket: &Ticket) -> Result<(), Self::Error> {
        let Some(bot) = &self.bot else { return Ok(()) };
        let once = Once::new(self.store.clone());
        let told = once.run(Occasion::of(message, "told"), |attempt| bot.tell(message, ticket, attempt.token()));
        told.await?;
        Ok(())
    }
}

impl<S: ClaimStore> Review<S> {
    /// Returns whether the message is the first one of its sender. The claim remembers which one that is, so that the answer for
    /// an event that comes twice is the same.
    async fn is_first_message(&self, message: &Message) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let now = SystemTime::now();
        let key = format!("sender#{}", message.sender().arn());
        let claim = Claim::new(key, message.callback_id(), now, now + KNOWN);
        let claimed = self.store.claim(&claim).await.map_err(Into::into)?;
        Ok(matches!(claimed, ClaimOutcome::Claimed { .. }))
    }
}

fn has_link(text: &str) -> bool {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    finder.links(text).next().is_some()
}

#[cfg(test)]
mod tests;
