//! The commit that the command is built from.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tells the command its commit by the variable `CHANNEL_FLOW_COMMIT`: ` (a9b855b 2026-11-30)`, or nothing if it is unknown.
pub(super) fn tell() {
    let commit = packaged().or_else(checked_out).map(|commit| format!(" ({commit})")).unwrap_or_default();
    println!("cargo::rustc-env=CHANNEL_FLOW_COMMIT={commit}");
}

/// That of a package, from the file that `cargo package` adds. It has no date.
fn packaged() -> Option<String> {
    let file = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?).join(".cargo_vcs_info.json");
    let text = fs::read_to_string(file).ok()?;
    let after = text.split_once("\"sha1\"")?.1;
    let hash = after.split('"').nth(1)?;
    (hash.len() >= 7 && hash.bytes().all(|b| b.is_ascii_hexdigit())).then(|| hash[..7].to_owned())
}

/// That of the repository that this file belongs to. Cargo looks again when another commit is checked out or made.
fn checked_out() -> Option<String> {
    let commit = git(&["log", "-1", "--format=%h %cs", "--abbrev=7"])?;
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "logs/HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        let file = git(&["rev-parse", "--path-format=absolute", "--git-path", name]);
        // Cargo takes a file that is missing for one that has changed.
        if let Some(file) = file.filter(|file| Path::new(file).exists()) {
            println!("cargo::rerun-if-changed={file}");
        }
    }
    // A package in somebody else's repository, in a folder that it ignores, is not of its commit.
    git(&["ls-files", "--error-unmatch", "build/commit.rs"])?;
    Some(commit)
}

/// What git says, if there is git and it does.
fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).current_dir(env::var_os("CARGO_MANIFEST_DIR")?).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned()).filter(|text| !text.is_empty())
}
