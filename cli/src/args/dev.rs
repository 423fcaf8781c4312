//! Options of `dev`.

use crate::args::function::FunctionArgs;
use crate::args::processor::ProcessorArgs;
use crate::fallback_action::FallbackAction;
use channel_flow_emulator::MappedFunction;
use clap::Parser;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// Start a local messaging service with a chat page and your processor
///
/// Runs Amazon Chime SDK messaging and Lambda on this machine: the API for the AWS CLI and SDKs, a
/// chat page with two users, and a channel whose messages go through your processor. Rebuilds the
/// processor when its source changes. Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Dev {
    #[command(flatten)]
    pub(crate) processor: ProcessorArgs,

    #[command(flatten)]
    pub(crate) function: FunctionArgs,

    /// How many execution environments the function may have at once
    ///
    /// As in Lambda, each takes one event at a time and is frozen between events.
    #[arg(long, value_name = "NUMBER", default_value_t = 2,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) environments: u16,

    /// How often to retry a failed event, as Lambda does
    ///
    /// The retries come after one second and two seconds. Lambda waits one minute and two minutes.
    #[arg(long, value_name = "NUMBER", default_value_t = 2,
          value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(crate) retries: u8,

    /// What happens to a message if its processor cannot be reached
    #[arg(long, value_enum, default_value = "abort")]
    pub(crate) fallback: FallbackAction,

    /// Map another function's name or ARN to a binary or an Invoke endpoint
    ///
    /// For flows that you create: NAME=PATH runs a binary; NAME=http://HOST:PORT/NAME invokes a
    /// function in cargo lambda watch, sam local start-lambda or the runtime interface emulator.
    /// Unless an option names the processor, it is the first of these functions.
    #[arg(long = "function", value_name = "ARN=PATH|URL")]
    pub(crate) mapped: Vec<MappedFunction>,

    /// Read such mappings from a JSON file, with settings for each function
    #[arg(long, value_name = "FILE")]
    pub(crate) functions: Option<PathBuf>,

    /// How many processors a flow may have
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
          value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) processors_per_flow: u8,

    /// The port to listen on; 0 picks a free one
    #[arg(long, default_value_t = 8700)]
    pub(crate) port: u16,

    /// The address to listen on; any address except loopback lets other machines connect
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) address: IpAddr,

    /// Also answer requests for this host name
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,

    /// Also answer pages from this origin, such as `https://example.com`
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,

    /// Keep all state in this file across restarts
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,

    /// Keep the certificate for wss:// in this directory, so that you trust it only once
    #[arg(long, value_name = "DIR")]
    pub(crate) certificate: Option<PathBuf>,

    /// How often to look for held messages whose deadline has come, and invoke the processor for them
    ///
    /// In an account, a schedule of EventBridge invokes the function every minute.
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) sweep_every: u64,

    /// Record messages and decisions in this file, as JSON lines for replay
    ///
    /// Appends to the file. Message content is masked, as is everything else that people wrote.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Record message content unmasked
    #[arg(long, requires = "record")]
    pub(crate) record_content: bool,

    /// Show message content
    #[arg(long)]
    pub(crate) show_content: bool,

    /// Show the function's logs on standard error
    #[arg(long)]
    pub(crate) logs: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo channel-flow dev
  cargo channel-flow dev -p my-processor --data chat.redb
  cargo channel-flow dev -p ./target/lambda/my-processor/bootstrap
  cargo channel-flow dev --function my-processor=http://127.0.0.1:9000/my-processor";
