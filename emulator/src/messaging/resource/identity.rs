//! App-instance users and bots.

use crate::arn::app_instance_of;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::SystemTime;

/// A user or a bot, as the ARN says. Both can be members of channels.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) metadata: Option<String>,
    pub(crate) created: SystemTime,
    pub(crate) last_updated: SystemTime,
    /// Whether it is an admin of its app instance.
    pub(crate) admin_since: Option<SystemTime>,
}

/// `Identity` in the model: an ARN and the name that goes with it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Identity {
    pub(crate) arn: String,
    pub(crate) name: String,
}

/// Without the name, which is private.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("arn", &self.arn).finish_non_exhaustive()
    }
}

/// A device of a user for push notifications.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UserEndpoint {
    pub(crate) name: Option<String>,
    /// `APNS`, `APNS_SANDBOX` or `GCM`.
    pub(crate) kind: String,
    pub(crate) resource_arn: String,
    /// `EndpointAttributes`.
    pub(crate) attributes: Value,
    /// `ALL` or `NONE`.
    pub(crate) allow_messages: String,
    pub(crate) created: SystemTime,
    pub(crate) last_updated: SystemTime,
}

/// Which kind of [`Member`] an ARN is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    User,
    Bot,
}

impl MemberKind {
    /// The part of an ARN between the app instance and the id.
    pub(crate) fn infix(self) -> &'static str {
        match self {
            Self::User => "/user/",
            Self::Bot => "/bot/",
        }
    }

    /// Whether `arn` is of this kind.
    pub(crate) fn is_kind_of(self, arn: &str) -> bool {
        arn[app_instance_of(arn).len()..].starts_with(self.infix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_bots_are_told_apart() {
        let app_instance = "arn:aws:chime:us-east-1:123456789012:app-instance/a";
        let arn = |rest: &str| format!("{app_instance}{rest}");
        assert!(MemberKind::User.is_kind_of(&arn("/user/x")) && !MemberKind::User.is_kind_of(&arn("/bot/user/x")));
        assert!(MemberKind::Bot.is_kind_of(&arn("/bot/x")) && !MemberKind::Bot.is_kind_of(app_instance));
        assert!(!MemberKind::Bot.is_kind_of(""));
    }
}
