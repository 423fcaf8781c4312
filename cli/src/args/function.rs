//! What all commands that run a processor let the user say of it.

use crate::variables;
use channel_flow_emulator::FunctionSettings;
use clap::Args;
use clap::builder::ValueParser;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct FunctionArgs {
    /// Build the processor with optimizations
    #[arg(long)]
    pub(crate) release: bool,

    /// Set an environment variable of the function
    ///
    /// The function sees the variables of a Lambda function, then yours, AWS_* aside, then these.
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = ValueParser::new(variable))]
    pub(crate) env: Vec<(String, String)>,

    /// How long one invocation may take before the function is killed
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=900))]
    pub(crate) timeout: u64,
}

impl FunctionArgs {
    pub(crate) fn settings(&self) -> FunctionSettings {
        FunctionSettings::new()
            .timeout(Duration::from_secs(self.timeout))
            .envs(variables::inherited())
            .envs(self.env.clone())
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}
