//! Who sent a message.

use std::fmt;

/// Who sent a message.
///
/// `Debug` shows the ARN and not the name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sender {
    pub(crate) arn: String,
    pub(crate) name: Option<String>,
}

/// What kind of member a sender is, as its ARN tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SenderKind {
    /// An app instance user.
    User,
    /// An app instance bot.
    Bot,
    /// The event names no sender, or one of a kind that this version of the crate does not know.
    Unknown,
}

impl Sender {
    /// The ARN; empty where the event has none.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The id, which is the last part of the ARN; empty where the event has none.
    pub fn id(&self) -> &str {
        self.resource().map_or("", |(_, id)| id)
    }

    /// The display name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What kind of member this is.
    pub fn kind(&self) -> SenderKind {
        match self.resource() {
            Some(("user", _)) => SenderKind::User,
            Some(("bot", _)) => SenderKind::Bot,
            _ => SenderKind::Unknown,
        }
    }

    /// Whether this is an app instance user.
    pub fn is_user(&self) -> bool {
        self.kind() == SenderKind::User
    }

    /// Whether this is an app instance bot.
    pub fn is_bot(&self) -> bool {
        self.kind() == SenderKind::Bot
    }

    /// The end of an ARN such as `…:app-instance/ID/user/ID`.
    fn resource(&self) -> Option<(&str, &str)> {
        let mut parts = self.arn.splitn(4, '/').skip(2);
        Some((parts.next()?, parts.next()?))
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("arn", &self.arn)
            .field("name_bytes", &self.name.as_ref().map(String::len))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(resource: &str) -> Sender {
        let arn = format!("arn:aws:chime:us-east-1:123456789012:{resource}");
        Sender { arn, name: Some("secret".to_owned()) }
    }

    #[test]
    fn the_arn_tells_the_kind() {
        assert_eq!(sender("app-instance/x/user/alice").kind(), SenderKind::User);
        assert_eq!(sender("app-instance/x/bot/helper").kind(), SenderKind::Bot);
        assert_eq!(sender("app-instance/x/user/bot/1").kind(), SenderKind::User);
        assert_eq!(sender("app-instance/x/user/bot/1").id(), "bot/1");
        for unknown in ["app-instance/x/robot/1", "app-instance/x/user", "app-instance", "", "user/alice"] {
            assert_eq!(sender(unknown).kind(), SenderKind::Unknown, "{unknown}");
        }
        assert_eq!(Sender::default().kind(), SenderKind::Unknown);
    }

    #[test]
    fn debug_shows_no_name() {
        assert!(!format!("{:?}", sender("app-instance/x/user/alice")).contains("secret"));
    }
}
