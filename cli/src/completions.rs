//! `completions`: scripts for shells.

use crate::args::{self, Completions};
use crate::exit::{Exit, Failure};
use std::io::{self, Write};

/// The name of the binary, which shells complete.
const BINARY: &str = "cargo-channel-flow";

pub(crate) fn run(args: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    // The scripts have names in them that can have no space.
    let mut command = args::command(false).name(BINARY);
    clap_complete::generate(args.shell, &mut command, BINARY, &mut script);
    // clap_complete writes a hyphen in the name of the binary in two ways into a script for bash, and then finds no options.
    let script =
        String::from_utf8_lossy(&script).replace(&BINARY.replace('-', "__subcmd__"), &BINARY.replace('-', "__"));
    let written = io::stdout().lock().write_all(script.as_bytes());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::not_started(format!("cannot write the script: {error}")))
        }
        _ => Ok(Exit::Decided),
    }
}
