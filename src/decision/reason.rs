//! Why a message was decided.

use std::borrow::{Borrow, Cow};
use std::fmt;

use serde::{Serialize, Serializer};

/// A code for why a message was decided, such as `links`.
///
/// Reasons appear in the log, in metrics and in what the function returns. They are therefore codes and never a part of
/// a message: a reason is a string that stands in the code of the function, or a short code from a setting or from a
/// judge's list of categories.
///
/// ```
/// use channel_flow::{Decision, Reason};
///
/// const LINKS: Reason = Reason::new("links");
///
/// let decision = Decision::deny().because(LINKS).because("new-member");
/// assert_eq!(decision.reasons()[1].as_str(), "new-member");
/// ```
///
/// The content of a message does not become a reason:
///
/// ```compile_fail
/// # use channel_flow::{Decision, Message};
/// fn decide(message: &Message) -> Decision {
///     Decision::deny().because(message.content())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason(Cow<'static, str>);

/// The longest code from a setting, in characters.
const LONGEST: usize = 64;

impl Reason {
    /// Creates a reason from a string of the function's code.
    pub const fn new(code: &'static str) -> Self {
        Self(Cow::Borrowed(code))
    }

    /// Creates a reason from a code that the function read when it started, for example the name of a category in a
    /// policy, or from the name that a judge has for one of its categories. Never use it for anything that comes with a
    /// message.
    ///
    /// # Errors
    ///
    /// Returns a [`ReasonError`] unless `code` consists of 1 to 64 ASCII letters, digits, `-`, `_`, `.` and `:`.
    pub fn from_setting(code: &str) -> Result<Self, ReasonError> {
        let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        match (1..=LONGEST).contains(&code.len()) && code.chars().all(is_code) {
            true => Ok(Self(Cow::Owned(code.to_owned()))),
            false => Err(ReasonError(())),
        }
    }

    /// Returns a reason that was one when it was stored.
    pub(crate) fn from_store(code: String) -> Self {
        Self(Cow::Owned(code))
    }

    /// Returns the code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Reason {
    fn from(code: &'static str) -> Self {
        Self::new(code)
    }
}

/// A code is compared as the string that it is, so that a map by reasons can be asked with a string.
impl Borrow<str> for Reason {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Returns the codes as one field of a log line, or `None` if there are none.
pub(crate) fn joined(reasons: &[Reason]) -> Option<String> {
    (!reasons.is_empty()).then(|| reasons.iter().map(Reason::as_str).collect::<Vec<_>>().join(","))
}

/// The error for a setting that cannot be a [`Reason`]. It does not show the setting.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReasonError(());

impl fmt::Display for ReasonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a reason must have 1 to {LONGEST} ASCII letters, digits, `-`, `_`, `.` and `:`")
    }
}

impl std::error::Error for ReasonError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_a_short_code() {
        assert_eq!(Reason::from_setting("hate:speech-2").unwrap(), Reason::new("hate:speech-2"));
        for invalid in ["", "two words", "é", "line\nbreak", &"x".repeat(65)] {
            let error = Reason::from_setting(invalid).unwrap_err();
            assert!(invalid.is_empty() || !error.to_string().contains(invalid));
        }
    }
}
