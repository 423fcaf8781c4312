//! The answer to `/stats`.

use std::fmt;

use channel_flow::Message;
use channel_flow::aws_sdk_chimesdkmessaging::Client;

use crate::assistant_arn::AssistantArn;
use crate::request_error::RequestError;

/// The most that the service lists at once.
const PAGE: i32 = 50;

/// A channel can have a million members.
const MOST_PAGES: usize = 20;

/// The members of a channel, as the service lists them now. The function counts nothing itself: its environments end
/// without notice, and each would have counted a part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    people: usize,
    bots: usize,
    /// Whether there are more.
    at_least: bool,
}

pub(crate) async fn members(client: &Client, arn: &AssistantArn, message: &Message) -> Result<Members, RequestError> {
    let mut members = Members::default();
    let mut pages = client
        .list_channel_memberships()
        .channel_arn(message.channel_arn())
        .set_sub_channel_id(message.sub_channel_id().map(str::to_owned))
        .chime_bearer(arn.as_str())
        .max_results(PAGE)
        .into_paginator()
        .send();
    for _ in 0..MOST_PAGES {
        let Some(page) = pages.next().await else { return Ok(members) };
        let page = page.map_err(|error| RequestError::new("ListChannelMemberships", &error))?;
        let arns = page.channel_memberships().iter().filter_map(|membership| membership.member()?.arn());
        arns.for_each(|arn| members.add(arn));
    }
    members.at_least = pages.next().await.is_some();
    Ok(members)
}

impl Members {
    fn add(&mut self, arn: &str) {
        match arn.contains("/bot/") {
            true => self.bots += 1,
            false => self.people += 1,
        }
    }
}

impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.people + self.bots;
        let at_least = if self.at_least { "at least " } else { "" };
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        write!(f, "This channel has {at_least}{members} member{}", plural(members))?;
        match self.bots {
            0 => Ok(()),
            1 => f.write_str(", one of them a bot"),
            bots => write!(f, ", {bots} of them bots"),
        }?;
        f.write_str(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_counted_in_words() {
        let said = |people, bots, at_least| Members { people, bots, at_least }.to_string();
        assert_eq!(said(1, 0, false), "This channel has 1 member.");
        assert_eq!(said(2, 1, false), "This channel has 3 members, one of them a bot.");
        assert_eq!(said(998, 2, true), "This channel has at least 1000 members, 2 of them bots.");
    }
}
