//! The ARNs of the messaging service.

/// What an ARN of the messaging service names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ArnKind {
    AppInstance,
    Channel,
    User,
    Bot,
}

/// Returns what `arn` names, or `None` if it is not the ARN of one of these resources.
pub(crate) fn kind(arn: &str) -> Option<ArnKind> {
    // None of these is in an ARN, and each of them separates ARNs in some setting.
    if arn.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '+' | '*')) {
        return None;
    }
    let mut parts = arn.splitn(6, ':');
    let prefix = [parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let ["arn", _, "chime", _, _] = prefix else { return None };
    if prefix.contains(&"") {
        return None;
    }
    // The id of a user may contain slashes.
    let mut parts = parts.next()?.splitn(4, '/');
    let ("app-instance", id) = (parts.next()?, parts.next()?) else { return None };
    let kind = match (parts.next(), parts.next()) {
        (None, _) => ArnKind::AppInstance,
        (Some("channel"), Some(id)) if !id.is_empty() && !id.contains('/') => ArnKind::Channel,
        (Some("user"), Some(id)) if !id.is_empty() => ArnKind::User,
        (Some("bot"), Some(id)) if !id.is_empty() => ArnKind::Bot,
        _ => return None,
    };
    (!id.is_empty()).then_some(kind)
}

/// Returns the ARN of the app instance that a channel is in.
pub(crate) fn app_instance(channel_arn: &str) -> &str {
    channel_arn.split_once("/channel/").map_or(channel_arn, |(app_instance, _)| app_instance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_its_kind() {
        let kind = |resource: &str| kind(&format!("arn:aws-us-gov:chime:us-gov-east-1:111122223333:{resource}"));
        assert_eq!(kind("app-instance/a"), Some(ArnKind::AppInstance));
        assert_eq!(kind("app-instance/a/channel/b"), Some(ArnKind::Channel));
        assert_eq!(kind("app-instance/a/user/b"), Some(ArnKind::User));
        assert_eq!(kind("app-instance/a/user/b/c:d@e"), Some(ArnKind::User));
        assert_eq!(kind("app-instance/a/bot/b"), Some(ArnKind::Bot));
        for other in [
            "",
            "app-instance",
            "app-instance/",
            "app-instance/a/",
            "app-instance/a/channel",
            "app-instance/a/channel/",
            "app-instance/a/channel/b/c",
            "app-instance//channel/b",
            "app-instance/a/channel-flow/b",
            "app-instance/a/user/",
            "app-instance/a/user/*",
            "app-instance/a/user/b,",
            "app-instance/a/user/b c",
        ] {
            assert_eq!(kind(other), None, "{other}");
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "arn",
            "arn:aws:chime",
            "alice",
            "arn:aws:s3:us-east-1:1:app-instance/a",
            "arn:aws:chime:::app-instance/a",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
    }

    #[test]
    fn a_channel_is_in_an_app_instance() {
        let app_instance_arn = "arn:aws:chime:us-east-1:111122223333:app-instance/a";
        assert_eq!(app_instance(&format!("{app_instance_arn}/channel/b")), app_instance_arn);
    }
}
