//! The built function in a channel, run as Lambda runs it, against the messaging service as the emulator has it.

use std::error::Error;
use std::time::Duration;

use channel_flow_emulator::{
    ActivityKind, Emulator, EventInvokeConfig, EventQueue, FunctionSettings, InvocationFault, InvocationOutcome,
    OutgoingMessage, Settings,
};
use serde_json::{Value, json};

/// A channel with Alice, a bot, and a flow with the function.
struct Chat {
    emulator: Emulator,
    alice: Value,
    bot: Value,
    channel: Value,
}

impl Chat {
    async fn new() -> Result<Self, Box<dyn Error>> {
        let emulator = Emulator::start(Settings::new()).await?;
        let service = emulator.service();
        let app_instance =
            service.call("CreateAppInstance", json!({ "Name": "chat" })).await?["AppInstanceArn"].clone();
        let alice = json!({ "AppInstanceArn": app_instance, "AppInstanceUserId": "alice", "Name": "Alice" });
        let alice = service.call("CreateAppInstanceUser", alice).await?["AppInstanceUserArn"].clone();
        let lex = json!({
            "LexBotAliasArn": "arn:aws:lex:us-east-1:123456789012:bot-alias/HELPER0000/DEMO000000", "LocaleId": "en_US",
        });
        let bot = json!({ "AppInstanceArn": app_instance, "Name": "Helper", "Configuration": { "Lex": lex } });
        let bot = service.call("CreateAppInstanceBot", bot).await?["AppInstanceBotArn"].clone();
        let channel = json!({
            "AppInstanceArn": app_instance, "ChimeBearer": alice, "Name": "General", "MemberArns": [bot],
        });
        let channel = service.call("CreateChannel", channel).await?["ChannelArn"].clone();

        let settings = FunctionSettings::new().env("ASSISTANT_ARN", bot.as_str().ok_or("an ARN is text")?);
        let function = emulator.function(env!("CARGO_BIN_EXE_assistant"), settings)?;
        let function_arn = function.arn();
        service.set_function(&function_arn, EventQueue::new(function, EventInvokeConfig::new()));
        let flow = json!({
            "AppInstanceArn": app_instance,
            "Name": "Assistant",
            "Processors": [{
                "Name": "assistant",
                "ExecutionOrder": 1,
                "FallbackAction": "ABORT",
                "Configuration": { "Lambda": { "ResourceArn": function_arn, "InvocationType": "ASYNC" } },
            }],
        });
        let flow = service.call("CreateChannelFlow", flow).await?["ChannelFlowArn"].clone();
        let chosen = json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": alice });
        service.call("AssociateChannelFlow", chosen).await?;
        Ok(Self { emulator, alice, bot, channel })
    }

    /// Sends a message as Alice, and returns what is in the channel after `invocations` of the function.
    async fn say(&self, content: &str, invocations: usize) -> Result<Vec<(String, Value)>, Box<dyn Error>> {
        let service = self.emulator.service();
        let mut activities = service.watch();
        let message = json!({
            "ChannelArn": self.channel, "ChimeBearer": self.alice, "Content": content,
            "Type": "STANDARD", "Persistence": "PERSISTENT",
        });
        service.call("SendChannelMessage", message).await?;
        let mut ended = 0;
        while ended < invocations {
            let activity = tokio::time::timeout(Duration::from_secs(20), activities.recv()).await?;
            ended += usize::from(matches!(activity.ok_or("it runs")?.kind, ActivityKind::Attempted { .. }));
        }
        // An answer too many would come now.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(service.counts().pending, 0);
        let query = json!({ "ChannelArn": self.channel, "ChimeBearer": self.alice, "SortOrder": "ASCENDING" });
        let messages = service.call("ListChannelMessages", query).await?["ChannelMessages"].clone();
        let messages = messages.as_array().ok_or("a list")?.iter();
        let read = |message: &Value| {
            (message["Content"].as_str().unwrap_or_default().to_owned(), message["Sender"]["Arn"].clone())
        };
        Ok(messages.map(read).collect())
    }
}

const MEMBERS: &str = "This channel has 2 members, one of them a bot.";

/// The answer passes through the function again and gets no answer itself.
#[tokio::test]
async fn a_command_is_answered_once_by_the_bot() -> Result<(), Box<dyn Error>> {
    let chat = Chat::new().await?;
    let messages = chat.say("/stats", 2).await?;
    assert_eq!(messages, [("/stats".to_owned(), chat.alice.clone()), (MEMBERS.to_owned(), chat.bot.clone())]);
    let messages = chat.say("/help", 2).await?;
    assert_eq!(messages.len(), 4);
    assert!(messages[3].0.contains("/stats counts the members"), "{messages:?}");
    assert_eq!(messages[3].1, chat.bot);
    Ok(())
}

#[tokio::test]
async fn other_messages_get_no_answer() -> Result<(), Box<dyn Error>> {
    let chat = Chat::new().await?;
    assert_eq!(chat.say("What does /help do?", 1).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_event_that_comes_twice_is_answered_once() -> Result<(), Box<dyn Error>> {
    let chat = Chat::new().await?;
    chat.emulator.service().fault_invocation(InvocationFault::Duplicate);
    assert_eq!(chat.say("/stats", 3).await?.len(), 2);
    Ok(())
}

/// A message from a channel that the assistant does not belong to is released all the same, and the log has the code of the
/// refusal alone.
#[tokio::test]
async fn a_refused_answer_changes_nothing() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Settings::new()).await?;
    let arn = "arn:aws:chime:us-east-1:123456789012:app-instance/a/bot/helper";
    let settings = FunctionSettings::new().env("ASSISTANT_ARN", arn);
    let function = emulator.function(env!("CARGO_BIN_EXE_assistant"), settings)?;
    let delivered = function.send(OutgoingMessage::new("/help")?).await;
    assert!(delivered.is_decided() && delivered.invocation.outcome().is_success());
    let logs: Vec<_> = delivered.logs.iter().map(|line| line.text.as_str()).collect();
    let logs = logs.join("\n");
    assert!(logs.contains("after_callback_failed=true"), "{logs}");
    assert!(logs.contains("SendChannelMessage was refused: ForbiddenException"), "{logs}");
    Ok(())
}

#[tokio::test]
async fn it_does_not_start_without_the_one_that_answers() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Settings::new()).await?;
    let function = emulator.function(env!("CARGO_BIN_EXE_assistant"), FunctionSettings::new())?;
    let delivered = function.send(OutgoingMessage::new("Hello")?).await;
    assert!(matches!(delivered.invocation.outcome(), InvocationOutcome::InitFailed(_)));
    let logs: Vec<_> = delivered.logs.iter().map(|line| line.text.as_str()).collect();
    assert!(logs.iter().any(|line| line.starts_with("Error: ASSISTANT_ARN must be the ARN of")), "{logs:?}");
    Ok(())
}
