//! Finding out whether a message is decided whose callback was refused without a reason.

use aws_sdk_chimesdkmessaging::Client;
use serde::Serialize;

use super::known::{Known, app_instance};
use super::may_ask::MayAsk;
use super::refusal::Refusal;
use super::status::{Question, Status};
use crate::environment::MAY_ASK_STATUS;
use crate::event::ids::CallbackIds;
use crate::event::provenance::Provenance;

/// Why a message counts as decided although the service did not say so in so many words.
///
/// Each of these is a success that could be wrong if a grant of the function's role was taken away; alarms look for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Doubt {
    /// The service refuses to say, as it does for a message that was denied. It does so as well if the function may not ask,
    /// or if the sender has left the channel.
    DeniedOrNotGranted,
    /// The service has no status of a message that it need not store, or of a bot's; callbacks of this environment in the
    /// app instance were accepted before.
    NotStored,
    /// The service says that an edited message was processed, which may be true of what it said before the edit; callbacks
    /// of this environment in the app instance were accepted before.
    EditedBefore,
}

impl Doubt {
    /// How logs spell it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::DeniedOrNotGranted => "DENIED_OR_NOT_GRANTED",
            Self::NotStored => "NOT_STORED",
            Self::EditedBefore => "EDITED_BEFORE",
        }
    }
}

/// What was found out.
#[derive(Debug)]
pub(super) enum Finding {
    /// The message is pending.
    Undecided,
    /// It is decided.
    Decided(Option<Doubt>),
    /// It cannot be found out, for this reason.
    Unknown(String),
    /// Not yet: the question can be asked again.
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
    /// Whether the message with these ids is decided.
    pub(super) async fn is_decided(&self, ids: &CallbackIds, provenance: &Provenance) -> Finding {
        if *self.may_ask == MayAsk::Never {
            return Finding::Unknown(format!(
                "{MAY_ASK_STATUS} is false: grant chime:GetChannelMessageStatus, and set it to true"
            ));
        }
        let Some(question) = Question::about(ids, provenance) else {
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
            // Whether an edit has a status of its own is not documented.
            Status::Processed if provenance.is_edited => self.weakly(channel_arn, Doubt::EditedBefore),
            Status::Processed => Finding::Decided(None),
            Status::Absent if is_sure_to_have_a_status(provenance) => Finding::Decided(None),
            Status::Absent => self.weakly(channel_arn, Doubt::NotStored),
            Status::AbsentOrNotGranted => match self.may_really_ask(channel_arn).await {
                Some(finding) => finding,
                None if is_sure_to_have_a_status(provenance) => Finding::Decided(Some(Doubt::DeniedOrNotGranted)),
                None => self.weakly(channel_arn, Doubt::NotStored),
            },
            Status::NotGranted => {
                Finding::Unknown("its status is refused, too: grant chime:GetChannelMessageStatus".to_owned())
            }
            Status::Unclear => Finding::Unknown("the service gives no clear answer about its status".to_owned()),
        }
    }

    /// What is true if the grant for callbacks is there, as it was when the last one was accepted.
    fn weakly(&self, channel_arn: &str, doubt: Doubt) -> Finding {
        match self.known.take_accepted(channel_arn) {
            true => Finding::Decided(Some(doubt)),
            false => Finding::Unknown("the service has no status of messages such as this one".to_owned()),
        }
    }

    /// What is found if a 403 to the question says nothing; `None` if it says that there is no such message. That a sender has
    /// left the channel, or is gone, looks the same, so this needs the word of the deployment, and nothing against it.
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

/// Whether the service stores a message while it is processed, and lets its sender ask about it. It is documented for what
/// people send to stay.
fn is_sure_to_have_a_status(provenance: &Provenance) -> bool {
    provenance.is_persistent && !provenance.is_from_bot()
}
