//! App-instance users, bots and admins: who can act.

use crate::world::World;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// Somebody who can be a member of channels: a user, or a bot, by the ARN.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) metadata: Option<String>,
    pub(crate) created: SystemTime,
    pub(crate) last_updated: SystemTime,
    /// Whether it is an admin of its app instance.
    pub(crate) admin_since: Option<SystemTime>,
}

/// `Identity` in the model: an ARN and the name that goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Identity {
    pub(crate) arn: String,
    pub(crate) name: String,
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
}

/// The app instance that an ARN belongs to: all of it before the kind of what is in it.
pub(crate) fn app_instance_of(arn: &str) -> &str {
    let resource = arn.find(":app-instance/").map_or(0, |at| at + ":app-instance/".len());
    arn[resource..].find('/').map_or(arn, |end| &arn[..resource + end])
}
