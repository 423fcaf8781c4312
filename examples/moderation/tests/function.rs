//! The built function, run as Lambda runs it, against the messaging service as the emulator has it.

use std::error::Error;

use channel_flow_emulator::{
    Decision, Emulator, Function, FunctionSettings, InvocationOutcome, OutgoingMessage, Sender, Settings,
};
use serde_json::Value;

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
async fn it_does_not_start_with_a_setting_that_makes_no_sense() -> Result<(), Box<dyn Error>> {
    let (_emulator, function) = function(FunctionSettings::new().env("SHADOW", "toxicity")).await?;
    let delivered = function.send(OutgoingMessage::new("Hello")?).await;
    assert!(matches!(delivered.invocation.outcome(), InvocationOutcome::InitFailed(_)));
    let error = "Error: SHADOW must be names of steps, with commas between them: `profanity`, `personal-data`, `links`";
    let logs: Vec<_> = delivered.logs.iter().map(|line| line.text.as_str()).collect();
    assert!(logs.contains(&error), "{logs:?}");
    Ok(())
}
