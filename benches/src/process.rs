//! What the kernel knows of a process.

use std::fs;
use std::time::Duration;

use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

use crate::Error;

/// A process, by its id.
#[derive(Clone, Copy)]
pub(crate) struct Process {
    id: Pid,
    cpu_clock: ClockId,
}

impl Process {
    pub(crate) fn new(id: u32) -> Result<Self, Error> {
        let id = Pid::from_raw(i32::try_from(id)?);
        Ok(Self { id, cpu_clock: clock_getcpuclockid(id)? })
    }

    pub(crate) fn id(&self) -> Pid {
        self.id
    }

    /// CPU time so far, user and system, all threads.
    pub(crate) fn cpu(&self) -> Result<Duration, Error> {
        Ok(self.cpu_clock.now()?.into())
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident(&self) -> Result<u64, Error> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        Ok(kib.ok_or("no VmRSS in /proc")?.parse::<u64>()? * 1024)
    }

    /// Page faults so far that were served without reading a file.
    pub(crate) fn page_faults(&self) -> Result<u64, Error> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id))?;
        Ok(minor_faults(&stat).ok_or("no page faults in /proc")?)
    }
}

/// `minflt` of `/proc/PID/stat`: the eighth field after the name, which is in parentheses and may have spaces.
fn minor_faults(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(7)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_process_may_look_like_fields() {
        assert_eq!(minor_faults("17 (a ) 9 9) S 1 17 17 0 -1 4194560 2345 0 6 0 1 2"), Some(2345));
        assert_eq!(minor_faults("17 (a"), None);
    }
}
