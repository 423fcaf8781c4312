//! App instances.

use crate::ids;
use crate::world::World;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// Holds users, bots, channels and channel flows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AppInstance {
    pub(crate) name: String,
    pub(crate) metadata: Option<String>,
    pub(crate) created: SystemTime,
    pub(crate) last_updated: SystemTime,
}

impl World {
    /// A new one, and its ARN.
    pub(crate) fn create_app_instance(&mut self, name: String, metadata: Option<String>, now: SystemTime) -> String {
        let arn = format!("arn:aws:chime:{}:{}:app-instance/{}", self.region, crate::ACCOUNT, ids::uuid());
        let app_instance = AppInstance { name, metadata, created: now, last_updated: now };
        self.app_instances.put(&mut self.batch, arn.clone(), app_instance);
        arn
    }
}
