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
//! | `MODERATION_POLICIES` | [channels with other values](Policies) of these variables, as JSON or the path of a file | none |
//! | `EXEMPT` | [messages](Exemptions) that no step looks at: senders, channels | none |
//! | `REASONS_ATTRIBUTE` | the message attribute in which an update shows its reasons to everyone | not shown |

use std::env;

use channel_flow::{Adapter, Exemptions, Flow, Policies, Processor, ReasonsIn, Step, condition};
use profanity_filter::{InvalidSetting, ProfanityFilter};

use crate::links::Links;
use crate::personal_data::PersonalData;
use crate::policy::{Policy, check_names};
use crate::shadows::Shadows;
use crate::step_names::{LINKS, PERSONAL_DATA, PROFANITY};

mod links;
mod personal_data;
mod policy;
mod shadows;
mod step_names;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policies = match variable("MODERATION_POLICIES") {
        Some(_) => Policies::from_env("MODERATION_POLICIES")?,
        None => Policies::new(Policy::default()),
    };
    let flows = policies.try_map(|policy| {
        check_names(policy)?;
        moderation(&|name| policy.get(name).cloned().or_else(|| variable(name)))
    })?;
    let mut adapter = Adapter::builder(Exemptions::from_env("EXEMPT")?.around(flows));
    if let Some(attribute) = variable("REASONS_ATTRIBUTE") {
        let invalid =
            InvalidSetting::new("REASONS_ATTRIBUTE", "the name of a message attribute, of 1 to 64 characters");
        adapter = adapter.reasons_in(ReasonsIn::message_attribute(attribute).map_err(|_| invalid)?);
    }
    Ok(adapter.run().await?)
}

/// Returns the value of an environment variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?.to_string_lossy().into_owned();
    (!value.trim().is_empty()).then_some(value)
}

/// The three steps. `setting` returns the value of a setting.
fn moderation(setting: &dyn Fn(&str) -> Option<String>) -> Result<impl Processor + use<>, InvalidSetting> {
    let shadows = Shadows::from_settings(setting)?;
    let profanity = ProfanityFilter::from_settings(setting)?;
    let links = Links::from_settings(setting)?;
    let from_people = || condition::not(condition::from_bot());
    Ok(Flow::new()
        .step(Step::new(PROFANITY, profanity).only_if(from_people()).shadow(shadows.contain(PROFANITY)))
        .step(Step::new(PERSONAL_DATA, PersonalData).only_if(from_people()).shadow(shadows.contain(PERSONAL_DATA)))
        .step(Step::new(LINKS, links).only_if(from_people()).shadow(shadows.contain(LINKS))))
}

#[cfg(test)]
mod tests;
