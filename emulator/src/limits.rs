//! The limits of the API: one table, as its model has it.
//!
//! Lengths count Unicode code points, as Smithy counts them. The one limit in bytes,
//! [`CONTENT_BYTES`], is not in the model: it is the size of a stored message.

use std::fmt;

/// A limit on one string that the service takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLimit {
    /// The field, as the service spells it.
    pub field: &'static str,
    /// The fewest code points.
    pub min: usize,
    /// The most code points, if the model has a maximum.
    pub max: Option<usize>,
    /// Which code points.
    pub pattern: Pattern,
}

/// Which characters a string may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pattern {
    /// `[\s\S]*`: any.
    Any,
    /// `.*`: any, on one line.
    OneLine,
    /// `[-_a-zA-Z0-9]*`.
    Identifier,
    /// The model's pattern for the ARN of a resource of Chime.
    Arn,
    /// The model's pattern for the ARN of a Lambda function, with or without a version or alias.
    LambdaArn,
    /// `.*\S.*`: one line that is not blank.
    NotBlank,
    /// `[A-Za-z0-9]([A-Za-z0-9\:\-\_\.\@]{0,62}[A-Za-z0-9])?`.
    Id,
    /// The model's pattern for the ARN of an alias of a Lex bot.
    LexBotAliasArn,
    /// `^([A-Za-z]_?)+$`.
    LexIntentName,
    /// What XML allows in a text: no control characters but tab, line feed and carriage return.
    Printable,
}

/// How a string breaks its [`TextLimit`]. Never holds the string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitError {
    /// Fewer code points than the limit asks for.
    TooShort(TextLimit, usize),
    /// More code points than the limit allows.
    TooLong(TextLimit, usize),
    /// A character that the pattern does not allow.
    Pattern(TextLimit),
    /// More bytes in UTF-8 than a stored message holds.
    TooManyBytes(usize),
}

/// The most bytes of UTF-8 that a message's `Content` may have: 4 KB, read as 4,096.
pub const CONTENT_BYTES: usize = 4096;

/// The most bytes of UTF-8 that the `Content` of a `CONTROL` message may have.
pub const CONTROL_CONTENT_BYTES: usize = 30;

/// `PushNotification.Type`.
pub const PUSH_NOTIFICATION_TYPES: [&str; 2] = ["DEFAULT", "VOIP"];

/// `CallbackId`.
pub const CALLBACK_ID: TextLimit = limit("CallbackId", 32, Some(64), Pattern::Any);
/// `ChannelArn`.
pub const CHANNEL_ARN: TextLimit = limit("ChannelArn", 5, Some(1600), Pattern::Arn);
/// `ChannelMessage.MessageId`.
pub const MESSAGE_ID: TextLimit = limit("MessageId", 1, Some(128), Pattern::Identifier);
/// `ChannelMessage.Content`; [`CONTENT_BYTES`] applies too.
pub const CONTENT: TextLimit = limit("Content", 1, None, Pattern::Any);
/// `ChannelMessage.Metadata`.
pub const METADATA: TextLimit = limit("Metadata", 0, Some(1024), Pattern::OneLine);
/// `ChannelMessage.SubChannelId`.
pub const SUB_CHANNEL_ID: TextLimit = limit("SubChannelId", 1, Some(128), Pattern::Identifier);
/// `ChannelMessage.ContentType`.
pub const CONTENT_TYPE: TextLimit = limit("ContentType", 0, Some(45), Pattern::Any);
/// `ChannelMessage.PushNotification.Title`.
pub const PUSH_TITLE: TextLimit = limit("Title", 1, Some(50), Pattern::OneLine);
/// `ChannelMessage.PushNotification.Body`.
pub const PUSH_BODY: TextLimit = limit("Body", 1, Some(150), Pattern::Any);
/// A name in `ChannelMessage.MessageAttributes`.
pub const ATTRIBUTE_NAME: TextLimit = limit("MessageAttributes name", 1, Some(64), Pattern::Any);
/// An element of `StringValues` in `ChannelMessage.MessageAttributes`.
pub const ATTRIBUTE_VALUE: TextLimit = limit("StringValues", 1, Some(512), Pattern::Any);
/// `Name` of an app instance, a channel, a channel flow or a processor.
pub const RESOURCE_NAME: TextLimit = limit("Name", 1, Some(256), Pattern::Printable);
/// `Name` of an app-instance user.
pub const USER_NAME: TextLimit = limit("Name", 1, Some(100), Pattern::NotBlank);
/// `AppInstanceUserId` and `ChannelId`.
pub const ID: TextLimit = limit("Id", 1, Some(64), Pattern::Id);
/// `ClientRequestToken`.
pub const CLIENT_REQUEST_TOKEN: TextLimit = limit("ClientRequestToken", 2, Some(64), Pattern::Identifier);
/// `NextToken`.
pub const NEXT_TOKEN: TextLimit = limit("NextToken", 0, Some(2048), Pattern::OneLine);
/// `Configuration.Lambda.ResourceArn` of a processor.
pub const LAMBDA_ARN: TextLimit = limit("ResourceArn", 15, Some(2048), Pattern::LambdaArn);
/// `Key` of a tag.
pub const TAG_KEY: TextLimit = limit("Key", 1, Some(128), Pattern::Any);
/// `Value` of a tag.
pub const TAG_VALUE: TextLimit = limit("Value", 1, Some(256), Pattern::Any);
/// `Name` of an app-instance bot.
pub const BOT_NAME: TextLimit = limit("Name", 0, Some(256), Pattern::Printable);
/// `Configuration.Lex.LexBotAliasArn` of an app-instance bot.
pub const LEX_BOT_ALIAS_ARN: TextLimit = limit("LexBotAliasArn", 15, Some(2048), Pattern::LexBotAliasArn);
/// `Configuration.Lex.LocaleId` of an app-instance bot, which the model does not limit.
pub const LEX_LOCALE_ID: TextLimit = limit("LocaleId", 0, None, Pattern::Any);
/// `Configuration.Lex.WelcomeIntent` of an app-instance bot.
pub const LEX_INTENT_NAME: TextLimit = limit("WelcomeIntent", 1, Some(100), Pattern::LexIntentName);
/// `Preferences.PushNotifications.FilterRule` of a membership.
pub const FILTER_RULE: TextLimit = limit("FilterRule", 1, None, Pattern::Any);
/// `EndpointId` of an endpoint of an app-instance user.
pub const ENDPOINT_ID: TextLimit = limit("EndpointId", 0, Some(64), Pattern::OneLine);
/// `Name` of an endpoint of an app-instance user.
pub const ENDPOINT_NAME: TextLimit = limit("Name", 0, Some(1600), Pattern::OneLine);
/// `EndpointAttributes.DeviceToken` of an endpoint of an app-instance user.
pub const DEVICE_TOKEN: TextLimit = limit("DeviceToken", 1, Some(1600), Pattern::OneLine);
/// `EndpointAttributes.VoipDeviceToken` of an endpoint of an app-instance user.
pub const VOIP_DEVICE_TOKEN: TextLimit = limit("VoipDeviceToken", 1, Some(1600), Pattern::OneLine);
/// `AppInstanceUserArn` of `DescribeAppInstanceUserEndpoint`, which the model does not require to be an ARN.
pub const ANY_USER_ARN: TextLimit = limit("AppInstanceUserArn", 0, Some(1600), Pattern::OneLine);
/// An element of `Values` in a search for channels.
pub const SEARCH_VALUE: TextLimit = limit("Values", 1, Some(512), Pattern::Any);

/// The most tags of a resource. In the model as the length of a list, and documented for AWS in general.
pub const TAGS_OF_A_RESOURCE: usize = 50;
/// The quota of admins of an app instance.
pub const ADMINS_OF_AN_APP_INSTANCE: usize = 100;
/// The quota of channel flows of an app instance.
pub const CHANNEL_FLOWS_OF_AN_APP_INSTANCE: usize = 100;
/// The quota of memberships of a channel.
pub const MEMBERSHIPS_OF_A_CHANNEL: usize = 10_000;
/// The quota of memberships of an elastic channel, moderators aside.
pub const MEMBERSHIPS_OF_AN_ELASTIC_CHANNEL: usize = 1_000_000;
/// The only region that has elastic channels.
pub const ELASTIC_CHANNEL_REGION: &str = "us-east-1";
/// The quota of moderators of a channel.
pub const MODERATORS_OF_A_CHANNEL: usize = 1_000;
/// How many `CHANNEL_DETAILS` a messaging session gets when it opens, if it asks for them.
pub const PREFETCHED_CHANNELS: usize = 50;

const fn limit(field: &'static str, min: usize, max: Option<usize>, pattern: Pattern) -> TextLimit {
    TextLimit { field, min, max, pattern }
}

impl TextLimit {
    /// Whether `text` keeps to this limit.
    ///
    /// # Errors
    ///
    /// The first way in which it does not.
    pub fn check(&self, text: &str) -> Result<(), LimitError> {
        let length = text.chars().count();
        if length < self.min {
            return Err(LimitError::TooShort(*self, length));
        }
        if self.max.is_some_and(|max| length > max) {
            return Err(LimitError::TooLong(*self, length));
        }
        if !self.pattern.matches(text) {
            return Err(LimitError::Pattern(*self));
        }
        Ok(())
    }
}

/// Whether `content` can be the content of a message.
///
/// # Errors
///
/// Empty, or longer than [`CONTENT_BYTES`].
pub fn check_content(content: &str) -> Result<(), LimitError> {
    CONTENT.check(content)?;
    if content.len() > CONTENT_BYTES {
        return Err(LimitError::TooManyBytes(content.len()));
    }
    Ok(())
}

impl Pattern {
    fn matches(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneLine => !text.contains(ends_line),
            Self::Identifier => text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')),
            Self::Arn => is_arn(text),
            Self::LambdaArn => is_lambda_arn(text),
            Self::NotBlank => !text.contains(ends_line) && text.contains(|c: char| !c.is_whitespace()),
            Self::Id => is_id(text),
            Self::LexBotAliasArn => is_lex_bot_alias_arn(text),
            Self::LexIntentName => is_lex_intent_name(text),
            Self::Printable => text.chars().all(is_printable),
        }
    }
}

/// `arn:[a-z0-9-\.]{1,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[a-z0-9-\.]{0,63}:[^/].{0,1023}`
fn is_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let scheme = parts.next() == Some("arn");
    let mut part = |min: usize| {
        parts.next().is_some_and(|part| {
            (min..=63).contains(&part.len())
                && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        })
    };
    let (partition, service, region, account) = (part(1), part(0), part(0), part(0));
    let resource = parts.next().is_some_and(|resource| {
        let mut chars = resource.chars();
        chars.next().is_some_and(|first| first != '/')
            && chars.clone().count() <= 1023
            && !chars.as_str().contains(ends_line)
    });
    scheme && partition && service && region && account && resource
}

/// `arn:aws:lambda:[a-z]{2}-[a-z]+-\d{1}:\d{12}:function:[a-zA-Z0-9\-_\.]+(:(\$LATEST|[a-zA-Z0-9\-_]+))?`
fn is_lambda_arn(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    let (["arn", "aws", "lambda", region, account, "function", name], qualifier) = (match parts.len() {
        7 => (&parts[..], None),
        8 => (&parts[..7], Some(parts[7])),
        _ => return false,
    }) else {
        return false;
    };
    let word = |text: &str, more: &[u8]| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_') || more.contains(&b))
    };
    is_region(region)
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && word(name, b".")
        && qualifier.is_none_or(|qualifier| qualifier == "$LATEST" || word(qualifier, b""))
}

/// `arn:aws:lex:[a-z]{2}-[a-z]+-\d{1}:\d{12}:bot-alias/[A-Z0-9]{10}/[A-Z0-9]{10}`
fn is_lex_bot_alias_arn(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    let ["arn", "aws", "lex", region, account, resource] = parts[..] else { return false };
    let ids: Vec<_> = resource.split('/').collect();
    let ["bot-alias", bot, alias] = ids[..] else { return false };
    let id = |id: &str| id.len() == 10 && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    is_region(region) && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) && id(bot) && id(alias)
}

fn is_lex_intent_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
        && !text.contains("__")
}

/// `[a-z]{2}-[a-z]+-\d{1}`
fn is_region(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [country, place, number] = parts[..] else { return false };
    let lower = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
    country.len() == 2 && lower(country) && lower(place) && number.len() == 1 && number.as_bytes()[0].is_ascii_digit()
}

fn is_id(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.' | b'@');
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= 64 && edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(|b| inner(*b))
}

fn is_printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

/// What `.` does not match. Regular expression engines differ here; this is all of them together.
fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort(limit, length) => {
                let (field, min) = (limit.field, limit.min);
                write!(f, "{field} has {length} characters, the least is {min}")
            }
            Self::TooLong(limit, length) => {
                let (field, max) = (limit.field, limit.max.unwrap_or(usize::MAX));
                write!(f, "{field} has {length} characters, the most is {max}")
            }
            Self::Pattern(limit) => {
                let pattern = match limit.pattern {
                    Pattern::Any => "any character",
                    Pattern::OneLine => "one line without line breaks",
                    Pattern::Identifier => "letters, digits, - and _ only",
                    Pattern::Arn => "an ARN",
                    Pattern::LambdaArn => "the ARN of a Lambda function",
                    Pattern::NotBlank => "one line that is not blank",
                    Pattern::Id => "letters and digits, with : - _ . and @ in between",
                    Pattern::LexBotAliasArn => "the ARN of an alias of a Lex bot",
                    Pattern::LexIntentName => "letters with single underscores in between",
                    Pattern::Printable => "text without control characters",
                };
                write!(f, "{} must be {pattern}", limit.field)
            }
            Self::TooManyBytes(bytes) => {
                write!(f, "Content has {bytes} bytes of UTF-8, the most is {CONTENT_BYTES}")
            }
        }
    }
}

impl std::error::Error for LimitError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHANNEL: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a1/channel/b2";

    #[test]
    fn every_edge_of_the_table() {
        for limit in [
            CALLBACK_ID,
            MESSAGE_ID,
            CONTENT,
            METADATA,
            SUB_CHANNEL_ID,
            CONTENT_TYPE,
            PUSH_TITLE,
            PUSH_BODY,
            ATTRIBUTE_NAME,
            ATTRIBUTE_VALUE,
        ] {
            let field = limit.field;
            assert_eq!(limit.check(&"x".repeat(limit.min)), Ok(()), "{field} at its least");
            if limit.min > 0 {
                let short = limit.check(&"x".repeat(limit.min - 1));
                assert_eq!(short, Err(LimitError::TooShort(limit, limit.min - 1)));
            }
            if let Some(max) = limit.max {
                assert_eq!(limit.check(&"x".repeat(max)), Ok(()), "{field} at its most");
                let long = limit.check(&"x".repeat(max + 1));
                assert_eq!(long, Err(LimitError::TooLong(limit, max + 1)));
            }
        }
    }

    #[test]
    fn lengths_are_code_points_and_content_is_bytes_too() {
        assert_eq!(PUSH_TITLE.check(&"🦀".repeat(50)), Ok(()));
        assert!(PUSH_TITLE.check(&"🦀".repeat(51)).is_err());
        assert_eq!(check_content(&"🦀".repeat(1024)), Ok(()));
        let over = "🦀".repeat(1024) + "x";
        assert_eq!(check_content(&over), Err(LimitError::TooManyBytes(4097)));
        assert!(check_content("").is_err());
    }

    #[test]
    fn one_line_means_one_line() {
        for end in ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'] {
            assert!(METADATA.check(&format!("a{end}b")).is_err(), "{end:?}");
            assert_eq!(PUSH_BODY.check(&format!("a{end}b")), Ok(()), "{end:?}");
        }
    }

    #[test]
    fn arns() {
        for good in [CHANNEL, "arn:aws-us-gov:chime:::x", "arn:a::::b c"] {
            assert_eq!(CHANNEL_ARN.check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "arn:",
            "arn:aws:chime",
            "arn::chime:::x",
            "arn:aws:chime:::",
            "arn:aws:chime:::/x",
            "arn:AWS:chime:::x",
            "ARN:aws:chime:::x",
            "arn:aws:chime:us east 1::x",
            "arn:aws:::::\n\n",
        ] {
            assert!(CHANNEL_ARN.check(bad).is_err(), "{bad:?}");
        }
        assert!(CHANNEL_ARN.check(&format!("arn:aws:chime:::{}", "x".repeat(1024))).is_ok());
        assert!(CHANNEL_ARN.check(&format!("arn:aws:chime:::{}", "x".repeat(1025))).is_err());
    }

    #[test]
    fn what_a_bot_is_configured_with() {
        let alias = "arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGH12/TSTALIASID";
        assert_eq!(LEX_BOT_ALIAS_ARN.check(alias), Ok(()));
        for bad in
            [&alias[..alias.len() - 1], &alias.to_lowercase(), &alias.replace("bot-alias", "bot"), "arn:aws:lex:::x"]
        {
            assert!(LEX_BOT_ALIAS_ARN.check(bad).is_err(), "{bad}");
        }
        for (name, good) in [("A", true), ("Hello_World_", true), ("_a", false), ("a__b", false), ("a1", false)] {
            assert_eq!(LEX_INTENT_NAME.check(name).is_ok(), good, "{name}");
        }
    }

    proptest! {
        #[test]
        fn errors_never_show_the_text(text in "[α-ω]{200,300}") {
            for limit in [CALLBACK_ID, MESSAGE_ID, PUSH_TITLE, PUSH_BODY, CHANNEL_ARN] {
                let error = limit.check(&text).unwrap_err().to_string();
                prop_assert!(error.is_ascii());
            }
        }

        #[test]
        fn any_text_is_judged(text in any::<String>()) {
            let length = text.chars().count();
            let fits = (1..=150).contains(&length);
            prop_assert_eq!(PUSH_BODY.check(&text).is_ok(), fits);
            let _ = CHANNEL_ARN.check(&text);
        }
    }
}
