//! Logs to standard output as lambda_runtime does, without events that would show messages or let them forge a line.

pub(crate) mod telltales;

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use lambda_runtime::tracing::subscriber::filter::{EnvFilter, FilterExt, LevelFilter, filter_fn};
use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
use lambda_runtime::tracing::subscriber::registry::LookupSpan;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt;
use lambda_runtime::tracing::subscriber::{Layer, fmt};
use tracing::{Dispatch, Subscriber};

use self::telltales::Telltales;
use crate::environment::var;
use crate::error::one_line::OneLine;

/// The target of the line that says how an event was settled.
pub(crate) const SETTLED: &str = "channel_flow::settled";

/// Whether the metrics of this process say how an event was settled, on the same standard output.
static SETTLED_IN_METRICS: AtomicBool = AtomicBool::new(false);

/// Leaves the line that says how an event was settled out of this process's log. Other layers still get it.
#[cfg(feature = "metrics")]
pub(crate) fn leave_settled_to_metrics() {
    SETTLED_IN_METRICS.store(true, Ordering::Relaxed);
}

fn is_in_metrics(target: &str) -> bool {
    SETTLED_IN_METRICS.load(Ordering::Relaxed) && target == SETTLED
}

/// Sets up logging to standard output as [`lambda_runtime::tracing::init_default_subscriber`] does. The level comes from
/// `AWS_LAMBDA_LOG_LEVEL` or `RUST_LOG`, and the format is JSON if `AWS_LAMBDA_LOG_FORMAT` says so. Does nothing if a
/// subscriber is already set.
pub fn init_logging() {
    if !tracing::dispatcher::has_been_set() {
        dispatch(std::io::stdout).init();
    }
}

/// Returns the layer that writes the log of [`init_logging`], to be used in a subscriber beside your own layers.
///
/// The level and the crates that may show messages apply to this layer alone: what your own layers write is yours to
/// keep private.
///
/// ```
/// use channel_flow::lambda_runtime::tracing::subscriber::{layer::SubscriberExt, registry, util::SubscriberInitExt};
///
/// registry().with(channel_flow::run::log_layer()).init();
/// ```
pub fn log_layer<S>() -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    layer(std::io::stdout)
}

fn layer<S, W>(writer: impl Fn() -> W + Send + Sync + 'static) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write,
{
    let (filter, telltales) = filters();
    let filter = filter.and(filter_fn(move |metadata| {
        telltales.may_say(metadata.level(), metadata.target()) && !is_in_metrics(metadata.target())
    }));
    let layer = fmt::layer().with_target(false).with_ansi(false).with_writer(OneLine(writer));
    if is_json() { layer.json().with_filter(filter).boxed() } else { layer.without_time().with_filter(filter).boxed() }
}

/// Returns a dispatch for the same logs, which go to the writers that `writer` makes.
pub(crate) fn dispatch<W: Write>(writer: impl Fn() -> W + Send + Sync + 'static) -> Dispatch {
    let (filter, telltales) = filters();
    // This filter stands beside the other one: within a span, a directive for the span would override one for a crate.
    let discreet = filter_fn(move |metadata| {
        telltales.may_say(metadata.level(), metadata.target()) && !is_in_metrics(metadata.target())
    });
    // Colours are for terminals, whichever features of the subscriber other crates enable.
    let subscriber = fmt().with_target(false).with_ansi(false).with_env_filter(filter).with_writer(OneLine(writer));
    if is_json() {
        // Without a timestamp, Lambda treats every line as level INFO, and drops errors if INFO is not wanted.
        subscriber.json().finish().with(discreet).into()
    } else {
        subscriber.without_time().finish().with(discreet).into()
    }
}

fn is_json() -> bool {
    var("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"))
}

fn filters() -> (EnvFilter, Telltales) {
    let directives = var("RUST_LOG").map(|directives| trimmed(&directives));
    let filter = filter(var("AWS_LAMBDA_LOG_LEVEL").as_deref(), directives.as_deref());
    (filter, Telltales::heard(directives.as_deref().unwrap_or_default()))
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
    use lambda_runtime::tracing::subscriber::registry;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The layer filters for itself: what stands beside it sees everything.
    #[test]
    fn the_layer_writes_the_lines_of_the_default_log() {
        let (default, composed, beside) = (Lines::default(), Lines::default(), Lines::default());
        let write = || {
            tracing::debug!("not at this level");
            tracing::info_span!("channel_flow", message_id = 7).in_scope(|| tracing::warn!(a = "x\ny", "told"));
            tracing::trace!(target: "hyper::proto", "secret");
        };
        let writer = default.clone();
        tracing::dispatcher::with_default(&dispatch(move || writer.clone()), write);
        let (writer, other) = (composed.clone(), beside.clone());
        let everything = fmt::layer().with_writer(move || other.clone());
        let composed_subscriber = registry().with(layer(move || writer.clone())).with(everything);
        tracing::subscriber::with_default(composed_subscriber, write);

        let text = |lines: &Lines| String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text(&composed), text(&default));
        assert_eq!(text(&composed).lines().count(), 1, "{}", text(&composed));
        assert!(text(&composed).contains("message_id=7"));
        assert_eq!(text(&beside).lines().count(), 3);
    }

    #[test]
    fn levels_are_as_asked() {
        assert_eq!(filter(None, None).to_string(), "info");
        assert_eq!(filter(Some("WARN"), None).to_string(), "warn");
        assert_eq!(filter(None, Some("debug")).to_string(), "debug");
        assert_eq!(filter(None, Some(&trimmed(" TRACE "))).to_string(), "trace");
        assert_eq!(filter(Some("WARN"), Some(&trimmed("info , hyper=off "))).to_string(), "hyper=off,info");
    }
}
