//! What of a message its update would lose.

use super::corpus::METADATA_WORD;
use crate::{Message, Update};

/// A part of a message that an update replaces whole, so that the update has to carry over what it does not mean to
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessagePart {
    /// The metadata.
    Metadata,
    /// The message attributes.
    MessageAttributes,
    /// The push notification.
    PushNotification,
}

/// Returns the parts that `update` replaces without carrying them over, and what each one loses.
pub(super) fn losses(message: &Message, update: &Update) -> Vec<(MessagePart, String)> {
    let lost = [
        (MessagePart::Metadata, lost_metadata(message, update)),
        (MessagePart::MessageAttributes, lost_attributes(message, update)),
        (MessagePart::PushNotification, lost_push_notification(message, update)),
    ];
    lost.into_iter().filter_map(|(part, lost)| Some((part, lost?))).collect()
}

/// The corpus has one metadata to carry over: JSON with a word that stands nowhere else.
fn lost_metadata(message: &Message, update: &Update) -> Option<String> {
    let (original, new) = (message.metadata()?, update.metadata()?);
    (original.contains(METADATA_WORD) && !new.contains(METADATA_WORD)).then(|| "the message's own metadata".to_owned())
}

fn lost_attributes(message: &Message, update: &Update) -> Option<String> {
    let new = update.message_attributes();
    if new.is_empty() {
        return None;
    }
    let lost = message.message_attributes().keys().find(|name| !new.contains_key(*name))?;
    Some(format!("the message attribute {lost:?}"))
}

fn lost_push_notification(message: &Message, update: &Update) -> Option<String> {
    let (original, new) = (message.push_notification()?, update.push_notification()?);
    let lost = if original.title().is_some() && new.title().is_none() {
        "the title of the push notification"
    } else if original.body().is_some() && new.body().is_none() {
        "the body of the push notification"
    } else if original.notification_type().is_some() && original.notification_type() != new.notification_type() {
        "the type of the push notification"
    } else {
        return None;
    };
    Some(lost.to_owned())
}
