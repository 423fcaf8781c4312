//! The callback: sends a decision to the service until the service has decided the message.
//!
//! [`settle`] sends and repeats, [`refusal`] reads the service's answer, [`rounds`] counts how often a callback is sent,
//! and [`decided_before`] asks whether the message is decided if a refusal leaves that open. A message counts as decided if the service says so, or, with a
//! [`Doubt`](crate::Doubt) for alarms, if everything that is known speaks for it.

pub(crate) mod client;
pub(crate) mod content;
mod decided_before;
mod each_request;
mod failure;
mod known;
pub(crate) mod may_ask;
pub(crate) mod pending_message;
mod refusal;
pub(crate) mod rehearsal;
mod request;
mod rounds;
pub(crate) mod settle;
mod status;

use std::time::Duration;

use aws_sdk_chimesdkmessaging::Client;
use tokio::time::Instant;

use self::content::check_content;
use self::pending_message::PendingMessage;
use self::settle::{Callback, Callbacks};
use crate::environment::{Environment, var};
use crate::invocation::PARTING;
use crate::response::Settled;
use crate::response::by::By;
use crate::{Decision, Error};

impl Callbacks {
    /// Creates a sender of callbacks with the framework's own client, from the credentials, the region and the endpoint in
    /// the environment.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) if a [variable of the
    /// framework](crate#environment-variables) has an invalid value, or if no client can be made from the environment.
    pub async fn from_environment() -> Result<Self, Error> {
        Ok(Self::new(client::from_environment().await?, Environment::read(var)?.may_ask))
    }

    /// Creates a sender of callbacks with this client, whose retries and timeouts then apply.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] of kind [`Configuration`](crate::ErrorKind::Configuration) if a [variable of the
    /// framework](crate#environment-variables) has an invalid value.
    pub fn from_client(client: Client) -> Result<Self, Error> {
        Ok(Self::new(client, Environment::read(var)?.may_ask))
    }

    /// Sends the callback for `message` until the message is decided or `timeout` has passed.
    ///
    /// No fallback action applies: if the service refuses the decision, the message stays pending, and the error says so.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] if the message is undecided, or if it cannot be found out whether the message is decided. An
    /// update without content is an error of kind [`CallbackInvalid`](crate::ErrorKind::CallbackInvalid): AWS does not document
    /// its effect, and the content of the message is not known here.
    pub async fn send(
        &self,
        message: &PendingMessage,
        decision: &Decision,
        timeout: Duration,
    ) -> Result<Settled, Error> {
        check_content(decision)?;
        let callback = Callback {
            header: message.header(),
            decision,
            by: &By::Caller,
            fallback_action: None,
            xray_trace_id: None,
        };
        // `settle` keeps some time for the answer to Lambda, which is not needed here.
        let deadline = Instant::now().checked_add(timeout.saturating_add(PARTING));
        self.settle(callback, deadline).await
    }
}
