//! The callback: a decision goes to the service, and the service's answer is understood.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_chimesdkmessaging::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_chimesdkmessaging::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_chimesdkmessaging::operation::channel_flow_callback::ChannelFlowCallbackError;
use aws_sdk_chimesdkmessaging::types::{
    self, ChannelMessageCallback, MessageAttributeValue, PushNotificationConfiguration,
};
use serde::Serialize;

use crate::event::CallbackIds;
use crate::{Decision, Error, PushNotification, PushNotificationType, Update};

/// How often a callback that met another one is sent again, and the pause before the first of these.
const CONFLICT_RETRIES: u32 = 3;
const CONFLICT_PAUSE: Duration = Duration::from_millis(100);

/// Part of the text with which the service refuses a callback for a message that was decided before.
const NON_PENDING: &str = "non-pending";

/// How a callback ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Outcome {
    /// The service accepted the callback.
    Accepted,
    /// The message had been decided before: the event came twice, or an answer to an earlier attempt was lost.
    DecidedBefore,
}

/// Sends callbacks.
#[derive(Debug)]
pub(crate) struct Callbacks {
    client: Client,
    /// Whether this environment has had a callback accepted, which shows that its role has the grant.
    granted: AtomicBool,
}

/// What the service said.
enum Answer {
    Accepted,
    DecidedBefore,
    Conflict(Error),
    /// Decided before, or no grant, or too late: the service says the same to all three.
    Forbidden(Error),
    Invalid(Error),
    Final(Error),
}

impl Callbacks {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, granted: AtomicBool::new(false) }
    }

    /// Sends `decision`, with `content` as the message's content where an update leaves it as it was, until the service
    /// has settled the message one way or another. Where it refuses the decision as invalid, `fallback` goes instead.
    pub(crate) async fn settle(
        &self,
        ids: &CallbackIds,
        decision: &Decision,
        content: &str,
        fallback: &Decision,
    ) -> Result<Outcome, Error> {
        let attempts = Arc::new(AtomicU32::new(0));
        let (mut decision, mut conflicts) = (decision, 0);
        loop {
            match self.send(ids, decision, content, &attempts).await {
                Answer::Accepted => {
                    self.granted.store(true, Ordering::Relaxed);
                    return Ok(Outcome::Accepted);
                }
                Answer::DecidedBefore => return Ok(Outcome::DecidedBefore),
                Answer::Conflict(_) if conflicts < CONFLICT_RETRIES => {
                    tokio::time::sleep(CONFLICT_PAUSE * 2u32.pow(conflicts)).await;
                    conflicts += 1;
                }
                Answer::Forbidden(_)
                    if self.granted.load(Ordering::Relaxed) || attempts.load(Ordering::Relaxed) > 1 =>
                {
                    return Ok(Outcome::DecidedBefore);
                }
                Answer::Invalid(error) if decision != fallback => {
                    tracing::error!(%error, "the service refused the decision as invalid; sending the fallback action");
                    decision = fallback;
                }
                Answer::Conflict(error) | Answer::Forbidden(error) | Answer::Invalid(error) | Answer::Final(error) => {
                    return Err(error);
                }
            }
        }
    }

    async fn send(&self, ids: &CallbackIds, decision: &Decision, content: &str, attempts: &Arc<AtomicU32>) -> Answer {
        let request = self
            .client
            .channel_flow_callback()
            .callback_id(&ids.callback_id)
            .channel_arn(&ids.channel_arn)
            .set_delete_resource((*decision == Decision::Deny).then_some(true))
            .channel_message(channel_message(&ids.message_id, decision, content))
            .customize()
            .interceptor(CountAttempts(attempts.clone()));
        match request.send().await {
            Ok(_) => Answer::Accepted,
            Err(error) => Answer::read(error),
        }
    }
}

fn channel_message(message_id: &str, decision: &Decision, content: &str) -> ChannelMessageCallback {
    let message = ChannelMessageCallback::builder().message_id(message_id);
    let message = match decision {
        Decision::Update(update) if !update.is_empty() => updated(message, update, content),
        Decision::Update(_) | Decision::Deny | Decision::NoChange => message,
    };
    message.build().expect("the message id is set")
}

fn updated(
    message: types::builders::ChannelMessageCallbackBuilder,
    update: &Update,
    content: &str,
) -> types::builders::ChannelMessageCallbackBuilder {
    let content = update.content.as_deref().unwrap_or(content);
    let attributes = update.message_attributes.iter().map(|(name, values)| {
        (name.clone(), MessageAttributeValue::builder().set_string_values(Some(values.clone())).build())
    });
    let attributes: HashMap<_, _> = attributes.collect();
    message
        .set_content((!content.is_empty()).then(|| content.to_owned()))
        .set_metadata(update.metadata.clone())
        .set_push_notification(update.push_notification.as_ref().map(push_notification))
        .set_message_attributes((!attributes.is_empty()).then_some(attributes))
        .set_sub_channel_id(update.sub_channel_id.clone())
        .set_content_type(update.content_type.clone())
}

fn push_notification(push_notification: &PushNotification) -> PushNotificationConfiguration {
    let notification_type =
        push_notification.notification_type().and_then(|notification_type| match notification_type {
            PushNotificationType::Default => Some(types::PushNotificationType::Default),
            PushNotificationType::Voip => Some(types::PushNotificationType::Voip),
            PushNotificationType::Unknown(_) => None,
        });
    PushNotificationConfiguration::builder()
        .set_title(push_notification.title().map(str::to_owned))
        .set_body(push_notification.body().map(str::to_owned))
        .set_type(notification_type)
        .build()
}

impl Answer {
    fn read(error: SdkError<ChannelFlowCallbackError>) -> Self {
        let Some(status) = error.raw_response().map(|response| response.status().as_u16()) else {
            return Self::Final(
                Error::callback_unavailable("the callback did not reach the service; Lambda delivers the event again")
                    .caused_by(error),
            );
        };
        let said = match (error.code(), error.message()) {
            (Some(code), Some(message)) => format!("{status} {code}: {message}"),
            (Some(code), None) => format!("{status} {code}"),
            _ => format!("status {status}"),
        };
        match status {
            400 if error.message().is_some_and(|message| message.contains(NON_PENDING)) => Self::DecidedBefore,
            400 => {
                Self::Invalid(Error::callback_refused(format!("the service refused the callback as invalid ({said})")))
            }
            401 => Self::Final(Error::callback_refused(format!(
                "the service refused the function's credentials ({said}): look at its execution role"
            ))),
            403 => Self::Forbidden(Error::callback_refused(format!(
                "the service refused the callback ({said}): grant the function's role chime:ChannelFlowCallback on the app \
                 instance; the service says the same where the time for a callback is over"
            ))),
            409 => {
                Self::Conflict(Error::callback_unavailable(format!("the callback kept meeting another one ({said})")))
            }
            _ => Self::Final(Error::callback_unavailable(format!(
                "the service did not take the callback ({said}); Lambda delivers the event again"
            ))),
        }
    }
}

/// Counts what the SDK sends, its own retries included.
#[derive(Debug)]
struct CountAttempts(Arc<AtomicU32>);

impl Intercept for CountAttempts {
    fn name(&self) -> &'static str {
        "count attempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
