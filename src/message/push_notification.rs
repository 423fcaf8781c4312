//! The push notification of a message.

use std::fmt;

use super::open_enum::open_enum;

/// The notification that a phone shows for a message.
///
/// A [`Message`](crate::Message) carries the push notification that its sender asked for, and an
/// [`Update`](crate::Update) can replace it. If a processor changes a message's content, it should check the push
/// notification too, which often repeats the text.
///
/// `Debug` shows lengths and the type, never texts.
///
/// ```
/// use channel_flow::{PushNotification, PushNotificationType};
///
/// let push = PushNotification::builder().title("Alice").body("See you at nine").build();
/// assert_eq!(push.body(), Some("See you at nine"));
/// assert_eq!(push.notification_type(), None);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct PushNotification {
    title: Option<String>,
    body: Option<String>,
    notification_type: Option<PushNotificationType>,
}

open_enum! {
    /// How a push notification is delivered. A callback leaves out a value that this version of the crate does not know.
    pub enum PushNotificationType {
        /// `DEFAULT`: a normal notification.
        Default = "DEFAULT",
        /// `VOIP`: a notification that rings.
        Voip = "VOIP",
    }
}

impl PushNotification {
    /// Returns a builder of an empty push notification.
    pub fn builder() -> PushNotificationBuilder {
        PushNotificationBuilder(Self::default())
    }

    /// Returns a builder that starts with this push notification.
    pub fn into_builder(self) -> PushNotificationBuilder {
        PushNotificationBuilder(self)
    }

    /// Returns the title.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Returns the body.
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// Returns how the notification is delivered, or `None` if the sender did not say.
    pub fn notification_type(&self) -> Option<&PushNotificationType> {
        self.notification_type.as_ref()
    }
}

/// Builds a [`PushNotification`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PushNotificationBuilder(PushNotification);

impl PushNotificationBuilder {
    /// Sets the title. An [`Update`](crate::Update) checks it against
    /// [`limits::PUSH_NOTIFICATION_TITLE`](crate::limits::PUSH_NOTIFICATION_TITLE).
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.0.title = Some(title.into());
        self
    }

    /// Sets the body. An [`Update`](crate::Update) checks it against
    /// [`limits::PUSH_NOTIFICATION_BODY`](crate::limits::PUSH_NOTIFICATION_BODY).
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.0.body = Some(body.into());
        self
    }

    /// Sets how the notification is delivered.
    pub fn notification_type(mut self, notification_type: PushNotificationType) -> Self {
        self.0.notification_type = Some(notification_type);
        self
    }

    /// Returns the push notification.
    pub fn build(self) -> PushNotification {
        self.0
    }
}

impl fmt::Debug for PushNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushNotification")
            .field("title_bytes", &self.title.as_ref().map(String::len))
            .field("body_bytes", &self.body.as_ref().map(String::len))
            .field("notification_type", &self.notification_type)
            .finish()
    }
}
