//! The command line, and its help.

mod dev;
mod function;
mod new;
#[cfg(test)]
mod pages;
mod processor;
mod replay;
#[cfg(feature = "review")]
mod review;
mod send;

pub(crate) use dev::Dev;
pub(crate) use function::FunctionArgs;
pub(crate) use new::New;
pub(crate) use processor::ProcessorArgs;
pub(crate) use replay::Replay;
#[cfg(feature = "review")]
pub(crate) use review::{Action, By, Place, QueueArg, Review};
pub(crate) use send::Send;

#[cfg(not(feature = "review"))]
use crate::review_absent::Review;
use clap::{Parser, Subcommand};
use std::ffi::OsString;

/// Run channel flow processors on a laptop, without an AWS account
///
/// A channel flow processor is a Lambda function that Amazon Chime SDK messaging invokes with each
/// message of a channel. It answers with a callback that updates the message, denies it, or lets it
/// through unchanged.
#[derive(Debug, Parser)]
#[command(name = "cargo channel-flow", bin_name = "cargo channel-flow", version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(New),
    Dev(Dev),
    Send(Send),
    Replay(Replay),
    Review(Review),
    #[command(flatten)]
    Account(crate::account::Command),
}

/// The arguments, whether cargo calls (`cargo channel-flow …` passes the subcommand's name on) or
/// a shell does.
pub(crate) fn of_cargo_or_shell(args: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    args.enumerate().filter(|(position, arg)| *position != 1 || arg != "channel-flow").map(|(_, arg)| arg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    pub(super) fn parse(args: &[&str]) -> Result<Send, clap::Error> {
        let args = args.iter().map(OsString::from);
        match Args::try_parse_from(of_cargo_or_shell(args))?.command {
            Command::Send(send) => Ok(send),
            command => panic!("{command:?}"),
        }
    }

    #[test]
    fn the_definition_holds_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn cargo_and_a_shell_say_the_same() {
        for args in [
            &["cargo-channel-flow", "send", "channel-flow"][..],
            &["cargo-channel-flow", "channel-flow", "send", "channel-flow"],
        ] {
            assert_eq!(parse(args).unwrap().texts, ["channel-flow"]);
        }
    }
}
