//! What `dev` can be told.

use crate::args::function::FunctionArgs;
use crate::fallback_action::FallbackAction;
use channel_flow_emulator::MappedFunction;
use clap::Parser;
use clap::builder::NonEmptyStringValueParser;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// Start the messaging service, with a chat page and your processor in it
///
/// Amazon Chime SDK messaging and Lambda on this machine: the API for AWS's command line and SDKs,
/// a page with two people who talk, and a channel whose messages go through your processor. It is
/// built again when its source changes. Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Dev {
    /// The processor: a package of this workspace, or a path
    ///
    /// With a slash or a leading dot it is a path: to a binary, which is run as it is, or to the
    /// folder of a package, which is built. Without it, the first function of --function or
    /// --functions, or else profanity-filter.
    #[arg(short, long, value_name = "NAME|PATH", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) processor: Option<String>,

    #[command(flatten)]
    pub(crate) function: FunctionArgs,

    /// How many environments the function may have at once
    ///
    /// As Lambda does it, each takes one event at a time and is frozen between events.
    #[arg(long, value_name = "NUMBER", default_value_t = 2,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) environments: u16,

    /// How often Lambda tries an event again that failed
    ///
    /// Here it does so after one second and two, and not after one minute and two.
    #[arg(long, value_name = "NUMBER", default_value_t = 2,
          value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(crate) retries: u8,

    /// What becomes of a message whose processor cannot be reached
    #[arg(long, value_enum, default_value = "abort")]
    pub(crate) fallback: FallbackAction,

    /// Put a binary or an Invoke endpoint behind another function's name or ARN
    ///
    /// For flows that you create: NAME=PATH runs a binary, NAME=http://HOST:PORT/NAME invokes a
    /// function of cargo lambda watch, sam local start-lambda, or the runtime interface emulator.
    #[arg(long = "function", value_name = "ARN=PATH|URL")]
    pub(crate) mapped: Vec<MappedFunction>,

    /// The same from a JSON file, with settings for each function
    #[arg(long, value_name = "FILE")]
    pub(crate) functions: Option<PathBuf>,

    /// How many processors a flow may have
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
          value_parser = clap::value_parser!(u8).range(1..=3))]
    pub(crate) processors_per_flow: u8,

    /// The port; 0 for one that is free
    #[arg(long, default_value_t = 8700)]
    pub(crate) port: u16,

    /// The address; anything but loopback lets other machines in
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) address: IpAddr,

    /// Answer requests for this host name, too
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,

    /// Answer pages of this origin, too, such as `https://example.com`
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,

    /// Keep everything in this file, so that it outlives a restart
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,

    /// Keep the certificate for wss:// in this folder, so that it can be trusted once and for all
    #[arg(long, value_name = "DIR")]
    pub(crate) certificate: Option<PathBuf>,

    /// Record what flows in this file, as JSON lines for replay
    ///
    /// It is appended to. What people wrote is masked.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Record what people wrote as they wrote it
    #[arg(long, requires = "record")]
    pub(crate) record_content: bool,

    /// Show what messages say
    #[arg(long)]
    pub(crate) show_content: bool,

    /// Show what the function logs, on standard error
    #[arg(long)]
    pub(crate) logs: bool,
}

const EXAMPLES: &str = "\
Examples:
  cargo channel-flow dev
  cargo channel-flow dev -p my-processor --data chat.redb
  cargo channel-flow dev -p ./target/lambda/my-processor/bootstrap
  cargo channel-flow dev --function my-processor=http://127.0.0.1:9000/my-processor";
