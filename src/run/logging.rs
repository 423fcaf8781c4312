//! Logs to standard output as lambda_runtime does, without events that would show messages or let them forge a line.

pub(crate) mod filter;
mod json_fields;
mod json_lines;
pub(crate) mod telltales;

use std::io::Write;

use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
use lambda_runtime::tracing::subscriber::registry::LookupSpan;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt;
use lambda_runtime::tracing::subscriber::{Layer, fmt, registry};
use tracing::{Dispatch, Subscriber};

use self::filter::LogFilter;
use self::json_lines::JsonLines;
use crate::environment::var;
use crate::error::one_line::OneLine;

/// Sets up logging to standard output as [`lambda_runtime::tracing::init_default_subscriber`] does. The level comes from
/// `AWS_LAMBDA_LOG_LEVEL` or `RUST_LOG`, and the format is JSON if `AWS_LAMBDA_LOG_FORMAT` says so. Does nothing if a
/// subscriber is already set.
///
/// In JSON, each span is in a line once: the innermost one as `span`, those around it as `spans`.
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
    let filter = LogFilter::from_environment();
    if is_json() {
        return JsonLines::new(writer).with_filter(filter).boxed();
    }
    // Colours are for terminals, whichever features of the subscriber other crates enable.
    let text = fmt::layer().with_target(false).without_time().with_ansi(false).with_writer(OneLine(writer));
    text.with_filter(filter).boxed()
}

/// Returns a dispatch for the same logs, which go to the writers that `writer` makes.
pub(crate) fn dispatch<W: Write>(writer: impl Fn() -> W + Send + Sync + 'static) -> Dispatch {
    registry().with(layer(writer)).into()
}

fn is_json() -> bool {
    var("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json"))
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
