//! The built function in the emulator, which runs it as Lambda does and takes its callbacks as the
//! messaging service does.

use channel_flow_emulator::{
    Decision, Emulator, Fault, FunctionSettings, OutgoingMessage, Settings,
};
use std::error::Error;

const FUNCTION: &str = env!("CARGO_BIN_EXE_{% if binary_name %}{{ binary_name }}{% else %}{{ project_name }}{% endif %}");

#[tokio::test]
async fn everyone_sees_the_calm_text() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Settings::new()).await?;
    let function = emulator.function(FUNCTION, FunctionSettings::new())?;

    let delivered = function.send(OutgoingMessage::new("GOOD MORNING")?).await;

    assert_eq!(delivered.decision(), Some(Decision::Update));
    let message = delivered.message.ok_or("the message has ids")?;
    let seen = message.seen_by_everyone().ok_or("it was not denied")?;
    assert_eq!(seen.content.as_deref(), Some("good morning"));
    Ok(())
}

/// The service accepts the callback, and its answer never reaches the function.
#[tokio::test]
async fn a_lost_answer_changes_nothing() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Settings::new()).await?;
    let function = emulator.function(FUNCTION, FunctionSettings::new())?;
    emulator.service().fault(Fault::lost_answer());

    let delivered = function.send(OutgoingMessage::new("Good morning")?).await;

    assert_eq!(delivered.decision(), Some(Decision::NoChange));
    assert!(delivered.invocation.outcome().is_success());
    Ok(())
}
