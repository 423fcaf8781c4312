//! A channel in the emulator with a function in its flow, for the benchmarks that send messages.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use channel_flow_emulator::{Emulator, EventInvokeConfig, EventQueue, Function, FunctionSettings, Settings};
use serde_json::{Value, json};

/// A channel whose messages go through a function.
pub struct FilteredChannel {
    /// The emulator, which takes any credentials.
    pub emulator: Emulator,
    /// The function, behind Lambda's event queue.
    pub function: Arc<Function>,
    /// The ARN of the channel.
    pub channel: String,
    /// The ARN of the user who made the channel.
    pub alice: String,
}

impl FilteredChannel {
    /// Starts the emulator, and makes the channel and its flow.
    ///
    /// # Errors
    ///
    /// If the emulator does not start, there is no `processor`, or the service refuses a request.
    pub async fn start(processor: &Path, settings: FunctionSettings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let emulator = Emulator::start(Settings::new().any_credentials(true)).await?;
        let function = Arc::new(emulator.function(processor, settings.name("filter"))?);
        let function_arn = function.arn();
        let queue = EventQueue::new(Arc::clone(&function), EventInvokeConfig::new());
        emulator.service().set_function(&function_arn, queue);

        let app = made(&emulator, "CreateAppInstance", json!({ "Name": "load" })).await?;
        let user = json!({ "AppInstanceArn": app, "AppInstanceUserId": "alice", "Name": "Alice" });
        let alice = made(&emulator, "CreateAppInstanceUser", user).await?;
        let channel = json!({ "AppInstanceArn": app, "Name": "load", "ChimeBearer": alice });
        let channel = made(&emulator, "CreateChannel", channel).await?;
        let step = json!({
            "Name": "filter",
            "Configuration": { "Lambda": { "ResourceArn": function_arn, "InvocationType": "ASYNC" } },
            "ExecutionOrder": 1,
            "FallbackAction": "ABORT",
        });
        let flow = json!({ "AppInstanceArn": app, "Name": "load", "Processors": [step] });
        let flow = made(&emulator, "CreateChannelFlow", flow).await?;
        let association = json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": alice });
        emulator.service().call("AssociateChannelFlow", association).await?;
        Ok(Self { emulator, function, channel, alice })
    }
}

/// The ARN of what an operation made.
async fn made(emulator: &Emulator, operation: &str, input: Value) -> Result<String, Box<dyn Error + Send + Sync>> {
    let answer = emulator.service().call(operation, input).await?;
    let arn = answer.as_object().and_then(|members| members.values().find_map(Value::as_str));
    Ok(arn.ok_or("an answer without an ARN")?.to_owned())
}
