//! What resources of every kind may have: tags, settings, and what is kept under their ARNs.

use crate::limits;
use crate::messaging::resource::tags::Tags;
use crate::messaging::world::World;

impl World {
    /// Whether there is an app instance, user, bot, channel or channel flow with this ARN.
    pub(crate) fn has_resource(&self, arn: &str) -> bool {
        self.app_instances.contains(arn)
            || self.members.contains(arn)
            || self.channels.contains(arn)
            || self.channel_flows.contains(arn)
    }

    /// Adds tags; `false`, and nothing done, if the resource would have more than [`limits::TAGS_OF_A_RESOURCE`].
    pub(crate) fn add_tags(&mut self, arn: &str, more: Tags) -> bool {
        let mut tags = self.tags.get(arn).cloned().unwrap_or_default();
        tags.extend(more);
        let fits = tags.len() <= limits::TAGS_OF_A_RESOURCE;
        if fits && !tags.is_empty() {
            self.tags.put(&mut self.batch, arn.to_owned(), tags);
        }
        fits
    }

    /// Takes tags away, those that are there.
    pub(crate) fn remove_tags(&mut self, arn: &str, keys: &[&str]) {
        let Some(mut tags) = self.tags.get(arn).cloned() else { return };
        tags.retain(|key, _| !keys.contains(&key.as_str()));
        if tags.is_empty() {
            self.tags.remove(&mut self.batch, arn);
        } else {
            self.tags.put(&mut self.batch, arn.to_owned(), tags);
        }
    }

    /// The resource is deleted, and with it everything kept under its ARN.
    pub(crate) fn forget_resource(&mut self, arn: &str) {
        self.tags.remove(&mut self.batch, arn);
        self.bot_configurations.remove(&mut self.batch, arn);
        self.expiration_settings.remove(&mut self.batch, arn);
        self.elastic_channels.remove(&mut self.batch, arn);
        self.retention_settings.remove(&mut self.batch, arn);
        self.streaming_configurations.remove(&mut self.batch, arn);
        let belongs = format!("{arn} ");
        for key in self.membership_preferences.keys_under(&belongs) {
            self.membership_preferences.remove(&mut self.batch, &key);
        }
        for key in self.user_endpoints.keys_under(&belongs) {
            self.user_endpoints.remove(&mut self.batch, &key);
        }
    }

    /// The preferences of a membership that is no more.
    pub(super) fn forget_preferences(&mut self, channel_arn: &str, member_arn: &str) {
        self.membership_preferences.remove(&mut self.batch, &format!("{channel_arn} {member_arn}"));
    }
}
