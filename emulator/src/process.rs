//! A process that never outlives its owner.

use crate::logs::{LogStream, Logs};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// A running process and what it started. Dropping it kills all of them.
///
/// The process leads a group of its own, so that Ctrl-C on a terminal reaches its owner alone,
/// and so that its own children end with it.
#[derive(Debug)]
pub(crate) struct Process {
    id: Option<u32>,
    exited: watch::Receiver<Option<ExitStatus>>,
    kill: Arc<Notify>,
    output: JoinSet<()>,
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
        Ok(Self { id, exited, kill, output })
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
        // Whoever watched over it is gone, and with it the runtime that we wait on.
        std::future::pending().await
    }

    /// Kills it, if it still runs, and reads the rest of what it wrote.
    pub(crate) async fn end(mut self) {
        self.kill();
        let all_read = async { while self.output.join_next().await.is_some() {} };
        // A process that left the group may hold the pipes open; it is not waited for.
        let _ = tokio::time::timeout(OUTPUT_TIME, all_read).await;
    }

    fn kill(&self) {
        self.kill.notify_one();
        // Once it is over the system may give its id to others.
        if self.status().is_none() {
            kill_group(self.id);
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
    kill_group(id);
    if let Ok(status) = status {
        exited.send_replace(Some(status));
    }
}

#[cfg(unix)]
fn kill_group(leader: Option<u32>) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let leader = leader.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(leader) = leader {
        // Nobody left in the group is what is wanted.
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_leader: Option<u32>) {}
