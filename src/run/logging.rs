//! Logs to standard output as lambda_runtime does, without events that would show messages or let them forge a line.

mod telltales;

use std::io::Write;

use lambda_runtime::tracing::subscriber::filter::{EnvFilter, LevelFilter, filter_fn};
use lambda_runtime::tracing::subscriber::fmt;
use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt;
use tracing::Dispatch;

use self::telltales::Telltales;
use crate::environment::var;
use crate::error::one_line::OneLine;

/// Sets up logging as [`lambda_runtime::tracing::init_default_subscriber`] does. The level comes from
/// `AWS_LAMBDA_LOG_LEVEL` or `RUST_LOG`, and the format is JSON if `AWS_LAMBDA_LOG_FORMAT` says so. Does nothing if a
/// subscriber is already set.
pub(crate) fn init() {
    if !tracing::dispatcher::has_been_set() {
        dispatch(std::io::stdout).init();
    }
}

/// Returns a dispatch for the same logs, which go to the writers that `writer` makes.
pub(crate) fn dispatch<W: Write>(writer: impl Fn() -> W + Send + Sync + 'static) -> Dispatch {
    let directives = var("RUST_LOG").map(|directives| trimmed(&directives));
    let filter = filter(var("AWS_LAMBDA_LOG_LEVEL").as_deref(), directives.as_deref());
    let telltales = Telltales::heard(directives.as_deref().unwrap_or_default());
    // This filter stands beside the other one: within a span, a directive for the span would override one for a crate.
    let discreet = filter_fn(move |metadata| telltales.may_say(metadata.level(), metadata.target()));
    // Colours are for terminals, whichever features of the subscriber other crates enable.
    let subscriber = fmt().with_target(false).with_ansi(false).with_env_filter(filter).with_writer(OneLine(writer));
    if var("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json")) {
        // Without a timestamp, Lambda treats every line as level INFO, and drops errors if INFO is not wanted.
        subscriber.json().finish().with(discreet).into()
    } else {
        subscriber.without_time().finish().with(discreet).into()
    }
}

fn filter(lambda_level: Option<&str>, directives: Option<&str>) -> EnvFilter {
    let level = lambda_level.or(directives).and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    EnvFilter::builder().with_default_directive(level.into()).parse_lossy(directives.unwrap_or_default())
}

/// Returns the directives without the spaces around them, which the filter would read as part of a name.
fn trimmed(directives: &str) -> String {
    directives.split(',').map(str::trim).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_as_asked() {
        assert_eq!(filter(None, None).to_string(), "info");
        assert_eq!(filter(Some("WARN"), None).to_string(), "warn");
        assert_eq!(filter(None, Some("debug")).to_string(), "debug");
        assert_eq!(filter(None, Some(&trimmed(" TRACE "))).to_string(), "trace");
        assert_eq!(filter(Some("WARN"), Some(&trimmed("info , hyper=off "))).to_string(), "hyper=off,info");
    }
}
