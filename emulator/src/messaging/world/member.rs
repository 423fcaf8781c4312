//! App-instance users, bots and admins: creating and deleting them.

use crate::arn::app_instance_of;
use crate::messaging::resource::identity::{Identity, Member};
use crate::messaging::world::World;
use std::time::SystemTime;

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
            self.remove_memberships(&channel_arn, arn);
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
