//! The whole of it, started with one call.

use crate::error::Error;
use crate::lambda::function::Function;
use crate::lambda::function_settings::FunctionSettings;
use crate::model::callback_record::CallbackRecord;
use crate::model::event::{Event, OutgoingMessage};
use crate::service::MessagingService;
use crate::settings::Settings;
use std::path::Path;

/// The messaging service and Lambda, in this process.
///
/// It needs a tokio runtime with its I/O and time drivers. Dropping it, and the functions that
/// it made, ends everything it started.
#[derive(Debug)]
pub struct Emulator {
    service: MessagingService,
}

impl Emulator {
    /// Starts the messaging service.
    ///
    /// # Errors
    ///
    /// No loopback port could be opened.
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        Ok(Self { service: MessagingService::start_with(settings).await? })
    }

    /// Makes a function of a binary. Its process starts with the first event.
    ///
    /// # Errors
    ///
    /// There is no such file.
    pub fn function(&self, binary: impl AsRef<Path>, settings: FunctionSettings) -> Result<Function, Error> {
        Function::new(binary.as_ref(), settings, self.service.function_host())
    }

    /// The event that `message` becomes when it is sent now, with fresh ids.
    pub fn event(&self, message: OutgoingMessage) -> Event {
        Event::new(message, self.service.region())
    }

    /// The messaging service.
    pub fn service(&self) -> &MessagingService {
        &self.service
    }

    /// The latest callbacks, of all functions, in the order of arrival; see [`MessagingService::callbacks`].
    pub fn callbacks(&self) -> Vec<CallbackRecord> {
        self.service.callbacks()
    }
}
