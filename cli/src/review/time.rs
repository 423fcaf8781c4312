//! Times, as people read them.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::time::{Duration, SystemTime};

/// `2026-08-14T09:31:02.113Z`.
pub(super) fn timestamp(time: SystemTime) -> String {
    DateTime::from(time).fmt(Format::DateTime).unwrap_or_default()
}

/// `2026-08-14 09:31:02Z, 4 min ago`, or `…, in 4 min`.
pub(super) fn time(time: SystemTime, now: SystemTime) -> String {
    let text = timestamp(time);
    let seconds = text.get(..19).unwrap_or(&text).replace('T', " ");
    let distance = match (now.duration_since(time), time.duration_since(now)) {
        (Ok(ago), _) => format!("{} ago", distance(ago)),
        (_, Ok(ahead)) => format!("in {}", distance(ahead)),
        _ => "now".to_owned(),
    };
    format!("{seconds}Z, {distance}")
}

/// The two largest units at most, rounded down: `35 s`, `4 min`, `3 h 20 min`, `1 d 4 h`.
fn distance(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    let (hours, days) = (minutes / 60, minutes / 60 / 24);
    let with = |large: String, small: u64, unit: &str| match small {
        0 => large,
        small => format!("{large} {small} {unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", duration.as_secs()),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => with(format!("{hours} h"), minutes % 60, "min"),
        (days, hours, _) => with(format!("{days} d"), hours % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_say_how_far_they_are() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_786_700_000_999);
        let at = |seconds: i64| {
            let distance = Duration::from_secs(seconds.unsigned_abs());
            time(if seconds < 0 { now - distance } else { now + distance }, now)
        };
        assert_eq!(at(0), "2026-08-14 09:33:20Z, 0 s ago");
        assert_eq!(at(-59), "2026-08-14 09:32:21Z, 59 s ago");
        assert_eq!(at(60 * 4 + 59), "2026-08-14 09:38:19Z, in 4 min");
        assert_eq!(at(3600 * 47), "2026-08-16 08:33:20Z, in 1 d 23 h");
        assert_eq!(at(-3600), "2026-08-14 08:33:20Z, 1 h ago");
        assert!(at(3600 * 3 + 1200).ends_with("in 3 h 20 min") && at(86400).ends_with("in 1 d"));
    }
}
