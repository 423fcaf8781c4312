//! The built function, run as Lambda runs it, against the messaging service as the emulator has it.

use std::error::Error;

use channel_flow_emulator::{
    Decision, Emulator, Function, FunctionSettings, InvocationOutcome, OutgoingMessage, Sender, Settings,
};
use serde_json::{Value, json};

const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/school";

fn channel(id: &str) -> String {
    format!("{APP_INSTANCE}/channel/{id}")
}

async fn function(settings: FunctionSettings) -> Result<(Emulator, Function), Box<dyn Error>> {
    let emulator = Emulator::start(Settings::new()).await?;
    let function = emulator.function(env!("CARGO_BIN_EXE_moderation"), settings)?;
    Ok((emulator, function))
}

#[tokio::test]
async fn everyone_sees_the_message_without_personal_data() -> Result<(), Box<dyn Error>> {
    let (_emulator, function) = function(FunctionSettings::new()).await?;
    let text = "What the hell, mail me: jo@example.com, card 4111 1111 1111 1111, phone (415) 555-2671";
    let message = OutgoingMessage::new(text)?.push_notification("Jo", "jo@example.com")?;

    let delivered = function.send(message).await;

    assert!(delivered.is_decided(), "{}", delivered.invocation.outcome());
    assert_eq!(delivered.callbacks.len(), 1);
    assert_eq!(delivered.invocation.outcome().returned().reasons, ["profanity", "personal-data"]);
    let message = delivered.message.ok_or("the event has ids")?;
    let seen = message.seen_by_everyone().ok_or("it was not denied")?;
    assert_eq!(seen.content.as_deref(), Some("What the ****, mail me: [email], card [card], phone [phone]"));
    let push = seen.push_notification.as_ref().ok_or("it came with a push notification")?;
    assert_eq!(push.body.as_deref(), Some("[email]"));
    Ok(())
}

#[tokio::test]
async fn a_link_elsewhere_is_denied() -> Result<(), Box<dyn Error>> {
    let settings = FunctionSettings::new().env("ALLOWED_LINK_HOSTS", "example.com,bücher.example");
    let (_emulator, function) = function(settings).await?;
    for (text, decision) in [
        ("see https://www.example.com/a", Decision::NoChange),
        ("see https://bücher.example", Decision::NoChange),
        ("see https://example.net", Decision::Deny),
        ("https%3A%2F%2Fexample.com%40example.net", Decision::Deny),
    ] {
        let delivered = function.send(OutgoingMessage::new(text)?).await;
        assert_eq!(delivered.decision(), Some(decision), "{text}");
        let reasons: &[&str] = if decision == Decision::Deny { &["links"] } else { &[] };
        assert_eq!(delivered.invocation.outcome().returned().reasons, reasons, "{text}");
    }
    let bot = OutgoingMessage::new("https://example.net")?.sender(Sender::bot("helper", "Helper"));
    assert_eq!(function.send(bot).await.decision(), Some(Decision::NoChange));
    Ok(())
}

#[tokio::test]
async fn a_shadow_is_recorded_and_changes_nothing() -> Result<(), Box<dyn Error>> {
    let settings = FunctionSettings::new().env("ALLOWED_LINK_HOSTS", "example.com").env("SHADOW", "links");
    let (_emulator, function) = function(settings).await?;
    let delivered = function.send(OutgoingMessage::new("see https://example.net")?).await;
    assert_eq!(delivered.decision(), Some(Decision::NoChange));
    let InvocationOutcome::Response(response) = delivered.invocation.outcome() else {
        return Err(delivered.invocation.outcome().to_string().into());
    };
    let returned: Value = serde_json::from_slice(response)?;
    let links = returned["Steps"].as_array().into_iter().flatten().find(|step| step["Name"] == "links");
    let links = links.ok_or("the step is listed")?;
    assert_eq!((&links["Decision"], &links["Shadow"]), (&"DENY".into(), &true.into()));
    Ok(())
}

#[tokio::test]
async fn a_channel_has_settings_for_itself() -> Result<(), Box<dyn Error>> {
    let policies = json!({
        "default": {},
        "channels": {
            channel("kids"): { "ALLOWED_LINK_HOSTS": "example.com", "PROFANITY_ACTION": "deny" },
            channel("staff"): { "ALLOWED_LINK_HOSTS": "", "SHADOW": "profanity" },
        },
    });
    let settings = FunctionSettings::new()
        .env("ALLOWED_LINK_HOSTS", "example.com,example.org")
        .env("MODERATION_POLICIES", policies.to_string());
    let (_emulator, function) = function(settings).await?;
    for (channel, text, decision) in [
        ("general", "see https://example.org", Decision::NoChange),
        ("general", "see https://example.net", Decision::Deny),
        ("general", "what the hell", Decision::Update),
        ("kids", "see https://example.com", Decision::NoChange),
        ("kids", "see https://example.org", Decision::Deny),
        ("kids", "what the hell", Decision::Deny),
        ("staff", "see https://example.net", Decision::NoChange),
        ("staff", "what the hell", Decision::NoChange),
    ] {
        let message = OutgoingMessage::new(text)?.app_instance_arn(APP_INSTANCE)?.channel(channel)?;
        let delivered = function.send(message).await;
        assert_eq!(delivered.decision(), Some(decision), "{channel}: {text}");
    }
    Ok(())
}

#[tokio::test]
async fn an_exempt_message_is_left_alone() -> Result<(), Box<dyn Error>> {
    let mary = format!("{APP_INSTANCE}/user/mary");
    let settings = FunctionSettings::new().env("EXEMPT", format!("{mary}, {}", channel("staff")));
    let (_emulator, function) = function(settings).await?;
    for (sender, channel, exempt) in
        [("mary", "general", true), ("alice", "staff", true), ("alice", "general", false), ("alice", "kids", false)]
    {
        // Names are chosen by users, and count for nothing.
        let message = OutgoingMessage::new("what the hell")?.sender(Sender::user(sender, "mary"));
        let delivered = function.send(message.app_instance_arn(APP_INSTANCE)?.channel(channel)?).await;
        let (decision, reason) = if exempt { (Decision::NoChange, "exempt") } else { (Decision::Update, "profanity") };
        assert_eq!(delivered.decision(), Some(decision), "{sender} in {channel}");
        assert_eq!(delivered.returned().reasons, [reason], "{sender} in {channel}");
    }
    Ok(())
}

#[tokio::test]
async fn an_update_shows_its_reasons_to_everyone_if_asked() -> Result<(), Box<dyn Error>> {
    for (settings, shown) in [
        (FunctionSettings::new().env("REASONS_ATTRIBUTE", "moderation"), Some(vec!["profanity", "personal-data"])),
        (FunctionSettings::new(), None),
    ] {
        let (_emulator, function) = function(settings).await?;
        let delivered = function.send(OutgoingMessage::new("what the hell, jo@example.com")?).await;
        let message = delivered.message.ok_or("the event has ids")?;
        let seen = message.seen_by_everyone().ok_or("it was not denied")?;
        let attribute = seen.message_attributes.as_ref().and_then(|attributes| attributes.get("moderation"));
        let values = attribute.and_then(|attribute| attribute.string_values.clone());
        assert_eq!(values, shown.map(|values| values.into_iter().map(str::to_owned).collect()));
    }
    Ok(())
}

#[tokio::test]
async fn it_does_not_start_with_a_setting_that_makes_no_sense() -> Result<(), Box<dyn Error>> {
    let steps = "SHADOW must be names of steps, with commas between them: `profanity`, `personal-data`, `links`";
    let policy = |name: &str, value: &str| json!({ "default": { name: value } }).to_string();
    for (name, value, told) in [
        ("SHADOW", "toxicity".to_owned(), steps),
        ("MODERATION_POLICIES", policy("SHADOW", "toxicity"), steps),
        ("MODERATION_POLICIES", policy("ALLOWED_LINKS", "example.com"), "a name in a policy must be"),
        ("EXEMPT", "robots".to_owned(), "EXEMPT: exemption 1 must be"),
        ("REASONS_ATTRIBUTE", "x".repeat(65), "REASONS_ATTRIBUTE must be the name of a message attribute"),
    ] {
        let (_emulator, function) = function(FunctionSettings::new().env(name, &value)).await?;
        let delivered = function.send(OutgoingMessage::new("Hello")?).await;
        assert!(matches!(delivered.invocation.outcome(), InvocationOutcome::InitFailed(_)), "{name}={value}");
        let logs: String = delivered.logs.iter().map(|line| line.text.clone() + "\n").collect();
        assert!(logs.contains(told), "{name}={value}: {logs}");
    }
    Ok(())
}
