//! Text for a terminal.

use anstyle::{AnsiColor, Style};
use std::fmt;

pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const NEUTRAL: Style = AnsiColor::Cyan.on_default().bold();

/// `text` in a style.
pub(crate) fn styled(style: Style, text: impl fmt::Display) -> impl fmt::Display {
    Styled { style, text }
}

/// The label at the start of every error.
pub(crate) fn error_label() -> impl fmt::Display {
    styled(BAD, "error:")
}

/// `text` with every character escaped that could do something to a terminal, or make text look
/// like something else: control characters, line ends, marks that turn the direction of writing.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => printable.push_str("\\n"),
            '\r' => printable.push_str("\\r"),
            '\t' => printable.push_str("\\t"),
            c if c.is_control() || is_invisible_mark(c) => printable.extend(c.escape_unicode()),
            c => printable.push(c),
        }
    }
    printable
}

fn is_invisible_mark(c: char) -> bool {
    // Joiners, variation selectors and tags are left alone: emoji and scripts need them.
    matches!(c,
        '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

struct Styled<T> {
    style: Style,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:#}", self.style, self.text, self.style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_raw() {
        assert_eq!(printable("a\u{1b}[2J\nb\t\u{7}\u{9b}"), "a\\u{1b}[2J\\nb\\t\\u{7}\\u{9b}");
        assert_eq!(printable("\u{202e}evil\u{2066}\u{feff}"), "\\u{202e}evil\\u{2066}\\u{feff}");
        let all: String = (char::MIN..=char::MAX).collect();
        assert!(!printable(&all).contains(char::is_control));
    }

    #[test]
    fn what_people_write_stays() {
        for text in ["Grüße, 日本語 ✔", "👩‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "می‌خواهم", "שלום", "a\\b"]
        {
            assert_eq!(printable(text), text);
        }
    }
}
