//! The built function, run as Lambda runs it, against the messaging service as the emulator has it and a DynamoDB API in this
//! process.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use channel_flow_dynamodb::aws_sdk_dynamodb::Client;
use channel_flow_dynamodb::aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use channel_flow_emulator::{
    ActivityKind, Decision, Emulator, EventInvokeConfig, EventQueue, Function, FunctionSettings, InvocationOutcome,
    OutgoingMessage, Sender, Settings,
};
use dynoxide::Database;
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const TABLE: &str = "memory";

/// Returns the settings of a function with a table of its own.
async fn settings() -> Result<FunctionSettings> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(dynoxide::server::serve_on(listener, Database::memory()?));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "tests"))
        .endpoint_url(&url)
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    channel_flow_dynamodb::create_table(&Client::from_conf(config.build()), TABLE).await?;
    // An hour, so that no test depends on how fast it runs.
    let settings = FunctionSettings::new().env("FLOOD_WINDOW_SECONDS", "3600").env("CHANNEL_FLOW_TABLE", TABLE);
    Ok(settings.env("AWS_ENDPOINT_URL_DYNAMODB", url))
}

fn function(emulator: &Emulator, settings: FunctionSettings) -> Result<Function> {
    Ok(emulator.function(env!("CARGO_BIN_EXE_flood"), settings)?)
}

#[tokio::test]
async fn all_environments_count_together() -> Result<()> {
    let emulator = Emulator::start(Settings::new()).await?;
    let function = function(&emulator, settings().await?.env("FLOOD_LIMIT", "3"))?;
    for number in 0..6 {
        let delivered = function.send(OutgoingMessage::new("Hi")?).await;
        let (decision, reasons): (_, &[&str]) = match number {
            0..3 => (Decision::NoChange, &[]),
            3 => (Decision::Deny, &["flood"]),
            _ => (Decision::Deny, &["muted"]),
        };
        assert_eq!(delivered.decision(), Some(decision), "message {number}");
        assert_eq!(delivered.invocation.outcome().returned().reasons, reasons, "message {number}");
        // The next message comes to another environment.
        function.recycle().await;
    }
    let bot = OutgoingMessage::new("Hi")?.sender(Sender::bot("helper", "Helper"));
    assert_eq!(function.send(bot).await.decision(), Some(Decision::NoChange));
    Ok(())
}

/// Two environments, killed again and again while they count. Lambda delivers again what they had in hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_the_limit_get_through_whatever_dies() -> Result<()> {
    const LIMIT: usize = 10;
    const MESSAGES: usize = 40;
    let emulator = Emulator::start(Settings::new()).await?;
    let settings = settings().await?.env("FLOOD_LIMIT", LIMIT.to_string()).env("FLOOD_MUTE_SECONDS", "0");
    let function = Arc::new(function(&emulator, settings.concurrency(2))?);
    let config = EventInvokeConfig::new().retry_delays(Duration::from_millis(30), Duration::from_millis(60));
    let queue = EventQueue::new(function.clone(), config);

    let mut under_way = Vec::new();
    for _ in 0..MESSAGES {
        under_way.push(queue.send(OutgoingMessage::new("Hi")?));
    }
    let mut killed = 0;
    for _ in 0..12 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        // While messages wait, both of them are at work.
        for environment in function.environments().iter().take(1) {
            environment.kill();
            killed += 1;
        }
    }
    let (mut passed, mut denied, mut repeated) = (0, 0, 0);
    for event in under_way {
        let finished = event.finished().await;
        repeated += usize::from(finished.attempts.len() > 1);
        match finished.message.as_ref().and_then(|message| message.decision()) {
            Some(Decision::NoChange) => passed += 1,
            Some(Decision::Deny) => denied += 1,
            other => panic!("a message ended as {other:?}"),
        }
    }
    println!("{passed} passed, {denied} denied, {repeated} delivered again, {killed} environments killed");
    assert!(repeated > 0, "none of {killed} environments was at work when it was killed");
    assert_eq!(passed + denied, MESSAGES);
    assert_eq!(emulator.service().counts().decided_twice, 0);
    assert!(passed <= LIMIT, "{passed} passed");
    // A message whose environment died is decided when it comes again: there may be too many by then. At worst, each of its
    // three tries was counted.
    assert!(passed + 3 * repeated >= LIMIT, "{passed} passed, and {repeated} were delivered again");
    Ok(())
}

/// If the table is not there, the environment counts alone, and the log says why.
#[tokio::test]
async fn without_the_table_it_goes_on() -> Result<()> {
    let emulator = Emulator::start(Settings::new()).await?;
    let settings = settings().await?.env("FLOOD_LIMIT", "1").env("CHANNEL_FLOW_TABLE", "no-such-table");
    let function = function(&emulator, settings)?;
    let delivered = function.send(OutgoingMessage::new("Hi")?).await;
    assert_eq!(delivered.decision(), Some(Decision::NoChange));
    let logs: Vec<_> = delivered.logs.iter().map(|line| line.text.as_str()).collect();
    let logs = logs.join("\n");
    assert!(logs.contains("counter_store_failed=true"), "{logs}");
    assert!(logs.contains("there is no DynamoDB table no-such-table"), "{logs}");
    assert_eq!(function.send(OutgoingMessage::new("Hi")?).await.decision(), Some(Decision::Deny));
    Ok(())
}

#[tokio::test]
async fn it_does_not_start_with_a_setting_that_makes_no_sense() -> Result<()> {
    let emulator = Emulator::start(Settings::new()).await?;
    for (name, value, error) in [
        ("BAN_AT", "1", "Error: BAN_AT must be higher than WARN_AT"),
        ("CHANNEL_FLOW_TABLE", "", "Error: CHANNEL_FLOW_TABLE is not set"),
    ] {
        let function = function(&emulator, settings().await?.env(name, value))?;
        let delivered = function.send(OutgoingMessage::new("Hi")?).await;
        assert!(matches!(delivered.invocation.outcome(), InvocationOutcome::InitFailed(_)));
        let logs: Vec<_> = delivered.logs.iter().map(|line| line.text.as_str()).collect();
        assert!(logs.iter().any(|line| line.starts_with(error)), "{logs:?}");
    }
    Ok(())
}

/// A channel with Alice, a bot that moderates it, and a flow with the function.
struct Chat {
    emulator: Emulator,
    alice: Value,
    bot: Value,
    channel: Value,
}

impl Chat {
    async fn new() -> Result<Self> {
        let emulator = Emulator::start(Settings::new()).await?;
        let service = emulator.service();
        let app_instance =
            service.call("CreateAppInstance", json!({ "Name": "chat" })).await?["AppInstanceArn"].clone();
        let user = |id: &str| json!({ "AppInstanceArn": app_instance, "AppInstanceUserId": id, "Name": id });
        let owner = service.call("CreateAppInstanceUser", user("owner")).await?["AppInstanceUserArn"].clone();
        let alice = service.call("CreateAppInstanceUser", user("alice")).await?["AppInstanceUserArn"].clone();
        let lex = json!({
            "LexBotAliasArn": "arn:aws:lex:us-east-1:123456789012:bot-alias/HELPER0000/DEMO000000", "LocaleId": "en_US",
        });
        let bot = json!({ "AppInstanceArn": app_instance, "Name": "Moderator", "Configuration": { "Lex": lex } });
        let bot = service.call("CreateAppInstanceBot", bot).await?["AppInstanceBotArn"].clone();
        let channel = json!({
            "AppInstanceArn": app_instance, "ChimeBearer": owner, "Name": "General", "MemberArns": [alice, bot],
            "ModeratorArns": [bot],
        });
        let channel = service.call("CreateChannel", channel).await?["ChannelArn"].clone();

        let settings = settings().await?.env("FLOOD_LIMIT", "1").env("FLOOD_MUTE_SECONDS", "0");
        let settings = settings.env("MODERATOR_ARN", bot.as_str().ok_or("an ARN is text")?).concurrency(2);
        let function = function(&emulator, settings)?;
        let function_arn = function.arn();
        service.set_function(&function_arn, EventQueue::new(function, EventInvokeConfig::new()));
        let flow = json!({
            "AppInstanceArn": app_instance,
            "Name": "Flood",
            "Processors": [{
                "Name": "flood",
                "ExecutionOrder": 1,
                "FallbackAction": "ABORT",
                "Configuration": { "Lambda": { "ResourceArn": function_arn, "InvocationType": "ASYNC" } },
            }],
        });
        let flow = service.call("CreateChannelFlow", flow).await?["ChannelFlowArn"].clone();
        let chosen = json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": owner });
        service.call("AssociateChannelFlow", chosen).await?;
        Ok(Self { emulator, alice, bot, channel })
    }

    /// Sends a message as Alice, and waits until this many invocations of the function have ended.
    async fn say(&self, content: &str, invocations: usize) -> Result<()> {
        let service = self.emulator.service();
        let mut activities = service.watch();
        let message = json!({
            "ChannelArn": self.channel, "ChimeBearer": self.alice, "Content": content,
            "Type": "STANDARD", "Persistence": "PERSISTENT",
        });
        service.call("SendChannelMessage", message).await?;
        let mut ended = 0;
        while ended < invocations {
            let activity = tokio::time::timeout(Duration::from_secs(30), activities.recv()).await?;
            ended += usize::from(matches!(activity.ok_or("it runs")?.kind, ActivityKind::Attempted { .. }));
        }
        Ok(())
    }

    /// Returns the contents and the senders of the messages that Alice sees.
    async fn seen_by_alice(&self) -> Result<Vec<(Value, Value)>> {
        let query = json!({ "ChannelArn": self.channel, "ChimeBearer": self.alice, "SortOrder": "ASCENDING" });
        let messages = self.emulator.service().call("ListChannelMessages", query).await?["ChannelMessages"].clone();
        let messages = messages.as_array().ok_or("a list")?.iter();
        Ok(messages.map(|message| (message["Content"].clone(), message["Sender"]["Arn"].clone())).collect())
    }

    async fn is_banned(&self) -> bool {
        let ban = json!({ "ChannelArn": self.channel, "ChimeBearer": self.bot, "MemberArn": self.alice });
        self.emulator.service().call("DescribeChannelBan", ban).await.is_ok()
    }
}

#[tokio::test]
async fn the_second_flood_brings_a_warning_and_the_third_a_ban() -> Result<()> {
    let chat = Chat::new().await?;
    chat.say("first", 1).await?;
    chat.say("one too many", 1).await?;
    assert_eq!(chat.seen_by_alice().await?, [("first".into(), chat.alice.clone())]);
    // The warning passes through the flow, too.
    chat.say("one too many again", 2).await?;
    let seen = chat.seen_by_alice().await?;
    let warning = "Slow down, please: who goes on like this is banned from the channel.";
    assert_eq!(seen, [("first".into(), chat.alice.clone()), (warning.into(), chat.bot.clone())]);
    assert!(!chat.is_banned().await);
    chat.say("and again", 1).await?;
    assert!(chat.is_banned().await);
    Ok(())
}
