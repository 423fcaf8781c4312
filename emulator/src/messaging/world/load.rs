//! Loading the data file.

use crate::messaging::world::last_message::LAST_MESSAGES;
use crate::messaging::world::{World, client_request_token, message_table};

impl World {
    /// Loads the data file, one entry at a time; `false` if the table is unknown or the value cannot be read.
    pub(crate) fn load(&mut self, table: &str, key: &str, value: &[u8]) -> bool {
        match table {
            "app-instances" => self.app_instances.load(key, value),
            "members" => self.members.load(key, value),
            "channels" => self.channels.load(key, value),
            "elastic-channels" => self.elastic_channels.load(key, value),
            "channel-flows" => self.channel_flows.load(key, value),
            message_table::TABLE => self.messages.load(key, value),
            LAST_MESSAGES => self.load_last_message(key, value),
            "tags" => self.tags.load(key, value),
            "bot-configurations" => self.bot_configurations.load(key, value),
            "expiration-settings" => self.expiration_settings.load(key, value),
            "retention-settings" => self.retention_settings.load(key, value),
            "streaming-configurations" => self.streaming_configurations.load(key, value),
            "membership-preferences" => self.membership_preferences.load(key, value),
            "user-endpoints" => self.user_endpoints.load(key, value),
            client_request_token::TABLE => self.tokens.load(key, value),
            _ => false,
        }
    }
}
