//! Every event in `events/` ends as the folder it lies in says.

use channel_flow_emulator::{Decision, FunctionSettings, InvocationOutcome};
use channel_flow_tests::{Stage, events};

const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");

#[tokio::test]
async fn an_event_that_can_be_decided_ends_in_one_callback() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new()).await;
    for file in events("decided") {
        let delivered = stage.deliver(&file).await;
        let InvocationOutcome::Response(response) = delivered.invocation.outcome() else {
            panic!("{}: {:?}", file.display(), delivered.invocation.outcome());
        };
        let settled: serde_json::Value = serde_json::from_slice(response).expect("the function answers with JSON");
        assert_eq!(settled["DecidedBy"], "PROCESSOR", "{}", file.display());
        assert_eq!(settled["Outcome"], "ACCEPTED", "{}", file.display());
        let [callback] = &*delivered.callbacks else {
            panic!("{}: {} callbacks", file.display(), delivered.callbacks.len());
        };
        assert!(callback.is_accepted(), "{}: {:?}", file.display(), callback.verdict());
        assert!(delivered.is_decided(), "{}", file.display());
    }
}

/// The processor of these tests replaces one word wherever the text of a message has it.
#[tokio::test]
async fn what_looks_like_the_answer_of_a_bot_is_read_whole() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new()).await;
    for file in events("decided") {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("lex-with-") || name.contains("escapes") {
            continue;
        }
        let delivered = stage.deliver(&file).await;
        let event: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let sent = event["ChannelMessage"]["Content"].as_str().unwrap();
        let message = delivered.message.expect("it has ids");
        let seen = message.seen_by_everyone().expect("it was not denied");
        assert_eq!(seen.content.as_deref(), Some(&*sent.replace("shit", "****")), "{name}");
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_shown_ends_in_the_fallback_action() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new()).await;
    for file in events("fallback") {
        let delivered = stage.deliver(&file).await;
        assert!(delivered.invocation.outcome().is_success(), "{}", file.display());
        assert_eq!(delivered.callbacks.len(), 1, "{}", file.display());
        assert_eq!(delivered.decision(), Some(Decision::Deny), "{}", file.display());
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_answered_fails_and_says_why() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new()).await;
    for file in events("unanswerable") {
        let delivered = stage.deliver(&file).await;
        let InvocationOutcome::Error(error) = delivered.invocation.outcome() else {
            panic!("{}: {:?}", file.display(), delivered.invocation.outcome());
        };
        assert_eq!(error.error_type, "ChannelFlow.Event", "{}", file.display());
        // A schedule is for a function that holds messages.
        let why = if file.ends_with("scheduled-event.json") { "AdapterBuilder::tickets" } else { "the event has no C" };
        assert!(error.error_message.contains(why), "{}: {}", file.display(), error.error_message);
        assert!(delivered.callbacks.is_empty(), "{}", file.display());
    }
}
