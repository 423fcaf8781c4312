//! The status that a message tells.

use channel_flow::Message;
use serde::Deserialize;

/// The metadata of a presence message, as AWS's chat demo sends it: `{"IsPresenceInfo":true,"Status":"Cu|Busy"}`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct PresenceInfo {
    is_presence_info: bool,
    status: String,
}

/// What the demo prefixes a status with: automatic, working from home, and custom.
const MODES: [&str; 3] = ["Auto", "Wfh", "Cu"];

/// A `CONTROL` message, in which clients repeat the status to each other, has 30 bytes, two of them before the status.
const MAX_BYTES: usize = 28;

/// A mode and a text, `Cu|Busy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Status(String);

/// The status has no mode that is known, no text, or more bytes than clients can send.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InvalidStatus;

/// The status that a person tells, or `None` if the message is an ordinary one.
///
/// Presence comes in `STANDARD` messages: the service passes no `CONTROL` message to a channel flow. An edit tells nothing
/// new, and the members of a sub-channel have no metadata of their own to be kept in.
pub(crate) fn status_in(message: &Message) -> Option<Result<Status, InvalidStatus>> {
    if !message.sender().is_user() || message.is_edited() || message.sub_channel_id().is_some() {
        return None;
    }
    let info: PresenceInfo = serde_json::from_str(message.metadata()?).ok()?;
    info.is_presence_info.then(|| Status::parse(info.status))
}

impl Status {
    fn parse(status: String) -> Result<Self, InvalidStatus> {
        let has_mode =
            status.split_once('|').is_some_and(|(mode, text)| MODES.contains(&mode) && !text.trim().is_empty());
        match has_mode && status.len() <= MAX_BYTES && !status.contains(char::is_control) {
            true => Ok(Self(status)),
            false => Err(InvalidStatus),
        }
    }

    /// Whether clients tell the status by themselves, so that none is kept.
    pub(crate) fn is_automatic(&self) -> bool {
        self.0.starts_with("Auto|")
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use channel_flow::testing::{self, MessageBuilder};

    fn message(metadata: &str) -> MessageBuilder {
        testing::message("changed status to Busy").metadata(metadata)
    }

    const BUSY: &str = r#"{"IsPresenceInfo":true,"Status":"Cu|Busy"}"#;

    #[test]
    fn a_person_tells_a_status_in_the_metadata() {
        assert_eq!(status_in(&message(BUSY).build()), Some(Ok(Status("Cu|Busy".to_owned()))));
        for metadata in
            ["", "{}", "[]", "Busy", r#"{"IsPresenceInfo":false,"Status":"Cu|Busy"}"#, r#"{"Status":"Cu|x"}"#]
        {
            assert_eq!(status_in(&message(metadata).build()), None, "{metadata}");
        }
        assert_eq!(status_in(&testing::message("changed status to Busy").build()), None);
        assert_eq!(status_in(&message(BUSY).sender_bot("helper").build()), None);
        assert_eq!(status_in(&message(BUSY).edited().build()), None);
    }

    #[test]
    fn a_status_has_a_mode_and_a_short_text() {
        assert!(Status::parse("Auto|Online".to_owned()).unwrap().is_automatic());
        assert!(!Status::parse("Wfh|Available".to_owned()).unwrap().is_automatic());
        for status in ["", "Busy", "X|Busy", "Cu|", "Cu| ", "Cu|a\nb", "Cu|much longer than a CONTROL message"] {
            assert_eq!(Status::parse(status.to_owned()), Err(InvalidStatus), "{status}");
        }
    }
}
