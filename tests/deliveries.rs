//! What Lambda does with an event: once, twice, again after a failure, and in the end to a destination.

use std::sync::Arc;
use std::time::Duration;

use channel_flow_emulator::{
    Decision, Destination, Emulator, EventInvokeConfig, EventQueue, FinishedEvent, Function, FunctionSettings,
    OutgoingMessage, RepeatedCallback, Settings, SqsQueue, SqsSettings,
};

const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");
const NOW: Duration = Duration::ZERO;

async fn emulator() -> Emulator {
    Emulator::start(Settings::new()).await.expect("a loopback port is free")
}

fn function(emulator: &Emulator, name: &str, settings: FunctionSettings) -> Arc<Function> {
    let settings = settings.name(name).timeout(Duration::from_secs(2)).env("RESERVE_MS", "1500");
    Arc::new(emulator.function(TROUBLEMAKER, settings).expect("the binary is built"))
}

fn message(content: &str) -> OutgoingMessage {
    OutgoingMessage::new(content).unwrap()
}

fn decided_by(finished: &FinishedEvent) -> &str {
    finished.message.as_ref().and_then(|message| message.decided_by()).unwrap_or("nobody")
}

#[tokio::test]
async fn a_function_that_dies_is_rescued_by_its_destination() {
    let emulator = emulator().await;
    let rescue = EventQueue::new(function(&emulator, "rescue", FunctionSettings::new()), EventInvokeConfig::new());
    let config = EventInvokeConfig::new().retry_delays(NOW, NOW).on_failure(Destination::Function(rescue));
    let queue = EventQueue::new(function(&emulator, "processor", FunctionSettings::new()), config);
    for death in ["die", "abort", "stop"] {
        let finished = queue.send(message(death)).finished().await;
        assert_eq!(finished.attempts.len(), 3, "{death}");
        assert_eq!(decided_by(&finished), "rescue", "{death}");
        assert_eq!(finished.message.unwrap().decision(), Some(Decision::Deny), "{death}");
    }
    assert_eq!(emulator.service().counts().decided_twice, 0);
}

#[tokio::test]
async fn a_function_that_dies_is_rescued_from_its_dead_letter_queue() {
    let emulator = emulator().await;
    let rescue = function(&emulator, "rescue", FunctionSettings::new());
    let config = EventInvokeConfig::new()
        .retry_delays(NOW, NOW)
        .dead_letter_queue(SqsQueue::new(rescue, SqsSettings::new().batching_window(Duration::from_millis(50))));
    let queue = EventQueue::new(function(&emulator, "processor", FunctionSettings::new()), config);
    let dying: Vec<_> = (0..3).map(|_| queue.send(message("die"))).collect();
    for event in dying {
        let finished = event.finished().await;
        assert_eq!(decided_by(&finished), "rescue");
        assert!(finished.dead_letter.is_some_and(|message| message.consumed));
    }
}

#[tokio::test]
async fn a_service_that_is_away_for_long_is_waited_for_in_the_queue() {
    let emulator = emulator().await;
    let rescue = function(&emulator, "rescue", FunctionSettings::new());
    let settings = SqsSettings::new().visibility_timeout(Duration::from_millis(100)).max_receive_count(1000);
    let config =
        EventInvokeConfig::new().retry_delays(NOW, NOW).on_failure(Destination::Queue(SqsQueue::new(rescue, settings)));
    let queue = EventQueue::new(function(&emulator, "processor", FunctionSettings::new()), config);
    emulator.service().down();
    let event = queue.send(message("good morning"));
    let service_returns = async {
        // Longer than the three tries of two seconds take.
        tokio::time::sleep(Duration::from_secs(8)).await;
        emulator.service().up();
    };
    let (finished, ()) = tokio::join!(event.finished(), service_returns);
    assert!(finished.failure.is_some(), "all tries failed");
    assert_eq!(decided_by(&finished), "rescue");
}

#[tokio::test]
async fn an_event_that_comes_twice_is_decided_once_and_without_an_error() {
    let emulator = emulator().await;
    let function = function(&emulator, "processor", FunctionSettings::new().concurrency(2));
    // A 403 is taken for a missing grant where the environment has had no callback accepted, so both get one.
    let warm = async || {
        let both = tokio::join!(function.send(message("take a second")), function.send(message("take a second")));
        assert!(both.0.is_decided() && both.1.is_decided());
    };
    for shape in [RepeatedCallback::NonPending, RepeatedCallback::Conflict, RepeatedCallback::Forbidden] {
        emulator.service().set_repeated_callback(shape);
        warm().await;
        let event = emulator.event(message("good morning"));
        for delivered in function.deliver_twice(&event).await {
            assert!(delivered.invocation.outcome().is_success(), "{shape:?}: {:?}", delivered.invocation.outcome());
        }
        warm().await;
        let later = function.deliver(&event).await;
        assert!(later.invocation.outcome().is_success(), "{shape:?}: {:?}", later.invocation.outcome());
        assert_eq!(later.message.unwrap().decision(), Some(Decision::NoChange));
    }
    let counts = emulator.service().counts();
    assert_eq!((counts.decided_twice, counts.pending), (0, 0));
}

#[tokio::test]
async fn a_retry_asked_for_is_delivered_again_and_rescued_in_the_end() {
    let emulator = emulator().await;
    let rescue = EventQueue::new(function(&emulator, "rescue", FunctionSettings::new()), EventInvokeConfig::new());
    let config = EventInvokeConfig::new().retry_delays(NOW, NOW).on_failure(Destination::Function(rescue));
    let settings = FunctionSettings::new().env("REDELIVER", "1");
    let queue = EventQueue::new(function(&emulator, "processor", settings), config);
    let finished = queue.send(message("always try again")).finished().await;
    assert_eq!(finished.attempts.len(), 3);
    assert_eq!(decided_by(&finished), "rescue");
}
