//! The channel, with the clients that send to it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use channel_flow_emulator::{Activity, FunctionSettings};
use filtered_channel::FilteredChannel;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::Error;
use crate::client::Client;

pub(crate) struct Chat {
    pub(crate) activities: UnboundedReceiver<Activity>,
    filtered: FilteredChannel,
    clients: AtomicU64,
}

impl Chat {
    pub(crate) async fn start(processor: &Path, environments: usize) -> Result<Self, Error> {
        let settings = FunctionSettings::new().concurrency(environments);
        let filtered = FilteredChannel::start(processor, settings).await?;
        let activities = filtered.emulator.service().watch();
        Ok(Self { activities, filtered, clients: AtomicU64::new(0) })
    }

    /// The processes of the function's environments.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.filtered.function.environments().iter().filter_map(|environment| environment.process_id()).collect()
    }

    /// A client of Alice's with a connection of its own.
    pub(crate) async fn client(&self) -> Result<Client, Error> {
        let name = self.clients.fetch_add(1, Ordering::Relaxed);
        let FilteredChannel { emulator, channel, alice, .. } = &self.filtered;
        Client::connect(emulator.service().address(), channel, alice, name).await
    }
}
