//! The built function, run as Lambda runs it, against the messaging service as the emulator has it.

use std::error::Error;

use channel_flow_emulator::{
    Decision, Emulator, Function, FunctionSettings, InvocationOutcome, OutgoingMessage, Sender, Settings,
};

async fn function(settings: FunctionSettings) -> Result<(Emulator, Function), Box<dyn Error>> {
    let emulator = Emulator::start(Settings::new()).await?;
    let function = emulator.function(env!("CARGO_BIN_EXE_profanity-filter"), settings)?;
    Ok((emulator, function))
}

#[tokio::test]
async fn everyone_sees_the_clean_text() -> Result<(), Box<dyn Error>> {
    let (_emulator, function) = function(FunctionSettings::new()).await?;
    let message =
        OutgoingMessage::new("What the hell is this?")?.push_notification("Alice", "What the hell is this?")?;

    let delivered = function.send(message).await;

    assert!(delivered.is_decided(), "{}", delivered.invocation.outcome());
    assert_eq!(delivered.callbacks.len(), 1);
    let message = delivered.message.ok_or("the event has ids")?;
    let seen = message.seen_by_everyone().ok_or("it was not denied")?;
    assert_eq!(seen.content.as_deref(), Some("What the **** is this?"));
    let push = seen.push_notification.as_ref().ok_or("it came with a push notification")?;
    assert_eq!(push.body.as_deref(), Some("What the **** is this?"));
    Ok(())
}

#[tokio::test]
async fn clean_messages_and_bots_pass() -> Result<(), Box<dyn Error>> {
    let (_emulator, function) = function(FunctionSettings::new()).await?;
    let clean = OutgoingMessage::new("https://example.com/shit?q=hell is in Scunthorpe")?;
    assert_eq!(function.send(clean).await.decision(), Some(Decision::NoChange));
    let bot = OutgoingMessage::new("What the hell is this?")?.sender(Sender::bot("helper", "Helper"));
    assert_eq!(function.send(bot).await.decision(), Some(Decision::NoChange));
    Ok(())
}

#[tokio::test]
async fn it_denies_where_it_is_set_to() -> Result<(), Box<dyn Error>> {
    let (_emulator, function) = function(FunctionSettings::new().env("PROFANITY_ACTION", "deny")).await?;
    let delivered = function.send(OutgoingMessage::new("What the hell is this?")?).await;
    assert_eq!(delivered.decision(), Some(Decision::Deny));
    Ok(())
}

#[tokio::test]
async fn it_does_not_start_with_a_setting_that_makes_no_sense() -> Result<(), Box<dyn Error>> {
    let (_emulator, function) = function(FunctionSettings::new().env("PROFANITY_ACTION", "shout")).await?;
    let delivered = function.send(OutgoingMessage::new("Hello")?).await;
    assert!(matches!(delivered.invocation.outcome(), InvocationOutcome::InitFailed(_)));
    let logs: Vec<_> = delivered.logs.iter().map(|line| line.text.as_str()).collect();
    assert!(logs.contains(&"Error: PROFANITY_ACTION must be `censor` or `deny`"), "{logs:?}");
    Ok(())
}
