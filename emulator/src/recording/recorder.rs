//! The file that a recording goes to.

use crate::model::activity::Activity;
use crate::recording::step::RecordedStep;
use crate::recording::steps::Steps;
use crate::service::MessagingService;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

/// Writes what flows to a file: a [`RecordedStep`] a line, each as soon as it is complete.
///
/// It has a thread of its own, and the service never waits for it. Dropping it ends the recording as
/// [`finish`](Self::finish) does.
#[derive(Debug)]
pub struct Recorder {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<u64>>,
}

/// How a recording is made.
#[derive(Clone)]
pub struct RecorderSettings {
    content: bool,
    on_error: Arc<OnError>,
}

type OnError = dyn Fn(&io::Error) + Send + Sync;

impl Recorder {
    /// Appends to the file, which is made if there is none, what happens in the service from now on. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub fn start(service: &MessagingService, path: impl AsRef<Path>, settings: RecorderSettings) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let (stop, stopped) = oneshot::channel();
        let (activities, runtime) = (service.watch(), Handle::current());
        let record = move || {
            let steps = Steps::new(!settings.content);
            record(steps, Lines { file, broken: false, written: 0, settings }, activities, stopped, &runtime)
        };
        let thread = thread::Builder::new().name("recorder".to_owned()).spawn(record)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Writes what has happened so far, also of messages that are still pending, and ends the recording. Returns how many
    /// lines were written. It waits for the file only.
    pub fn finish(mut self) -> u64 {
        self.end()
    }

    fn end(&mut self) -> u64 {
        drop(self.stop.take());
        // Its panic was printed.
        self.thread.take().map_or(0, |thread| thread.join().unwrap_or(0))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end();
    }
}

impl RecorderSettings {
    /// With content masked, and errors reported to nobody.
    pub fn new() -> Self {
        Self { content: false, on_error: Arc::new(|_| {}) }
    }

    /// Sets whether what people wrote stands in the recording as they wrote it.
    #[must_use]
    pub fn content(mut self, content: bool) -> Self {
        self.content = content;
        self
    }

    /// Sets who is told that lines cannot be written: of the first one, and of the next after one that could be.
    #[must_use]
    pub fn on_error(mut self, on_error: impl Fn(&io::Error) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(on_error);
        self
    }
}

impl Default for RecorderSettings {
    fn default() -> Self {
        Self::new()
    }
}

fn record(
    mut steps: Steps,
    mut lines: Lines,
    mut activities: UnboundedReceiver<Activity>,
    mut stopped: oneshot::Receiver<()>,
    runtime: &Handle,
) -> u64 {
    let mut next = || {
        runtime.block_on(async {
            tokio::select! {
                biased;
                activity = activities.recv() => activity,
                _ = &mut stopped => None,
            }
        })
    };
    while let Some(activity) = next() {
        steps.take(activity).iter().for_each(|step| lines.write(step));
    }
    steps.rest().iter().for_each(|step| lines.write(step));
    lines.written
}

struct Lines {
    file: File,
    /// The last line could not be written, or not all of it.
    broken: bool,
    written: u64,
    settings: RecorderSettings,
}

impl Lines {
    fn write(&mut self, step: &RecordedStep) {
        let mut line = if self.broken { b"\n".to_vec() } else { Vec::new() };
        let result = serde_json::to_writer(&mut line, step).map_err(io::Error::from).and_then(|()| {
            line.push(b'\n');
            // A file has no buffer here: what is written is with the system.
            self.file.write_all(&line)
        });
        match result {
            Ok(()) => (self.broken, self.written) = (false, self.written + 1),
            Err(error) => {
                if !self.broken {
                    (self.settings.on_error)(&error);
                }
                self.broken = true;
            }
        }
    }
}

impl fmt::Debug for RecorderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecorderSettings").field("content", &self.content).finish_non_exhaustive()
    }
}
