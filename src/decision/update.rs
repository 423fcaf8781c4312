//! The changed parts of a message.

use std::collections::BTreeMap;
use std::fmt;

use crate::limits::{self, LimitError};
use crate::message::push_notification::PushNotification;

/// The changed parts of a message, each within the [limits](crate::limits) of the service.
///
/// The callback leaves out every field that is not set, except the content. It always includes the content, unchanged
/// if the update does not set it, since AWS does not document the effect of an update without content. An update that
/// sets nothing is the same as [`Decision::NoChange`](crate::Decision::NoChange).
///
/// `Debug` shows lengths, the sub-channel id and the content type, never texts.
///
/// ```
/// use channel_flow::{Decision, LimitError, PushNotification, Update};
///
/// fn moderated(text: &str) -> Result<Decision, LimitError> {
///     let update = Update::new()
///         .content(text)?
///         .metadata(r#"{"moderated":true}"#)?
///         .push_notification(PushNotification::new().with_title("New message"))?
///         .message_attribute("moderation", ["profanity"])?;
///     Ok(update.into())
/// }
/// # moderated("fine").unwrap();
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Update {
    pub(crate) content: Option<String>,
    pub(crate) metadata: Option<String>,
    pub(crate) push_notification: Option<PushNotification>,
    pub(crate) message_attributes: BTreeMap<String, Vec<String>>,
    pub(crate) sub_channel_id: Option<String>,
    pub(crate) content_type: Option<String>,
}

impl Update {
    /// Creates an update that changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the content.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the content breaks [`limits::CONTENT`].
    pub fn content(mut self, content: impl Into<String>) -> Result<Self, LimitError> {
        self.content = Some(checked(&limits::CONTENT, content)?);
        Ok(self)
    }

    /// Replaces the metadata. An empty string is allowed.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the metadata breaks [`limits::METADATA`].
    pub fn metadata(mut self, metadata: impl Into<String>) -> Result<Self, LimitError> {
        self.metadata = Some(checked(&limits::METADATA, metadata)?);
        Ok(self)
    }

    /// Replaces the push notification.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the title breaks [`limits::PUSH_NOTIFICATION_TITLE`] or the body breaks
    /// [`limits::PUSH_NOTIFICATION_BODY`].
    pub fn push_notification(mut self, push_notification: PushNotification) -> Result<Self, LimitError> {
        push_notification.check()?;
        self.push_notification = Some(push_notification);
        Ok(self)
    }

    /// Adds a message attribute, or replaces the attribute with that name. The attributes of the original message are
    /// not carried over automatically.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the name breaks [`limits::MESSAGE_ATTRIBUTE_NAME`] or a value breaks
    /// [`limits::MESSAGE_ATTRIBUTE_VALUE`].
    pub fn message_attribute<V: Into<String>>(
        mut self,
        name: impl Into<String>,
        string_values: impl IntoIterator<Item = V>,
    ) -> Result<Self, LimitError> {
        let name = checked(&limits::MESSAGE_ATTRIBUTE_NAME, name)?;
        let values = string_values.into_iter().map(|value| checked(&limits::MESSAGE_ATTRIBUTE_VALUE, value));
        self.message_attributes.insert(name, values.collect::<Result<_, _>>()?);
        Ok(self)
    }

    /// Sets the sub-channel.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the id breaks [`limits::SUB_CHANNEL_ID`].
    pub fn sub_channel_id(mut self, sub_channel_id: impl Into<String>) -> Result<Self, LimitError> {
        self.sub_channel_id = Some(checked(&limits::SUB_CHANNEL_ID, sub_channel_id)?);
        Ok(self)
    }

    /// Sets the content type.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the content type breaks [`limits::CONTENT_TYPE`].
    pub fn content_type(mut self, content_type: impl Into<String>) -> Result<Self, LimitError> {
        self.content_type = Some(checked(&limits::CONTENT_TYPE, content_type)?);
        Ok(self)
    }

    /// Sets the content to that of the message, if the update has none. It needs no check: the service had it before.
    pub(crate) fn set_missing_content(&mut self, content: &str) {
        if !self.is_empty() && self.content.is_none() && !content.is_empty() {
            self.content = Some(content.to_owned());
        }
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn checked(limit: &limits::Limit, value: impl Into<String>) -> Result<String, LimitError> {
    let value = value.into();
    limit.check(&value)?;
    Ok(value)
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update")
            .field("content_bytes", &self.content.as_ref().map(String::len))
            .field("metadata_bytes", &self.metadata.as_ref().map(String::len))
            .field("push_notification", &self.push_notification)
            .field("message_attributes", &self.message_attributes.len())
            .field("sub_channel_id", &self.sub_channel_id)
            .field("content_type", &self.content_type)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_update_is_not_empty() {
        assert!(Update::new().is_empty());
        assert_eq!(crate::Decision::from(Update::new()), crate::Decision::NoChange);
        assert!(!Update::new().metadata("").unwrap().is_empty());
    }

    #[test]
    fn each_setter_holds_its_limit() {
        let push = |title: &str, body: &str| PushNotification::new().with_title(title).with_body(body);
        assert!(Update::new().content("").is_err());
        assert!(Update::new().metadata("x".repeat(1025)).is_err());
        assert!(Update::new().push_notification(push("", "b")).is_err());
        assert!(Update::new().push_notification(push("t", &"b".repeat(151))).is_err());
        assert!(Update::new().message_attribute("", ["v"]).is_err());
        assert!(Update::new().message_attribute("n", ["v", ""]).is_err());
        assert!(Update::new().sub_channel_id("no spaces").is_err());
        assert!(Update::new().content_type("x".repeat(46)).is_err());
    }

    #[test]
    fn debug_shows_no_text() {
        let update = Update::new()
            .content("secret")
            .and_then(|update| update.metadata("secret"))
            .and_then(|update| {
                update.push_notification(PushNotification::new().with_title("secret").with_body("secret"))
            })
            .and_then(|update| update.message_attribute("secret", ["secret"]))
            .unwrap();
        assert!(!format!("{update:?}").contains("secret"));
    }
}
