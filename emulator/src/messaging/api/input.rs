//! The input of an operation, once it is known to keep the API model.

use crate::assumptions::Assumptions;
use crate::messaging::wire::api_error::ApiError;
use crate::messaging::wire::shape::{self, Member};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The input of an operation, by the names of the model: path, query, header and body in one.
#[derive(Clone, Debug)]
pub(crate) struct Input(Map<String, Value>);

impl Input {
    /// Checks `members` against the `model` of the operation's input.
    pub(crate) fn new(
        model: &[Member],
        mut members: Map<String, Value>,
        assumptions: &Assumptions,
    ) -> Result<Self, ApiError> {
        match shape::check(model, &mut members, assumptions) {
            Ok(()) => Ok(Self(members)),
            Err(invalid) => Err(ApiError::bad_request(invalid.to_string())),
        }
    }

    /// A string that the model requires.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.optional(name).unwrap_or_default()
    }

    /// A string, if it is there.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A whole number, if it is there.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// A time, if it is there.
    pub(crate) fn time(&self, name: &str) -> Option<SystemTime> {
        let value = self.0.get(name)?;
        if let Some(seconds) = value.as_f64() {
            return UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?);
        }
        DateTime::from_str(value.as_str()?, Format::DateTimeWithOffset).ok()?.try_into().ok()
    }

    /// A list of strings, empty if it is absent.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Whatever serde makes of a member that keeps the model, if it is there.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.0.get(name)?).ok()
    }

    /// Whatever serde makes of the input as a whole: a structure that some of its members make up.
    pub(crate) fn read_all<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.0).ok()
    }

    /// All of it, to compare with another request of the same token.
    pub(crate) fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}
