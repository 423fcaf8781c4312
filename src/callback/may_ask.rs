//! Whether the function may ask the service for the status of a message.

use crate::arn::{self, ArnKind};

/// What the deployment says of the grant `chime:GetChannelMessageStatus`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum MayAsk {
    /// The deployment declares nothing. The service is asked, and only an answer counts.
    #[default]
    Unsaid,
    /// The role does not have the grant, and the service is not asked.
    Never,
    /// The role has the grant in every app instance whose messages the function gets.
    Everywhere,
    /// The role has the grant in these app instances.
    In(Vec<String>),
}

impl MayAsk {
    /// Reads the value of the variable: nothing, `true`, `false`, or ARNs of app instances. `None` if it is something else.
    pub(crate) fn parse(value: Option<&str>) -> Option<Self> {
        match value.map(str::trim).unwrap_or_default() {
            "" => Some(Self::Unsaid),
            "true" => Some(Self::Everywhere),
            "false" => Some(Self::Never),
            arns => {
                let arns: Vec<_> = arns.split(',').map(|arn| arn.trim().to_owned()).collect();
                arns.iter().all(|arn| arn::kind(arn) == Some(ArnKind::AppInstance)).then_some(Self::In(arns))
            }
        }
    }

    /// Returns whether the deployment declares that the role has the grant.
    pub(super) fn is_granted_in(&self, app_instance: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(arns) => arns.iter().any(|arn| arn == app_instance),
            Self::Unsaid | Self::Never => false,
        }
    }
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
    fn a_value_without_a_meaning_is_none() {
        for value in ["yes", "1", "TRUE please", "arn:aws:chime:us-east-1:111122223333:app-instance/a/user/b", "arn:x,"]
        {
            assert_eq!(MayAsk::parse(Some(value)), None, "{value}");
        }
    }
}
