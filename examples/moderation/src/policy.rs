//! The settings that a channel has for itself.

use std::collections::BTreeMap;

use profanity_filter::InvalidSetting;

/// Values by the names of the environment variables in whose place they come. With an empty value, a setting has its default.
pub(crate) type Policy = BTreeMap<String, String>;

/// Refuses names that nothing would read.
pub(crate) fn check_names(policy: &Policy) -> Result<(), InvalidSetting> {
    let is_read = |name: &String| {
        matches!(
            name.as_str(),
            "ALLOWED_LINK_HOSTS"
                | "SHADOW"
                | "PROFANITY_ACTION"
                | "PROFANITY_REPLACEMENT"
                | "PROFANITY_ALSO"
                | "PROFANITY_ALLOW"
        )
    };
    match policy.keys().all(is_read) {
        true => Ok(()),
        false => Err(InvalidSetting::new("a name in a policy", "`ALLOWED_LINK_HOSTS`, `SHADOW` or a `PROFANITY_…`")),
    }
}
