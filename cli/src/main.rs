//! `cargo channel-flow`: run channel flow processors on a laptop.

#[cfg(feature = "account")]
mod account;
#[cfg(not(feature = "account"))]
mod account_absent;
mod args;
mod build;
mod decided_by;
mod dev;
mod diff;
mod events;
mod exit;
mod fallback_action;
mod interrupt;
mod json;
mod logs;
mod new;
mod replay;
#[cfg(feature = "review")]
mod review;
#[cfg(not(feature = "review"))]
mod review_absent;
#[cfg(any(feature = "account", feature = "review"))]
mod sdk;
mod send;
mod show;
mod step_line;
mod text;
mod variables;

#[cfg(not(feature = "account"))]
use crate::account_absent as account;
use crate::args::{Args, Command};
#[cfg(not(feature = "review"))]
use crate::review_absent as review;
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse_from(args::of_cargo_or_shell(std::env::args_os()));
    let result = match args.command {
        Command::New(new) => new::run(&new),
        Command::Dev(dev) => dev::run(&dev),
        Command::Send(send) => send::run(&send),
        Command::Replay(replay) => replay::run(&replay),
        Command::Review(review) => review::run(&review),
        Command::Account(command) => account::run(&command),
    };
    let exit = result.unwrap_or_else(|error| {
        let _ = writeln!(anstream::stderr(), "{} {error}", text::error_label());
        error.exit()
    });
    ExitCode::from(exit)
}
