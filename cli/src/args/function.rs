//! Options of all commands that run a processor.

use crate::variables;
use channel_flow_emulator::FunctionSettings;
use clap::Args;
use clap::builder::ValueParser;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct FunctionArgs {
    /// Set an environment variable for the function
    ///
    /// The function sees Lambda's variables, then those of your shell except AWS_*, then these.
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = ValueParser::new(variable))]
    pub(crate) env: Vec<(String, String)>,

    /// How long an invocation may take before the function is killed
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
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
