//! The text of a processor's error. The code and the words are not the framework's: the code may panic or fail, and the
//! words may quote the text that was processed.

use std::error::Error as StdError;
use std::fmt::{self, Write};

use tokio::task::JoinError;

use crate::catch_unwind::catch_unwind;
use crate::error::one_line::one_line;

/// The maximum number of characters that are kept of an error.
const MOST: usize = 1_000;

const CANNOT_BE_SHOWN: &str = "an error that cannot be shown";
const CANNOT_BE_CONVERTED: &str = "an error that cannot be shown: it panicked while it was converted";

/// The text that tokio writes before the panic message of a task, in `Display` and in `Debug`.
const PANIC_MESSAGES: [&str; 2] = ["panicked with message", "JoinError::Panic("];

/// Returns the text of an error and its causes, on one line of limited length. This drops the error, and catches any
/// panic on the way.
///
/// If a task of the processor panicked, its panic message is left out unless `show_panic_messages` is set.
pub(crate) fn text(error: impl Into<Box<dyn StdError + Send + Sync>>, show_panic_messages: bool) -> String {
    text_and(error, show_panic_messages, |_| ()).0
}

/// Returns the text of an error as [`text`] does, and what `read` makes of the error, unless code of the error panics.
pub(crate) fn text_and<T>(
    error: impl Into<Box<dyn StdError + Send + Sync>>,
    show_panic_messages: bool,
    read: impl FnOnce(&(dyn StdError + 'static)) -> T,
) -> (String, Option<T>) {
    let Ok(error) = catch_unwind(|| error.into()) else { return (CANNOT_BE_CONVERTED.to_owned(), None) };
    let text = catch_unwind(|| chain(&*error, show_panic_messages)).ok().flatten();
    let read = catch_unwind(|| read(&*error)).ok();
    let _ = catch_unwind(|| drop(error));
    let Some(mut text) = text else { return (CANNOT_BE_SHOWN.to_owned(), read) };
    if !show_panic_messages {
        cut_panic_message(&mut text);
    }
    (one_line(text.trim_end()).into_owned(), read)
}

/// Returns the texts of the error and its causes, or `None` if one of them fails to write its text.
fn chain(error: &(dyn StdError + 'static), show_panic_messages: bool) -> Option<String> {
    let mut text = Bounded::default();
    let mut next = Some(error);
    while let Some(error) = next {
        let written = match error.downcast_ref::<JoinError>() {
            Some(error) if error.is_panic() && !show_panic_messages => write!(text, "task {} panicked", error.id()),
            _ => write!(text, "{error}"),
        };
        if written.is_err() && !text.full {
            return None;
        }
        next = error.source().filter(|_| !text.full);
        if next.is_some() {
            // If the text is full, the next write reports that.
            let _ = text.write_str(": ");
        }
    }
    Some(text.text)
}

/// Cuts off a panic message. Wrappers of a task's error quote the message and do not always name the error as their
/// cause.
fn cut_panic_message(text: &mut String) {
    let panicked = PANIC_MESSAGES.iter().filter_map(|message| Some((text.find(message)?, message)));
    if let Some((at, message)) = panicked.min_by_key(|(at, _)| *at) {
        let kept = message.split_inclusive([' ', '(']).next().unwrap_or_default().trim_end();
        text.truncate(at);
        text.push_str(kept);
        text.push('…');
    }
}

/// A text that takes [`MOST`] characters, and then an ellipsis.
#[derive(Default)]
struct Bounded {
    text: String,
    characters: usize,
    full: bool,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for character in more.chars() {
            if self.characters == MOST {
                if !self.full {
                    self.full = true;
                    self.text.push('…');
                }
                // This gives an endless writer a reason to stop.
                return Err(fmt::Error);
            }
            self.text.push(character);
            self.characters += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error that wraps another error, shows it by its `Display` or its `Debug`, and names it as its cause or not.
    #[derive(Debug)]
    struct Wrapper<E> {
        inner: E,
        shown: fn(&E) -> String,
        names_its_cause: bool,
    }

    impl<E: fmt::Debug> fmt::Display for Wrapper<E> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&(self.shown)(&self.inner))
        }
    }

    impl<E: StdError + 'static> StdError for Wrapper<E> {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.names_its_cause.then_some(&self.inner as _)
        }
    }

    async fn panicked() -> JoinError {
        tokio::spawn(async { panic!("private, \"quoted\": text") }).await.unwrap_err()
    }

    #[tokio::test]
    async fn the_message_of_a_panic_stays_out_however_it_is_wrapped() {
        assert!(text(panicked().await, false).ends_with(" panicked"));
        let shown: [fn(&JoinError) -> String; 4] = [
            |inner| inner.to_string(),
            |inner| format!("no advice: {inner}; sorry"),
            |inner| format!("no advice: {inner:?}; sorry"),
            |inner| format!("no advice: {:#?}; sorry", Some(inner)),
        ];
        for shown in shown {
            for names_its_cause in [true, false] {
                let error = Wrapper { inner: panicked().await, shown, names_its_cause };
                assert!(error.to_string().contains("private"));
                let text = text(error, false);
                assert!(!text.contains("private") && !text.contains("quoted") && !text.contains("text"), "{text}");
                assert!(text.contains("anicked") || text.contains("Panic"), "{text}");
                let error = Wrapper { inner: panicked().await, shown, names_its_cause };
                let outer = Wrapper { inner: error, shown: |_| "outer".to_owned(), names_its_cause: true };
                let text = super::text(outer, false);
                assert!(text.starts_with("outer: ") && !text.contains("private"), "{text}");
            }
        }
        assert!(text(panicked().await, true).contains("private"));
    }

    #[test]
    fn causes_follow_in_one_line() {
        let inner = std::io::Error::other("two\nlines \u{1b}[31mred \u{202e}turned\r\t\u{85}!");
        let error = Wrapper { inner, shown: |_| "outer".to_owned(), names_its_cause: true };
        let expected = r"outer: two\nlines \u001b[31mred \u202eturned\r\t\u0085!";
        assert_eq!(text(error, false), expected);
    }

    #[test]
    fn a_long_text_is_cut_and_an_endless_one_too() {
        let long = text("ä".repeat(5_000), false);
        assert_eq!(long, "ä".repeat(MOST) + "…");

        #[derive(Debug)]
        struct ItsOwnCause;
        impl fmt::Display for ItsOwnCause {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Ok(())
            }
        }
        impl StdError for ItsOwnCause {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(self)
            }
        }
        assert_eq!(text(ItsOwnCause, false).chars().count(), MOST + 1);
    }

    #[test]
    fn an_error_that_makes_trouble_gives_a_text_all_the_same() {
        struct Troubling {
            show: fn() -> fmt::Result,
            drop: fn(),
        }
        impl fmt::Debug for Troubling {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                (self.show)()
            }
        }
        impl fmt::Display for Troubling {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                (self.show)()
            }
        }
        impl StdError for Troubling {}
        impl Drop for Troubling {
            fn drop(&mut self) {
                (self.drop)();
            }
        }
        assert_eq!(text(Troubling { show: || panic!("private"), drop: || {} }, false), CANNOT_BE_SHOWN);
        assert_eq!(text(Troubling { show: || Err(fmt::Error), drop: || {} }, false), CANNOT_BE_SHOWN);
        assert_eq!(text(Troubling { show: || Ok(()), drop: || panic!("private") }, false), "");

        struct PanicsInConversion;
        impl From<PanicsInConversion> for Box<dyn StdError + Send + Sync> {
            fn from(_: PanicsInConversion) -> Self {
                panic!("private")
            }
        }
        assert_eq!(text(PanicsInConversion, false), CANNOT_BE_CONVERTED);
    }
}
