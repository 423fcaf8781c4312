//! Why a fallback action decided in place of a processor.

use crate::json::Members;
use crate::model::code::is_code;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest place in code that is read.
const LONGEST_PLACE: usize = 256;

/// Why a fallback action decided in place of the processor, as the function returned it to Lambda: the field `Fallback`.
///
/// `Debug` leaves out the step: a function that is not written with the framework can put anything there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fallback {
    /// The code of the cause, such as `ERROR`, `PANIC` or `OUT_OF_TIME`.
    pub cause: String,
    /// The step of a `Flow` that is the cause, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Where in the function's code it panicked, as file, line and column: `src/main.rs:18:9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panicked_at: Option<String>,
}

impl Fallback {
    pub(crate) fn read(json: &str) -> Option<Self> {
        let members = Members::read(json.as_bytes())?;
        Some(Self {
            cause: members.string("Cause").filter(|cause| is_code(cause))?,
            step: members.string("Step"),
            panicked_at: place(&members),
        })
    }
}

/// The place in the field `PanickedAt`. Text that is no place, such as a sentence, is left out: it could be a message's.
pub(crate) fn place(members: &Members<'_>) -> Option<String> {
    members.string("PanickedAt").filter(|text| is_place(text))
}

fn is_place(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.rsplitn(3, ':');
    let numbers = parts.by_ref().take(2).filter(|part| is_number(part)).count();
    let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/\\._-+@:~".contains(&byte);
    text.len() <= LONGEST_PLACE
        && numbers == 2
        && parts.next().is_some_and(|path| !path.is_empty() && path.bytes().all(is_path))
}

impl fmt::Debug for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback")
            .field("cause", &self.cause)
            .field("panicked_at", &self.panicked_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_a_code_and_a_place_is_a_place() {
        let read = |json: &str| Fallback::read(json);
        let panic = read(r#"{"Cause":"PANIC","Step":"links","PanickedAt":"/home/me/src/main.rs:18:9"}"#).unwrap();
        assert_eq!((&*panic.cause, panic.step.as_deref()), ("PANIC", Some("links")));
        assert_eq!(panic.panicked_at.as_deref(), Some("/home/me/src/main.rs:18:9"));
        assert!(!format!("{panic:?}").contains("links"));
        for other in ["{}", "7", "null", r#"{"Cause":"he said so"}"#, r#"{"Cause":7}"#] {
            assert_eq!(read(other), None, "{other}");
        }
        for (text, expected) in [
            (r"C:\\me\\main.rs:1:2", true),
            ("what he said:1:2", false),
            ("src/main.rs:18", false),
            ("src/main.rs:a:2", false),
            (":1:2", false),
            ("", false),
        ] {
            let read = read(&format!(r#"{{"Cause":"PANIC","PanickedAt":"{text}"}}"#)).unwrap();
            assert_eq!(read.panicked_at.is_some(), expected, "{text}");
        }
    }
}
