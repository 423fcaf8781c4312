//! Each check, with a deployment that is well and with ones that are broken in the one way it is about.

use super::*;
use crate::account::arn::Arn;
use crate::account::channel_flow::{ChannelFlow, Processor};
use crate::account::doctor::facts::{FailureTarget, FunctionFacts, HeldFacts, Patient};
use crate::account::doctor::finding::Severity;
use crate::account::iam::Role;
use crate::account::lambda::{Durable, EventInvokeConfig, Function, Setting};
use crate::account::policy::{PRINCIPAL, Policy};
use crate::account::table::Table;
use crate::fallback_action::FallbackAction;
use serde_json::{Value, json};

const APP: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a1";
const FILTER: &str = "arn:aws:lambda:us-east-1:123456789012:function:filter";
const RESCUE: &str = "arn:aws:lambda:us-east-1:123456789012:function:rescue";
const TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/held";
const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:dead";

fn policy(statements: Value) -> Policy {
    Policy::parse(&json!({ "Statement": statements }).to_string()).unwrap()
}

fn permission(principal: &str, condition: Value) -> Policy {
    policy(json!([{
        "Sid": "channel-flow-a1", "Effect": "Allow", "Principal": { "Service": principal },
        "Action": "lambda:InvokeFunction", "Resource": FILTER, "Condition": condition,
    }]))
}

fn source(account: &str, arn: &str) -> Value {
    json!({ "StringEquals": { "AWS:SourceAccount": account }, "ArnLike": { "AWS:SourceArn": arn } })
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

fn role_that(statements: Value) -> Looked<Role> {
    Looked::Seen(Role { name: "filter-role".to_owned(), policies: vec![policy(statements)], ..Role::default() })
}

/// What both functions need, and something more.
fn callback_and(more: Value) -> Looked<Role> {
    role_that(json!([allow("chime:ChannelFlowCallback", &format!("{APP}*")), ask(&["user", "bot", "channel"]), more]))
}

/// What a function needs that holds messages, and something more. Without some of the actions.
fn holding_and(more: Value, without: &[&str]) -> Looked<Role> {
    let mut actions = vec!["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];
    actions.retain(|action| !without.contains(action));
    role_that(json!([
        allow("chime:ChannelFlowCallback", &format!("{APP}*")), ask(&["user", "bot", "channel"]), more,
        { "Effect": "Allow", "Action": actions, "Resource": TABLE },
    ]))
}

fn ask(kinds: &[&str]) -> Value {
    let resources: Vec<_> = kinds.iter().map(|kind| format!("{APP}/{kind}/*")).collect();
    json!({ "Effect": "Allow", "Action": "chime:GetChannelMessageStatus", "Resource": resources })
}

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

fn function(name: &str) -> Function {
    Function {
        arn: format!("arn:aws:lambda:us-east-1:123456789012:function:{name}").parse().unwrap(),
        name: name.to_owned(),
        role: arn("arn:aws:iam::123456789012:role/filter-role"),
        runtime: Some("provided.al2023".to_owned()),
        architecture: "arm64".to_owned(),
        timeout: 10,
        state: "Active".to_owned(),
        state_reason: String::new(),
        last_update: "Successful".to_owned(),
        code_sha256: "same".to_owned(),
        dead_letter_arn: None,
        reserved_concurrency: None,
        may_ask_status: Setting::Value("true".to_owned()),
        table: Setting::Unset,
        durable: None,
    }
}

fn target(to: &str, rescues: Vec<(Function, Looked<Role>)>) -> FailureTarget {
    FailureTarget { arn: arn(to), is_dead_letter: to == QUEUE, rescues: Looked::Seen(rescues) }
}

/// A deployment in which nothing is wrong.
fn well() -> Facts {
    let processor = Processor {
        name: "words".to_owned(),
        function: FILTER.parse().unwrap(),
        execution_order: 1,
        fallback_action: FallbackAction::Abort,
    };
    let flow = ChannelFlow {
        arn: arn(&format!("{APP}/channel-flow/f1")),
        name: "flow".to_owned(),
        processors: vec![processor],
    };
    let rescue = (function("rescue"), callback_and(json!({ "Effect": "Deny", "Action": "s3:*", "Resource": "*" })));
    let filter = FunctionFacts {
        function: function("filter"),
        policy: Looked::Seen(Some(permission(PRINCIPAL, source("123456789012", &format!("{APP}*"))))),
        role: callback_and(allow("lambda:InvokeFunction", RESCUE)),
        event_invoke_config: Looked::Seen(Some(EventInvokeConfig {
            maximum_retry_attempts: Some(2),
            maximum_event_age: Some(300),
            on_failure: Some(arn(RESCUE)),
        })),
        failures: Looked::Seen(vec![target(RESCUE, vec![rescue])]),
        held: None,
    };
    Facts {
        app_instances: vec![crate::account::arn::app_instance(APP).unwrap()],
        flows: Looked::Seen(vec![FlowFacts { flow, channels: Looked::Seen(vec![arn(&format!("{APP}/channel/c1"))]) }]),
        functions: vec![Patient { asked_for: "filter".to_owned(), found: Looked::Seen(Some(filter)) }],
    }
}

/// The same for a function that holds messages.
fn hold(facts: &mut FunctionFacts) {
    let sweep = (function("sweep"), holding_and(allow("dynamodb:Query", &format!("{TABLE}/index/queues")), &[]));
    let table = Table { arn: arn(TABLE), status: "ACTIVE".to_owned(), indexes: vec!["queues".to_owned()] };
    facts.role = holding_and(allow("lambda:InvokeFunction", RESCUE), &[]);
    facts.held = Some(HeldFacts {
        name: "held".to_owned(),
        table: Looked::Seen(Some(table)),
        sweeps: Looked::Seen(vec![sweep]),
    });
}

fn patient(facts: &mut Facts) -> &mut FunctionFacts {
    match &mut facts.functions[0].found {
        Looked::Seen(Some(function)) => function,
        _ => unreachable!("the function is there"),
    }
}

/// All findings that are not ok, after the deployment was broken.
fn findings(break_it: impl FnOnce(&mut Facts)) -> Vec<Finding> {
    let mut facts = well();
    break_it(&mut facts);
    let mut findings = all(&facts);
    findings.retain(|finding| finding.severity != Severity::Ok);
    assert!(findings.iter().all(|finding| finding.remedy.is_some()), "{findings:?}");
    findings
}

/// What the checks say of a function that is broken; all of it comes from one check.
fn of_function(check: &str, break_it: impl FnOnce(&mut FunctionFacts)) -> (Severity, String, String) {
    let findings = findings(|facts| match &mut facts.functions[0].found {
        Looked::Seen(Some(function)) => break_it(function),
        _ => unreachable!("the function is there"),
    });
    let [finding] = &findings[..] else { panic!("{check}: {findings:?}") };
    assert_eq!(finding.check, check);
    (finding.severity, finding.text.clone(), finding.remedy.clone().unwrap())
}

fn unseen<T>() -> Looked<T> {
    Looked::Unseen { reason: "AccessDenied".to_owned(), remedy: "ask".to_owned() }
}

fn of_flow(check: &str, break_it: impl FnOnce(&mut FlowFacts)) -> (Severity, String, String) {
    let findings = findings(|facts| match &mut facts.flows {
        Looked::Seen(flows) => break_it(&mut flows[0]),
        Looked::Unseen { .. } => unreachable!("the flow is there"),
    });
    let [finding] = &findings[..] else { panic!("{check}: {findings:?}") };
    assert_eq!(finding.check, check);
    (finding.severity, finding.text.clone(), finding.remedy.clone().unwrap())
}

#[test]
fn a_deployment_that_is_well_has_only_good_findings() {
    assert_eq!(findings(|_| {}), []);
    assert_eq!(findings(|facts| hold(patient(facts))), []);
    let mut facts = well();
    hold(patient(&mut facts));
    let findings = all(&facts);
    let checks: std::collections::BTreeSet<_> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks.len(), FUNCTION_CHECKS.len() + FLOW_CHECKS.len() + 1, "{checks:?}");
}

#[test]
fn state() {
    for (state, expected) in [
        ("Pending", Severity::Warning),
        ("Inactive", Severity::Warning),
        ("Failed", Severity::Error),
        ("Deleting", Severity::Error),
    ] {
        let (severity, ..) = of_function("state", |facts| facts.function.state = state.to_owned());
        assert_eq!(severity, expected, "{state}");
    }
    let (severity, text, _) = of_function("state", |facts| facts.function.last_update = "Failed".to_owned());
    assert_eq!((severity, text.contains("last update")), (Severity::Warning, true));
}

#[test]
fn runtime() {
    for runtime in ["provided.al2", "provided", "go1.x", "nodejs22.x"] {
        let (severity, text, _) = of_function("runtime", |facts| facts.function.runtime = Some(runtime.to_owned()));
        assert_eq!((severity, text.contains(runtime)), (Severity::Warning, true));
    }
    assert_eq!(
        findings(|facts| if let Looked::Seen(Some(function)) = &mut facts.functions[0].found {
            function.function.runtime = None;
        }),
        []
    );
}

#[test]
fn region_and_account() {
    for other in [APP.replace("us-east-1", "eu-central-1"), APP.replace("123456789012", "999999999999")] {
        let findings = findings(|facts| facts.app_instances = vec![crate::account::arn::app_instance(&other).unwrap()]);
        let found = findings.iter().find(|finding| finding.check == "region-and-account").unwrap();
        assert_eq!(found.severity, Severity::Error);
    }
}

#[test]
fn the_permission() {
    let with = |policy: Option<Policy>| of_function("permission", |facts| facts.policy = Looked::Seen(policy));
    let (severity, _, remedy) = with(None);
    assert_eq!(severity, Severity::Error);
    assert!(
        remedy.starts_with(
            "aws lambda add-permission --function-name filter --region us-east-1 --statement-id channel-flow-a1"
        ) && remedy.ends_with(&format!("--source-account 123456789012 --source-arn '{APP}*'")),
        "{remedy}"
    );
    for (policy, expected, words) in [
        (permission("chime.amazonaws.com", source("123456789012", APP)), Severity::Warning, "older principal"),
        (permission(PRINCIPAL, json!({})), Severity::Warning, "any account"),
        (
            permission(PRINCIPAL, json!({ "StringEquals": { "AWS:SourceAccount": "123456789012" } })),
            Severity::Warning,
            "every app instance",
        ),
        (permission(PRINCIPAL, json!({ "Bool": { "aws:SecureTransport": "true" } })), Severity::Warning, "conditions"),
        (permission("*", source("123456789012", APP)), Severity::Warning, "anyone"),
        (permission(PRINCIPAL, source("999999999999", APP)), Severity::Error, "another source account"),
        (
            permission(PRINCIPAL, source("123456789012", &APP.replace("a1", "a2"))),
            Severity::Error,
            "another source account",
        ),
        (permission("s3.amazonaws.com", json!({})), Severity::Error, "no statement"),
    ] {
        let (severity, text, remedy) = with(Some(policy));
        assert_eq!((severity, text.contains(words)), (expected, true), "{words}: {text}");
        // The statement's id is taken.
        assert!(remedy.starts_with("aws lambda remove-permission "), "{remedy}");
    }
    assert_eq!(of_function("permission", |facts| facts.policy = unseen()).0, Severity::Unknown);
}

#[test]
fn the_role() {
    let with = |role: Looked<Role>| {
        of_function("role", |facts| {
            facts.function.may_ask_status = Setting::Value("false".to_owned());
            facts.role = role;
        })
    };
    let invoke = || allow("lambda:InvokeFunction", RESCUE);
    let (severity, _, remedy) = with(role_that(json!([invoke()])));
    assert_eq!(severity, Severity::Error);
    let document = remedy.split('\'').nth(1).unwrap();
    let mended = Policy::parse(document).unwrap();
    assert_eq!(
        crate::account::policy::verdict(&[mended], "chime:ChannelFlowCallback", APP),
        crate::account::policy::Verdict::Allowed
    );
    let callback = "chime:ChannelFlowCallback";
    for (statements, expected, words) in [
        (json!([invoke(), allow(callback, &APP.replace("a1", "a2*"))]), Severity::Error, "lacks"),
        (json!([invoke(), allow("chime:SendChannelMessage", "*")]), Severity::Error, "lacks"),
        (
            json!([invoke(), allow("*", "*"), { "Effect": "Deny", "Action": "chime:*", "Resource": "*" }]),
            Severity::Error,
            "denies",
        ),
        (json!([invoke(), allow(callback, APP)]), Severity::Warning, "not for both"),
        (json!([invoke(), allow(callback, &format!("{APP}/*"))]), Severity::Warning, "not for both"),
        (
            json!([invoke(), {
                "Effect": "Allow", "Action": callback, "Resource": "*", "Condition": { "Bool": { "x": "true" } },
            }]),
            Severity::Unknown,
            "condition",
        ),
    ] {
        let (severity, text, _) = with(role_that(statements));
        assert_eq!((severity, text.contains(words)), (expected, true), "{words}: {text}");
    }
}

#[test]
fn a_role_that_cannot_be_seen_through() {
    let with = |change: fn(&mut Role)| {
        findings(|facts| match &mut facts.functions[0].found {
            Looked::Seen(Some(FunctionFacts { role: Looked::Seen(role), .. })) => change(role),
            _ => unreachable!("the role is there"),
        })
    };
    for findings in [
        with(|role| role.boundary = Some("arn:aws:iam::123456789012:policy/b".to_owned())),
        with(|role| role.unreadable = Some("odd: not JSON".to_owned())),
        findings(|facts| match &mut facts.functions[0].found {
            Looked::Seen(Some(function)) => function.role = unseen(),
            _ => unreachable!("the function is there"),
        }),
    ] {
        let checks: Vec<_> = findings.iter().map(|finding| (finding.check, finding.severity)).collect();
        let unknown = Severity::Unknown;
        assert_eq!(checks, [("role", unknown), ("on-failure-grant", unknown), ("status", unknown)]);
    }
}

#[test]
fn timeout() {
    for (timeout, well) in [(1, false), (2, true), (3, true), (900, true)] {
        let findings = findings(|facts| match &mut facts.functions[0].found {
            Looked::Seen(Some(function)) => function.function.timeout = timeout,
            _ => unreachable!("the function is there"),
        });
        assert_eq!(findings.is_empty(), well, "{timeout}: {findings:?}");
        assert!(findings.iter().all(|finding| finding.check == "timeout"));
    }
}

#[test]
fn retries_and_age() {
    let with = |check: &str, retries: Option<i32>, age: Option<i32>| {
        of_function(check, |facts| {
            let on_failure = Some(arn(RESCUE));
            let config = EventInvokeConfig { maximum_retry_attempts: retries, maximum_event_age: age, on_failure };
            facts.event_invoke_config = Looked::Seen(Some(config));
        })
    };
    let (severity, _, remedy) = with("retries", Some(0), Some(60));
    assert_eq!(severity, Severity::Warning);
    assert_eq!(
        remedy,
        "aws lambda update-function-event-invoke-config --function-name filter --region us-east-1 --maximum-retry-attempts 2"
    );
    for (retries, age) in [(None, None), (Some(2), Some(21600)), (Some(2), Some(60)), (None, Some(120))] {
        assert_eq!(with("event-age", retries, age).0, Severity::Warning, "{retries:?} {age:?}");
    }
    let (_, text, remedy) = of_function("event-age", |facts| facts.event_invoke_config = Looked::Seen(None));
    assert!(text.contains("6 hours") && remedy.contains(" put-function-event-invoke-config "), "{text}: {remedy}");
    let checks = findings(|facts| match &mut facts.functions[0].found {
        Looked::Seen(Some(function)) => function.event_invoke_config = unseen(),
        _ => unreachable!("the function is there"),
    });
    assert!(checks.iter().all(|finding| finding.severity == Severity::Unknown) && checks.len() == 2, "{checks:?}");
}

#[test]
fn concurrency() {
    let (severity, ..) = of_function("concurrency", |facts| facts.function.reserved_concurrency = Some(0));
    assert_eq!(severity, Severity::Error);
    assert_eq!(
        findings(|facts| match &mut facts.functions[0].found {
            Looked::Seen(Some(function)) => function.function.reserved_concurrency = Some(5),
            _ => unreachable!("the function is there"),
        }),
        []
    );
}

#[test]
fn nobody_gets_what_failed() {
    let (severity, text, remedy) = of_function("on-failure", |facts| facts.failures = Looked::Seen(Vec::new()));
    assert_eq!((severity, text.contains("undecided")), (Severity::Warning, true));
    assert!(remedy.contains(r#"--destination-config '{"OnFailure":{"Destination":"#), "{remedy}");
    assert_eq!(of_function("on-failure", |facts| facts.failures = unseen()).0, Severity::Unknown);
    // Where nothing is set, what is set for one thing must not be lost by the other.
    let findings = findings(|facts| match &mut facts.functions[0].found {
        Looked::Seen(Some(function)) => {
            function.event_invoke_config = Looked::Seen(None);
            function.failures = Looked::Seen(Vec::new());
        }
        _ => unreachable!("the function is there"),
    });
    let remedies: Vec<_> = findings.iter().filter_map(|finding| finding.remedy.as_deref()).collect();
    assert_eq!(remedies.len(), 2);
    assert!(
        remedies.iter().all(|remedy| remedy.matches("--maximum-event-age-in-seconds 300").count() == 1),
        "{remedies:?}"
    );
}

#[test]
fn what_failed_may_not_be_sent_there() {
    let (severity, text, remedy) =
        of_function("on-failure-grant", |facts| facts.role = callback_and(allow("lambda:InvokeFunction", FILTER)));
    assert_eq!((severity, text.contains("lost")), (Severity::Error, true));
    assert!(Policy::parse(remedy.split('\'').nth(1).unwrap()).is_ok(), "{remedy}");
    let send = || callback_and(json!({ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE }));
    let rescue = || vec![(function("rescue"), callback_and(allow("s3:*", "*")))];
    assert_eq!(
        findings(|facts| match &mut facts.functions[0].found {
            Looked::Seen(Some(function)) => {
                function.role = send();
                function.failures = Looked::Seen(vec![target(QUEUE, rescue())]);
            }
            _ => unreachable!("the function is there"),
        }),
        []
    );
}

#[test]
fn what_is_no_rescue() {
    let with = |target: FailureTarget| {
        let everything = || callback_and(allow("*", "*"));
        of_function("rescue", |facts| {
            facts.role = everything();
            facts.failures = Looked::Seen(vec![target]);
        })
    };
    let mut other = function("logger");
    other.code_sha256 = "other".to_owned();
    for (target, expected, words) in [
        (target(RESCUE, vec![(other, unseen())]), Severity::Warning, "other code"),
        (
            target(FILTER, vec![(function("filter"), callback_and(allow("s3:*", "*")))]),
            Severity::Warning,
            "that failed",
        ),
        (target(QUEUE, vec![]), Severity::Warning, "no function consumes events"),
        (target("arn:aws:sns:us-east-1:123456789012:topic", vec![]), Severity::Unknown, "does not check"),
        (
            FailureTarget { arn: arn(RESCUE), is_dead_letter: false, rescues: unseen() },
            Severity::Unknown,
            "AccessDenied",
        ),
    ] {
        let (severity, text, _) = with(target);
        assert_eq!((severity, text.contains(words)), (expected, true), "{words}: {text}");
    }
}

#[test]
fn a_rescue_that_may_not_call_back() {
    let findings = findings(|facts| match &mut facts.functions[0].found {
        Looked::Seen(Some(filter)) => {
            let rescue = (function("rescue"), role_that(json!([ask(&["user", "bot", "channel"])])));
            filter.failures = Looked::Seen(vec![target(RESCUE, vec![rescue])]);
        }
        _ => unreachable!("the function is there"),
    });
    let found: Vec<_> =
        findings.iter().map(|finding| (finding.check, finding.severity, finding.subject.as_str())).collect();
    assert_eq!(found, [("rescue-role", Severity::Error, RESCUE)]);
}

/// What the checks of asking say: of the function, with a variable and a role.
fn of_asking(variable: Option<&str>, statements: &[Value]) -> (Severity, String, String) {
    let callback = callback_statements();
    let statements: Vec<_> = callback.into_iter().chain(statements.iter().cloned()).collect();
    of_function("status", |facts| {
        facts.function.may_ask_status = variable.map_or(Setting::Unset, |value| Setting::Value(value.to_owned()));
        facts.role = role_that(json!(statements));
    })
}

fn callback_statements() -> Vec<Value> {
    vec![allow("chime:ChannelFlowCallback", &format!("{APP}*")), allow("lambda:InvokeFunction", RESCUE)]
}

#[test]
fn who_says_that_it_may_ask_must_be_able_to() {
    for variable in ["true", APP, &format!(" {APP} ")] {
        for statements in [
            vec![],
            vec![ask(&["user", "bot"])],
            vec![ask(&["bot", "channel"])],
            vec![ask(&["user", "channel"])],
            vec![allow("chime:GetChannelMessageStatus", APP)],
            vec![allow("chime:GetChannelMessage", &format!("{APP}/*"))],
        ] {
            let (severity, text, remedy) = of_asking(Some(variable), &statements);
            assert_eq!(
                (severity, text.contains("lacks chime:GetChannelMessageStatus")),
                (Severity::Error, true),
                "{text}"
            );
            let document = remedy.split('\'').nth(1).unwrap();
            let role = role_that(serde_json::from_str::<Value>(document).unwrap()["Statement"].clone());
            let Looked::Seen(Role { policies, .. }) = role else { unreachable!("it is one") };
            for kind in ["user", "bot", "channel"] {
                let resource = format!("{APP}/{kind}/x");
                let verdict = crate::account::policy::verdict(&policies, "chime:GetChannelMessageStatus", &resource);
                assert_eq!(verdict, crate::account::policy::Verdict::Allowed, "{remedy}");
            }
        }
        let denied = json!({ "Effect": "Deny", "Action": "chime:Get*", "Resource": format!("{APP}/bot/*") });
        let (severity, text, _) = of_asking(Some(variable), &[allow("chime:Get*", "*"), denied]);
        assert_eq!((severity, text.contains("denies")), (Severity::Error, true), "{text}");
        let conditional = json!({
            "Effect": "Allow", "Action": "chime:*", "Resource": format!("{APP}/*"), "Condition": { "Bool": { "x": "true" } },
        });
        assert_eq!(of_asking(Some(variable), &[conditional]).0, Severity::Unknown);
    }
    // One that is listed and that nothing else names.
    let (severity, text, _) =
        of_asking(Some(&format!("{APP},{}", APP.replace("a1", "a2"))), &[ask(&["user", "bot", "channel"])]);
    assert_eq!((severity, text.contains("app instance a2")), (Severity::Error, true), "{text}");
}

#[test]
fn who_may_ask_should_say_so() {
    let all = [ask(&["user", "bot", "channel"])];
    let (severity, text, remedy) = of_asking(None, &all);
    assert_eq!((severity, text.contains("does not say so")), (Severity::Hint, true), "{text}");
    assert_eq!(
        remedy,
        "aws lambda update-function-configuration --function-name filter --region us-east-1 --environment \"$(aws lambda \
         get-function-configuration --function-name filter --region us-east-1 --output json --query '{Variables: \
         merge(not_null(Environment.Variables, `{}`), {CHANNEL_FLOW_MAY_ASK_STATUS: `\"true\"`})}')\""
    );
    let other = APP.replace("a1", "a2");
    let everywhere = [allow("chime:GetChannelMessageStatus", "*")];
    let (severity, _, remedy) = of_asking(Some(&other), &everywhere);
    assert_eq!((severity, remedy.contains(&format!("`\"{other},{APP}\"`"))), (Severity::Hint, true), "{remedy}");
}

#[test]
fn who_may_not_ask_is_told_what_it_means() {
    for variable in [None, Some("")] {
        let (severity, text, remedy) = of_asking(variable, &[]);
        assert_eq!((severity, text.contains("fails the invocation")), (Severity::Hint, true), "{text}");
        let (grant, tell) = remedy.split_once(" && ").unwrap();
        assert!(grant.starts_with("aws iam put-role-policy --role-name filter-role "), "{remedy}");
        assert!(tell.starts_with("aws lambda update-function-configuration "), "{remedy}");
    }
    let denied = json!({ "Effect": "Deny", "Action": "*", "Resource": format!("{APP}/user/*") });
    let (severity, text, _) = of_asking(None, &[denied]);
    assert_eq!((severity, text.contains("denies")), (Severity::Hint, true), "{text}");
    // Who wants it so is not told again.
    assert_eq!(
        findings(|facts| match &mut facts.functions[0].found {
            Looked::Seen(Some(function)) => {
                function.function.may_ask_status = Setting::Value("false".to_owned());
                function.role = role_that(json!(callback_statements()));
            }
            _ => unreachable!("the function is there"),
        }),
        []
    );
}

#[test]
fn what_the_variable_says_must_make_sense() {
    for value in [
        "yes",
        "True",
        "1",
        "*",
        "app-instance/a1",
        &format!("{APP}/channel/c1"),
        &format!("{APP},"),
        &format!("{APP};{APP}"),
        &format!("true,{APP}"),
        &APP.replace("123456789012", "999999999999"),
        &APP.replace("us-east-1", "eu-central-1"),
    ] {
        let (severity, text, _) = of_asking(Some(value), &[ask(&["user", "bot", "channel"])]);
        assert_eq!((severity, text.contains("has an invalid value")), (Severity::Error, true), "{value}: {text}");
    }
    let (severity, text, _) = of_function("status", |facts| {
        facts.function.may_ask_status = Setting::Hidden("AccessDeniedException".to_owned());
    });
    assert_eq!((severity, text.contains("AccessDeniedException")), (Severity::Unknown, true), "{text}");
}

#[test]
fn the_rescue_asks_too() {
    let with = |variable: Setting, role: Looked<Role>| {
        let findings = findings(|facts| match &mut facts.functions[0].found {
            Looked::Seen(Some(filter)) => {
                let rescue = Function { may_ask_status: variable, ..function("rescue") };
                filter.failures = Looked::Seen(vec![target(RESCUE, vec![(rescue, role)])]);
            }
            _ => unreachable!("the function is there"),
        });
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.check, finding.subject.as_str()), ("rescue-status", RESCUE));
        (finding.severity, finding.remedy.clone().unwrap())
    };
    let silent = role_that(json!(callback_statements()));
    assert_eq!(with(Setting::Value("true".to_owned()), silent.clone()).0, Severity::Error);
    let (severity, remedy) = with(Setting::Unset, silent);
    assert_eq!((severity, remedy.contains("--function-name rescue ")), (Severity::Hint, true), "{remedy}");
    assert_eq!(with(Setting::Value("maybe".to_owned()), callback_and(allow("s3:*", "*"))).0, Severity::Error);
}

#[test]
fn the_flow() {
    let (severity, _, remedy) = of_flow("channels", |flow| flow.channels = Looked::Seen(Vec::new()));
    assert_eq!((severity, remedy.contains("associate-channel-flow")), (Severity::Warning, true));
    assert_eq!(of_flow("channels", |flow| flow.channels = unseen()).0, Severity::Unknown);
    let (severity, text, remedy) =
        of_flow("fallback", |flow| flow.flow.processors[0].fallback_action = FallbackAction::Continue);
    assert_eq!((severity, text.contains("words: CONTINUE")), (Severity::Warning, true));
    assert!(remedy.ends_with(&format!(" --processor 'words={FILTER},order=1,fallback=abort'")), "{remedy}");
    let (.., remedy) = of_flow("fallback", |flow| {
        let words = flow.flow.processors[0].clone();
        let links = Processor { name: "it's".to_owned(), execution_order: 2, ..words };
        let links = Processor { fallback_action: FallbackAction::Continue, ..links };
        flow.flow.processors.push(links);
    });
    assert!(remedy.contains(r"fallback=abort' --processor 'it'\''s="), "{remedy}");
}

#[test]
fn a_function_in_no_flow() {
    let of = |break_it: fn(&mut Facts)| {
        let findings = findings(break_it);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        (finding.check, finding.severity)
    };
    assert_eq!(of(|facts| facts.flows = Looked::Seen(Vec::new())), ("flow", Severity::Warning));
    assert_eq!(of(|facts| facts.flows = unseen()), ("flow", Severity::Unknown));
}

#[test]
fn a_function_that_is_not_there() {
    let of = |found: fn() -> Looked<Option<FunctionFacts>>| {
        let findings = findings(|facts| facts.functions[0].found = found());
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        (finding.check, finding.severity)
    };
    assert_eq!(of(|| Looked::Seen(None)), ("function", Severity::Error));
    assert_eq!(of(unseen), ("function", Severity::Unknown));
}

#[test]
fn without_an_app_instance_much_is_unknown() {
    let alone = |break_it: fn(&mut FunctionFacts)| {
        findings(|facts| {
            facts.app_instances.clear();
            facts.flows = Looked::Seen(Vec::new());
            match &mut facts.functions[0].found {
                Looked::Seen(Some(function)) => break_it(function),
                _ => unreachable!("the function is there"),
            }
        })
    };
    let severity = |findings: &[Finding], check: &str| {
        findings.iter().find(|finding| finding.check == check).map(|finding| finding.severity)
    };
    // For one app instance, and it is not known which one is meant.
    let findings = alone(|_| {});
    assert_eq!(severity(&findings, "permission"), Some(Severity::Unknown));
    assert_eq!(severity(&findings, "role"), Some(Severity::Unknown));
    // For all of the account it is known all the same.
    let findings = alone(|facts| {
        let all = "arn:aws:chime:us-east-1:123456789012:app-instance/*";
        facts.policy = Looked::Seen(Some(permission(PRINCIPAL, source("123456789012", all))));
        facts.role = role_that(json!([allow("chime:*", all), allow("lambda:*", "*")]));
    });
    assert_eq!((severity(&findings, "permission"), severity(&findings, "role")), (None, None), "{findings:?}");
    // And nobody at all is an error.
    let findings = alone(|facts| facts.policy = Looked::Seen(None));
    assert_eq!(severity(&findings, "permission"), Some(Severity::Error));
}

/// What the checks say of a function that holds messages and is broken.
fn of_held(
    check: &str,
    break_it: impl FnOnce(&mut FunctionFacts, fn(&mut FunctionFacts) -> &mut HeldFacts),
) -> (Severity, String, String) {
    of_function(check, |facts| {
        hold(facts);
        break_it(facts, |facts| facts.held.as_mut().expect("it holds messages"));
    })
}

#[test]
fn the_table() {
    let (severity, text, _) = of_held("table", |facts, held| held(facts).table = Looked::Seen(None));
    assert_eq!((severity, text.contains("which does not exist")), (Severity::Error, true));
    let with = |status: &str, indexes: &[&str]| {
        let indexes = indexes.iter().map(|index| (*index).to_owned()).collect();
        let table = Table { arn: arn(TABLE), status: status.to_owned(), indexes };
        of_held("table", |facts, held| held(facts).table = Looked::Seen(Some(table)))
    };
    let (severity, text, _) = with("ACTIVE", &["others"]);
    assert_eq!((severity, text.contains("no index queues")), (Severity::Error, true));
    let (severity, text, _) = with("CREATING", &["queues"]);
    assert_eq!((severity, text.contains("is CREATING")), (Severity::Error, true));
    let (severity, ..) = of_held("table", |facts, held| held(facts).table = unseen());
    assert_eq!(severity, Severity::Unknown);
}

#[test]
fn a_grant_on_the_table() {
    let without = |actions: &[&str]| holding_and(allow("lambda:InvokeFunction", RESCUE), actions);
    let lacking = ["dynamodb:PutItem", "dynamodb:UpdateItem"];
    let (severity, text, remedy) = of_held("table-grant", |facts, _| facts.role = without(&lacking));
    assert_eq!(severity, Severity::Warning);
    assert!(text.contains("lacks dynamodb:PutItem, dynamodb:UpdateItem: "), "{text}");
    assert!(remedy.contains(TABLE), "{remedy}");
    let all = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];
    let (severity, ..) = of_held("table-grant", |facts, _| facts.role = without(&all));
    assert_eq!(severity, Severity::Error);
    // If the table cannot be seen, its ARN follows from its name.
    let findings = findings(|facts| {
        let function = patient(facts);
        hold(function);
        function.held.as_mut().unwrap().table = unseen();
        function.role = without(&lacking);
    });
    let grant = findings.iter().find(|finding| finding.check == "table-grant").expect("the grant is missing");
    assert!(grant.remedy.as_ref().unwrap().contains(TABLE), "{grant:?}");
}

#[test]
fn the_sweep() {
    let (severity, text, _) = of_held("sweep", |facts, held| held(facts).sweeps = Looked::Seen(Vec::new()));
    assert_eq!((severity, text.contains("nothing decides held messages")), (Severity::Warning, true));
    let sweep = (function("sweep"), holding_and(allow("dynamodb:Query", TABLE), &[]));
    let (severity, text, remedy) = of_held("sweep", |facts, held| held(facts).sweeps = Looked::Seen(vec![sweep]));
    assert_eq!((severity, text.contains("lacks dynamodb:Query")), (Severity::Error, true));
    assert!(remedy.contains(&format!("{TABLE}/index/queues")), "{remedy}");
    let (severity, ..) = of_held("sweep", |facts, held| held(facts).sweeps = unseen());
    assert_eq!(severity, Severity::Unknown);
}

#[test]
fn a_durable_function() {
    let durable = |change: fn(&mut FunctionFacts)| {
        let findings = findings(|facts| {
            let function = patient(facts);
            function.function.durable = Some(Durable { retention_days: Some(7) });
            function.function.arn = function.function.arn.with_qualifier("1").unwrap();
            function.function.dead_letter_arn = Some(arn(QUEUE));
            change(function);
        });
        let durable = findings.into_iter().filter(|finding| finding.check == "durable");
        durable.map(|finding| (finding.severity, finding.text)).collect::<Vec<_>>()
    };
    let well = durable(|_| {});
    let [(Severity::Warning, text)] = &well[..] else { panic!("{well:?}") };
    assert!(text.contains("for 7 days"), "{text}");
    let unqualified = durable(|facts| facts.function.arn = FILTER.parse().unwrap());
    assert!(unqualified.iter().any(|(severity, text)| *severity == Severity::Error && text.contains("by a version")));
    let lost = durable(|facts| facts.function.dead_letter_arn = None);
    assert!(lost.iter().any(|(severity, text)| *severity == Severity::Warning && text.contains("dead-letter queue")));
}
