//! A function that is invoked as Lambda would invoke it.

use std::time::{Duration, SystemTime};

use channel_flow::lambda_runtime::layers::trace::request_span;
use channel_flow::lambda_runtime::{Context, LambdaEvent, Service as _};
use channel_flow::{Adapter, Processor, RawEvent, testing};
use tracing::Instrument as _;

/// A message that is none of the shortest.
pub(crate) const CONTENT: &str =
    "Well, what the hell is this? I asked for two of them last Thursday, and here is one. Ask Bob, please.";

const TIMEOUT: Duration = Duration::from_secs(600);

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Returns this many events, each of another message. They are equally long.
pub(crate) fn events(number: usize) -> Vec<String> {
    let event =
        |number| testing::message(CONTENT).id(&format!("{number:064x}")).metadata(r#"{"client":"web"}"#).to_event();
    (0..number).map(event).collect()
}

/// Invokes a function with each of these events. Its responses have to contain `expected`.
pub(crate) async fn invoke<P: Processor + 'static>(
    adapter: &Adapter<P>,
    events: &[String],
    expected: &str,
) -> Result<(), Error> {
    for event in events {
        let mut context = Context::default();
        context.request_id = "6f5d8a4e-9f0e-4a52-b4f1-0a4a1f0a7c55".to_owned();
        context.xray_trace_id = Some("Root=1-66bc7a42-2f6a0c9d1b3e5f7a9c1d3e5f;Sampled=0".to_owned());
        context.deadline = (SystemTime::UNIX_EPOCH.elapsed()? + TIMEOUT).as_millis().try_into()?;
        let span = request_span(&context);
        let event: RawEvent = serde_json::from_slice(event.as_bytes())?;
        let response = adapter.clone().call(LambdaEvent::new(event, context)).instrument(span).await?;
        let response = serde_json::to_string(&response)?;
        if !response.contains(expected) {
            return Err(format!("the response lacks {expected}: {response}").into());
        }
    }
    Ok(())
}
