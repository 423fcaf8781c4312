//! Events from files and from standard input.

use channel_flow_emulator::Event;
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, stdin};
use std::path::{Path, PathBuf};

/// One event, or why there is none, and its position.
pub(crate) struct Input {
    /// The file as the user named it.
    pub(crate) source: String,
    /// The line on which it starts, counted from 1.
    pub(crate) line: usize,
    pub(crate) event: Result<Event, String>,
}

/// A source of events. All are opened before the first is read, so that a wrong name
/// shows at once.
pub(crate) struct Source {
    name: String,
    reader: Box<dyn Read + Send>,
}

impl Source {
    pub(crate) fn open(path: &PathBuf) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self { name: "standard input".to_owned(), reader: Box::new(stdin()) });
        }
        // A folder opens, and fails at the first read.
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self { name: path.display().to_string(), reader: Box::new(File::open(path)?) })
    }

    /// The events, each as soon as its last line is read. If there is none, that is the problem.
    pub(crate) fn events(self) -> impl Iterator<Item = Input> {
        let mut events = Events {
            name: self.name,
            lines: BufReader::new(self.reader),
            line: 0,
            held: None,
            begun: None,
            over: false,
        };
        let mut is_first = true;
        std::iter::from_fn(move || {
            let nothing = std::mem::replace(&mut is_first, false).then_some("there is no event in it");
            events.next().or_else(|| Some(events.input(1, Err(nothing?.to_owned()))))
        })
    }
}

/// Cuts a stream into JSON documents, each on one line or on several.
///
/// An object at the start of a line always begins an event, so that a broken event does not take another with it: within
/// an indented document no other line begins like that.
struct Events<R> {
    name: String,
    lines: BufReader<R>,
    /// How many lines were read.
    line: usize,
    /// The latest line, if it has not been looked at.
    held: Option<Vec<u8>>,
    /// A document that is not complete, and its first line.
    begun: Option<(Vec<u8>, usize)>,
    over: bool,
}

impl<R: Read> Iterator for Events<R> {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        while !self.over {
            let text = match self.read_line() {
                Ok(text) if text.is_empty() => {
                    self.over = true;
                    return self.complete(Some("it ends before its JSON is complete"));
                }
                Ok(text) => text,
                Err(error) => {
                    self.over = true;
                    return Some(self.input(self.line + 1, Err(format!("it cannot be read: {error}"))));
                }
            };
            if text.starts_with(b"{") && self.begun.is_some() {
                self.held = Some(text);
                return self.complete(Some("another event begins before its JSON ends"));
            }
            // An indented line completes no document, and trying each line of a long document takes long.
            let indented = text.starts_with(b" ") || text.starts_with(b"\t");
            let blank = text.trim_ascii().is_empty();
            let first = self.begun.is_none();
            match &mut self.begun {
                Some((document, _)) => document.extend(text),
                None if blank => continue,
                None => self.begun = Some((text, self.line)),
            }
            let may_complete = first || !(indented || blank);
            if may_complete && let Some(input) = self.complete(None) {
                return Some(input);
            }
        }
        None
    }
}

impl<R: Read> Events<R> {
    fn read_line(&mut self) -> io::Result<Vec<u8>> {
        if let Some(held) = self.held.take() {
            return Ok(held);
        }
        let mut text = Vec::new();
        self.lines.read_until(b'\n', &mut text)?;
        self.line += 1;
        Ok(text)
    }

    /// The document that was begun, if its JSON is complete or can never be; with `cut_off`, no more input follows.
    fn complete(&mut self, cut_off: Option<&str>) -> Option<Input> {
        let (mut document, line) = self.begun.take()?;
        let event = match (serde_json::from_slice::<&RawValue>(&document), cut_off) {
            (Ok(_), _) => {
                document.truncate(document.trim_ascii_end().len());
                Ok(Event::raw(document))
            }
            (Err(error), None) if error.is_eof() => {
                self.begun = Some((document, line));
                return None;
            }
            (Err(error), Some(why)) if error.is_eof() => Err(why.to_owned()),
            // Only the position: the reader's own words can hold a piece of the event.
            (Err(error), _) => {
                let line = line + error.line() - 1;
                Err(format!("it is not JSON: see line {line}, column {}", error.column()))
            }
        };
        Some(self.input(line, event))
    }

    fn input(&self, line: usize, event: Result<Event, String>) -> Input {
        Input { source: self.name.clone(), line, event }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each event's text or its problem, after its line.
    fn read(text: &str) -> Vec<(usize, Result<String, String>)> {
        let source = Source { name: "test".to_owned(), reader: Box::new(io::Cursor::new(text.to_owned())) };
        let text = |event: Event| String::from_utf8(event.json().to_vec()).unwrap();
        source.events().map(|input| (input.line, input.event.map(text))).collect()
    }

    fn ok(line: usize, text: &str) -> (usize, Result<String, String>) {
        (line, Ok(text.to_owned()))
    }

    #[test]
    fn lines_and_documents() {
        for nothing in ["", "\n \n"] {
            assert_eq!(read(nothing), [(1, Err("there is no event in it".to_owned()))]);
        }
        assert_eq!(read("{\"a\":1}\n\n{\"b\": 2}"), [ok(1, "{\"a\":1}"), ok(3, "{\"b\": 2}")]);
        let pretty = "{\n  \"a\": [\n    {\n      \"b\": 1\n    }\n  ]\n}";
        assert_eq!(read(pretty), [ok(1, pretty)]);
        assert_eq!(read(&format!("{pretty}\r\n{pretty}\n[]\n")), [ok(1, pretty), ok(8, pretty), ok(15, "[]")]);
        assert_eq!(read("{\n\"a\":\n1\n  }"), [ok(1, "{\n\"a\":\n1\n  }")]);
        assert_eq!(read("{\n  \"a\": {\n  }}\n{}"), [ok(1, "{\n  \"a\": {\n  }}"), ok(4, "{}")]);
    }

    #[test]
    fn a_broken_event_takes_no_other_with_it() {
        let problems = |text| {
            let read = read(text);
            assert_eq!(read.last().unwrap().1.as_deref(), Ok("{}"), "{text}");
            read.into_iter().filter_map(|(line, event)| Some((line, event.err()?))).collect::<Vec<_>>()
        };
        let begins = "another event begins before its JSON ends";
        assert_eq!(problems("{\"a\":\n{}"), [(1, begins.to_owned())]);
        assert_eq!(problems("{\n  \"a\": 1,\n{}"), [(1, begins.to_owned())]);
        for not_json in ["secret\n{}", "{secret}\n{}", "{\"secret\": }\n{}"] {
            let [(1, problem)] = &problems(not_json)[..] else { panic!("{not_json}") };
            assert!(problem.starts_with("it is not JSON: see line 1") && !problem.contains("secret"), "{problem}");
        }
        assert_eq!(problems("{\n  \"a\": b\n}\n{}")[0].1, "it is not JSON: see line 2, column 8");
        assert_eq!(read("{}\n{")[1], (2, Err("it ends before its JSON is complete".to_owned())));
    }

    #[test]
    fn bytes_that_are_no_text_are_not_json() {
        let source = Source { name: "test".to_owned(), reader: Box::new(&b"{\"a\":\"\xff\"}\n{}"[..]) };
        let events: Vec<_> = source.events().map(|input| input.event.is_ok()).collect();
        assert_eq!(events, [false, true]);
    }

    #[test]
    fn what_cannot_be_opened_says_so_at_once() {
        assert!(Source::open(&"no/such/file".into()).is_err());
        assert!(Source::open(&"src".into()).is_err());
    }
}
