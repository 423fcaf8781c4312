//! Keeps what code logs through `tracing`.

use std::fmt::{self, Write};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Metadata, Subscriber};

use crate::run::logging::telltales::Telltales;

/// The lines that were logged on this thread, at every level. Crates that log whole requests at level `trace`, which the
/// framework keeps silent, are silent here too.
#[derive(Clone, Default)]
pub(super) struct LogCapture(Arc<Mutex<Vec<String>>>);

struct Recorder {
    capture: LogCapture,
    telltales: Telltales,
    last_span: AtomicU64,
}

impl LogCapture {
    /// Runs `f`, and keeps what it logs.
    pub(super) fn during<T>(&self, f: impl FnOnce() -> T) -> T {
        let telltales = Telltales::heard("");
        with_default(Recorder { capture: self.clone(), telltales, last_span: AtomicU64::new(0) }, f)
    }

    /// Returns the lines since the last call.
    pub(super) fn take(&self) -> Vec<String> {
        mem::take(&mut *self.lines())
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder {
    fn write(&self, head: String, record: impl FnOnce(&mut dyn Visit)) {
        let mut line = Line(head);
        record(&mut line);
        self.capture.lines().push(line.0);
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.telltales.may_say(metadata.level(), metadata.target())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let metadata = span.metadata();
        let head = format!("{} {} span {}:", metadata.level(), metadata.target(), metadata.name());
        self.write(head, |visit| span.record(visit));
        Id::from_u64(self.last_span.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.write("a field of a span:".to_owned(), |visit| values.record(visit));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        self.write(format!("{} {}:", metadata.level(), metadata.target()), |visit| event.record(visit));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// A line of text that fields are added to.
struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A value that fails to write itself shows nothing.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_spans_are_kept_with_their_fields() {
        let capture = LogCapture::default();
        capture.during(|| {
            let span = tracing::info_span!("judge", rule = "links", later = tracing::field::Empty);
            span.record("later", 7);
            span.in_scope(|| tracing::trace!(count = 2, "seen"));
            tracing::trace!(target: "hyper::proto", "a whole request");
        });
        let lines = capture.take();
        let ends = ["span judge: rule=links", "a field of a span: later=7", ": message=seen count=2"];
        assert_eq!(lines.len(), ends.len(), "{lines:?}");
        for (line, end) in lines.iter().zip(ends) {
            assert!(line.ends_with(end), "{line}");
        }
        assert!(capture.take().is_empty());
    }
}
