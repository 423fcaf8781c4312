//! The callback operation over HTTP: who called, what was said, and the answer.

use crate::http::long_body::LongBody;
use crate::http::router::{answer, authenticate, is_granted, read, refuse as refuse_with};
use crate::json::Members;
use crate::messaging::callback::Callback;
use crate::messaging::core::Core;
use crate::messaging::fault::{Asked, Fault, FaultKind, FaultyAnswer, FaultyBody, Spoilt};
use crate::messaging::world::flow::Accepted;
use crate::model::callback_record::CallbackRecord;
use crate::model::grant::Grant;
use crate::model::refusal::Refusal;
use crate::net::connection::{Control, End};
use crate::signature::header::Authorization;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::time::{Instant, SystemTime};
use tokio::time::sleep;

pub(crate) async fn respond(core: &Core, control: &Control, parts: &Parts, channel_arn: &str, body: Body) -> Response {
    let body = read(body).await.map_err(|error| Refusal::bad_request(error.message().to_owned()));
    if let Err(error) = core.check_data_file() {
        return refuse_with(&error);
    }
    let (received_at, received) = (SystemTime::now(), Instant::now());
    let (body, unreadable) = body.map_or_else(|refusal| (Bytes::new(), Some(refusal)), |body| (body, None));
    let (callback_id, message_id) = claimed_ids(&body);
    let access_key_id = Authorization::parse(parts).ok().map(|a| a.access_key_id.to_owned());
    let fault = core.script.next(Asked::Callback, message_id.as_deref());
    let unapplied = fault.as_ref().and_then(FaultKind::refusal).or(unreadable);
    let judged = match unapplied {
        Some(refusal) => Err(refusal),
        None => judge(core, parts, channel_arn, &body),
    };
    // One lock for all: whoever sees the decision finds its record too.
    let (verdict, done) = {
        let mut ledger = core.ledger();
        core.with_world(|world| {
            let by = access_key_id.as_deref().and_then(|id| ledger.function_of(id));
            let mut accepted = None;
            let verdict = judged.and_then(|callback| {
                let decision = callback.decision;
                match world.judge(&callback.ids) {
                    Some(verdict) => {
                        verdict?;
                        accepted = Some(Accepted { callback, by });
                        Ok(decision)
                    }
                    None => world.strays.decide(callback, by, &world.assumptions),
                }
            });
            let record = CallbackRecord {
                received_at,
                received,
                access_key_id,
                callback_id: callback_id.clone(),
                // A copy of its own size: what was read is a part of a larger buffer.
                body: Bytes::copy_from_slice(&body),
                verdict: verdict.clone(),
                fault: fault.as_ref().map(Fault::name),
            };
            ledger.record(record.clone());
            world.called_back(channel_arn, message_id.as_deref(), record, accepted);
            verdict
        })
    };
    let response = match &verdict {
        Ok(_) => {
            let body = json!({ "ChannelArn": channel_arn, "CallbackId": callback_id });
            answer(StatusCode::OK, body.to_string())
        }
        Err(refusal) => refuse(refusal),
    };
    let response = match core.safe(done).await {
        Ok(()) => response,
        Err(error) => refuse_with(&error),
    };
    match fault {
        None => response,
        Some(fault) => meet(&fault, verdict.is_ok(), control, response).await,
    }
}

/// Lets the fault have its way with the answer.
pub(crate) async fn meet(fault: &FaultKind, accepted: bool, control: &Control, response: Response) -> Response {
    match fault {
        FaultKind::Answer(faulty) => faulty_answer(faulty),
        FaultKind::ResetBeforeReading | FaultKind::ResetAfterReading => {
            control.end(End::Reset);
            response
        }
        // Until the other side gives up, which drops this.
        FaultKind::NoAnswer => std::future::pending().await,
        FaultKind::Spoilt(Spoilt::Lost) => {
            control.end(End::Close);
            response
        }
        FaultKind::Spoilt(Spoilt::Late(by)) => {
            sleep(*by).await;
            response
        }
        FaultKind::Spoilt(Spoilt::Garbage) if accepted => answer(StatusCode::OK, "\u{0}<garbage/>{".to_owned()),
        FaultKind::Spoilt(Spoilt::Bytes(bytes)) if accepted => answer_of_bytes(StatusCode::OK, *bytes),
        FaultKind::Spoilt(Spoilt::Garbage | Spoilt::Bytes(_)) => response,
        FaultKind::Spoilt(Spoilt::Truncated) => {
            control.end(End::Truncate);
            response
        }
    }
}

/// The decoded channel ARN, if this is the callback operation.
pub(crate) fn callback_path(request: &Parts) -> Option<String> {
    let encoded = request.uri.path().strip_prefix("/channels/")?;
    let operation = request.uri.query()?.split('&').any(|p| p == "operation=channel-flow-callback");
    if request.method != Method::POST || encoded.contains('/') || !operation {
        return None;
    }
    // Bytes that are not UTF-8 cannot be in an ARN, so a lossy reading fails its pattern.
    Some(percent_decode_str(encoded).decode_utf8_lossy().into_owned())
}

/// Who called, whether they may, then what was said: the order in which AWS services look.
fn judge(core: &Core, request: &Parts, channel_arn: &str, body: &[u8]) -> Result<Callback, Refusal> {
    let credentials = authenticate(core, request, body)?;
    if !is_granted(core, credentials.as_ref(), channel_arn, Grant::ChannelFlowCallback) {
        return Err(Refusal::not_granted());
    }
    Ok(Callback::parse(channel_arn, body, &core.assumptions())?)
}

/// The callback id and the message id that a body names, whatever else is wrong with it.
fn claimed_ids(body: &[u8]) -> (Option<String>, Option<String>) {
    let Some(members) = Members::read(body) else { return (None, None) };
    let message_id = members.object("ChannelMessage").and_then(|message| message.string("MessageId"));
    (members.string("CallbackId"), message_id)
}

fn refuse(refusal: &Refusal) -> Response {
    let body = json!({ "Code": refusal.code, "Message": refusal.message });
    let mut response = answer(refusal.status.unwrap_or(StatusCode::BAD_GATEWAY), body.to_string());
    if !refusal.exception.is_empty() {
        let exception = HeaderValue::from_str(&refusal.exception).expect("an exception's name is a header's value");
        response.headers_mut().insert("x-amzn-errortype", exception);
    }
    response
}

fn faulty_answer(faulty: &FaultyAnswer) -> Response {
    let mut response = refuse(&faulty.refusal);
    let status = response.status();
    match faulty.body {
        FaultyBody::Json => {}
        FaultyBody::Html => {
            let headers = [(CONTENT_TYPE, "text/html")];
            response = (status, headers, format!("<html><body><h1>{status}</h1></body></html>\n")).into_response();
        }
        FaultyBody::Bytes(bytes) => *response.body_mut() = answer_of_bytes(status, bytes).into_body(),
    }
    if let Some(seconds) = faulty.retry_after {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// JSON of so many bytes, made as it is read and without a `Content-Length`.
fn answer_of_bytes(status: StatusCode, bytes: u64) -> Response {
    let mut response = answer(status, String::new());
    *response.body_mut() = Body::new(LongBody::new(bytes));
    response
}
