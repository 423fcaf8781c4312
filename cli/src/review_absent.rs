//! `review` in a build without the AWS SDK's crates: it is listed, and says how to get it.

use crate::exit::{Exit, Failure};
use clap::Parser;
use std::ffi::OsString;

/// List and decide messages that are held for a reviewer (needs the feature `review`)
#[derive(Debug, Parser)]
#[command(disable_help_flag = true)]
pub(crate) struct Review {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _anything: Vec<OsString>,
}

pub(crate) fn run(_args: &Review) -> Result<Exit, Failure> {
    Err(Failure::unusable(
        "this cargo-channel-flow was built without the command for reviewers. To get it, run\n  \
         cargo install cargo-channel-flow --features review",
    ))
}
