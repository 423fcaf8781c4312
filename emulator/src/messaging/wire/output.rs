//! The JSON of answers and of events: times, and members that may be absent.

use crate::ids;
use serde_json::{Map, Value};
use std::time::SystemTime;

/// How a time is written: [`seconds`] in the answer to a request, [`text`] in what a session gets.
pub(crate) type Time = fn(SystemTime) -> Value;

/// Seconds since 1970 with milliseconds, as answers have it.
pub(crate) fn seconds(time: SystemTime) -> Value {
    let milliseconds = u64::try_from(ids::milliseconds(time)).unwrap_or(u64::MAX);
    // Exact for the next 285,000 years.
    (milliseconds as f64 / 1000.0).into()
}

/// RFC 3339 in UTC with milliseconds, as events to sessions and processors have it.
pub(crate) fn text(time: SystemTime) -> Value {
    ids::timestamp(time).into()
}

/// An object of those members that are not `null`.
pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let present = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(present.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn times_have_milliseconds() {
        let time = UNIX_EPOCH + Duration::from_micros(1_786_699_862_113_999);
        assert_eq!(seconds(time).to_string(), "1786699862.113");
        assert_eq!(text(time), "2026-08-14T09:31:02.113Z");
    }

    #[test]
    fn what_is_null_is_left_out() {
        let made = object([("A", json!("x")), ("B", Value::Null), ("C", None::<String>.into())]);
        assert_eq!(made, json!({ "A": "x" }));
    }
}
