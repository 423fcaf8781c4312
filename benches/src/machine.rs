//! Where and on what a run took place.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::Error;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Processor, kernel and tools.
pub(crate) fn facts() -> Result<Value, Error> {
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let cpu = cpu.lines().find_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned()));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let mut facts = Map::new();
    facts.insert("cpu".to_owned(), cpu.into());
    facts.insert("cores".to_owned(), std::thread::available_parallelism()?.get().into());
    facts.insert("kernel".to_owned(), format!("Linux {}", kernel.trim()).into());
    for (name, program) in [("rustc", "rustc"), ("node", "node"), ("python", "python3")] {
        facts.insert(name.to_owned(), said(program, &["--version"]).into());
    }
    Ok(facts.into())
}

/// The commit of this repository, and whether files that git knows differ from it.
pub(crate) fn commit() -> Value {
    let git = |arguments: &[&str]| said("git", &[&["-C", REPOSITORY], arguments].concat());
    let modified = git(&["status", "--porcelain", "--untracked-files=no"]).map(|changes| !changes.is_empty());
    json!({ "commit": git(&["rev-parse", "HEAD"]), "modified": modified })
}

/// The command line, as one would type it in this folder.
pub(crate) fn command() -> String {
    let arguments = std::env::args().skip(1).map(|argument| {
        // A path of this machine says nothing elsewhere.
        let (option, value) = match argument.split_once('=') {
            Some((option, value)) => (format!("{option}="), value),
            None => (String::new(), argument.as_str()),
        };
        match Path::new(value) {
            path if path.is_absolute() => option + &path.file_name().unwrap_or_default().to_string_lossy(),
            _ => argument,
        }
    });
    let arguments: Vec<_> = arguments.collect();
    match arguments.as_slice() {
        [] => "cargo run --release".to_owned(),
        _ => format!("cargo run --release -- {}", arguments.join(" ")),
    }
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
