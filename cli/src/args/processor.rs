//! Options that name the processor and say how it is built.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Processor")]
pub(crate) struct ProcessorArgs {
    /// The processor: a package in this workspace, or a path; without it, the package of this folder
    ///
    /// A value with a slash or a leading dot is a path: to a binary, which runs as it is, or to a
    /// package directory, which is built. Without this option, the package is the one that cargo
    /// run would choose.
    #[arg(short, long, value_name = "NAME|PATH", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) processor: Option<String>,

    /// The binary of the package, if it has several
    ///
    /// Defaults to default-run in the package's Cargo.toml.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) bin: Option<String>,

    /// Build the processor with optimizations
    #[arg(long)]
    pub(crate) release: bool,
}

impl ProcessorArgs {
    /// Whether an option says which processor is meant.
    pub(crate) fn is_named(&self) -> bool {
        self.processor.is_some() || self.bin.is_some()
    }
}
