//! The machine that was measured on.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

/// As far as the system says it.
pub(crate) fn facts() -> Value {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    json!({
        "cpu": model.map(|(_, model)| model),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "kernel": kernel.trim(),
        "rustc": output(Command::new("rustc").arg("--version")),
    })
}

/// The time in UTC, such as `2026-08-14T09:31:02Z`.
pub(crate) fn date() -> Option<String> {
    output(Command::new("date").args(["--utc", "+%Y-%m-%dT%H:%M:%SZ"]))
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
