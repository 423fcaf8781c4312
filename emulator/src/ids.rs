//! Fresh ids and times, in the forms the services use.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// A UUID, as callback ids and Lambda's request ids are.
pub(crate) fn uuid() -> String {
    Uuid::new_v4().to_string()
}

/// 64 hexadecimal digits, as message ids on live traffic are.
pub(crate) fn message_id() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// `Root=…;Parent=…;Sampled=0`, as `Lambda-Runtime-Trace-Id` is when tracing is off.
pub(crate) fn trace_id() -> String {
    let seconds = milliseconds(SystemTime::now()) / 1000;
    let random = Uuid::new_v4().simple().to_string();
    let parent = Uuid::new_v4().simple().to_string();
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", &random[..24], &parent[..16])
}

/// RFC 3339 in UTC with milliseconds, such as `2026-08-14T09:31:02.113Z`.
pub(crate) fn timestamp(time: SystemTime) -> String {
    let milliseconds = milliseconds(time);
    let seconds = DateTime::from_secs(i64::try_from(milliseconds / 1000).unwrap_or(i64::MAX));
    let seconds = seconds.fmt(Format::DateTime).unwrap_or_default();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), milliseconds % 1000)
}

/// Milliseconds since 1970, as `Lambda-Runtime-Deadline-Ms` counts them.
pub(crate) fn milliseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// Reads an id that could be one of [`uuid`]'s, which are written in one form only.
pub(crate) fn own_uuid(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok().filter(|id| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn timestamps_always_have_milliseconds() {
        for (milliseconds, expected) in [
            (1_786_699_862_113, "2026-08-14T09:31:02.113Z"),
            (1_786_699_862_000, "2026-08-14T09:31:02.000Z"),
            (1_786_699_862_100, "2026-08-14T09:31:02.100Z"),
            (0, "1970-01-01T00:00:00.000Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
            assert_eq!(timestamp(time), expected);
        }
    }

    #[test]
    fn ids_keep_the_services_limits() {
        assert_eq!(crate::limits::CALLBACK_ID.check(&uuid()), Ok(()));
        assert_eq!(crate::limits::MESSAGE_ID.check(&message_id()), Ok(()));
        assert_eq!(message_id().len(), 64);
        assert_ne!(message_id(), message_id());
    }
}
