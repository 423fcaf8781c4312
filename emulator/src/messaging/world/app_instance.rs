//! App instances.

use crate::arn::ACCOUNT;
use crate::messaging::resource::app_instance::AppInstance;
use crate::messaging::wire::api_error::ApiError;
use crate::messaging::world::World;
use std::time::SystemTime;

impl World {
    /// A new one, and its ARN.
    pub(crate) fn create_app_instance(
        &mut self,
        name: String,
        metadata: Option<String>,
        now: SystemTime,
    ) -> Result<String, ApiError> {
        let arn = self.new_arn(&format!("arn:aws:chime:{}:{}:app-instance/", self.region, ACCOUNT))?;
        let app_instance = AppInstance { name, metadata, created: now, last_updated: now };
        self.app_instances.put(&mut self.batch, arn.clone(), app_instance);
        Ok(arn)
    }

    /// Deletes it with all that is in it; `false` if there is no such one.
    pub(crate) fn delete_app_instance(&mut self, arn: &str) -> bool {
        if self.app_instances.remove(&mut self.batch, arn).is_none() {
            return false;
        }
        let inside = format!("{arn}/");
        for channel in self.channels.keys_under(&inside) {
            self.delete_channel(&channel);
        }
        for channel_flow in self.channel_flows.keys_under(&inside) {
            self.channel_flows.remove(&mut self.batch, &channel_flow);
            self.forget_resource(&channel_flow);
        }
        for member in self.members.keys_under(&inside) {
            self.members.remove(&mut self.batch, &member);
            self.forget_resource(&member);
        }
        self.forget_resource(arn);
        true
    }
}
