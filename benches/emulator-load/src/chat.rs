//! The emulator with one channel, and the function in its flow.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use channel_flow_emulator::{Activity, Emulator, EventInvokeConfig, EventQueue, Function, FunctionSettings, Settings};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::Error;
use crate::client::Client;

pub(crate) struct Chat {
    pub(crate) activities: UnboundedReceiver<Activity>,
    emulator: Emulator,
    function: Arc<Function>,
    channel: String,
    alice: String,
    clients: AtomicU64,
}

impl Chat {
    pub(crate) async fn start(processor: &Path, environments: usize) -> Result<Self, Error> {
        let emulator = Emulator::start(Settings::new().any_credentials(true)).await?;
        let settings = FunctionSettings::new().name("filter").concurrency(environments);
        let function = Arc::new(emulator.function(processor, settings)?);
        let function_arn = function.arn();
        emulator
            .service()
            .set_function(&function_arn, EventQueue::new(Arc::clone(&function), EventInvokeConfig::new()));

        let app = made(&emulator, "CreateAppInstance", json!({ "Name": "load" })).await?;
        let user = json!({ "AppInstanceArn": app, "AppInstanceUserId": "alice", "Name": "Alice" });
        let alice = made(&emulator, "CreateAppInstanceUser", user).await?;
        let channel = json!({ "AppInstanceArn": app, "Name": "load", "ChimeBearer": alice });
        let channel = made(&emulator, "CreateChannel", channel).await?;
        let processor = json!({
            "Name": "filter",
            "Configuration": { "Lambda": { "ResourceArn": function_arn, "InvocationType": "ASYNC" } },
            "ExecutionOrder": 1,
            "FallbackAction": "ABORT",
        });
        let flow = json!({ "AppInstanceArn": app, "Name": "load", "Processors": [processor] });
        let flow = made(&emulator, "CreateChannelFlow", flow).await?;
        let association = json!({ "ChannelArn": channel, "ChannelFlowArn": flow, "ChimeBearer": alice });
        emulator.service().call("AssociateChannelFlow", association).await?;

        let activities = emulator.service().watch();
        Ok(Self { activities, emulator, function, channel, alice, clients: AtomicU64::new(0) })
    }

    /// The processes of the function's environments.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.function.environments().iter().filter_map(|environment| environment.process_id()).collect()
    }

    /// A client of Alice's with a connection of its own.
    pub(crate) async fn client(&self) -> Result<Client, Error> {
        let name = self.clients.fetch_add(1, Ordering::Relaxed);
        Client::connect(self.emulator.service().address(), &self.channel, &self.alice, name).await
    }
}

/// The ARN of what an operation made.
async fn made(emulator: &Emulator, operation: &str, input: Value) -> Result<String, Error> {
    let answer = emulator.service().call(operation, input).await?;
    let arn = answer.as_object().and_then(|members| members.values().find_map(Value::as_str));
    Ok(arn.ok_or("an answer without an ARN")?.to_owned())
}
