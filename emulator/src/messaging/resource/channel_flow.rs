//! Channel flows.

use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// A channel flow: processors in execution order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChannelFlow {
    pub(crate) name: String,
    /// In execution order.
    pub(crate) processors: Vec<Processor>,
    pub(crate) created: SystemTime,
    pub(crate) last_updated: SystemTime,
}

/// A processor, as the model spells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Processor {
    pub(crate) name: String,
    pub(crate) configuration: ProcessorConfiguration,
    pub(crate) execution_order: u8,
    pub(crate) fallback_action: FallbackAction,
}

/// The configuration of a processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProcessorConfiguration {
    pub(crate) lambda: LambdaConfiguration,
}

/// The function of a processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LambdaConfiguration {
    pub(crate) resource_arn: String,
    /// `ASYNC`.
    pub(crate) invocation_type: String,
}

/// The fate of a message whose processor cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum FallbackAction {
    /// It goes on to the next processor, or is sent.
    Continue,
    /// It fails.
    Abort,
}

impl FallbackAction {
    /// As the model spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Continue => "CONTINUE",
            Self::Abort => "ABORT",
        }
    }
}
