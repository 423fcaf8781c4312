//! Writes the records of an adapter.

use std::fmt;
use std::io::Write as _;

use super::emf::Emf;
use super::{AfterRecord, Record, log};
use crate::event::ids::CallbackIds;
use crate::review::Sweep;
use crate::run::logging::filter::leave_settled_to_metrics;
use crate::{Error, Invocation, Settled};

/// Writes records to the log, and as metrics if those are on.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    metrics: Option<Metrics>,
}

impl Recorder {
    /// Returns a recorder that publishes metrics on standard output.
    pub(super) fn with_metrics() -> Self {
        leave_settled_to_metrics();
        Self { metrics: Some(Metrics { emf: Emf::from_environment(), write: Box::new(print) }) }
    }

    /// Returns a recorder of the same kind that shares nothing with this one and writes its metrics elsewhere.
    pub(crate) fn writing_to(&self, write: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        Self {
            metrics: self.metrics.as_ref().map(|_| Metrics { emf: Emf::from_environment(), write: Box::new(write) }),
        }
    }

    /// Records an event that was settled.
    pub(crate) fn settled(&self, record: &Record<'_>, settled: &Settled) {
        log::log(record, settled);
        self.count(record, settled);
    }

    /// Counts an event that was settled, and writes no line into the log.
    pub(crate) fn count(&self, record: &Record<'_>, settled: &Settled) {
        if let Some(Metrics { emf, write }) = &self.metrics {
            write(&emf.settled(record, settled));
        }
    }

    /// Counts an event that was not settled. lambda_runtime logs its error.
    pub(crate) fn failed(&self, ids: Option<&CallbackIds>, invocation: &Invocation, error: &Error) {
        if let Some(Metrics { emf, write }) = &self.metrics {
            write(&emf.failed(ids, invocation, error));
        }
    }

    /// Records a sweep. `failed` says that the store could not be read to the end.
    pub(crate) fn swept(&self, invocation: &Invocation, sweep: &Sweep, failed: bool) {
        let Sweep { by_default, sent_again, expired, held_now, oldest_held_seconds, .. } = sweep;
        tracing::info!(
            by_default,
            sent_again,
            expired,
            failed = sweep.failed,
            held_now,
            oldest_held_seconds,
            "held messages swept"
        );
        if let Some(Metrics { emf, write }) = &self.metrics {
            write(&emf.swept(invocation, sweep, failed));
        }
    }

    /// Counts what happened after the callback, which has its own lines in the log.
    pub(crate) fn after_callback(&self, record: &AfterRecord<'_>) {
        if let Some(Metrics { emf, write }) = &self.metrics
            && !record.is_empty()
        {
            write(&emf.after_callback(record));
        }
    }
}

struct Metrics {
    emf: Emf,
    write: Write,
}

/// Writes a line.
type Write = Box<dyn Fn(&[u8]) + Send + Sync>;

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Writes a line to standard output at once, so that no other line gets between.
fn print(line: &[u8]) {
    // A line that cannot be written is lost: the answers matter, not the metrics.
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(line).and_then(|()| output.flush());
}
