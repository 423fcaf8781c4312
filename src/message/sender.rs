//! The sender of a message.

use std::fmt;

/// The sender of a message.
///
/// `Debug` shows the ARN but not the name.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Sender {
    pub(crate) arn: String,
    pub(crate) name: Option<String>,
}

/// The kind of member that a sender is, according to its ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SenderKind {
    /// An app instance user.
    User,
    /// An app instance bot.
    Bot,
    /// The event names no sender, or a sender of a kind that this version of the crate does not know.
    Unknown,
}

impl Sender {
    /// Returns the ARN, or an empty string if the event has none.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Returns the id, which is the last part of the ARN, or an empty string if the event has none.
    pub fn id(&self) -> &str {
        self.resource().map_or("", |(_, id)| id)
    }

    /// Returns the display name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the kind of member.
    pub fn kind(&self) -> SenderKind {
        self.resource().map_or(SenderKind::Unknown, |(kind, _)| kind.into())
    }

    /// Returns whether the sender is an app instance user.
    pub fn is_user(&self) -> bool {
        self.kind() == SenderKind::User
    }

    /// Returns whether the sender is an app instance bot.
    pub fn is_bot(&self) -> bool {
        self.kind() == SenderKind::Bot
    }

    /// Returns the kind and the id at the end of an ARN such as `…:app-instance/ID/user/ID`.
    fn resource(&self) -> Option<(&str, &str)> {
        let mut parts = self.arn.splitn(4, '/').skip(2);
        Some((parts.next()?, parts.next()?))
    }
}

impl SenderKind {
    /// Returns the kind as an ARN has it, `user` or `bot`, or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Bot => "bot",
            Self::Unknown => "unknown",
        }
    }
}

/// Reads the kind as an ARN has it.
impl From<&str> for SenderKind {
    fn from(kind: &str) -> Self {
        match kind {
            "user" => Self::User,
            "bot" => Self::Bot,
            _ => Self::Unknown,
        }
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
        for kind in [SenderKind::User, SenderKind::Bot, SenderKind::Unknown] {
            assert_eq!(SenderKind::from(kind.as_str()), kind);
        }
    }

    #[test]
    fn debug_shows_no_name() {
        assert!(!format!("{:?}", sender("app-instance/x/user/alice")).contains("secret"));
    }
}
