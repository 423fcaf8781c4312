//! A binary behind a function's ARN, as a file says it.

use crate::function_map::TIMEOUT;
use crate::function_map::field::{Field, FunctionMapError};
use crate::lambda::event_queue::EventInvokeConfig;
use crate::lambda::function_settings::FunctionSettings;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// For everything that is not given, the settings apply that it is started with.
#[derive(Clone, Debug, Default)]
pub(super) struct Binary {
    pub(super) path: PathBuf,
    pub(super) environments: Option<usize>,
    pub(super) timeout: Option<Duration>,
    pub(super) memory: Option<u32>,
    pub(super) freeze: Option<bool>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) retries: Option<usize>,
    pub(super) retry_delays: Option<[Duration; 2]>,
}

const BINARY: [&str; 8] = ["binary", "environments", "timeout", "memory", "freeze", "env", "retries", "retry_delays"];
const DELAY: RangeInclusive<f64> = 0.0..=21_600.0;

impl Binary {
    pub(super) fn read(field: &Field<'_>, folder: &Path) -> Result<Self, FunctionMapError> {
        let mut binary = Self::default();
        for member in field.members(&BINARY)? {
            match member.name() {
                "binary" => binary.path = folder.join(member.read::<PathBuf>("a path")?),
                "environments" => binary.environments = Some(member.integer(1..=1000)?),
                "timeout" => binary.timeout = Some(member.seconds(TIMEOUT)?),
                "memory" => binary.memory = Some(member.integer(128..=10_240)?),
                "freeze" => binary.freeze = Some(member.read("true or false")?),
                "env" => binary.env = member.read("an object of strings")?,
                "retries" => binary.retries = Some(member.integer(0..=2)?),
                _ => {
                    let [first, second] = member.read::<[f64; 2]>("two numbers")?;
                    binary.retry_delays =
                        Some([member.check_seconds(first, DELAY)?, member.check_seconds(second, DELAY)?]);
                }
            }
        }
        Ok(binary)
    }

    pub(super) fn settings(&self, mut settings: FunctionSettings) -> FunctionSettings {
        if let Some(environments) = self.environments {
            settings = settings.concurrency(environments);
        }
        if let Some(timeout) = self.timeout {
            settings = settings.timeout(timeout);
        }
        if let Some(memory) = self.memory {
            settings = settings.memory_mb(memory);
        }
        if let Some(freeze) = self.freeze {
            settings = settings.freeze(freeze);
        }
        settings.envs(self.env.clone())
    }

    pub(super) fn config(&self, mut config: EventInvokeConfig) -> EventInvokeConfig {
        if let Some(retries) = self.retries {
            config = config.maximum_retry_attempts(retries);
        }
        if let Some([first, second]) = self.retry_delays {
            config = config.retry_delays(first, second);
        }
        config
    }
}
