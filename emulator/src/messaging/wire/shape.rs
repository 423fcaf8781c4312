//! The input of an operation: members, their places in the request, and their limits.

use crate::assumptions::Assumptions;
use crate::limits::{LimitError, TextLimit};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value};
use std::fmt;

/// One member of an operation's input, or of a structure in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Body,
    /// In the path, under this label.
    Path(&'static str),
    /// In the query, under this key.
    Query(&'static str),
    /// In the header `x-amz-chime-bearer`: the actor.
    Bearer,
}

/// The shape of a value, with its limits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Text(TextLimit),
    /// [`TextLimit`] and the bytes that a stored message holds.
    Content,
    OneOf(&'static [&'static str]),
    Integer {
        min: i64,
        max: i64,
    },
    Boolean,
    /// Seconds since 1970 in a body, RFC 3339 in a query.
    Timestamp,
    List {
        min: usize,
        max: usize,
        element: &'static Shape,
    },
    /// Keys are as private as values.
    Map {
        key: TextLimit,
        value: &'static Shape,
    },
    Structure(&'static [Member]),
}

/// How a request breaks the API model: where, and in which way. Never shows values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    path: String,
    problem: Problem,
}

#[derive(Debug, PartialEq, Eq)]
enum Problem {
    Missing,
    WrongType(&'static str),
    Limit(LimitError),
    NotOneOf(&'static [&'static str]),
    Range { min: i64, max: i64 },
    Length { length: usize, min: usize, max: usize },
    UnknownField,
}

impl Member {
    /// A member of the body that may be absent.
    pub(crate) const fn new(name: &'static str, shape: Shape) -> Self {
        Self { name, place: Place::Body, required: false, shape }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// In the path, which makes it required.
    pub(crate) const fn path(mut self, label: &'static str) -> Self {
        self.place = Place::Path(label);
        self.required = true;
        self
    }

    pub(crate) const fn query(mut self, key: &'static str) -> Self {
        self.place = Place::Query(key);
        self
    }

    pub(crate) const fn bearer(mut self) -> Self {
        self.place = Place::Bearer;
        self
    }
}

/// Where a value stands. It becomes text only if there is something to say about it.
enum Path<'a> {
    Body,
    Member(&'a Path<'a>, &'static str),
    Element(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn invalid(&self, problem: Problem) -> Invalid {
        Invalid { path: self.to_string(), problem }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Member(Self::Body, name) => f.write_str(name),
            Self::Member(of, name) => write!(f, "{of}.{name}"),
            Self::Element(of, position) => write!(f, "{of}[{position}]"),
        }
    }
}

/// Whether `input` keeps the model in `members`. Members that are `null` are removed, if that means absent.
pub(crate) fn check(
    members: &[Member],
    input: &mut Map<String, Value>,
    assumptions: &Assumptions,
) -> Result<(), Invalid> {
    check_members(members, input, &Path::Body, assumptions)
}

fn check_members(
    members: &[Member],
    input: &mut Map<String, Value>,
    path: &Path<'_>,
    assumptions: &Assumptions,
) -> Result<(), Invalid> {
    if assumptions.null_is_absent {
        input.retain(|_, value| !value.is_null());
    }
    let known = |name: &String| members.iter().any(|member| member.name == name);
    if !assumptions.unknown_fields_are_ignored && !input.keys().all(known) {
        return Err(path.invalid(Problem::UnknownField));
    }
    for member in members {
        let path = Path::Member(path, member.name);
        match input.get_mut(member.name) {
            Some(value) => member.shape.check(value, &path, assumptions)?,
            None if member.required => return Err(path.invalid(Problem::Missing)),
            None => {}
        }
    }
    Ok(())
}

impl Shape {
    fn check(&self, value: &mut Value, path: &Path<'_>, assumptions: &Assumptions) -> Result<(), Invalid> {
        let invalid = |problem| path.invalid(problem);
        let wrong = |expected| invalid(Problem::WrongType(expected));
        match self {
            Self::Text(limit) => {
                let text = value.as_str().ok_or_else(|| wrong("a string"))?;
                limit.check(text).map_err(|error| invalid(Problem::Limit(error)))
            }
            Self::Content => {
                let text = value.as_str().ok_or_else(|| wrong("a string"))?;
                crate::limits::check_content(text).map_err(|error| invalid(Problem::Limit(error)))
            }
            Self::OneOf(known) => {
                let text = value.as_str().ok_or_else(|| wrong("a string"))?;
                if known.contains(&text) { Ok(()) } else { Err(invalid(Problem::NotOneOf(known))) }
            }
            Self::Integer { min, max } => {
                let number = value.as_i64().ok_or_else(|| wrong("a whole number"))?;
                let (min, max) = (*min, *max);
                if (min..=max).contains(&number) { Ok(()) } else { Err(invalid(Problem::Range { min, max })) }
            }
            Self::Boolean => value.as_bool().map(drop).ok_or_else(|| wrong("true or false")),
            Self::Timestamp => {
                let time = value.as_str().and_then(|text| DateTime::from_str(text, Format::DateTimeWithOffset).ok());
                let in_range = value.as_f64().is_some_and(|seconds| seconds.abs() < 1e12);
                if in_range || time.is_some() { Ok(()) } else { Err(wrong("a time")) }
            }
            Self::List { min, max, element } => {
                let list = value.as_array_mut().ok_or_else(|| wrong("a list"))?;
                let length = list.len();
                if !(*min..=*max).contains(&length) {
                    return Err(invalid(Problem::Length { length, min: *min, max: *max }));
                }
                for (position, value) in list.iter_mut().enumerate() {
                    element.check(value, &Path::Element(path, position), assumptions)?;
                }
                Ok(())
            }
            Self::Map { key, value: element } => {
                let map = value.as_object_mut().ok_or_else(|| wrong("an object"))?;
                for (position, (name, value)) in map.iter_mut().enumerate() {
                    // Names are as private as values, so the path has the position.
                    let path = Path::Element(path, position);
                    key.check(name).map_err(|error| path.invalid(Problem::Limit(error)))?;
                    element.check(value, &path, assumptions)?;
                }
                Ok(())
            }
            Self::Structure(members) => {
                let object = value.as_object_mut().ok_or_else(|| wrong("an object"))?;
                check_members(members, object, path, assumptions)
            }
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the body" } else { &self.path };
        match &self.problem {
            Problem::Missing => write!(f, "{path} is missing"),
            Problem::WrongType(expected) => write!(f, "{path} must be {expected}"),
            Problem::Limit(error) => write!(f, "{path}: {error}"),
            Problem::NotOneOf(known) => write!(f, "{path} must be one of {}", known.join(", ")),
            Problem::Range { min, max: i64::MAX } => write!(f, "{path} must be {min} or more"),
            Problem::Range { min, max } => write!(f, "{path} must be from {min} to {max}"),
            Problem::Length { length, min, max } => {
                write!(f, "{path} has {length} elements; from {min} to {max} are allowed")
            }
            Problem::UnknownField => write!(f, "{path} has a field that the API does not know"),
        }
    }
}

impl Shape {
    /// The value of a text in a path, a query or a header.
    pub(crate) fn of_text(&self, text: String) -> Value {
        match self {
            Self::Integer { .. } => text.parse::<i64>().map_or(Value::String(text), Value::from),
            Self::Boolean => text.parse::<bool>().map_or(Value::String(text), Value::from),
            _ => Value::String(text),
        }
    }
}
