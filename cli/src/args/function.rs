//! Options of all commands that run a processor.

use crate::env_file::EnvFile;
use crate::variables::Variables;
use channel_flow_emulator::FunctionSettings;
use clap::builder::ValueParser;
use clap::{Args, ValueHint};
use std::time::Duration;

#[derive(Debug, Args)]
#[command(next_help_heading = "Function")]
pub(crate) struct FunctionArgs {
    /// Set an environment variable for the function
    ///
    /// The function sees Lambda's variables, then those of your shell except AWS_*, then those of
    /// --env-file, then these. AWS_PROFILE, or other credentials, take the place of the emulator's.
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = ValueParser::new(variable))]
    pub(crate) env: Vec<(String, String)>,

    /// Set the environment variables of a file; can be repeated
    ///
    /// The file has lines NAME=VALUE, with comments after # and values in quotes if needed. A $ is an
    /// ordinary character.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = ValueParser::new(EnvFile::read))]
    pub(crate) env_file: Vec<EnvFile>,

    /// Let the function use your AWS credentials and region
    ///
    /// The function gets the AWS_* variables of your shell, and reads your profiles, so that it can
    /// call AWS: Amazon Bedrock, for example. Its callbacks still go to the emulator. Without this
    /// option, the function has credentials that no AWS account knows.
    #[arg(long)]
    pub(crate) own_credentials: bool,

    /// How long an invocation may take before the function is killed
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=900))]
    pub(crate) timeout: u64,
}

impl FunctionArgs {
    pub(crate) fn settings(&self) -> FunctionSettings {
        let Variables { variables, own_credentials } = self.variables();
        let settings = FunctionSettings::new().timeout(Duration::from_secs(self.timeout)).envs(variables);
        if own_credentials { settings.without_credentials() } else { settings }
    }

    /// Whether the function signs its callbacks with keys that the emulator does not know.
    pub(crate) fn uses_own_credentials(&self) -> bool {
        self.variables().own_credentials
    }

    fn variables(&self) -> Variables {
        let of_files = self.env_file.iter().flat_map(EnvFile::variables);
        Variables::new(of_files.chain(&self.env).cloned().collect(), self.own_credentials)
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
