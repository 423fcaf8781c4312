//! The whole of it, started with one call.

use crate::error::Error;
use crate::event::{Event, OutgoingMessage};
use crate::function::{Function, FunctionSettings};
use crate::record::CallbackRecord;
use crate::service::MessagingService;
use std::path::Path;
use std::sync::Arc;

/// The messaging service and Lambda, in this process.
///
/// It needs a tokio runtime with its I/O and time drivers. Dropping it, and the functions that
/// it made, ends everything it started.
#[derive(Debug)]
pub struct Emulator {
    service: Arc<MessagingService>,
}

/// How the emulator is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    region: String,
}

impl Emulator {
    /// Starts the messaging service.
    ///
    /// # Errors
    ///
    /// No loopback port could be opened.
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        let service = Arc::new(MessagingService::start(settings.region).await?);
        Ok(Self { service })
    }

    /// Makes a function of a binary. Its process starts with the first event.
    ///
    /// # Errors
    ///
    /// There is no such file.
    pub fn function(&self, binary: impl AsRef<Path>, settings: FunctionSettings) -> Result<Function, Error> {
        Function::new(binary.as_ref(), settings, Arc::clone(&self.service))
    }

    /// The event that `message` becomes when it is sent now, with fresh ids.
    pub fn event(&self, message: OutgoingMessage) -> Event {
        Event::new(message, self.service.region())
    }

    /// The messaging service.
    pub fn service(&self) -> &MessagingService {
        &self.service
    }

    /// Every callback since the start, of all functions, in the order of arrival.
    pub fn callbacks(&self) -> Vec<CallbackRecord> {
        self.service.callbacks()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { region: "us-east-1".to_owned() }
    }
}

impl Settings {
    /// Region `us-east-1`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the region of the service, the function and the demo channel.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }
}
