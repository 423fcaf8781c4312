//! A callback that fails is sent until it is accepted, or the invocation fails so that Lambda tries again.

use std::time::Duration;

use channel_flow_emulator::{
    Decision, Delivered, Fault, FunctionError, FunctionSettings, InvocationOutcome, MessageStatus, OutgoingMessage,
};
use channel_flow_tests::Stage;
use serde_json::Value;
use tokio::net::TcpListener;

const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");

async fn stage(timeout: Duration) -> Stage {
    let settings = FunctionSettings::new().timeout(timeout).env("RESERVE_MS", "5000");
    Stage::new(TROUBLEMAKER, settings).await
}

/// What the function said of a message that it settled, decided once and by the processor.
fn settled(delivered: &Delivered, fault: &str) -> String {
    let InvocationOutcome::Response(response) = delivered.invocation.outcome() else {
        panic!("{fault}: {:?}", delivered.invocation.outcome());
    };
    assert_eq!(delivered.decision(), Some(Decision::NoChange), "{fault}");
    let accepted = delivered.callbacks.iter().filter(|callback| callback.is_accepted()).count();
    assert_eq!(accepted, 1, "{fault}");
    let settled: Value = serde_json::from_slice(response).unwrap();
    settled["Outcome"].as_str().unwrap().to_owned()
}

fn error<'a>(delivered: &'a Delivered, fault: &str) -> &'a FunctionError {
    match delivered.invocation.outcome() {
        InvocationOutcome::Error(error) => error,
        other => panic!("{fault}: {other:?}"),
    }
}

#[tokio::test]
async fn what_passes_by_itself_is_waited_out() {
    let stage = stage(Duration::from_secs(10)).await;
    let faults = [
        ("429 once", Fault::throttled()),
        ("429, three times", Fault::throttled().times(3)),
        ("429, more often than the SDK tries", Fault::throttled().times(8)),
        ("429 with Retry-After", Fault::throttled().retry_after(1)),
        ("429 with a long Retry-After", Fault::throttled().retry_after(3600)),
        ("500", Fault::status(500).times(2)),
        ("503, more often than the SDK tries", Fault::status(503).times(7)),
        ("503 with Retry-After", Fault::status(503).retry_after(1)),
        ("502 with HTML", Fault::html(502)),
        ("a reset before the request was read", Fault::reset_before_reading().times(2)),
        ("a reset after the request was read", Fault::reset_after_reading().times(2)),
        ("409 while the message is pending", Fault::conflict().times(2)),
    ];
    for (name, fault) in faults {
        stage.emulator.service().fault(fault);
        let delivered = stage.send("good morning").await;
        assert_eq!(settled(&delivered, name), "ACCEPTED", "{name}");
        assert_eq!(stage.emulator.service().faults_left(), 0, "{name} was not met");
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_is_found_out() {
    let stage = stage(Duration::from_secs(10)).await;
    let faults = [
        ("the connection ends without an answer", Fault::lost_answer()),
        ("an answer that is no JSON", Fault::garbage()),
        ("an answer that ends early", Fault::truncated()),
        ("an answer later than anybody waits", Fault::late(Duration::from_secs(5))),
    ];
    for (name, fault) in faults {
        stage.emulator.service().fault(fault);
        let delivered = stage.send("good morning").await;
        settled(&delivered, name);
        assert_eq!(stage.emulator.service().faults_left(), 0, "{name} was not met");
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn an_answer_without_end_is_not_read_into_memory() {
    let stage = stage(Duration::from_secs(10)).await;
    for status in [200, 400, 500] {
        stage.emulator.service().fault(Fault::body_bytes(status, 1 << 30));
        let delivered = stage.send("good morning").await;
        assert!(delivered.is_decided(), "{status}: {:?}", delivered.invocation.outcome());
        assert_eq!(stage.emulator.service().faults_left(), 0, "{status} was not met");
    }
    let told = stage.send("tell the memory").await;
    assert!(told.invocation.cold_start().is_none(), "it tells of the process that met the answers");
    let message = told.message.expect("it has ids");
    let kib: u64 = message.seen_by_everyone().unwrap().content.as_deref().unwrap().parse().unwrap();
    assert!(kib < 128 * 1024, "{kib} KiB");
}

#[tokio::test]
async fn an_answer_after_the_deadline_is_not_waited_for() {
    let stage = stage(Duration::from_secs(2)).await;
    stage.emulator.service().fault(Fault::late(Duration::from_secs(5)));
    assert_eq!(settled(&stage.send("good morning").await, "late"), "DECIDED_BEFORE");
}

#[tokio::test]
async fn no_answer_at_all_leaves_time_for_another_try() {
    for timeout in [Duration::from_secs(1), Duration::from_secs(10)] {
        let stage = stage(timeout).await;
        stage.emulator.service().fault(Fault::no_answer());
        let delivered = stage.send("good morning").await;
        assert_eq!(settled(&delivered, "no answer"), "ACCEPTED", "{timeout:?}");
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_made_anew() {
    let settings = FunctionSettings::new().freeze(true);
    let stage = Stage::new(TROUBLEMAKER, settings).await;
    for round in 0..3 {
        let delivered = stage.send("good morning").await;
        assert_eq!(settled(&delivered, "idle"), "ACCEPTED", "{round}");
        assert_eq!(delivered.invocation.cold_start().is_some(), round == 0, "the same environment");
        stage.emulator.service().drop_idle_connections().await;
    }
}

#[tokio::test]
async fn one_connection_serves_all_invocations() {
    // With little time, where attempts are cut to it, and with much.
    for timeout in [Duration::from_millis(1500), Duration::from_secs(3), Duration::from_secs(30)] {
        let stage = stage(timeout).await;
        for _ in 0..20 {
            assert!(stage.send("good morning").await.is_decided());
        }
        assert_eq!(stage.emulator.service().drop_idle_connections().await, 1, "{timeout:?}");
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_at_first_is_tried_again() {
    // A port that nothing listens on until the first attempts were refused.
    let reserved = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let stage = stage(Duration::from_secs(10)).await;
    let settings = FunctionSettings::new().env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", format!("http://{address}"));
    let function = stage.emulator.function(TROUBLEMAKER, settings).unwrap();
    let backend = stage.emulator.service().address();
    let opening = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let listener = TcpListener::bind(address).await.expect("the port is still free");
        while let Ok((mut front, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut back = tokio::net::TcpStream::connect(backend).await?;
                tokio::io::copy_bidirectional(&mut front, &mut back).await
            });
        }
    };
    let sending = function.send(OutgoingMessage::new("good morning").unwrap());
    let delivered = tokio::select! {
        delivered = sending => delivered,
        () = opening => unreachable!("it listens until the message is settled"),
    };
    assert_eq!(settled(&delivered, "refused connections"), "ACCEPTED");
}

#[tokio::test]
async fn what_cannot_be_settled_fails_the_invocation_and_the_retry_settles() {
    let stage = stage(Duration::from_secs(2)).await;
    let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
    stage.emulator.service().down();
    let delivered = stage.function.deliver(&event).await;
    let error = error(&delivered, "down");
    assert_eq!(error.error_type, "ChannelFlow.CallbackUnavailable");
    assert!(error.error_message.contains("503 ServiceUnavailableException"), "{error}");
    assert!(delivered.callbacks.len() > 5, "tried {} times only", delivered.callbacks.len());
    stage.emulator.service().up();
    assert_eq!(settled(&stage.function.deliver(&event).await, "retry"), "ACCEPTED");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_fails_the_invocation() {
    let settings = FunctionSettings::new()
        .timeout(Duration::from_secs(2))
        .env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", "http://messaging.invalid");
    let delivered = Stage::new(TROUBLEMAKER, settings).await.send("good morning").await;
    assert_eq!(error(&delivered, "DNS").error_type, "ChannelFlow.CallbackUnavailable");
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_named() {
    let stage = stage(Duration::from_secs(5)).await;
    let unauthorized = [
        ("401", Fault::status(401)),
        ("unknown credentials", Fault::unrecognized_client()),
        ("expired credentials", Fault::expired_token()),
    ];
    for (name, fault) in unauthorized {
        stage.emulator.service().fault(fault);
        let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
        let delivered = stage.function.deliver(&event).await;
        assert_eq!(error(&delivered, name).error_type, "ChannelFlow.CallbackUnauthorized", "{name}");
        assert!(error(&delivered, name).error_message.contains("execution role"), "{name}");
        assert_eq!(settled(&stage.function.deliver(&event).await, name), "ACCEPTED", "the retry after {name}");
    }
}

#[tokio::test]
async fn credentials_that_are_missing_are_named() {
    let settings = FunctionSettings::new()
        .timeout(Duration::from_secs(5))
        .env("AWS_ACCESS_KEY_ID", "")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let delivered = Stage::new(TROUBLEMAKER, settings).await.send("good morning").await;
    let error = error(&delivered, "no credentials");
    assert_eq!(error.error_type, "ChannelFlow.CallbackUnauthorized", "{error}");
    assert_eq!(delivered.message.unwrap().status(), MessageStatus::Pending);
}
