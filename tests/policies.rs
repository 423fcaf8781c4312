//! Policies by channel, from a setting and from the tags of the channel, and exemptions.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use channel_flow_emulator::{
    Decision, Delivered, Emulator, Event, FunctionSettings, InvocationOutcome, OutgoingMessage, Sender, Settings,
};
use channel_flow_tests::Stage;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_policies");
const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/chat";

fn channel(id: &str) -> String {
    format!("{APP_INSTANCE}/channel/{id}")
}

/// Policies with links for everyone but the kids.
fn policies() -> String {
    json!({ "default": { "links": true }, "channels": { channel("kids"): { "links": false, "exempt": "bots" } } })
        .to_string()
}

/// The event of a message with a link.
fn event(stage: &Stage, channel_id: &str, sender: &str) -> Event {
    let message = OutgoingMessage::new("See https://example.com").expect("within the limits");
    let event = stage.emulator.event(message.sender(Sender::user("alice", "Alice")));
    let mut event: Value = serde_json::from_slice(event.json()).expect("an event is JSON");
    event["ChannelMessage"]["ChannelArn"] = channel(channel_id).into();
    event["ChannelMessage"]["Sender"]["Arn"] = format!("{APP_INSTANCE}/{sender}").into();
    Event::raw(event.to_string())
}

async fn send(stage: &Stage, channel_id: &str, sender: &str) -> Delivered {
    let delivered = stage.function.deliver(&event(stage, channel_id, sender)).await;
    assert!(delivered.is_decided(), "{:?}\n{}", delivered.invocation.outcome(), stage.logs());
    delivered
}

/// The decision on a link that Alice sends.
async fn decision(stage: &Stage, channel_id: &str) -> Decision {
    send(stage, channel_id, "user/alice").await.decision().expect("it is decided")
}

/// What the function returned.
#[track_caller]
fn settled(delivered: &Delivered) -> Value {
    match delivered.invocation.outcome() {
        InvocationOutcome::Response(response) => serde_json::from_slice(response).expect("a response is JSON"),
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn each_channel_has_the_policy_of_the_variable() {
    let stage = Stage::new(BINARY, FunctionSettings::new().env("MODERATION_POLICIES", policies())).await;
    assert_eq!(decision(&stage, "adults").await, Decision::NoChange);
    let denied = settled(&send(&stage, "kids", "user/alice").await);
    assert_eq!((&denied["Decision"], &denied["Reasons"]), (&json!("DENY"), &json!(["links"])));
    // The steps of the channel's flow are told as those of any flow.
    assert_eq!(denied["Steps"][0]["Name"], "links");
    let exempt = settled(&send(&stage, "kids", "bot/helper").await);
    assert_eq!((&exempt["Decision"], &exempt["Reasons"]), (&json!("NO_CHANGE"), &json!(["exempt"])));
    let logs = stage.logs();
    assert!(logs.contains("links=DENY"), "{logs}");
    // The exempt message is not worked on, and the others are by the processor that decided.
    assert_eq!(logs.matches("worked").count(), 2, "{logs}");
    assert!(logs.contains("worked links_allowed=true") && logs.contains("worked links_allowed=false"), "{logs}");
}

#[tokio::test]
async fn the_variable_may_name_a_file() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&file, policies()).expect("it is written");
    let settings = FunctionSettings::new().env("MODERATION_POLICIES", file.path()).env("EXEMPT", "users");
    let stage = Stage::new(BINARY, settings).await;
    let exempt = settled(&send(&stage, "kids", "user/alice").await);
    assert_eq!(exempt["Reasons"], json!(["exempt"]));
}

#[test]
fn a_setting_that_makes_no_sense_is_named_at_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let absent = directory.path().join("absent.json").display().to_string();
    for (policies, exempt, told) in [
        (policies(), "robots", "EXEMPT: exemption 1 must be"),
        (String::new(), "", "MODERATION_POLICIES is not set"),
        (absent.clone(), "", &*format!("cannot read the policies in {absent} (from MODERATION_POLICIES)")),
        (r#"{"default":{"link":1}}"#.to_owned(), "", "MODERATION_POLICIES: unknown field `link`"),
    ] {
        let mut command = Command::new(BINARY);
        command.env_clear().env("MODERATION_POLICIES", policies).env("EXEMPT", exempt);
        let output = command.output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains(told), "{errors}");
    }
}

/// A service that has the tags of channels, at this address or at a free one.
async fn tags(address: Option<SocketAddr>, moderation: &str) -> Emulator {
    let settings = Settings::new().any_credentials(true);
    let settings = address.into_iter().fold(settings, Settings::address);
    let emulator = Emulator::start(settings).await.expect("the port is free");
    let service = emulator.service();
    let app_instance = service.call_with_id("CreateAppInstance", json!({ "Name": "chat" }), "chat").await;
    assert_eq!(app_instance.expect("it is created")["AppInstanceArn"], APP_INSTANCE);
    let user = json!({ "AppInstanceArn": APP_INSTANCE, "AppInstanceUserId": "alice", "Name": "Alice" });
    let user = service.call("CreateAppInstanceUser", user).await.expect("she is created");
    for id in ["kids", "adults"] {
        let input = json!({
            "AppInstanceArn": APP_INSTANCE, "Name": id, "ChannelId": id, "ChimeBearer": user["AppInstanceUserArn"],
        });
        service.call("CreateChannel", input).await.expect("it is created");
    }
    tag(&emulator, moderation).await;
    emulator
}

async fn tag(emulator: &Emulator, moderation: &str) {
    let tags = json!([{ "Key": "moderation", "Value": moderation }]);
    let input = json!({ "ResourceARN": channel("adults"), "Tags": tags });
    emulator.service().call("TagResource", input).await.expect("it is tagged");
}

#[tokio::test]
async fn the_tags_of_a_channel_are_its_policy_and_the_last_good_one_stays() {
    let source = tags(None, "strict").await;
    let address = source.service().address();
    let settings = FunctionSettings::new()
        .env("MODERATION_POLICIES", policies())
        .env("TAGS_ENDPOINT", source.service().endpoint_url())
        .timeout(Duration::from_secs(20));
    let stage = Stage::new(BINARY, settings).await;
    let failures = || stage.logs().matches("policy_source_failed=true").count();

    assert_eq!(decision(&stage, "adults").await, Decision::Deny);
    // The channel has no tag, so that the variable applies.
    assert_eq!(decision(&stage, "kids").await, Decision::Deny);
    tag(&source, "lenient").await;
    assert_eq!(decision(&stage, "adults").await, Decision::NoChange);
    assert_eq!(failures(), 0, "{}", stage.logs());

    // A tag without a meaning, and a source that is gone.
    tag(&source, "perhaps").await;
    assert_eq!(decision(&stage, "adults").await, Decision::NoChange);
    assert_eq!(failures(), 1, "{}", stage.logs());
    source.service().end().await;
    drop(source);
    assert_eq!(decision(&stage, "adults").await, Decision::NoChange);
    assert_eq!(failures(), 2, "{}", stage.logs());

    // A new environment knows no policy.
    stage.function.recycle().await;
    let denied = settled(&send(&stage, "adults", "user/alice").await);
    assert_eq!((&denied["Decision"], &denied["DecidedBy"]), (&json!("DENY"), &json!("FALLBACK_ACTION")));
    assert!(stage.logs().contains("the policy of the channel could not be loaded"), "{}", stage.logs());

    let _source = tags(Some(address), "lenient").await;
    assert_eq!(decision(&stage, "adults").await, Decision::NoChange);
}
