//! The log of the watchdog, which never blocks: a runaway processor can hold the lock of standard output, and standard
//! output may have no reader.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::Dispatch;

use crate::Error;
use crate::run::logging;

/// Accepts lines, which a separate thread writes.
#[derive(Clone)]
pub(super) struct Log(Sender<Entry>);

enum Entry {
    Line(Vec<u8>),
    /// Signals that everything before this entry is written.
    Written(oneshot::Sender<()>),
}

impl Log {
    /// Starts a log that writes to standard output without its lock.
    pub(super) fn start() -> Result<Self, Error> {
        let (sender, entries) = mpsc::channel();
        thread::Builder::new()
            .name("channel-flow log".to_owned())
            .spawn(move || write_all(&entries))
            .map_err(|error| Error::configuration("no thread for the watchdog's log").caused_by(error))?;
        Ok(Self(sender))
    }

    /// Returns the dispatch that turns the events of a thread into lines, in the same format as all other lines.
    pub(super) fn dispatch(&self) -> Dispatch {
        let log = self.clone();
        logging::dispatch(move || log.clone())
    }

    /// Accepts a line, which is lost if nothing writes any more.
    pub(super) fn accept(&self, line: &[u8]) {
        let _ = self.0.send(Entry::Line(line.to_owned()));
    }

    /// Waits until all lines are written, but no longer than `limit`.
    pub(super) async fn written(&self, limit: Duration) {
        let (sender, written) = oneshot::channel();
        if self.0.send(Entry::Written(sender)).is_ok() {
            // Do not wait for a write that takes longer.
            let _ = timeout(limit, written).await;
        }
    }
}

/// Each call writes one line.
impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.send(Entry::Line(line.to_owned())).map_err(io::Error::other)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(entries: &Receiver<Entry>) {
    while let Ok(entry) = entries.recv() {
        match entry {
            // A line that cannot be written is lost: the answers matter, not the log.
            Entry::Line(line) => drop(standard_output().and_then(|mut output| output.write_all(&line))),
            Entry::Written(sender) => drop(sender.send(())),
        }
    }
}

/// Returns standard output with a separate descriptor, so that Rust's lock of it does not matter.
#[cfg(unix)]
fn standard_output() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;

    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn standard_output() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}
