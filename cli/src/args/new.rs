//! Options of `new`.

use clap::Parser;
use clap::builder::NonEmptyStringValueParser;

/// Make a project with a processor, its tests and a template for AWS
///
/// Writes a package into a new folder. Its tests run the processor alone and, as Lambda does, in
/// the emulator; template.yaml deploys it with a channel flow.
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub(crate) struct New {
    /// The name of the package, which its folder gets too
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: String,

    /// Start from an example of the channel-flow repository
    ///
    /// One of assistant, flood, moderation, presence, profanity-filter, review, toxicity and
    /// traces. An example has no template.yaml; its README says what it needs in an account.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) example: Option<String>,

    /// Where the framework comes from: a clone of its repository, or a version in the registry
    ///
    /// A value with a slash or a leading dot is the path of a clone. Without this option, it is the
    /// clone that this command was built in, or the version of this command if it came from a
    /// registry.
    #[arg(long, value_name = "PATH|VERSION", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) channel_flow: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  cargo channel-flow new guard
  cargo channel-flow new guard --example moderation
  cargo channel-flow new guard --channel-flow ../channel-flow";
