//! A channel flow processor that keeps profanity, personal data and links out of a chat: three steps in one function.
//!
//! ```text
//! cargo run -p cargo-channel-flow -- send --processor moderation "Mail me: jo@example.com, card 4111 1111 1111 1111"
//! ```
//!
//! The steps decide on the messages of people one after the other; messages of bots pass. Environment variables, all of
//! them optional, besides [those of the profanity filter](profanity_filter):
//!
//! | variable | | default |
//! | --- | --- | --- |
//! | `ALLOWED_LINK_HOSTS` | hosts that links may lead to, with commas between them; subdomains are included | all |
//! | `SHADOW` | steps without effect on the message, with commas between them: `profanity`, `personal-data`, `links` | none |

use std::env;

use channel_flow::{Flow, Processor, Step, condition};
use profanity_filter::{InvalidSetting, ProfanityFilter};

use crate::links::Links;
use crate::personal_data::PersonalData;
use crate::shadows::Shadows;
use crate::step_names::{LINKS, PERSONAL_DATA, PROFANITY};

mod links;
mod personal_data;
mod shadows;
mod step_names;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let flow = moderation(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
    Ok(channel_flow::run(flow).await?)
}

/// The three steps. `variable` returns the value of an environment variable.
fn moderation(variable: impl Fn(&str) -> Option<String>) -> Result<impl Processor, InvalidSetting> {
    let shadows = Shadows::from_settings(&variable)?;
    let profanity = ProfanityFilter::from_settings(&variable)?;
    let links = Links::from_settings(&variable)?;
    let from_people = || condition::not(condition::from_bot());
    Ok(Flow::new()
        .step(Step::new(PROFANITY, profanity).only_if(from_people()).shadow(shadows.contain(PROFANITY)))
        .step(Step::new(PERSONAL_DATA, PersonalData).only_if(from_people()).shadow(shadows.contain(PERSONAL_DATA)))
        .step(Step::new(LINKS, links).only_if(from_people()).shadow(shadows.contain(LINKS))))
}

#[cfg(test)]
mod tests;
