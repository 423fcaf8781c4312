//! Content, names and metadata stay out of the logs.

use channel_flow_emulator::{FunctionSettings, OutgoingMessage, Sender};
use channel_flow_tests::{Stage, events};

const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");

fn private_message() -> OutgoingMessage {
    OutgoingMessage::new("privatecontent, oh shit")
        .and_then(|message| message.metadata("privatemetadata"))
        .and_then(|message| message.push_notification("privatetitle", "privatebody"))
        .expect("within the limits")
        .sender(Sender::user("alice", "Privatename"))
}

#[tokio::test]
async fn no_level_of_logging_shows_a_message() {
    for level in ["info", "debug", "trace"] {
        let settings = FunctionSettings::new().env("RUST_LOG", level);
        let stage = Stage::new(TROUBLEMAKER, settings).await;
        assert!(stage.function.send(private_message()).await.is_decided());
        for file in events("unanswerable").into_iter().chain(events("fallback")) {
            stage.deliver(&file).await;
        }
        let logs = stage.logs();
        assert!(logs.contains("message settled"), "{level}: {logs}");
        for private in ["privatecontent", "privatemetadata", "privatetitle", "privatebody", "Privatename", "hidden"] {
            let line = logs.lines().find(|line| line.contains(private));
            assert_eq!(line, None, "{level}");
        }
    }
}

#[tokio::test]
async fn a_panic_is_logged_by_its_place() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new()).await;
    stage.send("panic while slicing").await;
    stage.send("panic").await;
    stage.send("panic in a task").await;
    let logs = stage.logs();
    assert!(logs.contains("troublemaker.rs"), "{logs}");
    assert!(logs.contains("panicked"), "{logs}");
    assert!(!logs.contains("private"), "{logs}");
}

#[tokio::test]
async fn the_message_of_a_panic_is_shown_on_request() {
    let stage = Stage::new(TROUBLEMAKER, FunctionSettings::new().env("SHOW_PANIC_MESSAGES", "1")).await;
    stage.send("panic").await;
    stage.send("panic in a task").await;
    let logs = stage.logs();
    assert!(logs.contains("private: panic"), "{logs}");
    // Once as Rust prints it, and once in the error that the processor returned.
    assert_eq!(logs.matches("private: in a task").count(), 2, "{logs}");
}
