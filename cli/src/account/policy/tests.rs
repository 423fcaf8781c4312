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
