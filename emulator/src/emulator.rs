//! The whole of it, started with one call.

use crate::demo::Demo;
use crate::error::Error;
use crate::lambda::event_queue::{EventInvokeConfig, EventQueue};
use crate::lambda::function::Function;
use crate::lambda::function_settings::FunctionSettings;
use crate::messaging::wire::api_error::ApiError;
use crate::model::callback_record::CallbackRecord;
use crate::model::event::{Event, OutgoingMessage};
use crate::service::MessagingService;
use crate::settings::Settings;
use std::path::Path;
use std::time::Duration;

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

    /// Sets up a chat whose messages go through this function: the app instance `demo`, Alice and Bob in the channel
    /// `general`, and a channel flow. What the demo has no method for, [`MessagingService::call`] does.
    ///
    /// A failed event is delivered twice more, after 10 and 20 milliseconds; for other settings use
    /// [`demo_of`](Self::demo_of). If the function cannot be reached, the message fails.
    ///
    /// ```no_run
    /// use channel_flow_emulator::{Emulator, FunctionSettings, MessageStatus, Settings};
    /// use serde_json::json;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start(Settings::new()).await?;
    /// let function = emulator.function("target/debug/my-processor", FunctionSettings::new())?;
    /// let demo = emulator.demo(function).await?;
    ///
    /// let message = demo.send("What the hell is this?").await?;
    /// assert_eq!(message.status, MessageStatus::Sent);
    /// assert_eq!(message.content.as_deref(), Some("What the **** is this?"));
    ///
    /// let all = json!({ "ChannelArn": demo.channel_arn(), "ChimeBearer": demo.bob() });
    /// let all = emulator.service().call("ListChannelMessages", all).await?;
    /// assert_eq!(all["ChannelMessages"][0]["MessageId"], message.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The data file cannot be written, or has a demo that is not as this one sets it up.
    pub async fn demo(&self, function: Function) -> Result<Demo<'_>, ApiError> {
        let (first, second) = (Duration::from_millis(10), Duration::from_millis(20));
        self.demo_of(EventQueue::new(function, EventInvokeConfig::new().retry_delays(first, second))).await
    }

    /// As [`demo`](Self::demo), with a function whose event queue has other settings. Until Lambda is done with an event,
    /// [`Demo::send`] waits for the decision.
    ///
    /// # Errors
    ///
    /// As those of [`demo`](Self::demo).
    pub async fn demo_of(&self, queue: EventQueue) -> Result<Demo<'_>, ApiError> {
        Demo::new(&self.service, queue).await
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
