//! Writes each event on one line.

use std::borrow::Cow;
use std::io::{self, Write};

use lambda_runtime::tracing::subscriber::fmt::MakeWriter;

/// Wraps a function that makes writers, so that each event becomes one line of printable characters. A value from
/// outside may contain line breaks, which would forge a line, and control characters, which would change what a
/// terminal shows.
pub(crate) struct OneLine<F>(pub(crate) F);

/// Takes one event per [`write`](Write::write): the subscriber formats the whole event first.
pub(crate) struct Line<W>(W);

impl<'a, W: Write, F: Fn() -> W> MakeWriter<'a> for OneLine<F> {
    type Writer = Line<W>;

    fn make_writer(&'a self) -> Line<W> {
        Line((self.0)())
    }
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if is_plain(event) {
            self.0.write_all(event)?;
        } else {
            self.0.write_all(one_line(&String::from_utf8_lossy(event)).as_bytes())?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Returns the bytes of an event with unprintable characters escaped.
pub(crate) fn one_line_of(event: Vec<u8>) -> Vec<u8> {
    if is_plain(&event) { event } else { one_line(&String::from_utf8_lossy(&event)).into_owned().into_bytes() }
}

/// Returns the event with unprintable characters escaped as JSON escapes them, so that an event in JSON keeps its
/// meaning.
pub(crate) fn one_line(event: &str) -> Cow<'_, str> {
    let (text, end) = match event.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (event, ""),
    };
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(event);
    }
    let mut line = String::with_capacity(event.len() + 64);
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            // All unprintable characters are below U+10000, so four digits are enough.
            c if is_unprintable(c) => line.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => line.push(c),
        }
    }
    Cow::Owned(line + end)
}

/// Returns whether there is nothing to escape, as in nearly every event.
fn is_plain(event: &[u8]) -> bool {
    let text = event.strip_suffix(b"\n").unwrap_or(event);
    text.iter().all(|byte| (0x20..0x7f).contains(byte))
}

/// Returns whether a character is a control character, ends a line in some programs, or changes the direction of the
/// text after it.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printable_is_left_as_it_is() {
        for event in ["", "\n", "INFO message settled\n", "{\"a\":\"b\\n\"}\n", "Grüße, 世界 👩‍👩‍👧\n", "no end"]
        {
            assert!(matches!(one_line(event), Cow::Borrowed(same) if same == event), "{event:?}");
        }
    }

    #[test]
    fn what_is_not_is_escaped() {
        for (event, line) in [
            ("a\nERROR b\n", "a\\nERROR b\n"),
            ("a\n\n", "a\\n\n"),
            ("a\r\tb\n", "a\\r\\tb\n"),
            ("\u{1b}[2J\u{0}\u{7f}\u{9b}1m\n", "\\u001b[2J\\u0000\\u007f\\u009b1m\n"),
            ("\u{2028}\u{202e}\u{2066}\u{200f}\n", "\\u2028\\u202e\\u2066\\u200f\n"),
        ] {
            assert_eq!(one_line(event), line);
        }
    }

    #[test]
    fn an_event_in_json_means_the_same() {
        let text = "\u{7f}\u{85}\u{9b}\u{2029}\u{202e}";
        let event = serde_json::json!({ "text": text }).to_string() + "\n";
        let line = one_line(&event).into_owned();
        assert!(line.is_ascii(), "{line}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["text"], text);
    }
}
