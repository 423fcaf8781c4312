//! The actions of people on the page, done through the API with them as the bearer.

use crate::http::page::parameters::text;
use crate::messaging::core::Core;
use crate::messaging::wire::api_error::ApiError;
use axum::http::request::Parts;
use serde::Deserialize;
use serde_json::{Value, json};

/// Something that a person does.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Action {
    Send {
        channel: String,
        by: String,
        content: String,
        metadata: Option<String>,
        #[serde(default)]
        control: bool,
        #[serde(default)]
        non_persistent: bool,
    },
    Update {
        channel: String,
        by: String,
        message_id: String,
        content: String,
    },
    Redact {
        channel: String,
        by: String,
        message_id: String,
    },
    Delete {
        channel: String,
        by: String,
        message_id: String,
    },
}

/// Does it.
pub(super) async fn act(core: &Core, action: Action) -> Result<Value, ApiError> {
    let (operation, input) = match action {
        Action::Send { channel, by, content, metadata, control, non_persistent } => {
            let mut input = json!({
                "ChannelArn": channel,
                "ChimeBearer": by,
                "Content": content,
                "Type": if control { "CONTROL" } else { "STANDARD" },
                "Persistence": if non_persistent { "NON_PERSISTENT" } else { "PERSISTENT" },
            });
            if let Some(metadata) = metadata {
                input["Metadata"] = metadata.into();
            }
            ("SendChannelMessage", input)
        }
        Action::Update { channel, by, message_id, content } => {
            let input =
                json!({ "ChannelArn": channel, "ChimeBearer": by, "MessageId": message_id, "Content": content });
            ("UpdateChannelMessage", input)
        }
        Action::Redact { channel, by, message_id } => {
            ("RedactChannelMessage", json!({ "ChannelArn": channel, "ChimeBearer": by, "MessageId": message_id }))
        }
        Action::Delete { channel, by, message_id } => {
            ("DeleteChannelMessage", json!({ "ChannelArn": channel, "ChimeBearer": by, "MessageId": message_id }))
        }
    };
    core.call(operation, input).await.map(or_nothing)
}

/// The latest messages as one person sees them, or the page of messages before.
pub(super) async fn list(core: &Core, request: &Parts) -> Result<Value, ApiError> {
    let mut input = json!({
        "ChannelArn": text(request, "channel"),
        "ChimeBearer": text(request, "by"),
        "SortOrder": "DESCENDING",
        "MaxResults": 50,
    });
    let next_token = text(request, "nextToken");
    if !next_token.is_empty() {
        input["NextToken"] = next_token.into();
    }
    core.call("ListChannelMessages", input).await
}

/// The answer of an operation that has none.
fn or_nothing(value: Value) -> Value {
    if value.is_null() { json!({}) } else { value }
}
