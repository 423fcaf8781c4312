//! The callback over HTTPS: which certificates are trusted.

use std::time::Duration;

use channel_flow_emulator::{Emulator, FunctionSettings, InvocationOutcome, OutgoingMessage, Settings};
use channel_flow_tests::TlsFront;

const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");

/// Sends a message to a function whose callback goes through `front`.
async fn send(emulator: &Emulator, front: &TlsFront, settings: FunctionSettings) -> channel_flow_emulator::Delivered {
    let settings = settings.env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", front.url());
    let function = emulator.function(TROUBLEMAKER, settings).expect("the binary is built");
    function.send(OutgoingMessage::new("good morning").expect("within the limits")).await
}

async fn stage() -> (Emulator, TlsFront) {
    let emulator = Emulator::start(Settings::new()).await.expect("a loopback port is free");
    let front = TlsFront::start(emulator.service().address()).await;
    (emulator, front)
}

#[tokio::test]
async fn both_variables_name_roots_to_trust() {
    let (emulator, front) = stage().await;
    for variable in ["SSL_CERT_FILE", "AWS_CA_BUNDLE"] {
        let delivered = send(&emulator, &front, FunctionSettings::new().env(variable, front.authority())).await;
        assert!(delivered.is_decided(), "{variable}: {:?}", delivered.invocation.outcome());
    }
}

#[tokio::test]
async fn a_bundle_may_hold_certificates_that_cannot_be_roots() {
    let (emulator, front) = stage().await;
    let broken = "a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let good = std::fs::read_to_string(front.authority()).unwrap();
    let bundle = front.directory().join("bundle.pem");
    std::fs::write(&bundle, format!("{broken}{good}{broken}")).unwrap();
    let delivered = send(&emulator, &front, FunctionSettings::new().env("AWS_CA_BUNDLE", &bundle)).await;
    assert!(delivered.is_decided(), "{:?}", delivered.invocation.outcome());
}

#[tokio::test]
async fn nothing_else_is_trusted() {
    let (emulator, front) = stage().await;
    // It is tried again until the time is over.
    let settings = FunctionSettings::new().timeout(Duration::from_secs(2));
    let delivered = send(&emulator, &front, settings).await;
    let InvocationOutcome::Error(error) = delivered.invocation.outcome() else {
        panic!("{:?}", delivered.invocation.outcome());
    };
    assert_eq!(error.error_type, "ChannelFlow.CallbackUnavailable");
    assert!(error.error_message.contains("certificate"), "{}", error.error_message);
    assert!(!delivered.is_decided());
}
