//! Files of environment variables.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

/// The variables of a file, in order.
#[derive(Clone)]
pub(crate) struct EnvFile(Vec<(String, String)>);

impl EnvFile {
    /// Reads a file of lines `NAME=VALUE`, with comments, quotes, and `export` before a name. `$` is an ordinary character:
    /// values take nothing from the environment.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or one of its lines is something else. Names the line, and shows nothing of it.
    pub(crate) fn read(path: &str) -> Result<Self, String> {
        let text = std::fs::read(Path::new(path)).map_err(|error| format!("it cannot be read: {error}"))?;
        let text = String::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
        parse(text.strip_prefix('\u{feff}').unwrap_or(&text)).map(Self)
    }

    pub(crate) fn variables(&self) -> &[(String, String)] {
        &self.0
    }
}

/// Without the values, which are often secret.
impl std::fmt::Debug for EnvFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    // dotenvy puts the process's own variables in place of $NAME, so that a secret could end where nobody expects it, and a
    // password with a $ in it would be another one. It does not know this character.
    let dollar = ('\u{e000}'..).find(|c| !text.contains(*c)).unwrap_or('\u{e000}');
    let lines = Rc::new(Cell::new(0));
    let reader = Lines { rest: without_dollars(text, dollar).into_bytes(), lines: Rc::clone(&lines) };
    let mut begins = 1;
    let variable = |read: Result<(String, String), dotenvy::Error>| {
        let after = lines.get();
        let begun = std::mem::replace(&mut begins, after + 1);
        // Only the position: dotenvy's own words hold the line.
        let (name, value) = read.map_err(|_| {
            let blank = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
            let line = begun + text.lines().skip(begun - 1).take_while(blank).count();
            format!("line {line}: expected NAME=VALUE, with the value in quotes if it has spaces, quotes or a #")
        })?;
        if value.contains('\0') {
            return Err(format!("line {begun}: the value has a NUL character"));
        }
        Ok((name, value.replace(dollar, "$")))
    };
    dotenvy::from_read_iter(reader).map(variable).collect()
}

/// The text with `dollar` for each `$` that no backslash escapes, and with a line end at the end.
fn without_dollars(text: &str, dollar: char) -> String {
    let mut without = String::with_capacity(text.len() + 1);
    let mut escaped = false;
    for c in text.chars() {
        without.push(if c == '$' && !escaped { dollar } else { c });
        escaped = c == '\\' && !escaped;
    }
    if !without.ends_with('\n') {
        without.push('\n');
    }
    without
}

/// Hands out a line at a time, and counts them: dotenvy reads no further than it needs, and does not say how far that is.
struct Lines {
    rest: Vec<u8>,
    lines: Rc<Cell<usize>>,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let line = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |end| end + 1);
        let length = line.min(buffer.len());
        buffer[..length].copy_from_slice(&self.rest[..length]);
        if length == line && length > 0 {
            self.lines.set(self.lines.get() + 1);
        }
        self.rest.drain(..length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn lines_of_all_kinds() {
        let text = "# a comment\nA=1\n\nexport B = two # more\nC='it is $A'\nD=\"a\\nb\"\nE=\"1\n2\"\nF=\nG=x ";
        let expected = [
            pair("A", "1"),
            pair("B", "two"),
            pair("C", "it is $A"),
            pair("D", "a\nb"),
            pair("E", "1\n2"),
            pair("F", ""),
            pair("G", "x"),
        ];
        assert_eq!(parse(text).unwrap(), expected);
        assert_eq!(parse(&text.replace('\n', "\r\n").replace("1\r\n2", "1\n2")).unwrap(), expected);
        assert_eq!(parse("").unwrap(), []);
    }

    #[test]
    fn nothing_comes_from_the_environment() {
        let text = "A=$PATH\nB=\"${PATH}\"\nC=pa$$word\nD=\\$PATH\nE='\\$PATH'\nF=\\\\$PATH\nG=$A";
        let expected = [
            pair("A", "$PATH"),
            pair("B", "${PATH}"),
            pair("C", "pa$$word"),
            pair("D", "$PATH"),
            pair("E", "\\$PATH"),
            pair("F", "\\$PATH"),
            pair("G", "$A"),
        ];
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn errors_name_the_line_and_not_the_value() {
        for (text, line) in [
            ("secret", 1),
            ("A=1\n\n# x\n=secret\nB=2", 4),
            ("A=1\nB=secret secret", 2),
            ("A=1\n\nB=\"secret\nsecret", 3),
            ("A=\"1\n2\"\nB='secret", 3),
            ("A=1\n1B=secret", 2),
            ("A=1\nB=\0secret", 2),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("line {line}: ")) && !error.contains("secret"), "{text:?}: {error}");
        }
        assert!(!format!("{:?}", EnvFile(parse("A=secret").unwrap())).contains("secret"));
        assert!(EnvFile::read("no/such/file").unwrap_err().starts_with("it cannot be read: "));
    }
}
