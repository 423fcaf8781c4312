//! What the environments' processes use, read from `/proc`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::Error;

/// How long processes may take to end.
const END: Duration = Duration::from_secs(5);

/// Of some processes together.
#[derive(Default)]
pub(crate) struct Use {
    /// User and system time.
    pub(crate) cpu: Duration,
    /// In bytes.
    pub(crate) resident: u64,
    /// The proportional share, which divides a page by the number of processes that have it. In bytes.
    pub(crate) proportional: u64,
}

impl Use {
    /// Fails if one of the processes has ended.
    pub(crate) fn of(processes: &[u32]) -> Result<Self, Error> {
        let mut all = Self::default();
        for id in processes {
            let process = Path::new("/proc").join(id.to_string());
            let rollup = fs::read_to_string(process.join("smaps_rollup"))?;
            all.resident += bytes(&rollup, "Rss:").ok_or("no Rss in smaps_rollup")?;
            all.proportional += bytes(&rollup, "Pss:").ok_or("no Pss in smaps_rollup")?;
            for thread in fs::read_dir(process.join("task"))? {
                // A thread that has ended meanwhile has no file any more.
                let Ok(statistics) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
                all.cpu += Duration::from_nanos(statistics.split(' ').next().unwrap_or_default().parse()?);
            }
        }
        Ok(all)
    }
}

/// Waits until the processes have ended.
pub(crate) async fn gone(processes: &[u32]) -> Result<(), Error> {
    let until = Instant::now() + END;
    while processes.iter().any(|id| Path::new("/proc").join(id.to_string()).exists()) {
        if Instant::now() > until {
            return Err("processes of the function are left".into());
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

fn bytes(rollup: &str, name: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_in_kilobytes() {
        let rollup = "Rss:                  12 kB\nPss:                   3 kB\nPss_Dirty:             1 kB\n";
        assert_eq!(bytes(rollup, "Pss:"), Some(3_072));
        assert_eq!(bytes(rollup, "Swap:"), None);
    }

    #[tokio::test]
    async fn a_process_that_has_ended_is_gone_and_has_no_use() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        gone(&[child.id()]).await.unwrap();
        assert!(Use::of(&[child.id()]).is_err());
        assert!(Use::of(&[std::process::id()]).unwrap().resident > 0);
    }
}
