//! What the environments' processes use, read from `/proc`.

use std::fs;

use crate::Error;

/// Ticks of `/proc/PID/stat` in a second, which Linux has fixed for programs.
const TICKS: f64 = 100.0;

/// Of all child processes of this one together.
#[derive(Default)]
pub(crate) struct Use {
    pub(crate) processes: u32,
    /// User and system time, in seconds.
    pub(crate) cpu: f64,
    /// In bytes.
    pub(crate) resident: u64,
    /// The proportional share, which divides a page by the number of processes that have it. In bytes.
    pub(crate) proportional: u64,
}

pub(crate) fn children() -> Result<Use, Error> {
    let own = std::process::id();
    let mut all = Use::default();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        // Other processes end at any time.
        let Ok(stat) = fs::read_to_string(path.join("stat")) else { continue };
        let Some((parent, ticks)) = parse(&stat) else { continue };
        if parent != own {
            continue;
        }
        let Ok(rollup) = fs::read_to_string(path.join("smaps_rollup")) else { continue };
        all.processes += 1;
        all.cpu += ticks as f64 / TICKS;
        all.resident += bytes(&rollup, "Rss:");
        all.proportional += bytes(&rollup, "Pss:");
    }
    Ok(all)
}

/// The parent, and user and system time in ticks. The name in parentheses may contain anything.
fn parse(stat: &str) -> Option<(u32, u64)> {
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some((fields.get(1)?.parse().ok()?, number(11)? + number(12)?))
}

fn bytes(rollup: &str, name: &str) -> u64 {
    let line = rollup.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_processes_may_look_like_fields() {
        let stat = "7 (a) 1 (b) S 42 7 7 0 -1 0 0 0 0 0 30 12 0 0 20 0 1 0 5";
        assert_eq!(parse(stat), Some((42, 42)));
        assert_eq!(bytes("Rss:    12 kB\nPss:     3 kB\n", "Pss:"), 3_072);
    }
}
