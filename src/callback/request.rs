//! Converts a decision into the body of a callback.

use std::collections::HashMap;

use aws_sdk_chimesdkmessaging::types::builders::ChannelMessageCallbackBuilder;
use aws_sdk_chimesdkmessaging::types::{
    self, ChannelMessageCallback, MessageAttributeValue, PushNotificationConfiguration,
};

use crate::{Decision, PushNotification, PushNotificationType, Update};

/// Returns the `ChannelMessage` of a callback.
pub(super) fn channel_message(message_id: &str, decision: &Decision) -> ChannelMessageCallback {
    let message = ChannelMessageCallback::builder().message_id(message_id);
    let message = match decision.changes() {
        Some(update) => updated(message, update),
        None => message,
    };
    message.build().expect("the message id is set")
}

fn updated(message: ChannelMessageCallbackBuilder, update: &Update) -> ChannelMessageCallbackBuilder {
    let attributes = update.message_attributes().iter().map(|(name, values)| {
        (name.clone(), MessageAttributeValue::builder().set_string_values(Some(values.clone())).build())
    });
    let attributes: HashMap<_, _> = attributes.collect();
    message
        .set_content(update.content().map(str::to_owned))
        .set_metadata(update.metadata().map(str::to_owned))
        .set_push_notification(update.push_notification().map(push_notification))
        .set_message_attributes((!attributes.is_empty()).then_some(attributes))
        .set_sub_channel_id(update.sub_channel_id().map(str::to_owned))
        .set_content_type(update.content_type().map(str::to_owned))
}

fn push_notification(push_notification: &PushNotification) -> PushNotificationConfiguration {
    let notification_type =
        push_notification.notification_type().and_then(|notification_type| match notification_type {
            PushNotificationType::Default => Some(types::PushNotificationType::Default),
            PushNotificationType::Voip => Some(types::PushNotificationType::Voip),
            PushNotificationType::Unknown(_) => None,
        });
    PushNotificationConfiguration::builder()
        .set_title(push_notification.title().map(str::to_owned))
        .set_body(push_notification.body().map(str::to_owned))
        .set_type(notification_type)
        .build()
}
