//! `cargo channel-flow`: run channel flow processors on a laptop.

#[cfg(feature = "account")]
mod account;
#[cfg(not(feature = "account"))]
mod account_absent;
mod args;
mod build;
mod completions;
mod decided_by;
mod dev;
mod diff;
mod env_file;
mod events;
mod exit;
mod fallback_action;
mod inputs;
mod interrupt;
mod json;
mod logs;
mod new;
#[cfg(test)]
mod reference;
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
mod texts;
mod variables;

#[cfg(not(feature = "account"))]
use crate::account_absent as account;
use crate::args::{Args, Command};
#[cfg(not(feature = "review"))]
use crate::review_absent as review;
use clap::FromArgMatches;
use std::io::{IsTerminal, Write, stdin};
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = args::command(stdin().is_terminal());
    let matches = command.get_matches_from(args::of_cargo_or_shell(std::env::args_os()));
    let args = Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let result = match args.command {
        Command::Completions(completions) => completions::run(&completions),
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
