//! The changed parts of a message.

use std::collections::BTreeMap;
use std::fmt;

use crate::limits::{self, LimitError};
use crate::message::push_notification::PushNotification;

/// The changed parts of a message, each within the [limits](crate::limits) of the service.
///
/// An update is made with [`Update::builder`] and checked once, when it is built.
///
/// The callback leaves out every field that is not set, except the content. It always includes the content, unchanged
/// if the update does not set it, since AWS does not document the effect of an update without content. An update that
/// sets nothing is the same as [`Decision::no_change()`](crate::Decision::no_change()).
///
/// `Debug` shows lengths, the sub-channel id and the content type, never texts.
///
/// ```
/// use channel_flow::{Decision, LimitError, PushNotification, Update};
///
/// fn moderated(text: &str) -> Result<Decision, LimitError> {
///     let update = Update::builder()
///         .content(text)
///         .metadata(r#"{"moderated":true}"#)
///         .push_notification(PushNotification::builder().title("New message").build())
///         .message_attribute("moderation", ["profanity"])
///         .build()?;
///     assert_eq!(update.content(), Some(text));
///     Ok(update.into())
/// }
/// # moderated("fine").unwrap();
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Update {
    content: Option<String>,
    metadata: Option<String>,
    push_notification: Option<PushNotification>,
    message_attributes: BTreeMap<String, Vec<String>>,
    sub_channel_id: Option<String>,
    content_type: Option<String>,
}

impl Update {
    /// Returns a builder of an update that changes nothing yet.
    pub fn builder() -> UpdateBuilder {
        UpdateBuilder(Self::default())
    }

    /// Returns a builder that starts with the changes of this update.
    pub fn into_builder(self) -> UpdateBuilder {
        UpdateBuilder(self)
    }

    /// Returns the new content.
    pub fn content(&self) -> Option<&str> {
        self.content.as_deref()
    }

    /// Returns the new metadata.
    pub fn metadata(&self) -> Option<&str> {
        self.metadata.as_deref()
    }

    /// Returns the new push notification.
    pub fn push_notification(&self) -> Option<&PushNotification> {
        self.push_notification.as_ref()
    }

    /// Returns the new message attributes: names, and the string values of each. Empty if the update does not set them.
    pub fn message_attributes(&self) -> &BTreeMap<String, Vec<String>> {
        &self.message_attributes
    }

    /// Returns the id of the new sub-channel.
    pub fn sub_channel_id(&self) -> Option<&str> {
        self.sub_channel_id.as_deref()
    }

    /// Returns the new content type.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns whether the update changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns both changes, the later one in place of the earlier one if both set a field. Message attributes are
    /// merged by name.
    pub(crate) fn merged(self, later: Self) -> Self {
        let mut attributes = self.message_attributes;
        attributes.extend(later.message_attributes);
        Self {
            content: later.content.or(self.content),
            metadata: later.metadata.or(self.metadata),
            push_notification: later.push_notification.or(self.push_notification),
            message_attributes: attributes,
            sub_channel_id: later.sub_channel_id.or(self.sub_channel_id),
            content_type: later.content_type.or(self.content_type),
        }
    }

    /// Sets the content to that of the message, if the update has none. It needs no check: the service had it before.
    pub(crate) fn set_missing_content(&mut self, content: &str) {
        if !self.is_empty() && self.content.is_none() && !content.is_empty() {
            self.content = Some(content.to_owned());
        }
    }

    fn check(&self) -> Result<(), LimitError> {
        let check = |limit: &limits::Limit, value: Option<&str>| value.map_or(Ok(()), |value| limit.check(value));
        check(&limits::CONTENT, self.content())?;
        check(&limits::METADATA, self.metadata())?;
        if let Some(push_notification) = &self.push_notification {
            check(&limits::PUSH_NOTIFICATION_TITLE, push_notification.title())?;
            check(&limits::PUSH_NOTIFICATION_BODY, push_notification.body())?;
        }
        for (name, values) in &self.message_attributes {
            limits::MESSAGE_ATTRIBUTE_NAME.check(name)?;
            values.iter().try_for_each(|value| limits::MESSAGE_ATTRIBUTE_VALUE.check(value))?;
        }
        check(&limits::SUB_CHANNEL_ID, self.sub_channel_id())?;
        check(&limits::CONTENT_TYPE, self.content_type())
    }
}

/// Collects the changes of an [`Update`], which [`build`](Self::build) checks.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct UpdateBuilder(Update);

impl UpdateBuilder {
    /// Replaces the content, within [`limits::CONTENT`].
    pub fn content(mut self, content: impl Into<String>) -> Self {
        self.0.content = Some(content.into());
        self
    }

    /// Replaces the metadata, within [`limits::METADATA`]. An empty string is allowed.
    pub fn metadata(mut self, metadata: impl Into<String>) -> Self {
        self.0.metadata = Some(metadata.into());
        self
    }

    /// Replaces the push notification, its title within [`limits::PUSH_NOTIFICATION_TITLE`] and its body within
    /// [`limits::PUSH_NOTIFICATION_BODY`].
    pub fn push_notification(mut self, push_notification: PushNotification) -> Self {
        self.0.push_notification = Some(push_notification);
        self
    }

    /// Adds a message attribute, or replaces the attribute of the update with that name: the name within
    /// [`limits::MESSAGE_ATTRIBUTE_NAME`], each value within [`limits::MESSAGE_ATTRIBUTE_VALUE`]. The attributes of the
    /// original message are not carried over automatically.
    pub fn message_attribute<V: Into<String>>(
        mut self,
        name: impl Into<String>,
        string_values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.0.message_attributes.insert(name.into(), string_values.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the sub-channel, within [`limits::SUB_CHANNEL_ID`].
    pub fn sub_channel_id(mut self, sub_channel_id: impl Into<String>) -> Self {
        self.0.sub_channel_id = Some(sub_channel_id.into());
        self
    }

    /// Sets the content type, within [`limits::CONTENT_TYPE`].
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.0.content_type = Some(content_type.into());
        self
    }

    /// Checks every value, and returns the update.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the service would refuse a value. It names the field and the limit.
    pub fn build(self) -> Result<Update, LimitError> {
        self.0.check()?;
        Ok(self.0)
    }
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
        let empty = Update::builder().build().unwrap();
        assert!(empty.is_empty());
        assert_eq!(crate::Decision::from(empty), crate::Decision::no_change());
        assert!(!Update::builder().metadata("").build().unwrap().is_empty());
    }

    #[test]
    fn each_field_holds_its_limit() {
        let push = |title: &str, body: &str| PushNotification::builder().title(title).body(body).build();
        let builder = Update::builder;
        for (broken, field) in [
            (builder().content(""), "Content"),
            (builder().metadata("x".repeat(1025)), "Metadata"),
            (builder().push_notification(push("", "b")), "PushNotification.Title"),
            (builder().push_notification(push("t", &"b".repeat(151))), "PushNotification.Body"),
            (builder().message_attribute("", ["v"]), "MessageAttributes name"),
            (builder().message_attribute("n", ["v", ""]), "MessageAttributes StringValues"),
            (builder().sub_channel_id("no spaces"), "SubChannelId"),
            (builder().content_type("x".repeat(46)), "ContentType"),
        ] {
            assert_eq!(broken.build().unwrap_err().limit().field(), field);
        }
    }

    #[test]
    fn what_was_set_can_be_read_and_changed() {
        let push = PushNotification::builder().title("t").build();
        let update = Update::builder()
            .content("c")
            .metadata("m")
            .push_notification(push.clone())
            .message_attribute("a", ["v"])
            .sub_channel_id("s")
            .content_type("ct")
            .build()
            .unwrap();
        assert_eq!((update.content(), update.metadata()), (Some("c"), Some("m")));
        assert_eq!((update.sub_channel_id(), update.content_type()), (Some("s"), Some("ct")));
        assert_eq!(update.push_notification(), Some(&push));
        assert_eq!(update.message_attributes()["a"], ["v"]);
        let changed = update.clone().into_builder().content("d").build().unwrap();
        assert_eq!((changed.content(), changed.metadata()), (Some("d"), Some("m")));
        assert!(update.into_builder().content("").build().is_err());
    }

    #[test]
    fn debug_shows_no_text() {
        let builder = Update::builder()
            .content("secret")
            .metadata("secret")
            .push_notification(PushNotification::builder().title("secret").body("secret").build())
            .message_attribute("secret", ["secret"]);
        assert!(!format!("{builder:?} {:?}", builder.clone().build()).contains("secret"));
    }
}
