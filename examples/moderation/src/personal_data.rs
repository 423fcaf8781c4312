//! The step that replaces personal data.

mod card_numbers;
mod email_addresses;
mod phone_numbers;

use std::ops::Range;

use channel_flow::{Decision, LimitError, Mask, Message, Processor};
use linkify::{LinkFinder, LinkKind};

use crate::step_names::PERSONAL_DATA;

/// Replaces e-mail addresses by `[email]`, payment cards by `[card]` and phone numbers by `[phone]`.
///
/// If that would make the message longer than the service accepts, it covers them with asterisks instead.
pub(crate) struct PersonalData;

impl Processor for PersonalData {
    type Error = LimitError;

    async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
        let ranges = |text: &str| find(text).into_iter().map(|(range, _)| range).collect();
        let update = message.replace_texts(find).or_else(|_| message.mask_texts(Mask::default(), ranges))?;
        Ok(match update.is_empty() {
            true => Decision::no_change(),
            false => Decision::from(update).because(PERSONAL_DATA),
        })
    }
}

/// The personal data in a text, in order, with their replacements. Links stay as they are, since a change would break
/// them.
fn find(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let links = LinkFinder::new();
    let links = links.links(text).filter(|link| *link.kind() == LinkKind::Url).map(|link| link.start()..link.end());
    let mut taken: Vec<Range<usize>> = links.collect();
    let mut found = Vec::new();
    for (ranges, replacement) in [
        (email_addresses::find(text), "[email]"),
        (card_numbers::find(text), "[card]"),
        (phone_numbers::find(text), "[phone]"),
    ] {
        for range in ranges {
            if taken.iter().all(|other| range.end <= other.start || other.end <= range.start) {
                taken.push(range.clone());
                found.push((range, replacement));
            }
        }
    }
    found.sort_unstable_by_key(|(range, _)| range.start);
    found
}

#[cfg(test)]
mod tests;
