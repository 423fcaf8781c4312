//! A process that never outlives its owner.

use crate::lambda::logs::{LogStream, Logs};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinSet;

/// A running process and its children. Dropping it kills all of them.
///
/// The process leads its own group, so that Ctrl-C on a terminal reaches its owner alone,
/// and so that its own children end with it.
#[derive(Debug)]
pub(crate) struct Process {
    id: Option<u32>,
    exited: watch::Receiver<Option<ExitStatus>>,
    kill: Arc<Notify>,
    output: Mutex<JoinSet<()>>,
}

/// How long the output of a dead process may take to be read to its end.
const OUTPUT_TIME: Duration = Duration::from_secs(2);

impl Process {
    pub(crate) fn spawn(mut command: Command, logs: &Arc<Logs>) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let id = child.id();
        let mut output = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            let logs = Arc::clone(logs);
            output.spawn(async move { logs.read(LogStream::Stdout, stdout).await });
        }
        if let Some(stderr) = child.stderr.take() {
            let logs = Arc::clone(logs);
            output.spawn(async move { logs.read(LogStream::Stderr, stderr).await });
        }
        let kill = Arc::new(Notify::new());
        let (status, exited) = watch::channel(None);
        tokio::spawn(watch_over(child, id, Arc::clone(&kill), status));
        Ok(Self { id, exited, kill, output: Mutex::new(output) })
    }

    /// The exit status, if it is over.
    pub(crate) fn status(&self) -> Option<ExitStatus> {
        *self.exited.borrow()
    }

    /// Waits for the exit.
    pub(crate) async fn exited(&self) -> ExitStatus {
        let mut exited = self.exited.clone();
        if let Ok(status) = exited.wait_for(Option::is_some).await
            && let Some(status) = *status
        {
            return status;
        }
        // The watching task is gone, and with it the runtime that we wait on.
        std::future::pending().await
    }

    /// The system's id of the process, whether it still runs or not.
    pub(crate) fn id(&self) -> Option<u32> {
        self.id
    }

    /// Kills it, if it still runs, and reads the rest of its output.
    pub(crate) async fn end(&self) {
        self.kill();
        let mut output = self.output.lock().await;
        let all_read = async { while output.join_next().await.is_some() {} };
        // A process that left the group may hold the pipes open; it is not waited for.
        let _ = tokio::time::timeout(OUTPUT_TIME, all_read).await;
    }

    /// Kills it and its children at once.
    pub(crate) fn kill(&self) {
        self.kill.notify_one();
        self.signal(signals::kill_all);
    }

    /// Asks it to end: SIGTERM, to it alone.
    pub(crate) fn terminate(&self) {
        self.signal(signals::terminate);
    }

    /// Stops it and its children, until [`thaw`](Self::thaw).
    pub(crate) fn freeze(&self) {
        self.signal(signals::stop_all);
    }

    pub(crate) fn thaw(&self) {
        self.signal(signals::continue_all);
    }

    fn signal(&self, send: fn(u32)) {
        // Once it is over the system may give its id to others.
        if let Some(id) = self.id.filter(|_| self.status().is_none()) {
            send(id);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn watch_over(mut child: Child, id: Option<u32>, kill: Arc<Notify>, exited: watch::Sender<Option<ExitStatus>>) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.notified() => {
            let _ = child.start_kill();
            child.wait().await
        }
    };
    // Lambda leaves none of a function's processes behind either.
    if let Some(id) = id {
        signals::kill_all(id);
    }
    if let Ok(status) = status {
        exited.send_replace(Some(status));
    }
}

/// Signals to a process, or to all of the group that it leads. One that is not there any more is no error.
#[cfg(unix)]
mod signals {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group};

    pub(super) fn kill_all(leader: u32) {
        all(leader, Signal::KILL);
    }

    pub(super) fn stop_all(leader: u32) {
        all(leader, Signal::STOP);
    }

    pub(super) fn continue_all(leader: u32) {
        all(leader, Signal::CONT);
    }

    pub(super) fn terminate(process: u32) {
        if let Some(process) = pid(process) {
            let _ = kill_process(process, Signal::TERM);
        }
    }

    fn all(leader: u32, signal: Signal) {
        if let Some(leader) = pid(leader) {
            let _ = kill_process_group(leader, signal);
        }
    }

    fn pid(id: u32) -> Option<Pid> {
        i32::try_from(id).ok().and_then(Pid::from_raw)
    }
}

#[cfg(not(unix))]
mod signals {
    pub(super) fn kill_all(_leader: u32) {}
    pub(super) fn stop_all(_leader: u32) {}
    pub(super) fn continue_all(_leader: u32) {}
    pub(super) fn terminate(_process: u32) {}
}
