//! A service in the test's own process that accepts and refuses callbacks as scripted.

mod answer;
mod sent_callback;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_chimesdkmessaging::types::ChannelMessageStatus;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use lambda_runtime::{Context, LambdaEvent, Service};
use sha2::{Digest, Sha256};

pub use self::answer::Answer;
use self::answer::Reply;
pub use self::sent_callback::SentCallback;
use crate::callback::client::for_callbacks;
use crate::{Adapter, DecisionKind, Error, Processor, RawEvent, Response};

/// A callback service for tests of a whole [`Adapter`], in the test's own process: nothing listens on a port.
///
/// The adapter sends its callbacks through [`client`](Self::client), which is a real client of the AWS SDK with the
/// framework's retries and timeouts. The service gives the [`Answer`]s of its script, one a callback, and then accepts
/// every callback for a message that it has not decided. It also answers `GetChannelMessageStatus`, with which the
/// framework asks whether a refused callback was for a message that is decided.
///
/// Pauses and timeouts take their time. A test with tokio's `start_paused` skips them.
///
/// ```
/// use std::time::Duration;
///
/// use channel_flow::testing::{self, Answer, CallbackService};
/// use channel_flow::{Adapter, Decision, DecisionKind, LimitError, Message, Outcome, Response, processor_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let service = CallbackService::new([Answer::Conflict, Answer::ServerError]);
/// let calm = processor_fn(|message: Message| async move { Decision::update(message.content().to_lowercase()) });
/// let adapter = Adapter::builder(calm).client(service.client()).build().await?;
///
/// let event = testing::message("GOOD MORNING").to_event();
/// let response = testing::invoke(&adapter, event, Duration::from_secs(10)).await?;
///
/// let Response::Settled(settled) = response else { panic!("the event came from no queue") };
/// assert_eq!((settled.decision, settled.outcome), (DecisionKind::Update, Outcome::Accepted));
/// let callbacks = service.callbacks();
/// let answers: Vec<_> = callbacks.iter().map(|callback| callback.answer().clone()).collect();
/// assert_eq!(answers, [Answer::Conflict, Answer::ServerError, Answer::Accepted]);
/// assert_eq!(callbacks[2].content(), Some("good morning"));
/// # Ok::<_, channel_flow::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct CallbackService(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    script: VecDeque<Answer>,
    status: Option<ChannelMessageStatus>,
    callbacks: Vec<SentCallback>,
    /// The decisions that were accepted, by the ids of the messages.
    decided: BTreeMap<String, DecisionKind>,
    status_requests: usize,
}

impl CallbackService {
    /// Creates a service that gives these answers to the first callbacks, in order.
    pub fn new(script: impl IntoIterator<Item = Answer>) -> Self {
        let state = State { script: script.into_iter().collect(), ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Sets the status that the service reports of every message. Otherwise a message is `PENDING` until a callback for it
    /// is accepted, and then `SENT`. The service reports no status of a message that was denied, and answers 403.
    #[must_use]
    pub fn message_status(self, status: ChannelMessageStatus) -> Self {
        self.lock().status = Some(status);
        self
    }

    /// Returns a client whose requests this service answers, for
    /// [`AdapterBuilder::client`](crate::AdapterBuilder::client).
    pub fn client(&self) -> Client {
        let connector = SharedHttpConnector::new(self.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        Client::from_conf(for_callbacks(config).build())
    }

    /// Returns the callbacks that the service has got so far, in order.
    pub fn callbacks(&self) -> Vec<SentCallback> {
        self.lock().callbacks.clone()
    }

    /// Returns how often the service was asked for the status of a message.
    pub fn status_requests(&self) -> usize {
        self.lock().status_requests
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the answer to a callback. Another callback for a message that is decided is never accepted.
    fn answer_callback(&mut self, body: &[u8]) -> Answer {
        let answer = self.script.pop_front().unwrap_or(Answer::Accepted);
        let Some(callback) = SentCallback::read(body) else { return Answer::Invalid };
        let is_decided = self.decided.contains_key(callback.message_id());
        let answer = if answer.accepts() && is_decided { Answer::NonPending } else { answer };
        if answer.accepts() {
            self.decided.insert(callback.message_id().to_owned(), callback.decision());
        }
        self.callbacks.push(callback.answered(answer.clone()));
        answer
    }

    /// Returns the answer to a question about the message with this id.
    fn answer_status_request(&mut self, message_id: &str) -> Reply {
        self.status_requests += 1;
        let status = match (&self.status, self.decided.get(message_id)) {
            (Some(status), _) => status.clone(),
            (None, None) => ChannelMessageStatus::Pending,
            (None, Some(DecisionKind::Deny)) => return Answer::Forbidden.reply(),
            (None, Some(DecisionKind::Update | DecisionKind::NoChange | DecisionKind::Hold)) => {
                ChannelMessageStatus::Sent
            }
        };
        Reply::status(&status)
    }
}

impl HttpConnector for CallbackService {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut state = self.lock();
        let (pause, reply) = match request.method() {
            "POST" => {
                let answer = state.answer_callback(request.body().bytes().unwrap_or_default());
                (answer.pause(), answer.reply())
            }
            _ => (Duration::ZERO, state.answer_status_request(message_id(request.uri()))),
        };
        HttpConnectorFuture::new(async move {
            // A timer takes a millisecond, however short it is.
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            reply.into_result()
        })
    }
}

/// Returns the id in `…/messages/ID?…`.
fn message_id(uri: &str) -> &str {
    let path = uri.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

impl fmt::Debug for CallbackService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("CallbackService")
            .field("script", &state.script)
            .field("callbacks", &state.callbacks)
            .finish_non_exhaustive()
    }
}

/// Invokes a function with this event, as Lambda does if the function has this timeout.
///
/// As with Lambda's retries, the invocation has the same request id if the event is the same, and another one otherwise.
///
/// See [`CallbackService`] for an example.
///
/// # Errors
///
/// Returns the [`Error`] with which the invocation failed, or one of kind [`Event`](crate::ErrorKind::Event) if `event` is
/// not JSON.
pub async fn invoke<P: Processor + 'static>(
    adapter: &Adapter<P>,
    event: impl Into<String>,
    timeout: Duration,
) -> Result<Response, Error> {
    let event = event.into();
    let mut context = Context::default();
    context.request_id = request_id(&event);
    let deadline = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().saturating_add(timeout);
    context.deadline = deadline.as_millis().try_into().unwrap_or(u64::MAX);
    adapter.clone().call(LambdaEvent::new(RawEvent::from_json(event)?, context)).await
}

fn request_id(event: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(event).into();
    let first: [u8; 16] = digest[..16].try_into().expect("a digest has 32 bytes");
    uuid::Builder::from_custom_bytes(first).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use crate::{DecidedBy, Decision, ErrorKind, LimitError, Message, Outcome, Settled, processor_fn};

    /// Returns how the invocation for a message ended, and the answers that the callbacks got.
    async fn invoked(service: CallbackService, content: &str) -> (Result<Settled, Error>, Vec<Answer>) {
        let processor = processor_fn(|message: Message| async move {
            match message.content() {
                "deny" => Ok(Decision::deny()),
                content => Decision::update(content.to_lowercase()),
            }
        });
        let adapter = Adapter::builder(processor).client(service.client()).build().await.unwrap();
        let event = testing::message(content).created_at(SystemTime::now()).to_event();
        let settled = testing::invoke(&adapter, event, Duration::from_secs(5)).await.map(|response| match response {
            Response::Settled(settled) => settled,
            Response::Batch { .. } | Response::Swept(_) | Response::Execution(_) => {
                panic!("the event came from a channel flow")
            }
        });
        (settled, service.callbacks().iter().map(|callback| callback.answer().clone()).collect())
    }

    async fn settled(script: &[Answer]) -> (Settled, usize) {
        let (settled, answers) = invoked(CallbackService::new(script.iter().cloned()), "HI").await;
        (settled.unwrap_or_else(|error| panic!("{script:?}: {error:?}")), answers.len())
    }

    #[tokio::test]
    async fn a_refusal_that_passes_is_followed_by_an_accepted_callback() {
        let throttled = Answer::Throttled { retry_after: Some(Duration::from_secs(1)) };
        for script in [
            &[] as &[Answer],
            &[Answer::Forbidden],
            &[Answer::Conflict, Answer::Conflict],
            &[Answer::Throttled { retry_after: None }, throttled],
            &[Answer::ServerError, Answer::Unavailable],
            &[Answer::ConnectionLost],
        ] {
            let (settled, callbacks) = settled(script).await;
            assert_eq!((settled.decision, settled.outcome), (DecisionKind::Update, Outcome::Accepted), "{script:?}");
            assert_eq!(callbacks, script.len() + 1, "{script:?}");
        }
    }

    #[tokio::test]
    async fn a_message_that_is_decided_is_not_decided_again() {
        for script in
            [&[Answer::NonPending] as &[Answer], &[Answer::AnswerLost], &[Answer::Slow(Duration::from_secs(3))]]
        {
            let (settled, callbacks) = settled(script).await;
            assert_eq!((settled.outcome, settled.doubt), (Outcome::DecidedBefore, None), "{script:?}");
            assert_eq!(callbacks, if script == [Answer::NonPending] { 1 } else { 2 }, "{script:?}");
        }
        let (settled, callbacks) = settled(&[Answer::Slow(Duration::from_millis(100))]).await;
        assert_eq!((settled.outcome, callbacks), (Outcome::Accepted, 1));
    }

    #[tokio::test]
    async fn a_refused_update_is_followed_by_the_fallback_action() {
        let (settled, callbacks) = settled(&[Answer::Invalid]).await;
        assert_eq!((settled.decision, settled.decided_by), (DecisionKind::Deny, DecidedBy::FallbackAction));
        assert_eq!(callbacks, 2);
    }

    #[tokio::test]
    async fn a_refusal_that_lasts_fails_the_invocation() {
        let (settled, _) = invoked(CallbackService::new(vec![Answer::Forbidden; 9]), "HI").await;
        assert_eq!(settled.unwrap_err().kind(), ErrorKind::CallbackForbidden);
        let (settled, answers) = invoked(CallbackService::new(vec![Answer::Unauthorized; 9]), "HI").await;
        assert_eq!(settled.unwrap_err().kind(), ErrorKind::CallbackUnauthorized);
        assert_eq!(answers.len(), 1);
    }

    #[tokio::test]
    async fn the_status_of_a_message_is_told() {
        let service = CallbackService::new([Answer::Forbidden]).message_status(ChannelMessageStatus::Sent);
        let (settled, answers) = invoked(service.clone(), "HI").await;
        assert_eq!(settled.unwrap().outcome, Outcome::DecidedBefore);
        assert_eq!((answers.len(), service.status_requests()), (1, 1));
        // A denied message has none, and the deployment does not say that the function may ask.
        let service = CallbackService::new([]);
        assert_eq!(invoked(service.clone(), "deny").await.0.unwrap().decision, DecisionKind::Deny);
        service.lock().script.push_back(Answer::Forbidden);
        let (settled, _) = invoked(service, "deny").await;
        assert_eq!(settled.unwrap_err().kind(), ErrorKind::CallbackForbidden);
    }

    #[tokio::test]
    async fn a_callback_shows_what_was_sent() {
        let service = CallbackService::new([]);
        let update =
            crate::Update::builder().content("b").metadata("{}").message_attribute("a", ["1"]).build().unwrap();
        let processor = processor_fn(move |_: Message| {
            let update = update.clone();
            async move { Ok::<_, LimitError>(update.into()) }
        });
        let adapter = Adapter::builder(processor).client(service.client()).build().await.unwrap();
        let message = testing::message("secret");
        testing::invoke(&adapter, message.to_event(), Duration::from_secs(5)).await.unwrap();
        let callback = service.callbacks().remove(0);
        let message = message.build();
        assert_eq!((callback.message_id(), callback.callback_id()), (message.id(), message.callback_id()));
        assert_eq!((callback.content(), callback.metadata()), (Some("b"), Some("{}")));
        assert_eq!(callback.decision(), DecisionKind::Update);
        assert!(callback.body().contains(r#""MessageAttributes":{"a":{"StringValues":["1"]}}"#), "{}", callback.body());
        assert!(!format!("{service:?}").contains("secret"));
    }
}
