//! Logs to standard output, as lambda_runtime sets them up, less what would show messages.

use std::env;

use lambda_runtime::tracing::subscriber;
use lambda_runtime::tracing::subscriber::filter::{EnvFilter, LevelFilter};
use lambda_runtime::tracing::subscriber::fmt::MakeWriter;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt;
use tracing::Dispatch;

/// Crates that log whole events and requests at level `trace`. Asking for that level everywhere leaves them at `debug`;
/// asking for it by their names, as in `RUST_LOG=lambda_runtime=trace`, is heard.
const TELLTALES: [&str; 4] = ["aws_sdk_chimesdkmessaging", "aws_smithy", "hyper", "lambda_runtime"];

/// Sets up logging as [`lambda_runtime::tracing::init_default_subscriber`] does: the level from `AWS_LAMBDA_LOG_LEVEL`
/// or `RUST_LOG`, JSON where `AWS_LAMBDA_LOG_FORMAT` says so. Does nothing where a subscriber is set already.
pub(crate) fn init() {
    if !tracing::dispatcher::has_been_set() {
        dispatch(std::io::stdout).init();
    }
}

/// The same logs, to `writer`.
pub(crate) fn dispatch<W>(writer: W) -> Dispatch
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let var = |name| env::var(name).ok();
    let filter = filter(var("AWS_LAMBDA_LOG_LEVEL").as_deref(), var("RUST_LOG").as_deref());
    let subscriber = subscriber::fmt().with_target(false).with_env_filter(filter).with_writer(writer);
    if var("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json")) {
        // Without a timestamp Lambda takes every line for one of level INFO, and drops errors where INFO is not wanted.
        subscriber.json().into()
    } else {
        subscriber.without_time().into()
    }
}

fn filter(lambda_level: Option<&str>, rust_log: Option<&str>) -> EnvFilter {
    let level = lambda_level.or(rust_log).and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let asked = rust_log.unwrap_or_default();
    let filter = EnvFilter::builder().with_default_directive(level.into()).parse_lossy(asked);
    if filter.max_level_hint().is_some_and(|level| level < LevelFilter::TRACE) {
        return filter;
    }
    TELLTALES.into_iter().filter(|target| !asked.contains(target)).fold(filter, |filter, target| {
        filter.add_directive(format!("{target}=debug").parse().expect("a target and a level make a directive"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_is_for_all_but_the_telltales() {
        let filter = filter(None, Some("trace")).to_string();
        assert!(filter.contains("lambda_runtime=debug") && filter.contains("trace"), "{filter}");
        let filter = super::filter(Some("TRACE"), None).to_string();
        assert!(filter.contains("aws_smithy=debug"), "{filter}");
    }

    #[test]
    fn a_telltale_is_heard_by_name() {
        let filter = filter(None, Some("info,lambda_runtime=trace")).to_string();
        assert!(filter.contains("lambda_runtime=trace") && !filter.contains("lambda_runtime=debug"), "{filter}");
        assert!(filter.contains("hyper=debug"), "{filter}");
    }

    #[test]
    fn other_levels_are_as_asked() {
        assert_eq!(filter(None, None).to_string(), "info");
        assert_eq!(filter(Some("WARN"), None).to_string(), "warn");
        assert_eq!(filter(None, Some("debug")).to_string(), "debug");
    }
}
