//! Reads and updates the metadata of a channel.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use channel_flow::Message;
use channel_flow::aws_sdk_chimesdkmessaging::Client;
use channel_flow::aws_sdk_chimesdkmessaging::error::ProvideErrorMetadata;
use tokio::time::sleep;

use crate::channel_error::ChannelError;
use crate::channel_presence::ChannelPresence;
use crate::status::Status;

/// How often a status is written before other updates count as too many.
const MAX_WRITES: u32 = 5;

/// Longer than another function takes from reading the metadata to writing it.
const PAUSE: Duration = Duration::from_millis(250);

pub(crate) struct Channel<'a> {
    client: &'a Client,
    arn: &'a str,
    moderator: &'a str,
}

impl<'a> Channel<'a> {
    pub(crate) fn new(client: &'a Client, arn: &'a str, moderator: &'a str) -> Self {
        Self { client, arn, moderator }
    }

    pub(crate) async fn read(&self) -> Result<ChannelPresence, ChannelError> {
        let request = self.client.describe_channel().channel_arn(self.arn).chime_bearer(self.moderator);
        let answer = request.send().await.map_err(|error| ChannelError::refused("DescribeChannel", &error))?;
        let metadata = answer.channel().and_then(|channel| channel.metadata());
        ChannelPresence::read(metadata).ok_or(ChannelError::OtherMetadata)
    }

    /// Keeps the status of the sender of `message`.
    ///
    /// `UpdateChannel` has no condition, so that an update can overwrite another that was written since it read. After each
    /// write, this reads again, and writes once more if the status is gone.
    pub(crate) async fn keep(&self, message: &Message, status: &Status) -> Result<(), ChannelError> {
        for _ in 0..MAX_WRITES {
            let mut presence = self.read().await?;
            if !presence.set(message.sender().id(), status, sent(message)) {
                return Ok(());
            }
            self.write(presence).await?;
            sleep(PAUSE + jitter()).await;
        }
        match self.read().await?.set(message.sender().id(), status, sent(message)) {
            false => Ok(()),
            true => Err(ChannelError::Overwritten),
        }
    }

    async fn write(&self, presence: ChannelPresence) -> Result<(), ChannelError> {
        let metadata = presence.into_metadata().ok_or(ChannelError::NoRoom)?;
        let request =
            self.client.update_channel().channel_arn(self.arn).chime_bearer(self.moderator).metadata(metadata);
        match request.send().await {
            Ok(_) => Ok(()),
            // Another update is under way: the next round reads what it wrote.
            Err(error) if error.code() == Some("ConflictException") => Ok(()),
            Err(error) => Err(ChannelError::refused("UpdateChannel", &error)),
        }
    }
}

/// When the message was sent, in milliseconds.
fn sent(message: &Message) -> u64 {
    let sent = message.created_at().unwrap_or_else(SystemTime::now);
    sent.duration_since(UNIX_EPOCH).map_or(0, |sent| sent.as_millis() as u64)
}

/// Keeps functions that met once from meeting again.
fn jitter() -> Duration {
    Duration::from_millis(RandomState::new().hash_one(0) % 100)
}
