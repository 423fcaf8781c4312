//! ARNs of the resources that the account commands deal with, and names of functions.

use std::fmt;
use std::str::FromStr;

/// An ARN, in its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arn {
    text: String,
    pub(crate) partition: String,
    pub(crate) service: String,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) resource: String,
}

impl Arn {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The ARN of the app instance that this one is, or is in.
    pub(crate) fn app_instance(&self) -> Option<AppInstance> {
        let id = self.resource.strip_prefix("app-instance/")?.split('/').next().filter(|id| !id.is_empty())?;
        let Self { partition, region, account, .. } = self;
        let text = format!("arn:{partition}:chime:{region}:{account}:app-instance/{id}");
        (self.service == "chime").then(|| AppInstance(text.parse().expect("it is made of the parts of one")))
    }

    /// What follows the app instance: `channel/ID`, for example.
    fn within(&self) -> Option<(&str, &str)> {
        let mut parts = self.resource.strip_prefix("app-instance/")?.splitn(3, '/').skip(1);
        Some((parts.next()?, parts.next().filter(|id| !id.is_empty())?))
    }
}

impl FromStr for Arn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.splitn(6, ':').collect();
        let [arn, partition, service, region, account, resource] = parts[..] else {
            return Err("an ARN has six parts, separated by colons".to_owned());
        };
        if arn != "arn" || partition.is_empty() || service.is_empty() || resource.is_empty() {
            return Err("an ARN looks like arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE".to_owned());
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("an ARN cannot contain spaces".to_owned());
        }
        Ok(Self {
            text: text.to_owned(),
            partition: partition.to_owned(),
            service: service.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource: resource.to_owned(),
        })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The ARN of an app instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AppInstance(Arn);

impl AppInstance {
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn region(&self) -> &str {
        &self.0.region
    }

    pub(crate) fn account(&self) -> &str {
        &self.0.account
    }

    /// Stands for all app instances of a region and an account.
    pub(crate) fn any_of(arn: &Arn) -> Self {
        let Arn { partition, region, account, .. } = arn;
        let text = format!("arn:{partition}:chime:{region}:{account}:app-instance/any-app-instance");
        Self(text.parse().expect("it is made of the parts of an ARN"))
    }

    pub(crate) fn id(&self) -> &str {
        self.0.resource.trim_start_matches("app-instance/")
    }
}

impl fmt::Display for AppInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads the ARN of an app instance.
pub(crate) fn app_instance(text: &str) -> Result<AppInstance, String> {
    let arn: Arn = text.parse()?;
    match arn.app_instance() {
        Some(app_instance) if app_instance.as_str() == text => Ok(app_instance),
        _ => Err("expected arn:aws:chime:REGION:ACCOUNT:app-instance/ID".to_owned()),
    }
}

/// Reads the ARN of a channel flow.
pub(crate) fn channel_flow(text: &str) -> Result<Arn, String> {
    of_kind(text, &["channel-flow"])
}

/// Reads the ARN of a channel.
pub(crate) fn channel(text: &str) -> Result<Arn, String> {
    of_kind(text, &["channel"])
}

/// Reads the ARN of a user or a bot.
pub(crate) fn member(text: &str) -> Result<Arn, String> {
    of_kind(text, &["user", "bot"])
}

fn of_kind(text: &str, kinds: &[&str]) -> Result<Arn, String> {
    let arn: Arn = text.parse()?;
    match arn.app_instance().and(arn.within()) {
        Some((kind, _)) if kinds.contains(&kind) => Ok(arn),
        _ => {
            let kinds = kinds.join("|");
            Err(format!("expected arn:aws:chime:REGION:ACCOUNT:app-instance/ID/{kinds}/ID"))
        }
    }
}

/// A function as Lambda's API takes it: its name or ARN, and apart from that a version or an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionName {
    /// As it was written, without the qualifier.
    pub(crate) name: String,
    pub(crate) qualifier: Option<String>,
    /// If it is an ARN.
    pub(crate) arn: Option<Arn>,
}

impl FunctionName {
    /// The name alone.
    pub(crate) fn short(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or(&self.name)
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.qualifier {
            Some(qualifier) => write!(f, "{}:{qualifier}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl FromStr for FunctionName {
    type Err = String;

    /// Reads `NAME`, `NAME:QUALIFIER`, `ACCOUNT:function:NAME` or an ARN, the last two with or without a qualifier.
    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str =
            "a function is a name, NAME:ALIAS, or an ARN such as arn:aws:lambda:REGION:ACCOUNT:function:NAME";
        let is_word =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c));
        let arn = if text.starts_with("arn:") { Some(text.parse::<Arn>()?) } else { None };
        let before = arn.as_ref().map_or("", |arn| &text[..text.len() - arn.resource.len()]);
        let rest: Vec<_> = text[before.len()..].split(':').collect();
        let (path, name, qualifier) = match (&arn, &rest[..]) {
            (Some(arn), ["function", name]) if arn.service == "lambda" => ("function:", *name, None),
            (Some(arn), ["function", name, qualifier]) if arn.service == "lambda" => {
                ("function:", *name, Some(*qualifier))
            }
            (None, [name]) => ("", *name, None),
            (None, [name, qualifier]) => ("", *name, Some(*qualifier)),
            (None, [account, "function", name, qualifier @ ..])
                if qualifier.len() < 2 && account.chars().all(|c| c.is_ascii_digit()) =>
            {
                let path = &text[..account.len() + ":function:".len()];
                let (name, qualifier) = (*name, qualifier.first().copied());
                let valid = is_word(name) && qualifier.is_none_or(is_word);
                let found = Self { name: format!("{path}{name}"), qualifier: qualifier.map(str::to_owned), arn: None };
                return if valid { Ok(found) } else { Err(FORM.to_owned()) };
            }
            _ => return Err(FORM.to_owned()),
        };
        if !is_word(name) || !qualifier.is_none_or(is_word) {
            return Err(FORM.to_owned());
        }
        Ok(Self { name: format!("{before}{path}{name}"), qualifier: qualifier.map(str::to_owned), arn })
    }
}

/// The ARN of a Lambda function, or of a version or an alias of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FunctionArn(Arn);

impl FunctionArn {
    pub(crate) fn as_arn(&self) -> &Arn {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// As Lambda's API takes it.
    pub(crate) fn name(&self) -> FunctionName {
        self.as_str().parse().expect("the ARN was read as that of a function")
    }

    /// With this qualifier in place of the one it has, if it has one.
    pub(crate) fn with_qualifier(&self, qualifier: &str) -> Result<Self, String> {
        format!("{}:{qualifier}", self.name().name).parse()
    }
}

impl FromStr for FunctionArn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let arn = text.parse::<FunctionName>()?.arn;
        arn.map(Self).ok_or_else(|| "expected arn:aws:lambda:REGION:ACCOUNT:function:NAME".to_owned())
    }
}

impl fmt::Display for FunctionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a1";

    #[test]
    fn app_instances_and_what_is_in_them() {
        let app = app_instance(APP).unwrap();
        assert_eq!((app.region(), app.account(), app.id()), ("us-east-1", "123456789012", "a1"));
        let flow = channel_flow(&format!("{APP}/channel-flow/f1")).unwrap();
        assert_eq!(flow.app_instance(), Some(app));
        assert!(channel(&format!("{APP}/channel/c1")).is_ok());
        for kind in ["user", "bot"] {
            assert!(member(&format!("{APP}/{kind}/m1")).is_ok());
        }
    }

    #[test]
    fn what_is_something_else_is_told_apart() {
        for text in ["", "arn", "arn:aws:chime:us-east-1:1:app-instance/", "arn:aws:lambda:us-east-1:1:app-instance/a"]
        {
            assert!(app_instance(text).is_err(), "{text}");
        }
        assert!(app_instance(&format!("{APP}/user/u")).is_err());
        assert!(channel_flow(APP).is_err());
        assert!(channel_flow(&format!("{APP}/channel-flow/")).is_err());
        assert!(channel(&format!("{APP}/channel-flow/f")).is_err());
        assert!(channel(&format!("{APP}/channel/c d")).is_err());
    }

    #[test]
    fn functions_by_all_their_names() {
        let arn = "arn:aws:lambda:eu-central-1:123456789012:function:filter";
        for (text, name, qualifier) in [
            ("filter", "filter", None),
            ("filter:live", "filter", Some("live")),
            ("123456789012:function:filter", "123456789012:function:filter", None),
            ("123456789012:function:filter:7", "123456789012:function:filter", Some("7")),
            (arn, arn, None),
            (&format!("{arn}:$LATEST"), arn, Some("$LATEST")),
        ] {
            let function: FunctionName = text.parse().unwrap();
            assert_eq!((function.name.as_str(), function.qualifier.as_deref()), (name, qualifier), "{text}");
            assert_eq!(function.short(), "filter");
        }
        for text in ["", "a b", "a:b:c", "a:", ":a", "arn:aws:sqs:r:1:function:q", "arn:aws:lambda:r:1:layer:x", "x/y"]
        {
            assert!(text.parse::<FunctionName>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_arn_of_a_function_takes_a_qualifier() {
        let text = "arn:aws:lambda:eu-central-1:123456789012:function:filter";
        let arn: FunctionArn = text.parse().unwrap();
        assert_eq!((arn.as_str(), arn.name().short()), (text, "filter"));
        let live = arn.with_qualifier("live").unwrap();
        assert_eq!(live.as_str(), format!("{text}:live"));
        assert_eq!(live.with_qualifier("7").unwrap().as_str(), format!("{text}:7"));
        for text in ["filter", "123456789012:function:filter", "arn:aws:sqs:r:1:function:q"] {
            assert!(text.parse::<FunctionArn>().is_err(), "{text}");
        }
    }
}
