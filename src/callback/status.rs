//! The service's answer about the status of a message.

use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::types::ChannelMessageStatus;

use super::each_request::EachRequest;
use super::refusal::{Meaning, Refusal};
use crate::event::header::Header;

/// A message whose status can be asked for. Only its sender may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) channel_arn: String,
    pub(super) message_id: String,
    pub(super) sender_arn: String,
    pub(super) sub_channel_id: Option<String>,
}

/// The service's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// `PENDING`: the message is undecided.
    Pending,
    /// `SENT`, `FAILED` or `DENIED`.
    Processed,
    /// The service says explicitly that there is no such message.
    Absent,
    /// There is no message for this sender, or the grant to ask is missing: both are a 403.
    AbsentOrNotGranted,
    /// The grant to ask is definitely missing.
    NotGranted,
    /// The answer says nothing about the message.
    Unclear,
}

impl Question {
    /// Returns the question about the message with these ids, or `None` if its event does not say who sent it.
    pub(super) fn about(Header { ids, provenance }: &Header) -> Option<Self> {
        Some(Self {
            channel_arn: ids.channel_arn.clone(),
            message_id: ids.message_id.clone(),
            sender_arn: provenance.sender_arn()?.to_owned(),
            sub_channel_id: provenance.sub_channel_id.clone(),
        })
    }

    /// Asks the service.
    ///
    /// # Errors
    ///
    /// Returns a [`Refusal`] if there is no answer, if the answer will change later, or if the credentials are not
    /// accepted.
    pub(super) async fn ask(&self, client: &Client) -> Result<Status, Refusal> {
        let asking = client
            .get_channel_message_status()
            .channel_arn(&self.channel_arn)
            .message_id(&self.message_id)
            .chime_bearer(&self.sender_arn)
            .set_sub_channel_id(self.sub_channel_id.clone())
            .customize()
            .interceptor(EachRequest::default())
            .send();
        match asking.await {
            Ok(answer) => Ok(read(answer.status().and_then(|status| status.value()))),
            Err(error) => refused(Refusal::read(error)),
        }
    }
}

fn read(value: Option<&ChannelMessageStatus>) -> Status {
    match value {
        Some(ChannelMessageStatus::Pending) => Status::Pending,
        Some(ChannelMessageStatus::Sent | ChannelMessageStatus::Failed | ChannelMessageStatus::Denied) => {
            Status::Processed
        }
        // A status that the service has added may mean either.
        _ => Status::Unclear,
    }
}

fn refused(refusal: Refusal) -> Result<Status, Refusal> {
    match refusal.meaning {
        Meaning::NotFound => Ok(Status::Absent),
        Meaning::Forbidden => Ok(Status::AbsentOrNotGranted),
        Meaning::NotAuthorized => Ok(Status::NotGranted),
        Meaning::NonPending | Meaning::Invalid => Ok(Status::Unclear),
        Meaning::Conflict | Meaning::Credentials | Meaning::Passing => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_the_service_has_added_says_nothing() {
        assert_eq!(read(Some(&"PENDING".into())), Status::Pending);
        assert_eq!(read(Some(&"SENT".into())), Status::Processed);
        assert_eq!(read(Some(&"HELD".into())), Status::Unclear);
        assert_eq!(read(None), Status::Unclear);
    }
}
