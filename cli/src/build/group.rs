//! A command that takes all that it started along when it ends early.

use std::io;
use std::process::{ExitStatus, Stdio};
use tokio::process::{Child, Command};

/// Runs `command` to its end, and reads what it writes to standard output. When this is dropped before, the process and all
/// that it started are killed.
pub(super) async fn output(mut command: Command) -> io::Result<(ExitStatus, Vec<u8>)> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut group = Group { child: command.spawn()? };
    let mut stdout = group.child.stdout.take().expect("standard output is piped");
    let mut output = Vec::new();
    tokio::io::copy(&mut stdout, &mut output).await?;
    let status = group.child.wait().await?;
    Ok((status, output))
}

struct Group {
    child: Child,
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        // Without an id it is over and waited for, and the system may have given the id to others.
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(leader) = id.and_then(Pid::from_raw) {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}
