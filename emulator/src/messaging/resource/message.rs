//! A message of a channel: its content, its target and its status.

use crate::assumptions::Assumptions;
use crate::ids;
use crate::messaging::resource::channel_flow::Processor;
use crate::messaging::resource::identity::Identity;
use crate::messaging::wire::output::Time;
use crate::model::decision::Decision;
use crate::model::event::{Event, Persistence};
use crate::model::message::{MessageChange, MessageFields, MessageIds, MessageKey, MessageStatus, PushNotification};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::SystemTime;
use uuid::Uuid;

/// A message that a channel has. There are many of them: rare fields are boxed, and the channel's ARN is left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    /// Tells messages of the same millisecond apart.
    pub(crate) sequence: u64,
    #[serde(with = "shared_identity")]
    pub(crate) sender: Arc<Identity>,
    pub(crate) kind: MessageType,
    pub(crate) persistence: Persistence,
    /// The only one but the sender who sees it.
    pub(crate) target: Option<Box<str>>,
    /// Its content: the version that was sent last or, before that, the sender's.
    pub(crate) fields: MessageFields,
    pub(crate) created: SystemTime,
    pub(crate) last_updated: SystemTime,
    pub(crate) last_edited: Option<SystemTime>,
    pub(crate) redacted: bool,
    /// Where the version in `fields` is on its way: pending, sent or failed. Denied messages are no more.
    pub(crate) status: MessageStatus,
    /// A version of it that a flow processes.
    pub(crate) processing: Option<Box<Processing>>,
    pub(crate) steps: Vec<Step>,
}

/// `ChannelMessageType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MessageType {
    Standard,
    /// Passes by the flow, has no metadata, and little content.
    Control,
}

/// A new message, or an update of one, on its way through a flow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Processing {
    #[serde(rename = "update", with = "update_flag")]
    pub(crate) change: MessageChange,
    /// Its content, with the changes of the processors so far.
    pub(crate) fields: MessageFields,
    /// Those of the flow when it was sent.
    pub(crate) processors: Vec<Processor>,
    /// Which of them has it.
    pub(crate) position: usize,
    pub(crate) callback_id: Uuid,
    /// Since when that one has it.
    pub(crate) since: SystemTime,
    /// When it was sent, or updated.
    pub(crate) said: SystemTime,
}

/// A step that is over: a processor called back, or could not be reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) callback_id: Uuid,
    /// `None` if the processor could not be reached.
    pub(crate) decision: Option<Decision>,
    /// The function that called back, if it is known.
    #[serde(skip)]
    pub(crate) by: Option<Arc<str>>,
}

/// The remains of a message that is no more, for callbacks that may still come: it was denied, is not persistent, or was
/// deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    pub(crate) status: MessageStatus,
    pub(crate) steps: Vec<Step>,
}

impl MessageType {
    /// As the model spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Control => "CONTROL",
        }
    }
}

impl Processing {
    /// The processor that has it.
    pub(crate) fn processor(&self) -> &Processor {
        &self.processors[self.position]
    }

    /// The ids of the step that it is in.
    pub(crate) fn ids(&self, key: MessageKey<'_>) -> MessageIds {
        MessageIds {
            callback_id: self.callback_id.to_string(),
            message_id: key.message_id.to_owned(),
            channel_arn: key.channel_arn.to_owned(),
        }
    }
}

impl Message {
    /// Whether `arn` may see it, once it is sent.
    pub(crate) fn is_for(&self, arn: &str) -> bool {
        self.target.as_deref().is_none_or(|target| target == arn) || self.is_from(arn)
    }

    pub(crate) fn is_from(&self, arn: &str) -> bool {
        self.sender.arn == arn
    }

    /// The sub-channel that it is in, if its channel is elastic.
    pub(crate) fn sub_channel_id(&self) -> Option<&str> {
        self.fields.sub_channel_id.as_deref()
    }

    /// What is left of its content once that is gone: where it is.
    pub(crate) fn emptied_fields(&self) -> MessageFields {
        MessageFields { sub_channel_id: self.fields.sub_channel_id.clone(), ..MessageFields::default() }
    }

    /// Whether a version of it can be changed: it was sent, and none is processed.
    pub(crate) fn is_settled(&self) -> bool {
        self.status == MessageStatus::Sent && self.processing.is_none()
    }

    /// Replaces its content by an updated version.
    pub(crate) fn take_version(&mut self, mut fields: MessageFields, said: SystemTime) {
        fields.shrink();
        self.fields = fields;
        self.last_edited = Some(said);
        self.last_updated = said;
    }

    /// What `GetChannelMessageStatus` tells its sender, if anything.
    pub(crate) fn told_status(&self, assumptions: &Assumptions) -> Option<MessageStatus> {
        let pending = match self.processing.as_deref() {
            Some(Processing { change: MessageChange::Update, .. }) => assumptions.edit_has_status,
            Some(_) if self.persistence == Persistence::Persistent => true,
            Some(_) if assumptions.non_persistent_has_status => true,
            Some(_) => return None,
            None => false,
        };
        Some(if pending { MessageStatus::Pending } else { self.status })
    }

    /// `ChannelMessage`, with its times in the form that `time` gives them. Its sender is shown the version that is
    /// processed, with the changes of the processors so far; the others the one that was sent.
    pub(crate) fn describe(&self, key: MessageKey<'_>, to_sender: bool, time: Time) -> Map<String, Value> {
        let processing = self.processing.as_deref().filter(|_| to_sender);
        let status = processing.map_or(self.status, |_| MessageStatus::Pending);
        let edited = processing
            .filter(|processing| processing.change == MessageChange::Update)
            .map(|processing| processing.said);
        self.described_as(key, processing.map_or(&self.fields, |p| &p.fields), status, edited, time)
    }

    fn described_as(
        &self,
        key: MessageKey<'_>,
        fields: &MessageFields,
        status: MessageStatus,
        edited: Option<SystemTime>,
        time: Time,
    ) -> Map<String, Value> {
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
        put("ChannelArn", key.channel_arn.into());
        put("MessageId", key.message_id.into());
        put("Type", self.kind.name().into());
        put("CreatedTimestamp", time(self.created));
        put("LastUpdatedTimestamp", time(edited.unwrap_or(self.last_updated)));
        if let Some(edited) = edited.or(self.last_edited) {
            put("LastEditedTimestamp", time(edited));
        }
        put("Sender", json!(*self.sender));
        put("Redacted", self.redacted.into());
        put("Persistence", self.persistence.name().into());
        put("Status", json!({ "Value": status }));
        if let Some(target) = &self.target {
            put("Target", json!([{ "MemberArn": target }]));
        }
        // All that a message says is a member of `ChannelMessage`, but for the push notification.
        if let Value::Object(mut said) = json!(fields) {
            said.remove("PushNotification");
            view.extend(said);
        }
        view
    }

    /// `ChannelMessage` of a version that came to nothing, for its sender.
    pub(crate) fn describe_unsent(
        &self,
        key: MessageKey<'_>,
        unsent: &Processing,
        status: MessageStatus,
        time: Time,
    ) -> Map<String, Value> {
        let edited = (unsent.change == MessageChange::Update).then_some(unsent.said);
        self.described_as(key, &unsent.fields, status, edited, time)
    }

    /// The event for the processor that has it: in the shape seen on live traffic, which has neither `Target` nor
    /// `ContentType`. A message in a sub-channel has a `SubChannelId` beside.
    pub(crate) fn event(&self, key: MessageKey<'_>, processing: &Processing) -> Event {
        let fields = &processing.fields;
        let ids = processing.ids(key);
        let edited = (processing.change == MessageChange::Update).then_some(processing.said);
        let json = EventJson {
            event_type: "CHANNEL_MESSAGE_EVENT",
            callback_id: &ids.callback_id,
            channel_message: EventMessageJson {
                message_id: key.message_id,
                channel_arn: key.channel_arn,
                content: fields.content.as_deref(),
                persistence: self.persistence.name(),
                sender: &self.sender,
                r#type: self.kind.name(),
                created_timestamp: ids::timestamp(self.created),
                metadata: fields.metadata.as_deref(),
                push_notification: fields.push_notification.as_ref(),
                sub_channel_id: fields.sub_channel_id.as_deref(),
                last_edited_timestamp: edited.map(ids::timestamp),
            },
        };
        let json = serde_json::to_string(&json).expect("messages have nothing that JSON has not");
        let told = MessageFields { message_attributes: None, content_type: None, ..fields.clone() };
        Event::of_message(json, ids, told, self.sender.arn.clone(), self.persistence, processing.change)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EventJson<'a> {
    event_type: &'static str,
    callback_id: &'a str,
    channel_message: EventMessageJson<'a>,
}

/// `ChannelMessage` of an event.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EventMessageJson<'a> {
    message_id: &'a str,
    channel_arn: &'a str,
    content: Option<&'a str>,
    persistence: &'static str,
    sender: &'a Identity,
    r#type: &'static str,
    created_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    push_notification: Option<&'a PushNotification>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_channel_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_edited_timestamp: Option<String>,
}

/// Messages share the identities of their senders, in memory.
mod shared_identity {
    use super::Identity;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    pub(super) fn serialize<S: Serializer>(identity: &Arc<Identity>, serializer: S) -> Result<S::Ok, S::Error> {
        Identity::serialize(identity, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Identity>, D::Error> {
        Identity::deserialize(deserializer).map(Arc::new)
    }
}

/// The data file says whether it is an update.
mod update_flag {
    use super::MessageChange;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(change: &MessageChange, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*change == MessageChange::Update)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MessageChange, D::Error> {
        let update = bool::deserialize(deserializer)?;
        Ok(if update { MessageChange::Update } else { MessageChange::Create })
    }
}

#[cfg(test)]
mod tests;
