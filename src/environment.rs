//! The environment variables that the framework reads.

use crate::callback::may_ask::MayAsk;
use crate::{Error, FallbackAction, Metrics};

/// Returns a variable that is set and not empty.
pub(crate) fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The address of the Runtime API. Lambda sets it, and so does everything that acts as Lambda.
pub(crate) const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// The settings of an [`Adapter`](crate::Adapter) that the environment gives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    /// `CHANNEL_FLOW_FALLBACK_ACTION`.
    pub(crate) fallback_action: Option<FallbackAction>,
    /// `CHANNEL_FLOW_MAY_ASK_STATUS`.
    pub(crate) may_ask: MayAsk,
    /// `CHANNEL_FLOW_METRICS`.
    pub(crate) metrics: Option<Metrics>,
    /// `CHANNEL_FLOW_DRY_RUN`.
    pub(crate) dry_run: Option<bool>,
    /// See [`concurrency`].
    pub(crate) concurrency: u32,
}

impl Environment {
    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] if a variable of the framework has an invalid value.
    pub(crate) fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        Ok(Self {
            fallback_action: var(FALLBACK_ACTION).as_deref().map(fallback_action).transpose()?,
            may_ask: MayAsk::parse(var(MAY_ASK_STATUS).as_deref()).ok_or_else(|| {
                invalid(MAY_ASK_STATUS, "true, false, or the ARNs of app instances with commas between them")
            })?,
            metrics: var(METRICS)
                .map(|value| Metrics::parse(&value).ok_or_else(|| invalid(METRICS, "emf or off")))
                .transpose()?,
            dry_run: var(DRY_RUN)
                .map(|value| value.parse().map_err(|_| invalid(DRY_RUN, "true or false")))
                .transpose()?,
            concurrency: concurrency(&var),
        })
    }
}

/// How many invocations Lambda runs in this environment at once.
pub(crate) fn concurrency(var: impl Fn(&str) -> Option<String>) -> u32 {
    var("AWS_LAMBDA_MAX_CONCURRENCY").and_then(|value| value.parse().ok()).unwrap_or(1)
}

const FALLBACK_ACTION: &str = "CHANNEL_FLOW_FALLBACK_ACTION";
const METRICS: &str = "CHANNEL_FLOW_METRICS";
const DRY_RUN: &str = "CHANNEL_FLOW_DRY_RUN";
/// Says where the role has the grant `chime:GetChannelMessageStatus`.
pub(crate) const MAY_ASK_STATUS: &str = "CHANNEL_FLOW_MAY_ASK_STATUS";

fn fallback_action(value: &str) -> Result<FallbackAction, Error> {
    match value {
        "ABORT" => Ok(FallbackAction::Abort),
        "CONTINUE" => Ok(FallbackAction::Continue),
        _ => Err(invalid(FALLBACK_ACTION, "ABORT or CONTINUE")),
    }
}

fn invalid(variable: &str, must_be: &str) -> Error {
    Error::configuration(format!("{variable} must be {must_be}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, Error> {
        Environment::read(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_is_set_by_default() {
        let environment = Environment {
            fallback_action: None,
            may_ask: MayAsk::Unsaid,
            metrics: None,
            dry_run: None,
            concurrency: 1,
        };
        assert_eq!(read(&[]).unwrap(), environment);
    }

    #[test]
    fn each_variable_is_heard() {
        let variables = [
            (FALLBACK_ACTION, "CONTINUE"),
            (MAY_ASK_STATUS, "true"),
            (METRICS, "emf"),
            (DRY_RUN, "true"),
            ("AWS_LAMBDA_MAX_CONCURRENCY", "8"),
        ];
        let environment = Environment {
            fallback_action: Some(FallbackAction::Continue),
            may_ask: MayAsk::Everywhere,
            metrics: Some(Metrics::Emf),
            dry_run: Some(true),
            concurrency: 8,
        };
        assert_eq!(read(&variables).unwrap(), environment);
    }

    #[test]
    fn a_value_that_makes_no_sense_is_an_error_that_names_the_variable() {
        for (variable, value) in [
            (FALLBACK_ACTION, "continue"),
            (FALLBACK_ACTION, "DENY"),
            (MAY_ASK_STATUS, "yes"),
            (METRICS, "on"),
            (DRY_RUN, "1"),
        ] {
            let error = read(&[(variable, value)]).unwrap_err();
            assert!(error.to_string().starts_with(variable), "{error}");
            assert!(!error.to_string().contains(value), "{error}");
        }
    }
}
