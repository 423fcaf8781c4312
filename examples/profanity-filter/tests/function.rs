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

/// Content in the form of a bot's answer, sent by a person: a client shows all of it or a part.
#[tokio::test]
async fn nothing_hides_in_what_looks_like_the_answer_of_a_bot() -> Result<(), Box<dyn Error>> {
    let (_emulator, function) = function(FunctionSettings::new()).await?;
    for (content, seen_by_everyone) in [
        (r#"{"Messages":[],"t":"fuck you all"}"#, r#"{"Messages":[],"t":"**** you all"}"#),
        (r#"{"Messages":[{"Content":"hi","Note":"fuck"}]}"#, r#"{"Messages":[{"Content":"hi","Note":"****"}]}"#),
        (r#"{"Messages":[{"Content":"\u0066uck"}],"a":0}"#, r#"{"Messages":[{"Content":"****"}],"a":0}"#),
        (r#"{"Messages":[{"Content":"fuck","Content":""}]}"#, r#"{"Messages":[{"Content":"****","Content":""}]}"#),
        (r#"{"Messages":[{"Content":"\fuck"}]}"#, r#"{"Messages":[{"Content":"\****"}]}"#),
        (
            r#"{"Messages":[{"ImageResponseCard":{"Title":"oh \u0066uck"}}]}"#,
            r#"{"Messages":[{"ImageResponseCard":{"Title":"oh ****"}}]}"#,
        ),
        (
            "%7B%22Messages%22%3A%5B%5D%2C%22t%22%3A%22fuck%22%7D",
            "%7B%22Messages%22%3A%5B%5D%2C%22t%22%3A%22****%22%7D",
        ),
    ] {
        let delivered = function.send(OutgoingMessage::new(content)?).await;
        let message = delivered.message.ok_or("the event has ids")?;
        let seen = message.seen_by_everyone().ok_or("it was not denied")?;
        assert_eq!(seen.content.as_deref(), Some(seen_by_everyone));
    }
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
