//! Policy documents of IAM: what they let someone do, told with caution. No calls here.

use crate::account::arn::AppInstance;
use serde_json::{Map, Value};

/// Who may invoke the processors of a channel flow, as documented.
pub(crate) const PRINCIPAL: &str = "messaging.chime.amazonaws.com";

/// Who an older sample of AWS names in its place.
pub(crate) const OLDER_PRINCIPAL: &str = "chime.amazonaws.com";

pub(crate) const INVOKE: &str = "lambda:InvokeFunction";

/// A policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Statement {
    sid: String,
    allows: bool,
    /// Services, and `*`.
    principals: Vec<String>,
    actions: Patterns,
    resources: Patterns,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    operator: String,
    key: String,
    values: Vec<String>,
}

/// Patterns that are meant, or all but them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Patterns {
    These(Vec<String>),
    AllBut(Vec<String>),
}

impl Policy {
    pub(crate) fn parse(document: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(document).map_err(|_| "the policy is not JSON".to_owned())?;
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().map(Statement::parse).collect::<Option<_>>(),
            Some(statement) => Statement::parse(statement).map(|statement| vec![statement]),
            None => None,
        };
        let statements = statements.ok_or("the policy has statements of a form that is not known")?;
        Ok(Self { statements })
    }

    /// How this policy of a function lets the messaging service invoke it for an app instance.
    pub(crate) fn grants(&self, app_instance: &AppInstance) -> Vec<Grant> {
        self.statements.iter().filter_map(|statement| statement.grant(app_instance)).collect()
    }

    /// The app instances that its statements for the messaging service name.
    pub(crate) fn app_instances(&self) -> Vec<AppInstance> {
        let conditions = self.statements.iter().filter(|statement| statement.service().is_some());
        let conditions = conditions.flat_map(|statement| &statement.conditions);
        let arns =
            conditions.filter(|condition| condition.key == "aws:sourcearn").flat_map(|condition| &condition.values);
        let arns = arns.map(|arn| arn.trim_end_matches('*').trim_end_matches('/'));
        let mut found: Vec<_> = arns.filter_map(|arn| crate::account::arn::app_instance(arn).ok()).collect();
        found.retain(|app_instance| !app_instance.id().contains(['*', '?']));
        found.sort();
        found.dedup();
        found
    }

    /// Whether a statement is about the messaging service.
    pub(crate) fn names_the_service(&self) -> bool {
        self.statements.iter().any(|statement| statement.service().is_some())
    }

    /// Whether a statement has this id.
    pub(crate) fn has_statement(&self, sid: &str) -> bool {
        self.statements.iter().any(|statement| statement.sid == sid)
    }
}

impl Statement {
    fn parse(statement: &Value) -> Option<Self> {
        let statement = statement.as_object()?;
        let allows = match statement.get("Effect")?.as_str()? {
            "Allow" => true,
            "Deny" => false,
            _ => return None,
        };
        Some(Self {
            sid: statement.get("Sid").and_then(Value::as_str).unwrap_or_default().to_owned(),
            allows,
            principals: principals(statement.get("Principal"))?,
            actions: Patterns::parse(statement, "Action", "NotAction")?,
            // A function's policy may leave it out, and is about the function then.
            resources: Patterns::parse(statement, "Resource", "NotResource").unwrap_or(Patterns::AllBut(Vec::new())),
            conditions: conditions(statement.get("Condition"))?,
        })
    }

    /// The messaging service, by one of its names, where this is about it.
    fn service(&self) -> Option<Service> {
        let is = |name: &str| self.principals.iter().any(|principal| principal == name);
        match (is(PRINCIPAL), is(OLDER_PRINCIPAL), is("*")) {
            (true, ..) => Some(Service::Documented),
            (_, true, _) => Some(Service::Older),
            (.., true) => Some(Service::Anyone),
            _ => None,
        }
    }

    fn grant(&self, app_instance: &AppInstance) -> Option<Grant> {
        let service = self.service()?;
        if !self.allows || !self.actions.include(INVOKE, true) {
            return None;
        }
        let mut grant = Grant {
            sid: self.sid.clone(),
            service,
            source_account: false,
            source_arn: None,
            is_for_the_app_instance: true,
            has_other_conditions: false,
        };
        for condition in &self.conditions {
            match condition.key.as_str() {
                "aws:sourceaccount" if condition.compares_text() => {
                    grant.source_account = true;
                    grant.is_for_the_app_instance &= condition.met_by(app_instance.account());
                }
                "aws:sourcearn" if condition.compares_text() => {
                    grant.source_arn = condition.values.first().cloned();
                    grant.is_for_the_app_instance &= condition.met_by(app_instance.as_str());
                }
                _ => grant.has_other_conditions = true,
            }
        }
        Some(grant)
    }
}

impl Patterns {
    fn parse(statement: &Map<String, Value>, these: &str, all_but: &str) -> Option<Self> {
        match (statement.get(these), statement.get(all_but)) {
            (Some(patterns), None) => texts(patterns).map(Self::These),
            (None, Some(patterns)) => texts(patterns).map(Self::AllBut),
            _ => None,
        }
    }

    fn include(&self, text: &str, any_case: bool) -> bool {
        let fold = |text: &str| if any_case { text.to_ascii_lowercase() } else { text.to_owned() };
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(&fold(pattern), &fold(text)));
        match self {
            Self::These(patterns) => any(patterns),
            Self::AllBut(patterns) => !any(patterns),
        }
    }

    /// Whether something in it is filled in when a request comes, such as `${aws:username}`.
    fn has_variables(&self) -> bool {
        let (Self::These(patterns) | Self::AllBut(patterns)) = self;
        patterns.iter().any(|pattern| pattern.contains("${"))
    }
}

impl Condition {
    /// Whether it is one of those that [`met_by`](Self::met_by) understands.
    fn compares_text(&self) -> bool {
        matches!(self.operator.as_str(), "StringEquals" | "StringLike" | "ArnEquals" | "ArnLike")
    }

    fn met_by(&self, text: &str) -> bool {
        let exact = self.operator == "StringEquals";
        self.values.iter().any(|value| if exact { value == text } else { matches(value, text) })
    }
}

/// A statement of a function's policy that lets the messaging service invoke it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) sid: String,
    pub(crate) service: Service,
    /// Whether it names a source account.
    pub(crate) source_account: bool,
    /// The source ARN that it names.
    pub(crate) source_arn: Option<String>,
    /// Whether account and ARN, where they are named, are those of the app instance.
    pub(crate) is_for_the_app_instance: bool,
    pub(crate) has_other_conditions: bool,
}

/// Under which name a statement knows the messaging service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Documented,
    Older,
    Anyone,
}

impl Grant {
    /// Whether it is all that is needed, and for nobody but this app instance's account.
    pub(crate) fn is_complete(&self) -> bool {
        self.service == Service::Documented
            && self.source_account
            && self.source_arn.is_some()
            && self.is_for_the_app_instance
            && !self.has_other_conditions
    }
}

/// What the policies of a role say of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement allows it.
    Missing,
    /// It hangs on something that cannot be looked at from here.
    CannotTell(String),
}

/// Whether policies let their role do `action` on `resource`. Conditions, and variables in resources, are not evaluated:
/// where it hangs on them, this says so.
pub(crate) fn verdict(policies: &[Policy], action: &str, resource: &str) -> Verdict {
    let mut allowed = false;
    let mut doubt = None;
    for statement in policies.iter().flat_map(|policy| &policy.statements) {
        if !statement.actions.include(action, true) {
            continue;
        }
        let uncertain = if statement.resources.has_variables() {
            Some("a statement whose resource has a variable in it")
        } else if !statement.resources.include(resource, false) {
            continue;
        } else if !statement.conditions.is_empty() {
            Some("a statement with a condition")
        } else {
            None
        };
        match (uncertain, statement.allows) {
            (None, false) => return Verdict::Denied,
            (None, true) => allowed = true,
            // A condition on what allows matters only where nothing else allows.
            (Some(what), true) => doubt = doubt.or(Some((what, true))),
            (Some(what), false) => doubt = Some((what, false)),
        }
    }
    match (allowed, doubt) {
        (true, None | Some((_, true))) => Verdict::Allowed,
        (true, Some((what, false))) => Verdict::CannotTell(format!("{what} may deny it")),
        (false, Some((what, true))) => Verdict::CannotTell(format!("only {what} allows it")),
        (false, _) => Verdict::Missing,
    }
}

/// Whether a pattern with `*` and `?` matches all of a text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star is, and up to where it reaches for now.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((position, reach)) => {
                    *reach += 1;
                    (p, t) = (*position + 1, *reach);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

fn principals(principal: Option<&Value>) -> Option<Vec<String>> {
    match principal {
        // The policy of a role has none.
        None => Some(Vec::new()),
        Some(Value::String(everyone)) => Some(vec![everyone.clone()]),
        Some(Value::Object(kinds)) => {
            let lists: Option<Vec<_>> = kinds.values().map(texts).collect();
            Some(lists?.concat())
        }
        Some(_) => None,
    }
}

fn conditions(condition: Option<&Value>) -> Option<Vec<Condition>> {
    let mut found = Vec::new();
    let Some(operators) = condition else { return Some(found) };
    for (operator, keys) in operators.as_object()? {
        for (key, values) in keys.as_object()? {
            let (operator, key) = (operator.clone(), key.to_ascii_lowercase());
            found.push(Condition { operator, key, values: texts(values)? });
        }
    }
    Some(found)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        value => text(value).map(|text| vec![text]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const APP: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a1";
    const CALLBACK: &str = "chime:ChannelFlowCallback";

    fn policy(statement: Value) -> Policy {
        Policy::parse(&json!({ "Version": "2012-10-17", "Statement": statement }).to_string()).unwrap()
    }

    fn app() -> AppInstance {
        crate::account::arn::app_instance(APP).unwrap()
    }

    fn permission(principal: &str, condition: Value) -> Policy {
        policy(json!([{
            "Sid": "s", "Effect": "Allow", "Principal": { "Service": principal }, "Action": INVOKE,
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Condition": condition,
        }]))
    }

    fn source(account: &str, arn: &str) -> Value {
        json!({ "StringEquals": { "AWS:SourceAccount": account }, "ArnLike": { "AWS:SourceArn": arn } })
    }

    #[test]
    fn the_documented_permission_is_complete() {
        for arn in [APP, &format!("{APP}*"), "arn:aws:chime:us-east-1:123456789012:app-instance/*", "*"] {
            let grants = permission(PRINCIPAL, source("123456789012", arn)).grants(&app());
            assert!(grants[0].is_complete(), "{arn}: {grants:?}");
        }
    }

    #[test]
    fn each_thing_that_is_not_as_documented_makes_it_incomplete() {
        for policy in [
            permission(OLDER_PRINCIPAL, source("123456789012", APP)),
            permission("*", source("123456789012", APP)),
            permission(PRINCIPAL, json!({})),
            permission(PRINCIPAL, json!({ "StringEquals": { "AWS:SourceAccount": "123456789012" } })),
            permission(PRINCIPAL, source("999999999999", APP)),
            permission(PRINCIPAL, source("123456789012", &format!("{APP}/channel/*"))),
            permission(PRINCIPAL, json!({ "StringEquals": { "aws:PrincipalOrgID": "o" } })),
        ] {
            let grants = policy.grants(&app());
            assert!(grants.len() == 1 && !grants[0].is_complete(), "{grants:?}");
        }
        for statement in [
            json!({ "Effect": "Deny", "Principal": { "Service": PRINCIPAL }, "Action": INVOKE }),
            json!({ "Effect": "Allow", "Principal": { "Service": PRINCIPAL }, "Action": "lambda:GetFunction" }),
            json!({ "Effect": "Allow", "Principal": { "Service": "s3.amazonaws.com" }, "Action": INVOKE }),
        ] {
            assert_eq!(policy(statement).grants(&app()), []);
        }
    }

    #[test]
    fn app_instances_are_read_where_one_is_named() {
        let named = |arn: &str| permission(PRINCIPAL, source("123456789012", arn)).app_instances();
        assert_eq!(named(APP), [app()]);
        assert_eq!(named(&format!("{APP}*")), [app()]);
        assert_eq!(named(&format!("{APP}/*")), [app()]);
        assert_eq!(named("arn:aws:chime:us-east-1:123456789012:app-instance/*"), []);
    }

    #[test]
    fn a_role_may_what_is_allowed_and_not_denied() {
        let allow =
            |action: &str, resource: &str| policy(json!({ "Effect": "Allow", "Action": action, "Resource": resource }));
        for (action, resource) in [(CALLBACK, APP), ("chime:*", "*"), ("*", "arn:*"), ("CHIME:channelflow*", APP)] {
            assert_eq!(verdict(&[allow(action, resource)], CALLBACK, APP), Verdict::Allowed, "{action} {resource}");
        }
        for (action, resource) in [("chime:SendChannelMessage", "*"), (CALLBACK, "arn:aws:chime:eu-central-1:*")] {
            assert_eq!(verdict(&[allow(action, resource)], CALLBACK, APP), Verdict::Missing, "{action} {resource}");
        }
        let deny = policy(json!({ "Effect": "Deny", "Action": ["chime:*"], "Resource": ["*"] }));
        assert_eq!(verdict(&[allow("*", "*"), deny], CALLBACK, APP), Verdict::Denied);
        let all_but = policy(json!({ "Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::x" }));
        assert_eq!(verdict(&[all_but], CALLBACK, APP), Verdict::Allowed);
        assert_eq!(verdict(&[], CALLBACK, APP), Verdict::Missing);
    }

    #[test]
    fn what_hangs_on_conditions_cannot_be_told() {
        let with = |effect: &str, resource: &str, condition: Value| {
            policy(json!({ "Effect": effect, "Action": CALLBACK, "Resource": resource, "Condition": condition }))
        };
        let condition = json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
        let allowed = with("Allow", "*", json!({}));
        let cannot_tell = |policies: &[Policy]| matches!(verdict(policies, CALLBACK, APP), Verdict::CannotTell(_));
        assert!(cannot_tell(&[with("Allow", "*", condition.clone())]));
        assert!(cannot_tell(&[allowed.clone(), with("Deny", "*", condition.clone())]));
        assert!(cannot_tell(&[with("Allow", "arn:aws:chime:*:*:app-instance/${aws:PrincipalTag/app}", json!({}))]));
        assert_eq!(verdict(&[allowed, with("Allow", "*", condition.clone())], CALLBACK, APP), Verdict::Allowed);
        assert_eq!(verdict(&[with("Deny", "*", condition)], CALLBACK, APP), Verdict::Missing);
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for document in ["", "[]", "{}", r#"{"Statement":1}"#, r#"{"Statement":[{"Effect":"Maybe","Action":"*"}]}"#] {
            assert!(Policy::parse(document).is_err(), "{document}");
        }
    }

    proptest! {
        #[test]
        fn patterns_match_what_they_were_made_of(parts in proptest::collection::vec("[a-c:/]{0,4}", 1..5)) {
            let text = parts.concat();
            prop_assert!(matches(&parts.join("*"), &text));
            prop_assert!(matches(&text, &text));
            prop_assert!(matches(&"?".repeat(text.chars().count()), &text));
            let longer = format!("{}d", parts.join("*"));
            prop_assert!(!matches(&longer, &text));
        }
    }
}
