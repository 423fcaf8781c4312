//! The commands that work on an AWS account: `apply`, `destroy` and `doctor`.
//!
//! The AWS SDK's crates are large, so this is there with the feature `account` only. `account_absent` stands in for it.

mod apply;
mod args;
mod arn;
mod carry_out;
mod channel_flow;
mod clients;
mod destroy;
mod doctor;
mod explain;
mod iam;
mod lambda;
mod messaging;
mod permission;
mod plan;
mod plan_text;
mod policy;
mod table;
mod target;
mod terminal;

use crate::exit::{Exit, Failure};
use crate::interrupt;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Apply(Box<args::Apply>),
    Destroy(Box<args::Destroy>),
    Doctor(Box<args::Doctor>),
}

pub(crate) fn run(command: &Command) -> Result<Exit, Failure> {
    let work = async {
        match command {
            Command::Apply(args) => apply::run(args).await,
            Command::Destroy(args) => destroy::run(args).await,
            Command::Doctor(args) => doctor::run(args).await,
        }
    };
    interrupt::unless_told_to_end(work, async {})
}
