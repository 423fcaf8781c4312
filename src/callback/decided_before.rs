//! Finds out whether a message is decided if its callback was refused without a reason.

use aws_sdk_chimesdkmessaging::Client;

use super::known::Known;
use super::may_ask::MayAsk;
use super::refusal::Refusal;
use super::status::{Question, Status};
use crate::arn::app_instance;
use crate::environment::MAY_ASK_STATUS;
use crate::event::header::Header;
use crate::response::Doubt;

/// The result of an inquiry.
#[derive(Debug)]
pub(super) enum Finding {
    /// The message is pending.
    Undecided,
    /// The message is decided.
    Decided(Option<Doubt>),
    /// The state of the message cannot be found out, for this reason.
    Unknown(String),
    /// The state of the message is not known yet: the question can be asked again.
    NoAnswer(Refusal),
}

/// Asks about messages.
#[derive(Debug)]
pub(super) struct Inquiry<'a> {
    pub(super) client: &'a Client,
    pub(super) may_ask: &'a MayAsk,
    pub(super) known: &'a Known,
}

impl Inquiry<'_> {
    /// Finds out whether the message with these ids is decided.
    pub(super) async fn is_decided(&self, header: &Header) -> Finding {
        let provenance = &header.provenance;
        if *self.may_ask == MayAsk::Never {
            return Finding::Unknown(format!(
                "{MAY_ASK_STATUS} is false: grant chime:GetChannelMessageStatus, and set it to true"
            ));
        }
        let Some(question) = Question::about(header) else {
            return Finding::Unknown(
                "the event names no sender, who alone may ask for the message's status".to_owned(),
            );
        };
        let channel_arn = &question.channel_arn;
        let status = match question.ask(self.client).await {
            Ok(status) => status,
            Err(refusal) => return Finding::NoAnswer(refusal),
        };
        match status {
            Status::Pending => Finding::Undecided,
            // AWS does not document whether an edit has a separate status.
            Status::Processed if provenance.times.is_edited => self.weakly(channel_arn, Doubt::EditedBefore),
            Status::Processed => Finding::Decided(None),
            Status::Absent if provenance.is_sure_to_have_a_status() => Finding::Decided(None),
            Status::Absent => self.weakly(channel_arn, Doubt::NotStored),
            Status::AbsentOrNotGranted => match self.may_really_ask(channel_arn).await {
                Some(finding) => finding,
                None if provenance.is_sure_to_have_a_status() => Finding::Decided(Some(Doubt::DeniedOrNotGranted)),
                None => self.weakly(channel_arn, Doubt::NotStored),
            },
            Status::NotGranted => {
                Finding::Unknown("its status is refused, too: grant chime:GetChannelMessageStatus".to_owned())
            }
            Status::Unclear => Finding::Unknown("the service gives no clear answer about its status".to_owned()),
        }
    }

    /// Returns the finding that is true if the function still has the grant for callbacks, as it had when the last
    /// callback was accepted.
    fn weakly(&self, channel_arn: &str, doubt: Doubt) -> Finding {
        match self.known.take_accepted(channel_arn) {
            true => Finding::Decided(Some(doubt)),
            false => Finding::Unknown("the service has no status of messages such as this one".to_owned()),
        }
    }

    /// Returns a finding if a 403 to the question says nothing, or `None` if the 403 says that there is no such
    /// message. The answer is the same 403 if a sender has left the channel or is gone. `None` therefore requires that
    /// the deployment declares the grant and that nothing contradicts it.
    async fn may_really_ask(&self, channel_arn: &str) -> Option<Finding> {
        let unknown = |why: &str| {
            Some(Finding::Unknown(format!(
                "{why}: grant chime:GetChannelMessageStatus, and set {MAY_ASK_STATUS} to true"
            )))
        };
        if !self.may_ask.is_granted_in(app_instance(channel_arn)) {
            return unknown("its status is refused, too");
        }
        if self.known.is_forbidden(channel_arn) {
            return unknown("its status is refused, and so were callbacks for messages that are pending");
        }
        // A message that was sent has a status.
        let sent = self.known.sent(channel_arn)?;
        match sent.ask(self.client).await {
            Ok(Status::Pending | Status::Processed) => None,
            Ok(_) => {
                self.known.forget_sent(channel_arn);
                unknown("its status is refused, and so is that of a message that was sent")
            }
            Err(refusal) => Some(Finding::NoAnswer(refusal)),
        }
    }
}
