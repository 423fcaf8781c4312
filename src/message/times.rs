//! The times at which a message was sent and edited.

use std::borrow::Cow;
use std::time::SystemTime;

use aws_sdk_chimesdkmessaging::primitives::{DateTime, DateTimeFormat};

use crate::event::lenient_json;

/// The times of a message, and whether they are those of an edit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Times {
    pub(crate) created_at: Option<SystemTime>,
    pub(crate) last_edited_at: Option<SystemTime>,
    /// Whether the event has a time of the last edit that is written differently from the time at which the message was
    /// sent. A time that cannot be parsed counts too.
    pub(crate) is_edited: bool,
}

impl Times {
    /// Reads the times from JSON. They are documented as ISO 8601; in other AWS APIs they are seconds since 1970.
    pub(crate) fn read(created: Option<&str>, last_edited: Option<&str>) -> Self {
        let (created, last_edited) = (created.and_then(written), last_edited.and_then(written));
        Self {
            created_at: created.as_deref().and_then(parse),
            last_edited_at: last_edited.as_deref().and_then(parse),
            is_edited: last_edited.is_some() && last_edited != created,
        }
    }
}

/// Returns a time as it is written, without the quotes of a string.
fn written(json: &str) -> Option<Cow<'_, str>> {
    let written = lenient_json::string(json).unwrap_or(Cow::Borrowed(json));
    (!written.is_empty()).then_some(written)
}

fn parse(written: &str) -> Option<SystemTime> {
    let formats = [DateTimeFormat::DateTimeWithOffset, DateTimeFormat::EpochSeconds];
    formats.into_iter().find_map(|format| DateTime::from_str(written, format).ok()?.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_is_compared_as_it_is_written() {
        let both = |created, last_edited| Times::read(Some(created), Some(last_edited));
        let same = both("1772366400.25", r#""1772366400.25""#);
        assert!(!same.is_edited && same.created_at.is_some() && same.created_at == same.last_edited_at);
        let differs = both("1772366400.25", "1772366400.250");
        assert!(differs.is_edited && differs.created_at == differs.last_edited_at);
        let unknown = both(r#""yesterday""#, r#""today""#);
        assert!(unknown.is_edited && unknown.created_at.is_none() && unknown.last_edited_at.is_none());
        assert!(Times::read(None, Some("[]")).is_edited);
        for none in [None, Some(r#""""#)] {
            assert_eq!(Times::read(none, none), Times::default());
        }
    }

    proptest! {
        /// The times are read before anything catches a panic.
        #[test]
        fn any_time_is_read_without_a_panic(written in prop_oneof![any::<String>(), "-?[0-9]{1,30}(\\.[0-9]{0,30})?([eE]-?[0-9]{1,5})?", "[0-9]{1,6}-[0-9]{2}-[0-9]{2}[tT ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?([zZ]|[+-][0-9]{2}:[0-9]{2})"]) {
            let quoted = serde_json::to_string(&written).unwrap();
            Times::read(Some(&written), Some(&quoted));
        }
    }
}
