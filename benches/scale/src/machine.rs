//! The machine that was measured on, and the day.

use std::process::Command;
use std::{fs, thread};

use serde_json::{Value, json};

/// As far as the system says it.
pub(crate) fn facts() -> Value {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    json!({
        "cpu": model.map(|(_, model)| model),
        "cores": thread::available_parallelism().map_or(0, usize::from),
        "rustc": rustc(),
    })
}

fn rustc() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// In UTC, such as `2026-08-14`.
pub(crate) fn date() -> String {
    time::OffsetDateTime::now_utc().date().to_string()
}
