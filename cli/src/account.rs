//! What works on an AWS account: `apply`, `destroy` and `doctor`.
//!
//! The AWS SDK's crates are large, so these are there with the feature `account` only. Without it they say how to get them.

#[cfg(feature = "account")]
mod apply;
#[cfg(feature = "account")]
mod args;
#[cfg(feature = "account")]
mod arn;
#[cfg(feature = "account")]
mod carry_out;
#[cfg(feature = "account")]
mod clients;
#[cfg(feature = "account")]
mod destroy;
#[cfg(feature = "account")]
mod doctor;
#[cfg(feature = "account")]
mod explain;
#[cfg(feature = "account")]
mod iam;
#[cfg(feature = "account")]
mod lambda;
#[cfg(feature = "account")]
mod messaging;
#[cfg(feature = "account")]
mod plan;
#[cfg(feature = "account")]
mod policy;
#[cfg(feature = "account")]
mod show;

#[cfg(not(feature = "account"))]
mod absent;
#[cfg(not(feature = "account"))]
use absent as args;

use crate::exit::{Exit, Failure};
use clap::Subcommand;

/// The commands. They are listed whether they are there or not.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Apply(Box<args::Apply>),
    Destroy(Box<args::Destroy>),
    Doctor(Box<args::Doctor>),
}

#[cfg(not(feature = "account"))]
pub(crate) fn run(_command: &Command) -> Result<Exit, Failure> {
    Err(Failure::unusable(absent::HOW_TO_GET_IT))
}

#[cfg(feature = "account")]
pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::not_started(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        match command {
            Command::Apply(args) => apply::run(args).await,
            Command::Destroy(args) => destroy::run(args).await,
            Command::Doctor(args) => doctor::run(args).await,
        }
    })
}
