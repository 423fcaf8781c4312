//! The step that denies messages with links to hosts that are not allowed.

mod allowed_hosts;
mod link_hosts;
mod readable_links;

use std::convert::Infallible;

use channel_flow::{Decision, Message, Processor};
use profanity_filter::InvalidSetting;

use self::allowed_hosts::AllowedHosts;
use self::link_hosts::link_hosts;
use crate::step_names::LINKS;

/// Denies messages with a link whose host is not allowed. Without a list, all hosts are allowed.
pub(crate) struct Links {
    allowed: Option<AllowedHosts>,
}

impl Links {
    pub(crate) fn from_settings(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSetting> {
        let hosts = variable("ALLOWED_LINK_HOSTS").filter(|hosts| !hosts.trim().is_empty());
        let allowed = hosts.map(|hosts| AllowedHosts::parse(&hosts)).transpose()?;
        Ok(Self { allowed })
    }
}

impl Processor for Links {
    type Error = Infallible;

    async fn process(&self, message: &Message) -> Result<Decision, Infallible> {
        let Some(allowed) = &self.allowed else { return Ok(Decision::no_change()) };
        let leads_elsewhere = |text: &str| link_hosts(text).iter().any(|host| !allowed.contain(host));
        Ok(match message.any_text(leads_elsewhere) {
            true => Decision::deny().because(LINKS),
            false => Decision::no_change(),
        })
    }
}

#[cfg(test)]
mod tests;
