//! The built function in a channel, run as Lambda runs it, against the messaging service and the table as the emulator has
//! them.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use channel_flow::aws_sdk_chimesdkmessaging::{self as messaging, config::Credentials};
use channel_flow::store::{Queue, TicketQuery, TicketStore};
use channel_flow::{Callbacks, ResolvedBy, Reviewer, TicketOutcome};
use channel_flow_dynamodb::DynamoDbStore;
use channel_flow_dynamodb::aws_sdk_dynamodb as dynamodb;
use channel_flow_emulator::{
    Activity, ActivityKind, Emulator, EventInvokeConfig, EventQueue, Function, FunctionSettings, Settings,
};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

const TABLE: &str = "channel-flow";
const PATIENCE: Duration = Duration::from_secs(20);

/// A channel with Alice, Bob, a bot, and a flow with the function.
struct Chat {
    emulator: Emulator,
    function: Arc<Function>,
    alice: Value,
    bob: Value,
    channel: Value,
    reviewer: Reviewer<DynamoDbStore>,
    activities: UnboundedReceiver<Activity>,
    told: usize,
}

impl Chat {
    async fn new() -> Result<Self, Box<dyn Error>> {
        let emulator = Emulator::start(Settings::new().table(TABLE)).await?;
        let service = emulator.service();
        let app_instance =
            service.call("CreateAppInstance", json!({ "Name": "chat" })).await?["AppInstanceArn"].clone();
        let mut users = Vec::new();
        for name in ["Alice", "Bob"] {
            let user = json!({ "AppInstanceArn": app_instance, "AppInstanceUserId": name, "Name": name });
            users.push(service.call("CreateAppInstanceUser", user).await?["AppInstanceUserArn"].clone());
        }
        let [alice, bob] = users.try_into().map_err(|_| "two users")?;
        let lex = json!({
            "LexBotAliasArn": "arn:aws:lex:us-east-1:123456789012:bot-alias/HELPER0000/DEMO000000", "LocaleId": "en_US",
        });
        let bot = json!({ "AppInstanceArn": app_instance, "Name": "Helper", "Configuration": { "Lex": lex } });
        let bot = service.call("CreateAppInstanceBot", bot).await?["AppInstanceBotArn"].clone();
        let channel = json!({
            "AppInstanceArn": app_instance, "ChimeBearer": alice, "Name": "General", "MemberArns": [bob, bot],
        });
        let channel = service.call("CreateChannel", channel).await?["ChannelArn"].clone();

        let settings = FunctionSettings::new().concurrency(2).env("REVIEW_BOT_ARN", text(&bot));
        let function = Arc::new(emulator.function(env!("CARGO_BIN_EXE_review"), settings)?);
        let function_arn = function.arn();
        let retries = EventInvokeConfig::new().retry_delays(Duration::from_millis(50), Duration::from_millis(100));
        service.set_function(&function_arn, EventQueue::new(function.clone(), retries));
        let flow = json!({
            "AppInstanceArn": app_instance,
            "Name": "Review",
            "Processors": [{
                "Name": "review",
                "ExecutionOrder": 1,
                "FallbackAction": "ABORT",
                "Configuration": { "Lambda": { "ResourceArn": function_arn, "InvocationType": "ASYNC" } },
            }],
        });
        let flow = service.call("CreateChannelFlow", flow).await?["ChannelFlowArn"].clone();
        let chosen = json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": alice });
        service.call("AssociateChannelFlow", chosen).await?;
        let reviewer = reviewer(&emulator)?;
        let activities = service.watch();
        Ok(Self { emulator, function, alice, bob, channel, reviewer, activities, told: 0 })
    }

    async fn say(&self, content: &str) -> Result<(), Box<dyn Error>> {
        let message = json!({
            "ChannelArn": self.channel, "ChimeBearer": self.alice, "Content": content,
            "Type": "STANDARD", "Persistence": "PERSISTENT",
        });
        self.emulator.service().call("SendChannelMessage", message).await?;
        Ok(())
    }

    /// Returns what Bob reads.
    async fn read(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let query = json!({ "ChannelArn": self.channel, "ChimeBearer": self.bob, "SortOrder": "ASCENDING" });
        let messages = self.emulator.service().call("ListChannelMessages", query).await?["ChannelMessages"].clone();
        Ok(messages.as_array().ok_or("a list")?.iter().map(|message| text(&message["Content"])).collect())
    }

    /// Returns the ids of the open tickets, once there are so many.
    async fn held(&self, tickets: usize) -> Result<Vec<String>, Box<dyn Error>> {
        let open = async {
            loop {
                let page = self.reviewer.store().tickets(&TicketQuery::of(Queue::Open)).await?;
                if page.tickets.len() >= tickets {
                    return Ok::<_, channel_flow_dynamodb::StoreError>(page.tickets);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let open = tokio::time::timeout(PATIENCE, open).await??;
        Ok(open.iter().map(|ticket| ticket.id().to_owned()).collect())
    }

    /// Returns how often the bot has told Alice that a message is held, once it has so often.
    async fn told(&mut self, times: usize) -> Result<usize, Box<dyn Error>> {
        while self.told < times {
            let activity = tokio::time::timeout(PATIENCE, self.activities.recv()).await?.ok_or("it runs")?;
            if let ActivityKind::Sent { fields, .. } = activity.kind {
                let content = fields.content.unwrap_or_default();
                self.told += usize::from(content.starts_with("A person looks at your message within 4 h."));
            }
        }
        Ok(self.told)
    }
}

impl Chat {
    /// Returns whether the bot has told nothing since.
    fn no_more_is_told(&mut self) -> bool {
        let mut none = true;
        while let Ok(activity) = self.activities.try_recv() {
            none &= !matches!(activity.kind, ActivityKind::Sent { .. });
        }
        none
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn reviewer(emulator: &Emulator) -> Result<Reviewer<DynamoDbStore>, channel_flow::Error> {
    let service = emulator.service();
    let issued = service.issue_credentials();
    let token = Some(issued.session_token().to_owned());
    let credentials = Credentials::new(issued.access_key_id(), issued.secret_access_key(), token, None, "emulator");
    let http_client = aws_smithy_http_client::Builder::new().build_http();
    let config = messaging::Config::builder()
        .behavior_version(messaging::config::BehaviorVersion::latest())
        .region(messaging::config::Region::new(service.region().to_owned()))
        .credentials_provider(credentials.clone())
        .endpoint_url(service.endpoint_url())
        .http_client(http_client.clone());
    let callbacks = Callbacks::from_client(messaging::Client::from_conf(config.build()))?;
    let config = dynamodb::Config::builder()
        .behavior_version(dynamodb::config::BehaviorVersion::latest())
        .region(dynamodb::config::Region::new(service.region().to_owned()))
        .credentials_provider(credentials)
        .endpoint_url(service.endpoint_url())
        .http_client(http_client);
    let store = DynamoDbStore::new(dynamodb::Client::from_conf(config.build()), TABLE);
    Ok(Reviewer::new(store, callbacks))
}

fn person() -> ResolvedBy {
    ResolvedBy::Person("mary".to_owned())
}

#[tokio::test]
async fn a_held_message_appears_when_a_person_approves_it_and_the_sender_is_told_once() -> Result<(), Box<dyn Error>> {
    let mut chat = Chat::new().await?;
    chat.say("Hello").await?;
    let held = chat.held(1).await?;
    assert_eq!(chat.told(1).await?, 1);
    assert!(chat.read().await?.is_empty());

    // The sender is known from now on.
    chat.say("Anybody here?").await?;
    let read = async {
        while !chat.read().await?.contains(&"Anybody here?".to_owned()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok::<_, Box<dyn Error>>(())
    };
    tokio::time::timeout(PATIENCE, read).await??;

    let resolved = chat.reviewer.approve(&held[0], person(), PATIENCE).await?;
    assert_eq!(resolved.ticket.outcome(), Some(TicketOutcome::Accepted));
    assert!(chat.read().await?.contains(&"Hello".to_owned()));
    Ok(())
}

#[tokio::test]
async fn with_two_environments_that_die_every_message_is_held_and_told_once() -> Result<(), Box<dyn Error>> {
    const MESSAGES: usize = 12;
    let mut chat = Chat::new().await?;
    for number in 0..MESSAGES {
        chat.say(&format!("See https://example.com/{number}")).await?;
        if number % 3 == 1 {
            // In the middle of a message, or between two.
            for environment in chat.function.environments() {
                environment.kill();
            }
        }
    }
    // An environment may have died between the ticket and the bot's message: Lambda invokes the function again.
    let held = chat.held(MESSAGES).await?;
    assert_eq!(held.len(), MESSAGES);
    assert_eq!(chat.told(MESSAGES).await?, MESSAGES);
    // One more would come now.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(chat.no_more_is_told());
    for id in &held {
        let resolved = chat.reviewer.approve(id, person(), PATIENCE).await?;
        assert_eq!(resolved.ticket.outcome(), Some(TicketOutcome::Accepted));
    }
    assert_eq!(chat.read().await?.len(), MESSAGES);
    let counts = chat.emulator.service().counts();
    assert_eq!((counts.pending, counts.decided_twice), (0, 0));
    Ok(())
}
