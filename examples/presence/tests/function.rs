//! The built function in a channel, run as Lambda runs it, against the messaging service as the emulator has it.

use std::error::Error;
use std::time::Duration;

use channel_flow_emulator::{
    ActivityKind, Emulator, EventInvokeConfig, EventQueue, FunctionSettings, InvocationFault, InvocationOutcome,
    OutgoingMessage, Settings,
};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A channel with people, of whom the first moderates it, and a flow with the function.
struct Chat {
    emulator: Emulator,
    people: Vec<Value>,
    channel: Value,
}

impl Chat {
    async fn new(people: usize, metadata: &str) -> Result<Self> {
        let emulator = Emulator::start(Settings::new()).await?;
        let service = emulator.service();
        let app_instance =
            service.call("CreateAppInstance", json!({ "Name": "chat" })).await?["AppInstanceArn"].clone();
        let mut arns = Vec::new();
        for id in (0..people).map(|number| format!("user-{number}")) {
            let user = json!({ "AppInstanceArn": app_instance, "AppInstanceUserId": id, "Name": id });
            arns.push(service.call("CreateAppInstanceUser", user).await?["AppInstanceUserArn"].clone());
        }
        let channel = json!({
            "AppInstanceArn": app_instance, "ChimeBearer": arns[0], "Name": "General", "Metadata": metadata,
            "MemberArns": arns,
        });
        let channel = service.call("CreateChannel", channel).await?["ChannelArn"].clone();

        let moderator = arns[0].as_str().ok_or("an ARN is text")?;
        let settings = FunctionSettings::new().env("PRESENCE_MODERATOR_ARN", moderator).concurrency(people);
        let function = emulator.function(env!("CARGO_BIN_EXE_presence"), settings)?;
        let function_arn = function.arn();
        service.set_function(&function_arn, EventQueue::new(function, EventInvokeConfig::new()));
        let flow = json!({
            "AppInstanceArn": app_instance,
            "Name": "Presence",
            "Processors": [{
                "Name": "presence",
                "ExecutionOrder": 1,
                "FallbackAction": "ABORT",
                "Configuration": { "Lambda": { "ResourceArn": function_arn, "InvocationType": "ASYNC" } },
            }],
        });
        let flow = service.call("CreateChannelFlow", flow).await?["ChannelFlowArn"].clone();
        let chosen = json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": arns[0] });
        service.call("AssociateChannelFlow", chosen).await?;
        Ok(Self { emulator, people: arns, channel })
    }

    /// Tells the statuses at once, and returns the reasons of the decisions once `invocations` of the function have ended.
    async fn tell(&self, statuses: &[(usize, &str)], invocations: usize) -> Result<Vec<String>> {
        let service = self.emulator.service();
        let mut activities = service.watch();
        for (person, status) in statuses {
            let message = json!({
                "ChannelArn": self.channel, "ChimeBearer": self.people[*person],
                "Content": format!("changed status to {status}"),
                "Metadata": json!({ "IsPresenceInfo": true, "Status": status }).to_string(),
                "Type": "STANDARD", "Persistence": "PERSISTENT",
            });
            service.call("SendChannelMessage", message).await?;
        }
        let (mut ended, mut all_reasons) = (0, Vec::new());
        while ended < invocations {
            let activity = tokio::time::timeout(Duration::from_secs(30), activities.recv()).await?;
            if let ActivityKind::Attempted { returned, .. } = activity.ok_or("it runs")?.kind {
                ended += 1;
                all_reasons.extend(returned.reasons);
            }
        }
        assert_eq!(service.counts().pending, 0);
        Ok(all_reasons)
    }

    async fn metadata(&self) -> Result<Value> {
        let channel = json!({ "ChannelArn": self.channel, "ChimeBearer": self.people[0] });
        let channel = self.emulator.service().call("DescribeChannel", channel).await?;
        Ok(serde_json::from_str(channel["Channel"]["Metadata"].as_str().ok_or("it has metadata")?)?)
    }

    async fn presence(&self) -> Result<Vec<(String, String)>> {
        let metadata = self.metadata().await?;
        let entries = metadata["Presence"].as_array().ok_or("it has presence")?.iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut presence: Vec<_> = entries.map(|entry| (text(&entry["u"]), text(&entry["s"]))).collect();
        presence.sort();
        Ok(presence)
    }

    async fn messages(&self) -> Result<usize> {
        let query = json!({ "ChannelArn": self.channel, "ChimeBearer": self.people[0] });
        let messages = self.emulator.service().call("ListChannelMessages", query).await?;
        Ok(messages["ChannelMessages"].as_array().map_or(0, Vec::len))
    }
}

fn entries(presence: &[(&str, &str)]) -> Vec<(String, String)> {
    presence.iter().map(|&(user, status)| (user.to_owned(), status.to_owned())).collect()
}

#[tokio::test]
async fn a_status_is_kept_beside_other_metadata_and_told_once() -> Result<()> {
    let chat = Chat::new(1, r#"{"Topic":"x"}"#).await?;
    assert!(chat.tell(&[(0, "Cu|Busy")], 1).await?.is_empty());
    assert_eq!(chat.presence().await?, entries(&[("user-0", "Cu|Busy")]));
    assert_eq!(chat.metadata().await?["Topic"], "x");

    assert_eq!(chat.tell(&[(0, "Cu|Busy")], 1).await?, ["same-status"]);
    assert_eq!(chat.messages().await?, 1);

    assert!(chat.tell(&[(0, "Auto|Online")], 1).await?.is_empty());
    assert_eq!(chat.presence().await?, []);
    Ok(())
}

/// Each function reads, changes and writes the whole metadata, and none has a condition to write with.
#[tokio::test]
async fn statuses_told_at_once_are_all_kept() -> Result<()> {
    let chat = Chat::new(4, "{}").await?;
    chat.tell(&[(0, "Cu|A"), (1, "Cu|B"), (2, "Cu|C"), (3, "Wfh|D")], 4).await?;
    let expected = [("user-0", "Cu|A"), ("user-1", "Cu|B"), ("user-2", "Cu|C"), ("user-3", "Wfh|D")];
    assert_eq!(chat.presence().await?, entries(&expected));
    Ok(())
}

#[tokio::test]
async fn an_event_that_comes_twice_does_no_harm() -> Result<()> {
    let chat = Chat::new(1, "{}").await?;
    chat.emulator.service().fault_invocation(InvocationFault::Duplicate);
    chat.tell(&[(0, "Cu|Busy")], 2).await?;
    assert_eq!((chat.presence().await?, chat.messages().await?), (entries(&[("user-0", "Cu|Busy")]), 1));
    Ok(())
}

#[tokio::test]
async fn a_status_that_is_none_is_denied() -> Result<()> {
    let chat = Chat::new(1, "{}").await?;
    assert_eq!(chat.tell(&[(0, "Busy")], 1).await?, ["invalid-status"]);
    assert_eq!(chat.messages().await?, 0);
    Ok(())
}

/// The metadata is another's: the message is released, and the metadata stays.
#[tokio::test]
async fn metadata_that_is_no_json_stays() -> Result<()> {
    let chat = Chat::new(1, "a topic").await?;
    chat.tell(&[(0, "Cu|Busy")], 1).await?;
    assert_eq!(chat.messages().await?, 1);
    assert!(chat.metadata().await.is_err());
    Ok(())
}

/// A channel that cannot be read, as if the grant were missing.
#[tokio::test]
async fn no_message_hangs_if_the_channel_cannot_be_read() -> Result<()> {
    let emulator = Emulator::start(Settings::new()).await?;
    let arn = "arn:aws:chime:us-east-1:123456789012:app-instance/a/user/moderator";
    let settings = FunctionSettings::new().env("PRESENCE_MODERATOR_ARN", arn);
    let function = emulator.function(env!("CARGO_BIN_EXE_presence"), settings)?;
    let message = OutgoingMessage::new("changed")?.metadata(r#"{"IsPresenceInfo":true,"Status":"Cu|quindalith"}"#)?;
    let delivered = function.send(message).await;
    assert!(delivered.is_decided() && delivered.invocation.outcome().is_success());
    let logs: Vec<_> = delivered.logs.iter().map(|line| line.text.as_str()).collect();
    let logs = logs.join("\n");
    assert!(logs.contains("DescribeChannel was refused: ForbiddenException"), "{logs}");
    assert!(!logs.contains("quindalith"), "{logs}");
    Ok(())
}

#[tokio::test]
async fn it_does_not_start_without_a_moderator() -> Result<()> {
    let emulator = Emulator::start(Settings::new()).await?;
    let function = emulator.function(env!("CARGO_BIN_EXE_presence"), FunctionSettings::new())?;
    let delivered = function.send(OutgoingMessage::new("Hello")?).await;
    assert!(matches!(delivered.invocation.outcome(), InvocationOutcome::InitFailed(_)));
    let logs: Vec<_> = delivered.logs.iter().map(|line| line.text.as_str()).collect();
    assert!(logs.iter().any(|line| line.starts_with("Error: PRESENCE_MODERATOR_ARN must be the ARN of")), "{logs:?}");
    Ok(())
}
