//! App-instance users, bots and admins: who can act.

use crate::messaging::world::World;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// Somebody who can be a member of channels: a user, or a bot, by the ARN.
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

/// Which kind of [`Member`] an ARN is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    User,
    Bot,
}

impl MemberKind {
    /// What stands before the id in ARNs, after the app instance's own.
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

impl World {
    /// The name that goes with the ARN of a user or bot, if there is such a one.
    pub(crate) fn identity(&self, arn: &str) -> Option<Identity> {
        let member = self.members.get(arn)?;
        Some(Identity { arn: arn.to_owned(), name: member.name.clone() })
    }

    /// Whether it is an admin of its app instance.
    pub(crate) fn is_admin(&self, arn: &str) -> bool {
        self.members.get(arn).is_some_and(|member| member.admin_since.is_some())
    }

    /// A new user or bot, which nobody has the ARN of.
    pub(crate) fn create_member(&mut self, arn: String, name: String, metadata: Option<String>, now: SystemTime) {
        let member = Member { name, metadata, created: now, last_updated: now, admin_since: None };
        self.members.put(&mut self.batch, arn, member);
    }

    /// Deletes a user or bot, and takes it out of every channel; `false` if there is no such one.
    pub(crate) fn delete_member(&mut self, arn: &str) -> bool {
        if !self.members.contains(arn) {
            return false;
        }
        for channel_arn in self.channels.keys_under(&format!("{}/", app_instance_of(arn))) {
            self.remove_membership(&channel_arn, arn);
            let Some(channel) = self.channels.get(&channel_arn) else { continue };
            if channel.moderators.contains_key(arn) || channel.bans.contains_key(arn) {
                self.channels.change(&mut self.batch, &channel_arn, |channel| {
                    channel.moderators.remove(arn);
                    channel.bans.remove(arn);
                });
            }
        }
        self.members.remove(&mut self.batch, arn);
        self.forget_resource(arn);
        true
    }
}

/// The app instance that an ARN belongs to: all of it before the kind of what is in it.
pub(crate) fn app_instance_of(arn: &str) -> &str {
    let resource = arn.find(":app-instance/").map_or(0, |at| at + ":app-instance/".len());
    arn[resource..].find('/').map_or(arn, |end| &arn[..resource + end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_arn_is_of() {
        let app_instance = "arn:aws:chime:us-east-1:123456789012:app-instance/a";
        let arn = |rest: &str| format!("{app_instance}{rest}");
        for rest in ["", "/user/x", "/bot/y", "/channel/a:app-instance/b"] {
            assert_eq!(app_instance_of(&arn(rest)), app_instance);
        }
        assert!(MemberKind::User.is_kind_of(&arn("/user/x")) && !MemberKind::User.is_kind_of(&arn("/bot/user/x")));
        assert!(MemberKind::Bot.is_kind_of(&arn("/bot/x")) && !MemberKind::Bot.is_kind_of(app_instance));
        assert!(!MemberKind::Bot.is_kind_of("") && app_instance_of("").is_empty());
    }
}
