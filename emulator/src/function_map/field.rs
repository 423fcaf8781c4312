//! The values of a file that maps functions, read so that a problem has a line and a field.

use crate::json::Members;
use serde::de::DeserializeOwned;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// An error in a file that maps functions, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionMapError {
    pub(super) line: Option<usize>,
    pub(super) field: String,
    pub(super) problem: String,
}

/// A value of a file, with its place.
pub(super) struct Field<'a> {
    /// All of the file.
    text: &'a str,
    path: String,
    name: String,
    raw: &'a str,
}

impl<'a> Field<'a> {
    /// All of a file.
    pub(super) fn file(text: &'a str) -> Self {
        Self { text, path: String::new(), name: String::new(), raw: text }
    }

    /// The members of an object with each key once, whatever they are called.
    pub(super) fn entries(&self) -> Result<Vec<Field<'a>>, FunctionMapError> {
        let members = Members::read(self.raw.as_bytes()).ok_or_else(|| self.problem("it must be an object"))?;
        let mut fields: Vec<Field<'a>> = Vec::new();
        for (name, raw) in members.iter() {
            let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
            let field = Field { text: self.text, path, name: name.to_owned(), raw };
            if fields.iter().any(|other| other.name == field.name) {
                return Err(field.problem("it is there twice"));
            }
            fields.push(field);
        }
        Ok(fields)
    }

    /// The members of an object, which must be `known`.
    pub(super) fn members(&self, known: &[&str]) -> Result<Vec<Field<'a>>, FunctionMapError> {
        let fields = self.entries()?;
        match fields.iter().find(|field| !known.contains(&&*field.name)) {
            Some(unknown) => {
                Err(unknown.problem(format!("nothing is known by this name; there may be {}", known.join(", "))))
            }
            None => Ok(fields),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn read<T: DeserializeOwned>(&self, expected: &str) -> Result<T, FunctionMapError> {
        serde_json::from_str(self.raw).map_err(|_| self.problem(format!("it must be {expected}")))
    }

    pub(super) fn integer<T: DeserializeOwned + PartialOrd + fmt::Display>(
        &self,
        range: RangeInclusive<T>,
    ) -> Result<T, FunctionMapError> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let number = self.read(&expected)?;
        if range.contains(&number) { Ok(number) } else { Err(self.problem(format!("it must be {expected}"))) }
    }

    pub(super) fn seconds(&self, range: RangeInclusive<f64>) -> Result<Duration, FunctionMapError> {
        self.check_seconds(self.read("a number of seconds")?, range)
    }

    pub(super) fn check_seconds(&self, seconds: f64, range: RangeInclusive<f64>) -> Result<Duration, FunctionMapError> {
        if range.contains(&seconds) {
            return Ok(Duration::from_secs_f64(seconds));
        }
        Err(self.problem(format!("it must be from {} to {} seconds", range.start(), range.end())))
    }

    pub(super) fn problem(&self, problem: impl Into<String>) -> FunctionMapError {
        // Both are the same text, so that the difference is the position.
        let position = (self.raw.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let before = self.text.as_bytes().get(..position).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        FunctionMapError { line: Some(line), field: self.path.clone(), problem: problem.into() }
    }
}

impl FunctionMapError {
    /// The line, counted from 1; `None` if the file could not be read.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// The field, such as `functions.filter.timeout`; empty if it is about the file as a whole.
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for FunctionMapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for FunctionMapError {}
