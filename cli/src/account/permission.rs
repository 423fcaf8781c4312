//! The statement in a function's policy that lets the messaging service invoke it for an app instance.

use crate::account::arn::AppInstance;
use crate::account::policy::Policy;

/// Whether a function's policy lets the messaging service invoke it for an app instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    Missing,
    /// Our statement is there, but it says something else.
    Differs,
    /// Our statement is there.
    Ours,
    /// Another statement says it.
    Others,
}

impl Permission {
    /// Reads it from the function's policy.
    pub(crate) fn in_policy(policy: &Policy, app_instance: &AppInstance) -> Self {
        let ours = statement_id(app_instance);
        let grants = policy.grants(app_instance);
        match grants.iter().find(|grant| grant.sid == ours) {
            Some(grant) if grant.is_complete() && grant.source_arn.as_deref() == Some(&source_arn(app_instance)) => {
                Self::Ours
            }
            _ if policy.has_statement(&ours) => Self::Differs,
            _ if grants.iter().any(|grant| grant.is_complete()) => Self::Others,
            _ => Self::Missing,
        }
    }
}

/// The statement's id.
pub(crate) fn statement_id(app_instance: &AppInstance) -> String {
    let id = app_instance.id().chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' });
    "channel-flow-".chars().chain(id).take(100).collect()
}

/// The statement's source ARN: the app instance, with or without what follows its id, since AWS documents only the app
/// instance itself.
pub(crate) fn source_arn(app_instance: &AppInstance) -> String {
    format!("{app_instance}*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statement_ids_are_what_lambda_takes() {
        let long = format!("arn:aws:chime:us-east-1:123456789012:app-instance/{}.x", "y".repeat(120));
        for arn in ["arn:aws:chime:us-east-1:123456789012:app-instance/a-1", &long] {
            let id = statement_id(&crate::account::arn::app_instance(arn).unwrap());
            assert!(id.starts_with("channel-flow-") && id.len() <= 100 && !id.contains('.'), "{id}");
        }
    }
}
