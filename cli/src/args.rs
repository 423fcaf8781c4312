//! The command line, and its help.

mod completions;
mod dev;
mod function;
mod message;
mod new;
#[cfg(test)]
mod pages;
mod processor;
mod replay;
#[cfg(feature = "review")]
mod review;
mod send;

pub(crate) use completions::Completions;
pub(crate) use dev::Dev;
pub(crate) use function::FunctionArgs;
pub(crate) use message::MessageArgs;
pub(crate) use new::New;
pub(crate) use processor::ProcessorArgs;
pub(crate) use replay::Replay;
#[cfg(feature = "review")]
pub(crate) use review::{Action, By, Place, QueueArg, Review};
pub(crate) use send::Send;

#[cfg(not(feature = "review"))]
use crate::review_absent::Review;
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;

/// Run channel flow processors on a laptop, without an AWS account
///
/// A channel flow processor is a Lambda function that Amazon Chime SDK messaging invokes with each
/// message of a channel. It answers with a callback that updates the message, denies it, or lets it
/// through unchanged.
#[derive(Debug, Parser)]
#[command(name = "cargo channel-flow", bin_name = "cargo channel-flow",
          display_name = "cargo-channel-flow", version = VERSION)]
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
    Completions(Completions),
}

/// The version, and the commit that it was built from, if that is known.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("CHANNEL_FLOW_COMMIT"));

/// The whole command line. `send` needs texts or events in its arguments only if standard input `is_terminal`.
pub(crate) fn command(is_terminal: bool) -> clap::Command {
    Args::command().mut_subcommand("send", |send| {
        send.mut_arg("texts", |texts| if is_terminal { texts.required_unless_present("event") } else { texts })
    })
}

/// The arguments, whether cargo calls (`cargo channel-flow …` passes the subcommand's name on) or
/// a shell does.
pub(crate) fn of_cargo_or_shell(args: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    args.enumerate().filter(|(position, arg)| *position != 1 || arg != "channel-flow").map(|(_, arg)| arg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::error::ErrorKind;

    pub(super) fn parse(args: &[&str]) -> Result<Send, clap::Error> {
        let args = args.iter().map(OsString::from);
        match Args::try_parse_from(of_cargo_or_shell(args))?.command {
            Command::Send(send) => Ok(send),
            command => panic!("{command:?}"),
        }
    }

    #[test]
    fn the_definition_holds_together() {
        for is_terminal in [true, false] {
            command(is_terminal).debug_assert();
        }
    }

    #[test]
    fn nothing_to_send_is_an_error_at_a_terminal() {
        let none = command(true).try_get_matches_from(["x", "send"]).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::MissingRequiredArgument);
        for args in [&["x", "send", "hello"][..], &["x", "send", "--event", "e"]] {
            assert!(command(true).try_get_matches_from(args).is_ok());
        }
        assert!(command(false).try_get_matches_from(["x", "send"]).is_ok());
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
