//! A share of a core, as Lambda gives it by memory: a control group of the kernel for each process.

mod hierarchy;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::Error;

use self::hierarchy::Hierarchy;

/// The memory at which Lambda gives one core. Below, the share is proportional.
const MB_OF_A_CORE: u32 = 1_769;

/// How often the share is granted anew. AWS does not say what Lambda uses; measurements by others saw 20 ms.
const PERIOD: Duration = Duration::from_millis(20);

const PREFIX: &str = "channel-flow-benches-";

/// The part of the system's control groups in which groups are made.
pub(crate) struct Quotas {
    hierarchy: Hierarchy,
}

/// A group for one process. Dropping it lets the process out and removes the group.
pub(crate) struct Group {
    path: PathBuf,
    parent: PathBuf,
}

impl Quotas {
    /// Finds where groups can be made, and removes those that an earlier run left because it was killed.
    pub(crate) fn find() -> Result<Self, Error> {
        let hierarchy = Hierarchy::find()?;
        let quotas = Self { hierarchy };
        quotas.remove_left_over()?;
        // Fails here rather than in the middle of a run.
        quotas.group(MB_OF_A_CORE)?;
        Ok(quotas)
    }

    pub(crate) fn version(&self) -> u8 {
        self.hierarchy.version()
    }

    pub(crate) fn period() -> Duration {
        PERIOD
    }

    /// What a function with this much memory may use of each period.
    pub(crate) fn share(megabytes: u32) -> Duration {
        PERIOD * megabytes / MB_OF_A_CORE
    }

    /// Makes a group with the share of this much memory.
    pub(crate) fn group(&self, megabytes: u32) -> Result<Group, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let parent = self.hierarchy.path().to_owned();
        let path = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
        let problem = |error| format!("cannot make a control group with a CPU quota, {}: {error}", path.display());
        fs::create_dir(&path).map_err(problem)?;
        let group = Group { path: path.clone(), parent };
        self.hierarchy.limit(&path, Self::share(megabytes), PERIOD).map_err(problem)?;
        Ok(group)
    }

    fn remove_left_over(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.hierarchy.path())? {
            let entry = entry?;
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok());
            if owner.is_some_and(|owner| kill(Pid::from_raw(owner), None).is_err()) {
                drop(Group { path: entry.path(), parent: self.hierarchy.path().to_owned() });
            }
        }
        Ok(())
    }
}

impl Group {
    /// Limits the process from now on, with all its threads.
    pub(crate) fn admit(&self, process: Pid) -> io::Result<()> {
        fs::write(self.path.join("cgroup.procs"), process.to_string())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let processes = fs::read_to_string(self.path.join("cgroup.procs")).unwrap_or_default();
        for process in processes.lines() {
            let _ = fs::write(self.parent.join("cgroup.procs"), process);
        }
        if let Err(error) = fs::remove_dir(&self.path) {
            eprintln!("cannot remove the control group {}: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_proportional_to_memory() {
        assert_eq!(Quotas::share(1_769), Duration::from_millis(20));
        assert_eq!(Quotas::share(128).as_micros(), 1_447);
        assert_eq!(Quotas::share(3_538), Duration::from_millis(40));
    }
}
