//! The log of the watchdog, which waits for nobody: a runaway can hold the lock of standard output, and nobody may read
//! what is written there.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;
use tracing::Dispatch;

use crate::Error;
use crate::run::logging;

/// Takes lines, and has a thread that writes them.
#[derive(Clone)]
pub(super) struct Log(Sender<Entry>);

enum Entry {
    Line(Vec<u8>),
    /// Everything before this is written.
    Written(oneshot::Sender<()>),
}

impl Log {
    /// A log that writes to standard output, without its lock.
    pub(super) fn start() -> Result<Self, Error> {
        let (sender, entries) = mpsc::channel();
        thread::Builder::new()
            .name("channel-flow log".to_owned())
            .spawn(move || write_all(&entries))
            .map_err(|error| Error::configuration("no thread for the watchdog's log").caused_by(error))?;
        Ok(Self(sender))
    }

    /// What makes lines of the events of a thread, as all others look.
    pub(super) fn dispatch(&self) -> Dispatch {
        let log = self.clone();
        logging::dispatch(move || log.clone())
    }

    /// Waits until all lines are written, and no longer than `limit`.
    pub(super) async fn written(&self, limit: Duration) {
        let (sender, written) = oneshot::channel();
        if self.0.send(Entry::Written(sender)).is_ok() {
            // Who cannot write in that time is not waited for.
            let _ = timeout(limit, written).await;
        }
    }
}

/// One call for each line.
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
            // A line that cannot be written is lost; the answers are what counts.
            Entry::Line(line) => drop(standard_output().and_then(|mut output| output.write_all(&line))),
            Entry::Written(sender) => drop(sender.send(())),
        }
    }
}

/// Standard output by a descriptor of its own, so that Rust's lock of it does not matter.
#[cfg(unix)]
fn standard_output() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;

    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn standard_output() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}
