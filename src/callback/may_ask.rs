//! Whether the function may ask the service for the status of a message.

use crate::Error;

/// The variable that says in which app instances the role has the permission `chime:GetChannelMessageStatus`.
pub(crate) const VARIABLE: &str = "CHANNEL_FLOW_MAY_ASK_STATUS";

/// What the deployment declares about the permission `chime:GetChannelMessageStatus`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum MayAsk {
    /// The deployment declares nothing. The service is asked, and only an answer counts.
    #[default]
    Unsaid,
    /// The role does not have the permission, and the service is not asked.
    Never,
    /// The role has the permission in every app instance whose messages the function gets.
    Everywhere,
    /// The role has the permission in these app instances.
    In(Vec<String>),
}

impl MayAsk {
    /// Reads the value of the variable.
    ///
    /// # Errors
    ///
    /// Returns an [`Error`] if the value is not `true`, `false`, or ARNs of app instances.
    pub(crate) fn parse(value: Option<&str>) -> Result<Self, Error> {
        match value.map(str::trim).unwrap_or_default() {
            "" => Ok(Self::Unsaid),
            "true" => Ok(Self::Everywhere),
            "false" => Ok(Self::Never),
            arns => {
                let arns: Vec<_> = arns.split(',').map(|arn| arn.trim().to_owned()).collect();
                if arns.iter().all(|arn| is_app_instance(arn)) {
                    return Ok(Self::In(arns));
                }
                Err(Error::configuration(format!(
                    "{VARIABLE} must be true, false, or the ARNs of app instances with commas between them"
                )))
            }
        }
    }

    /// Returns whether the deployment declares that the role has the permission.
    pub(super) fn is_granted_in(&self, app_instance: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(arns) => arns.iter().any(|arn| arn == app_instance),
            Self::Unsaid | Self::Never => false,
        }
    }
}

fn is_app_instance(arn: &str) -> bool {
    arn.starts_with("arn:")
        && arn.split_once(":app-instance/").is_some_and(|(_, id)| !id.is_empty() && !id.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_has_four_meanings() {
        let (one, other) = (
            "arn:aws:chime:us-east-1:111122223333:app-instance/a",
            "arn:aws:chime:us-east-1:111122223333:app-instance/b",
        );
        assert_eq!(MayAsk::parse(None).unwrap(), MayAsk::Unsaid);
        assert_eq!(MayAsk::parse(Some("")).unwrap(), MayAsk::Unsaid);
        assert_eq!(MayAsk::parse(Some("true")).unwrap(), MayAsk::Everywhere);
        assert_eq!(MayAsk::parse(Some("false")).unwrap(), MayAsk::Never);
        let both = MayAsk::parse(Some(&format!("{one}, {other}"))).unwrap();
        assert!(both.is_granted_in(one) && both.is_granted_in(other));
        assert!(!MayAsk::parse(Some(one)).unwrap().is_granted_in(other));
    }

    #[test]
    fn a_value_without_a_meaning_is_an_error() {
        for value in ["yes", "1", "TRUE please", "arn:aws:chime:us-east-1:111122223333:app-instance/a/user/b", "arn:x,"]
        {
            let error = MayAsk::parse(Some(value)).unwrap_err();
            assert!(error.to_string().starts_with(VARIABLE), "{error}");
        }
    }
}
