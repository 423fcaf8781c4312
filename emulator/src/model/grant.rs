//! The grants that the role of a function has.

use std::fmt;

/// An action that the IAM role of a function needs a grant for, as `chime:ChannelFlowCallback` on an app instance.
///
/// Functions have all of them unless [`MessagingService::revoke`](crate::MessagingService::revoke) takes one away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grant {
    /// `chime:ChannelFlowCallback`: to decide messages.
    ChannelFlowCallback,
    /// `chime:GetChannelMessageStatus`: to ask, for the sender of a message, how far it is.
    GetChannelMessageStatus,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChannelFlowCallback => "chime:ChannelFlowCallback",
            Self::GetChannelMessageStatus => "chime:GetChannelMessageStatus",
        })
    }
}
