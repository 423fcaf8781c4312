//! One exemption: a sender, a place, or both.

use std::fmt;

use crate::arn::{self, ArnKind};
use crate::{Message, SenderKind};

/// One exemption. An exemption that named neither would exempt every message, so there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Exemption {
    From(Senders),
    In(Place),
    Both(Senders, Place),
}

/// Who sends exempt messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Senders {
    Users,
    Bots,
    /// The sender with this ARN.
    Sender(String),
}

/// Where exempt messages are sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// The channel with this ARN.
    Channel(String),
    /// The channels of the app instance with this ARN.
    AppInstance(String),
}

/// One part of an exemption.
enum Part {
    From(Senders),
    In(Place),
}

impl Exemption {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        if text.trim().is_empty() {
            return Err(Problem::Empty);
        }
        let mut parts = text.split('+').map(|part| Part::parse(part.trim()).ok_or(Problem::Unknown));
        let first = parts.next().ok_or(Problem::Empty)??;
        let exemption = match (first, parts.next().transpose()?) {
            (Part::From(from), None) => Self::From(from),
            (Part::In(place), None) => Self::In(place),
            (Part::From(from), Some(Part::In(place))) | (Part::In(place), Some(Part::From(from))) => {
                Self::Both(from, place)
            }
            _ => return Err(Problem::NeverMet),
        };
        match parts.next() {
            None => Ok(exemption),
            // A third part is a second sender or a second place, if it is one at all.
            Some(third) => third.and(Err(Problem::NeverMet)),
        }
    }

    pub(super) fn matches(&self, message: &Message) -> bool {
        match self {
            Self::From(from) => from.matches(message),
            Self::In(place) => place.matches(message),
            Self::Both(from, place) => from.matches(message) && place.matches(message),
        }
    }
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "users" => return Some(Self::From(Senders::Users)),
            "bots" => return Some(Self::From(Senders::Bots)),
            _ => {}
        }
        let arn = || text.to_owned();
        Some(match arn::kind(text)? {
            ArnKind::User | ArnKind::Bot => Self::From(Senders::Sender(arn())),
            ArnKind::Channel => Self::In(Place::Channel(arn())),
            ArnKind::AppInstance => Self::In(Place::AppInstance(arn())),
        })
    }
}

impl Senders {
    fn matches(&self, message: &Message) -> bool {
        let sender = message.sender();
        match self {
            Self::Users => sender.kind() == SenderKind::User,
            Self::Bots => sender.kind() == SenderKind::Bot,
            Self::Sender(arn) => sender.arn() == arn,
        }
    }
}

impl Place {
    fn matches(&self, message: &Message) -> bool {
        match self {
            Self::Channel(arn) => message.channel_arn() == arn,
            Self::AppInstance(arn) => arn::app_instance(message.channel_arn()) == arn,
        }
    }
}

/// Why a text is not an exemption. It does not show the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Empty,
    Unknown,
    NeverMet,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty: remove the comma",
            Self::Unknown => {
                "must be `users`, `bots`, or the ARN of a user, a bot, a channel or an app instance, or a sender and a place \
                 with `+` between them"
            }
            Self::NeverMet => {
                "is never met: one message does not have two senders or two places; write a comma in place of `+`"
            }
        })
    }
}
