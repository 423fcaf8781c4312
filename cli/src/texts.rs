//! The texts of messages: arguments, and the lines of standard input.

use std::io::{BufRead, BufReader, Read, stdin};

/// The argument that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// A text, or why there is none, and its position.
pub(crate) struct Text {
    pub(crate) source: String,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) text: Result<String, String>,
}

/// Whether an argument stands for standard input.
pub(crate) fn is_standard_input(argument: &str) -> bool {
    argument == STANDARD_INPUT
}

/// The texts that these arguments mean, each as soon as it is read.
pub(crate) fn of(arguments: Vec<String>) -> impl Iterator<Item = Text> {
    (1..).zip(arguments).flat_map(|(line, text)| match is_standard_input(&text) {
        true => lines("standard input", stdin()),
        false => Box::new(std::iter::once(Text { source: "arguments".to_owned(), line, text: Ok(text) })),
    })
}

/// A text a line. Empty lines are none; without any text, that is the problem.
fn lines(source: &'static str, reader: impl Read + 'static) -> Box<dyn Iterator<Item = Text>> {
    let problem = |error: String| Err(error);
    let lines = BufReader::new(reader).split(b'\n').map(move |line| match line {
        Ok(mut line) => {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            String::from_utf8(line).or_else(|_| problem("it is not UTF-8".to_owned()))
        }
        Err(error) => problem(format!("it cannot be read: {error}")),
    });
    let text = move |(line, text)| Text { source: source.to_owned(), line, text };
    let mut texts = (1..).zip(lines).filter(|(_, line)| line.as_deref() != Ok("")).map(text).peekable();
    let mut begun = false;
    Box::new(std::iter::from_fn(move || {
        let first = !std::mem::replace(&mut begun, true);
        let next = texts.next();
        match next {
            None if first => Some(text((1, problem("there is no message in it".to_owned())))),
            next => next,
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &'static [u8]) -> Vec<(usize, Result<String, String>)> {
        lines("test", bytes).map(|Text { line, text, .. }| (line, text)).collect()
    }

    #[test]
    fn a_message_a_line() {
        let ok = |line, text: &str| (line, Ok(text.to_owned()));
        assert_eq!(read(b"one\n\n two \r\n\r\nthree"), [ok(1, "one"), ok(3, " two "), ok(5, "three")]);
        assert_eq!(read(b"\xff\n-\n"), [(1, Err("it is not UTF-8".to_owned())), ok(2, "-")]);
    }

    #[test]
    fn nothing_is_a_problem() {
        for nothing in [&b""[..], b"\n\r\n"] {
            assert_eq!(read(nothing), [(1, Err("there is no message in it".to_owned()))]);
        }
    }

    #[test]
    fn arguments_are_counted() {
        let texts: Vec<_> = of(vec!["a".into(), "b".into()]).map(|text| (text.source, text.line, text.text)).collect();
        let argument = |line, text: &str| ("arguments".to_owned(), line, Ok(text.to_owned()));
        assert_eq!(texts, [argument(1, "a"), argument(2, "b")]);
    }
}
