//! A ban from a channel.

use std::fmt;

use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::error::ProvideErrorMetadata;

use super::refused::StrikeActionError;
use super::strike::{Strike, StrikeAction};

/// Bans the sender from the channel of the message, for [`Strikes::at`](crate::Strikes::at).
///
/// The service removes the sender from the channel's members. To undo a ban, call `DeleteChannelBan`, and then
/// `CreateChannelMembership`.
///
/// The one who bans must be a moderator of the channel, or an admin of the app instance. The service bans neither of these
/// itself. The role of the function needs the grant `chime:CreateChannelBan` on the one who bans and on the channel.
#[derive(Clone)]
pub struct Ban {
    client: Client,
    moderator_arn: String,
}

impl Ban {
    /// Bans in the name of this app instance user or bot. [`Callbacks::client`](crate::Callbacks::client) returns a client of
    /// the environment.
    pub fn new(client: Client, moderator_arn: impl Into<String>) -> Self {
        Self { client, moderator_arn: moderator_arn.into() }
    }
}

impl StrikeAction for Ban {
    type Error = StrikeActionError;

    async fn act(&self, strike: &Strike) -> Result<(), StrikeActionError> {
        let message = strike.message();
        let request = self
            .client
            .create_channel_ban()
            .channel_arn(message.channel_arn())
            .member_arn(message.sender().arn())
            .chime_bearer(&self.moderator_arn);
        match request.send().await {
            Ok(_) => Ok(()),
            // The sender is banned.
            Err(error) if error.code() == Some("ConflictException") => Ok(()),
            Err(error) => {
                let needs =
                    "the grant chime:CreateChannelBan, and a moderator or an admin who bans a sender that is neither";
                Err(StrikeActionError::of_request("CreateChannelBan", needs, &error))
            }
        }
    }
}

impl fmt::Debug for Ban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ban").field("moderator_arn", &self.moderator_arn).finish_non_exhaustive()
    }
}
