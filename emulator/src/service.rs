//! The messaging service's end of a callback, over HTTP.

use crate::assumptions;
use crate::callback::{Callback, Decision};
use crate::credentials::Credentials;
use crate::error::Error;
use crate::event::Event;
use crate::ids;
use crate::message::{MessageIds, MessageState, MessageStatus};
use crate::record::CallbackRecord;
use crate::refusal::Refusal;
use crate::server::Server;
use crate::signature::{Authorization, SignatureError};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Instant, SystemTime};

/// Amazon Chime SDK messaging as a channel flow meets it, on a loopback port.
///
/// It takes `ChannelFlowCallback` as the unmodified AWS SDKs send it, requires a valid signature
/// by [`Credentials`] that it gave out, and checks every limit of the API model. Each message is
/// decided by one callback at most. Dropping it closes the port.
#[derive(Debug)]
pub struct MessagingService {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    region: String,
    state: Mutex<Known>,
}

/// All that the service knows, behind one lock that is never held across an await.
#[derive(Debug, Default)]
struct Known {
    messages: HashMap<MessageIds, MessageState>,
    credentials: HashMap<String, Credentials>,
    callbacks: Vec<CallbackRecord>,
}

impl MessagingService {
    /// Starts it on a loopback port that the system chooses. Signatures have to be for `region`.
    ///
    /// # Errors
    ///
    /// No port could be opened.
    pub async fn start(region: impl Into<String>) -> Result<Self, Error> {
        let region = region.into();
        let shared = Arc::new(Shared { region, state: Mutex::default() });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        let server = Server::start(router).await.map_err(Error::listen)?;
        Ok(Self { server, shared })
    }

    /// The address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The URL for `AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING` or `--endpoint-url`.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The region that requests have to be signed for.
    pub fn region(&self) -> &str {
        &self.shared.region
    }

    /// Credentials that the service will know.
    pub fn issue_credentials(&self) -> Credentials {
        let credentials = Credentials::fresh();
        let id = credentials.access_key_id().to_owned();
        self.shared.lock().credentials.insert(id, credentials.clone());
        credentials
    }

    /// Makes the message of `event` pending. A message that is known already keeps its state, as
    /// it does when its event is delivered twice. Without usable ids there is no message.
    pub fn register(&self, event: &Event) -> Option<MessageState> {
        let ids = event.ids().ok()?;
        let mut known = self.shared.lock();
        let pending = || MessageState::pending(ids.clone(), event.fields().clone());
        Some(known.messages.entry(ids.clone()).or_insert_with(pending).clone())
    }

    /// What became of a message.
    pub fn message(&self, ids: &MessageIds) -> Option<MessageState> {
        self.shared.lock().messages.get(ids).cloned()
    }

    /// Every callback since the start, in the order of arrival.
    pub fn callbacks(&self) -> Vec<CallbackRecord> {
        self.shared.lock().callbacks.clone()
    }

    pub(crate) fn callback_count(&self) -> usize {
        self.shared.lock().callbacks.len()
    }

    /// The callbacks since the first `since` ones that belong to an environment, or, where the
    /// access key says nothing, to a callback id.
    pub(crate) fn callbacks_of(
        &self,
        since: usize,
        credentials: &Credentials,
        callback_id: Option<&str>,
    ) -> Vec<CallbackRecord> {
        let known = self.shared.lock();
        let belongs = |record: &&CallbackRecord| match &record.access_key_id {
            Some(id) if known.credentials.contains_key(id) => id == credentials.access_key_id(),
            _ => callback_id.is_some() && record.callback_id.as_deref() == callback_id,
        };
        known.callbacks.iter().skip(since).filter(belongs).cloned().collect()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.state.lock().expect("nothing panics while it holds the lock")
    }
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(channel_arn) = callback_path(&parts) else {
        return refuse(&Refusal::unknown_operation());
    };
    let body = read(body).await;
    let (received_at, received) = (SystemTime::now(), Instant::now());
    let (body, judged) = match body {
        Ok(body) => {
            let judged = judge(&shared, &parts, &channel_arn, &body);
            (body, judged)
        }
        Err(refusal) => (Bytes::new(), Err(refusal)),
    };
    let record = |verdict| CallbackRecord {
        received_at,
        received,
        access_key_id: Authorization::parse(&parts).ok().map(|a| a.access_key_id.to_owned()),
        callback_id: callback_id(&body),
        body: body.clone(),
        verdict,
    };
    match judged {
        Ok(callback) => {
            let (verdict, response) = decide(&shared, callback);
            shared.lock().callbacks.push(record(verdict));
            response
        }
        Err(refusal) => {
            let response = refuse(&refusal);
            shared.lock().callbacks.push(record(Err(refusal)));
            response
        }
    }
}

/// The decoded channel ARN, if this is the callback operation.
fn callback_path(request: &Parts) -> Option<String> {
    let encoded = request.uri.path().strip_prefix("/channels/")?;
    let operation = request.uri.query()?.split('&').any(|p| p == "operation=channel-flow-callback");
    if request.method != Method::POST || encoded.contains('/') || !operation {
        return None;
    }
    // Bytes that are not UTF-8 cannot be in an ARN, so a lossy reading fails its pattern.
    Some(percent_decode_str(encoded).decode_utf8_lossy().into_owned())
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    let too_large = || {
        let most = assumptions::REQUEST_BYTES;
        Refusal::bad_request(format!("the body broke off or has more than {most} bytes"))
    };
    to_bytes(body, assumptions::REQUEST_BYTES).await.map_err(|_| too_large())
}

/// Who called, then what was said: the order in which AWS services look.
fn judge(shared: &Shared, request: &Parts, channel_arn: &str, body: &[u8]) -> Result<Callback, Refusal> {
    let authorization = Authorization::parse(request)?;
    let credentials = shared.lock().credentials.get(authorization.access_key_id).cloned();
    let credentials = credentials.ok_or(SignatureError::UnknownKey)?;
    authorization.verify(request, body, &credentials, &shared.region)?;
    Ok(Callback::parse(channel_arn, body)?)
}

/// Decides the message, once.
fn decide(shared: &Shared, callback: Callback) -> (Result<Decision, Refusal>, Response) {
    let Callback { ids, decision, changes } = callback;
    let mut known = shared.lock();
    let refusal = match known.messages.get_mut(&ids) {
        None => Refusal::unknown_message(&ids),
        Some(message) if message.status() != MessageStatus::Pending => Refusal::decided_before(&ids),
        Some(message) => {
            match decision {
                Decision::Deny => message.deny(),
                Decision::Update | Decision::NoChange => message.release(changes),
            }
            let body = json!({ "ChannelArn": ids.channel_arn, "CallbackId": ids.callback_id });
            return (Ok(decision), answer(StatusCode::OK, &body).into_response());
        }
    };
    let response = refuse(&refusal);
    (Err(refusal), response)
}

fn refuse(refusal: &Refusal) -> Response {
    let body = json!({ "Code": refusal.code, "Message": refusal.message });
    ([("x-amzn-errortype", refusal.exception)], answer(refusal.status, &body)).into_response()
}

fn answer(status: StatusCode, body: &Value) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE.as_str(), "application/json".to_owned()), ("x-amzn-requestid", ids::uuid())];
    (status, headers, body.to_string())
}

fn callback_id(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body["CallbackId"].as_str()?.to_owned())
}
