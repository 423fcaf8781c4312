//! The built function, and a collector that takes its spans.

use std::error::Error;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use channel_flow_emulator::{Decision, Emulator, FunctionSettings, OutgoingMessage, Settings};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// Returns the address of a collector, and the exports that it gets.
async fn collector() -> Result<(String, UnboundedReceiver<Value>), Box<dyn Error>> {
    let (sender, exports) = mpsc::unbounded_channel();
    let take = post(async move |body: Bytes| {
        let _ = sender.send(serde_json::from_slice(&body).expect("it is JSON"));
        "{}"
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/traces", take)).await });
    Ok((address, exports))
}

fn attribute<'a>(span: &'a Value, name: &str) -> Option<&'a str> {
    let attributes = span["attributes"].as_array()?;
    attributes.iter().find(|attribute| attribute["key"] == name)?["value"]["stringValue"].as_str()
}

#[tokio::test]
async fn an_invocation_is_a_trace_that_continues_that_of_lambda() -> Result<(), Box<dyn Error>> {
    let (collector, mut exports) = collector().await?;
    let emulator = Emulator::start(Settings::new()).await?;
    // The emulator, as Lambda without active tracing, asks for no sample.
    let settings =
        FunctionSettings::new().env("OTEL_EXPORTER_OTLP_ENDPOINT", collector).env("OTEL_TRACES_SAMPLER", "always_on");
    let function = emulator.function(env!("CARGO_BIN_EXE_traces"), settings)?;

    let delivered = function.send(OutgoingMessage::new("GOOD MORNING")?).await;
    assert_eq!(delivered.decision(), Some(Decision::Update), "{:?}", delivered.invocation.outcome());

    // One export: everything is there before the function asks for its next event.
    let export = exports.recv().await.ok_or("the collector ended")?;
    let scopes = export["resourceSpans"][0]["scopeSpans"].as_array().ok_or("no spans")?.clone();
    let spans: Vec<_> = scopes.iter().flat_map(|scope| scope["spans"].as_array().unwrap().clone()).collect();
    let span = |name: &str| spans.iter().find(|span| span["name"] == name).ok_or(format!("no {name} in {spans:#?}"));
    let flow = span("channel_flow")?;
    assert_eq!(attribute(flow, "decision"), Some("UPDATE"));
    assert_eq!(attribute(flow, "message_id"), Some(&*delivered.message.ok_or("it has ids")?.ids().message_id));
    for (child, parent) in [("processor", "channel_flow"), ("step", "processor"), ("callback", "channel_flow")] {
        assert_eq!(span(child)?["parentSpanId"], span(parent)?["spanId"], "{child}");
    }
    let names: Vec<_> = spans.iter().filter_map(|span| attribute(span, "step")).collect();
    assert_eq!(names, ["shouting", "links"]);

    let logs: String = function.logs().iter().map(|line| line.text.clone() + "\n").collect();
    let root = logs.split("Root=1-").nth(1).and_then(|rest| rest.split(';').next()).ok_or("no trace in the log")?;
    for span in &spans {
        assert_eq!(span["traceId"], root.replace('-', ""));
    }
    assert!(!export.to_string().to_uppercase().contains("GOOD MORNING"), "a span shows the message");
    Ok(())
}

#[tokio::test]
async fn a_collector_that_is_away_costs_no_decision() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start(Settings::new()).await?;
    // Nothing listens there.
    let settings = FunctionSettings::new()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        .env("OTEL_TRACES_SAMPLER", "always_on");
    let function = emulator.function(env!("CARGO_BIN_EXE_traces"), settings)?;
    for _ in 0..2 {
        let delivered = function.send(OutgoingMessage::new("good morning")?).await;
        assert_eq!(delivered.decision(), Some(Decision::NoChange), "{:?}", delivered.invocation.outcome());
    }
    Ok(())
}
