//! Spans of the level debug, which cost nothing unless somebody records them.

use std::future::Future;
use std::pin::Pin;

use tracing::level_filters::LevelFilter;
use tracing::{Instrument, Span};

/// Runs a future in a span of the level debug. If no subscriber wants that level, there is no span, and the future is not
/// wrapped.
pub(crate) async fn in_debug_span<F: Future>(future: Pin<&mut F>, span: impl FnOnce() -> Span) -> F::Output {
    match LevelFilter::current() >= LevelFilter::DEBUG {
        true => future.instrument(span()).await,
        false => future.await,
    }
}
