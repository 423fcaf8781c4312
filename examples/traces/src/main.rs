//! A channel flow processor whose invocations are traces. Copy this package to start your own.
//!
//! ```text
//! cargo run -p cargo-channel-flow -- send --processor traces "GOOD MORNING"
//! ```
//!
//! The spans go to an OpenTelemetry collector over HTTP, such as the one in AWS's Lambda layer, which hands them to X-Ray.
//! They belong to the trace of the invocation, and so does the callback. The variables are those of OpenTelemetry:
//! `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_SAMPLER`, `OTEL_SERVICE_NAME`.

use channel_flow::lambda_runtime::layers::TracingLayer;
use channel_flow::lambda_runtime::{Runtime, tracing::subscriber};
use channel_flow::{Adapter, Decision, Flow, LimitError, Message, Step, processor_fn, run};
use subscriber::filter::{LevelFilter, Targets};
use subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};
use tracing_opentelemetry::OpenTelemetryLayer;

use crate::invocation::InvocationLayer;

mod export;
mod invocation;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = export::provider()?;
    // The spans of the framework's parts and of a flow's steps are at level debug. Other crates show messages at that level.
    let spans = Targets::new().with_default(LevelFilter::INFO).with_target("channel_flow", LevelFilter::DEBUG);
    let traces = OpenTelemetryLayer::new(export::tracer(&provider)).with_filter(spans);
    subscriber::registry().with(traces).with(run::log_layer()).init();
    run::hide_panic_messages();

    let adapter = Adapter::builder(flow()).build().await?;
    let runtime = Runtime::new(adapter).layer(TracingLayer::new()).layer(InvocationLayer::new(provider));
    Ok(run::serve(runtime).await?)
}

/// The flow whose steps the traces show.
fn flow() -> impl channel_flow::Processor {
    let shouting = processor_fn(|message: Message| async move {
        let text = message.to_text();
        let shown = text.as_str();
        if shown.len() > 10 && shown == shown.to_uppercase() {
            return Ok::<_, LimitError>(Decision::from(message.map_texts(str::to_lowercase)?).because("shouting"));
        }
        Ok(Decision::no_change())
    });
    let links = processor_fn(|message: Message| async move {
        let has_link = message.any_text(|text| text.contains("://"));
        Ok::<_, LimitError>(if has_link { Decision::deny().because("links") } else { Decision::no_change() })
    });
    Flow::new().step(Step::new("shouting", shouting)).step(Step::new("links", links))
}
