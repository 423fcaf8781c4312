//! Ctrl-C, and other signals that tell a command to end.

use crate::exit::{Exit, Failure};
use std::io;
use std::process;
use std::thread;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// Runs `work` on the command's runtime until it is done or the command is told to end, and then runs `at_last`. All that
/// `work` has started ends with it. A second signal ends the process at once.
pub(crate) fn unless_told_to_end(
    work: impl Future<Output = Result<Exit, Failure>>,
    at_last: impl Future<Output = ()>,
) -> Result<Exit, Failure> {
    let runtime = runtime().map_err(not_started)?;
    let told = listen().map_err(not_started)?;
    runtime.block_on(async {
        let exit = tokio::select! {
            exit = work => exit,
            Ok(()) = told => Ok(Exit::Interrupted),
        };
        at_last.await;
        exit
    })
}

/// A separate thread waits for signals, so that nothing that is stuck can hold them up.
fn listen() -> io::Result<oneshot::Receiver<()>> {
    let runtime = runtime()?;
    let mut signals = runtime.block_on(async { Signals::new() })?;
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            let _ = tell.send(());
            signals.next().await;
        });
        process::exit(Exit::Interrupted.status().into());
    });
    Ok(told)
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn not_started(error: io::Error) -> Failure {
    Failure::not_started(format!("cannot start: {error}"))
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
