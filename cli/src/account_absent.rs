//! The account commands in a build without the AWS SDK's crates: they are listed, and say how to get them.

use crate::exit::{Exit, Failure};
use clap::{Parser, Subcommand};
use std::ffi::OsString;

const HOW_TO_GET_IT: &str = "\
this cargo-channel-flow was built without the commands that work on an AWS account. To get them, run
  cargo install cargo-channel-flow --features account
or, in the repository,
  cargo run -p cargo-channel-flow --features account -- apply …";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Apply(Apply),
    Destroy(Destroy),
    Doctor(Doctor),
}

pub(crate) fn run(_command: &Command) -> Result<Exit, Failure> {
    Err(Failure::unusable(HOW_TO_GET_IT))
}

/// Add a deployed function to a channel flow (needs the feature `account`)
#[derive(Debug, Parser)]
#[command(disable_help_flag = true)]
pub(crate) struct Apply {
    #[command(flatten)]
    _anything: Anything,
}

/// Delete a channel flow and the permissions that `apply` added (needs the feature `account`)
#[derive(Debug, Parser)]
#[command(disable_help_flag = true)]
pub(crate) struct Destroy {
    #[command(flatten)]
    _anything: Anything,
}

/// Find problems in a deployment, and print how to fix them (needs the feature `account`)
#[derive(Debug, Parser)]
#[command(disable_help_flag = true)]
pub(crate) struct Doctor {
    #[command(flatten)]
    _anything: Anything,
}

/// Whatever they are given, so that this and nothing else is what they complain about.
#[derive(Debug, clap::Args)]
struct Anything {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _anything: Vec<OsString>,
}
