//! The built command, and what it wrote.

use std::env;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The command with these arguments. A function that `function.sh` runs is the test binary.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-channel-flow"));
    command.args(["channel-flow"]).args(args).env("TEST_BINARY", env::current_exe().unwrap()).env_remove("NO_COLOR");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The path of `function.sh`.
pub(crate) fn script() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/function.sh").display().to_string()
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}
