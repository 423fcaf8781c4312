//! Why the presence in a channel could not be read or kept.

use std::fmt;

use channel_flow::aws_sdk_chimesdkmessaging::error::{ProvideErrorMetadata, SdkError};

/// It has no word of the service, whose words can quote metadata, since errors are logged.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ChannelError {
    /// A request and the service's code, if it answered.
    Refused { request: &'static str, code: Option<String> },
    /// The metadata of the channel is no JSON object, or has something else in place of presence.
    OtherMetadata,
    /// The metadata has no room for another entry.
    NoRoom,
    /// Other updates of the channel overwrote this one each time.
    Overwritten,
}

impl ChannelError {
    pub(crate) fn refused<E: ProvideErrorMetadata, R>(request: &'static str, error: &SdkError<E, R>) -> Self {
        Self::Refused { request, code: error.code().map(str::to_owned) }
    }
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { request, code: Some(code) } => write!(f, "{request} was refused: {code}"),
            Self::Refused { request, code: None } => write!(f, "{request} got no answer"),
            Self::OtherMetadata => f.write_str("the metadata of the channel is not a JSON object with presence"),
            Self::NoRoom => f.write_str("the metadata of the channel has no room for presence"),
            Self::Overwritten => f.write_str("other updates of the channel overwrote the presence each time"),
        }
    }
}

impl std::error::Error for ChannelError {}
