//! The limits of the service for each field of a `ChannelFlowCallback`.
//!
//! [`Update`](crate::Update) checks every value against these limits when it is built, so that every decision that
//! exists can be sent. The numbers are those of the service's API model, `chime-sdk-messaging` 2021-05-15
//! ([`ChannelMessageCallback`](https://docs.aws.amazon.com/chime-sdk/latest/APIReference/API_messaging-chime_ChannelMessageCallback.html)),
//! and the size of a message's content is from the [service
//! quotas](https://docs.aws.amazon.com/chime-sdk/latest/dg/messaging-quotas.html).
//!
//! # How lengths are counted
//!
//! **Content** is counted in bytes of its UTF-8, and 4 KB is 4,096 bytes. The API model gives no upper bound. The limit
//! is one of storage and is given in KB, so it can only mean bytes. A message that reaches a processor has passed that
//! limit once, and a processor that replaces characters one for one must be able to answer: a limit of 4,000 would
//! refuse content that the service accepted.
//!
//! **All other fields** are counted in UTF-16 code units. The model says "characters", and the services count code
//! units or code points. A value never has fewer code units than code points, so a value that passes here passes both
//! ways of counting.
//!
//! ```
//! use channel_flow::limits;
//!
//! let title = limits::PUSH_NOTIFICATION_TITLE.truncate("A title that is a good deal longer than a phone would show");
//! assert_eq!(title, "A title that is a good deal longer than a phone wo");
//! assert!(limits::PUSH_NOTIFICATION_TITLE.check(title).is_ok());
//! ```

use std::fmt;

/// Content of a message: 1 to 4,096 bytes.
pub const CONTENT: Limit = Limit::new("Content", 1, 4096).counted_in(Unit::Bytes);
/// Metadata of a message: 0 to 1,024 characters on one line.
pub const METADATA: Limit = Limit::new("Metadata", 0, 1024).made_of(Alphabet::OneLine);
/// Title of a push notification: 1 to 50 characters on one line.
pub const PUSH_NOTIFICATION_TITLE: Limit = Limit::new("PushNotification.Title", 1, 50).made_of(Alphabet::OneLine);
/// Body of a push notification: 1 to 150 characters.
pub const PUSH_NOTIFICATION_BODY: Limit = Limit::new("PushNotification.Body", 1, 150);
/// Name of a message attribute: 1 to 64 characters.
pub const MESSAGE_ATTRIBUTE_NAME: Limit = Limit::new("MessageAttributes name", 1, 64);
/// One of the string values of a message attribute: 1 to 512 characters.
pub const MESSAGE_ATTRIBUTE_VALUE: Limit = Limit::new("MessageAttributes StringValues", 1, 512);
/// Id of a sub-channel: 1 to 128 letters, digits, `-` and `_`.
pub const SUB_CHANNEL_ID: Limit = Limit::new("SubChannelId", 1, 128).made_of(Alphabet::Id);
/// Content type of a message: 0 to 45 characters.
pub const CONTENT_TYPE: Limit = Limit::new("ContentType", 0, 45);

/// The limit of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    field: &'static str,
    min: usize,
    max: usize,
    unit: Unit,
    alphabet: Alphabet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    Bytes,
    Characters,
}

/// The patterns of the API model: `[\s\S]*`, `.*` and `[-_a-zA-Z0-9]*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Alphabet {
    Any,
    OneLine,
    Id,
}

impl Limit {
    const fn new(field: &'static str, min: usize, max: usize) -> Self {
        Self { field, min, max, unit: Unit::Characters, alphabet: Alphabet::Any }
    }

    const fn counted_in(self, unit: Unit) -> Self {
        Self { unit, ..self }
    }

    const fn made_of(self, alphabet: Alphabet) -> Self {
        Self { alphabet, ..self }
    }

    /// Returns the service's name for the field.
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// Returns the minimum length, in bytes for [`CONTENT`] and in UTF-16 code units for all other fields.
    pub const fn min(&self) -> usize {
        self.min
    }

    /// Returns the maximum length, in bytes for [`CONTENT`] and in UTF-16 code units for all other fields.
    pub const fn max(&self) -> usize {
        self.max
    }

    /// Checks whether the service accepts `value`.
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if the service would refuse `value`. The error names this limit and how `value` breaks
    /// it, never `value` itself.
    pub fn check(&self, value: &str) -> Result<(), LimitError> {
        let length = self.length(value);
        if !(self.min..=self.max).contains(&length) {
            return Err(LimitError { limit: *self, broken: Broken::Length(length) });
        }
        if value.chars().any(|c| !self.allows(c)) {
            return Err(LimitError { limit: *self, broken: Broken::Alphabet });
        }
        Ok(())
    }

    /// Returns the longest beginning of `value` that fits this limit, cut between two characters.
    ///
    /// This method only shortens: an empty value stays too short for a field that needs one character, and a line break
    /// stays in a field that allows none.
    pub fn truncate<'a>(&self, value: &'a str) -> &'a str {
        let mut length = 0;
        let end = value.char_indices().find_map(|(at, c)| {
            length += self.unit.of(c);
            (length > self.max).then_some(at)
        });
        &value[..end.unwrap_or(value.len())]
    }

    fn length(&self, value: &str) -> usize {
        match self.unit {
            Unit::Bytes => value.len(),
            Unit::Characters => value.chars().map(|c| self.unit.of(c)).sum(),
        }
    }

    fn allows(&self, c: char) -> bool {
        match self.alphabet {
            Alphabet::Any => true,
            // The characters that `.` does not match in the regular expressions of the JVM, for which a model's
            // patterns are written.
            Alphabet::OneLine => !matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'),
            Alphabet::Id => c.is_ascii_alphanumeric() || matches!(c, '-' | '_'),
        }
    }
}

impl Unit {
    fn of(self, c: char) -> usize {
        match self {
            Self::Bytes => c.len_utf8(),
            Self::Characters => c.len_utf16(),
        }
    }
}

/// The error for a value that the service would refuse.
///
/// Its text names the limit and says what to do. Neither `Display` nor `Debug` shows the value.
///
/// ```
/// use channel_flow::Update;
///
/// let error = Update::builder().content("x".repeat(5000)).build().unwrap_err();
/// assert_eq!(error.limit().max(), 4096);
/// assert_eq!(
///     error.to_string(),
///     "Content is 5000 bytes long, and the service accepts 1 to 4096: shorten it, for example with `Limit::truncate`",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LimitError {
    limit: Limit,
    broken: Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Broken {
    Length(usize),
    Alphabet,
}

impl LimitError {
    /// Returns the limit that was broken.
    pub fn limit(&self) -> &Limit {
        &self.limit
    }
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Limit { field, min, max, unit, alphabet } = self.limit;
        let unit = match unit {
            Unit::Bytes => "bytes",
            Unit::Characters => "characters",
        };
        match self.broken {
            Broken::Length(0) => {
                write!(
                    f,
                    "{field} is empty, and the service accepts {min} to {max} {unit}: leave it out, or deny the message"
                )
            }
            Broken::Length(length) => write!(
                f,
                "{field} is {length} {unit} long, and the service accepts {min} to {max}: shorten it, for example with \
                 `Limit::truncate`"
            ),
            Broken::Alphabet if alphabet == Alphabet::Id => {
                write!(f, "{field} has a character that the service refuses: use ASCII letters, digits, `-` and `_`")
            }
            Broken::Alphabet => {
                write!(f, "{field} has a line break, which the service refuses: replace it, for example with a space")
            }
        }
    }
}

impl std::error::Error for LimitError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn content_is_counted_in_bytes() {
        assert!(CONTENT.check(&"x".repeat(4096)).is_ok());
        assert!(CONTENT.check(&"x".repeat(4097)).is_err());
        assert!(CONTENT.check(&"é".repeat(2048)).is_ok());
        assert!(CONTENT.check(&"é".repeat(2049)).is_err());
        assert!(CONTENT.check("").is_err());
        assert!(CONTENT.check("\n").is_ok());
    }

    #[test]
    fn characters_are_counted_in_utf_16() {
        assert!(PUSH_NOTIFICATION_TITLE.check(&"é".repeat(50)).is_ok());
        assert!(PUSH_NOTIFICATION_TITLE.check(&"👍".repeat(25)).is_ok());
        assert!(PUSH_NOTIFICATION_TITLE.check(&"👍".repeat(26)).is_err());
    }

    #[test]
    fn one_line_means_no_line_break_of_any_kind() {
        assert!(METADATA.check("").is_ok());
        for c in ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'] {
            let error = METADATA.check(&format!("a{c}b")).unwrap_err();
            assert!(error.to_string().starts_with("Metadata has a line break"), "{error}");
        }
        assert!(PUSH_NOTIFICATION_BODY.check("a\nb").is_ok());
    }

    #[test]
    fn an_id_is_ascii() {
        assert!(SUB_CHANNEL_ID.check("sub-1_A").is_ok());
        assert!(SUB_CHANNEL_ID.check("sub 1").is_err());
        assert!(SUB_CHANNEL_ID.check("süb").is_err());
    }

    #[test]
    fn the_error_never_shows_the_value() {
        let error = METADATA.check("secret\nsecret").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn what_was_cut_fits_and_nothing_shorter_than_it_could_be(value in "\\PC{0,200}") {
            for limit in [CONTENT, METADATA, PUSH_NOTIFICATION_TITLE, PUSH_NOTIFICATION_BODY, CONTENT_TYPE] {
                let cut = limit.truncate(&value);
                prop_assert!(value.starts_with(cut));
                prop_assert!(limit.length(cut) <= limit.max());
                if let Some(next) = value[cut.len()..].chars().next() {
                    prop_assert!(limit.length(cut) + limit.unit.of(next) > limit.max());
                }
            }
        }
    }
}
