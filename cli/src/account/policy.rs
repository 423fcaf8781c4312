//! Policy documents of IAM, and a cautious evaluation of them. No calls here.

use crate::account::arn::AppInstance;
use serde_json::{Map, Value};

/// The documented principal that invokes the processors of a channel flow.
pub(crate) const PRINCIPAL: &str = "messaging.chime.amazonaws.com";

/// The principal in an older sample of AWS.
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
        let statements = statements.ok_or("the policy has a statement in an unknown form")?;
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

    /// Whether a statement allows a service to invoke the function, under whatever conditions.
    pub(crate) fn lets_invoke(&self, service: &str) -> bool {
        let lets = |statement: &Statement| {
            let names_it = statement.principals.iter().any(|principal| principal == service || principal == "*");
            statement.allows && names_it && statement.actions.include(INVOKE, true)
        };
        self.statements.iter().any(lets)
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

    /// The messaging service, by one of its names, if the statement is about it.
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
    /// Whether the account and the ARN, if the statement names them, are those of the app instance.
    pub(crate) is_for_the_app_instance: bool,
    pub(crate) has_other_conditions: bool,
}

/// The name by which a statement refers to the messaging service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Documented,
    Older,
    Anyone,
}

impl Grant {
    /// Whether it is all that is needed, and only for this app instance's account.
    pub(crate) fn is_complete(&self) -> bool {
        self.service == Service::Documented
            && self.source_account
            && self.source_arn.is_some()
            && self.is_for_the_app_instance
            && !self.has_other_conditions
    }
}

/// The verdict of a role's policies on an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement allows it.
    Missing,
    /// It depends on something that cannot be checked from here.
    CannotTell(String),
}

/// Whether policies let their role do `action` on `resource`. Conditions, and variables in resources, are not evaluated:
/// if the verdict depends on them, it says so.
pub(crate) fn verdict(policies: &[Policy], action: &str, resource: &str) -> Verdict {
    let mut allowed = false;
    let mut doubt = None;
    for statement in policies.iter().flat_map(|policy| &policy.statements) {
        if !statement.actions.include(action, true) {
            continue;
        }
        let uncertain = if statement.resources.has_variables() {
            Some("a statement whose resource contains a variable")
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
            // A condition on a statement that allows matters only if no other statement allows.
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
    // The position of the last star, and how far it reaches so far.
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
mod tests;
