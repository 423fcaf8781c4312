//! `completions`: scripts for shells.

use crate::args::{self, Completions};
use crate::exit::{Exit, Failure};
use std::io::{self, Write};

/// The name of the binary, which shells complete.
const BINARY: &str = "cargo-channel-flow";

pub(crate) fn run(args: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(false), BINARY, &mut script);
    let written = io::stdout().lock().write_all(&script);
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::not_started(format!("cannot write the script: {error}")))
        }
        _ => Ok(Exit::Decided),
    }
}
