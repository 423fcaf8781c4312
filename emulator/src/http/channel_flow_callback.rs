//! `ChannelFlowCallback` over HTTP: from the request to the verdict and the answer.

use crate::http::answer::{answer, read, refuse, refuse_callback};
use crate::http::authenticate::{authenticate, is_granted};
use crate::http::faulty_answer::apply_fault;
use crate::json::Members;
use crate::messaging::callback::Callback;
use crate::messaging::core::Core;
use crate::messaging::fault::{Fault, FaultKind, FaultyRequest};
use crate::messaging::state::State;
use crate::messaging::wire::callback_refusal;
use crate::messaging::world::flow::Accepted;
use crate::model::callback_record::CallbackRecord;
use crate::model::grant::Grant;
use crate::model::message::MessageKey;
use crate::model::refusal::Refusal;
use crate::net::connection::Control;
use crate::signature::header::Authorization;
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::time::Instant;

pub(crate) async fn respond(core: &Core, control: &Control, parts: &Parts, channel_arn: &str, body: Body) -> Response {
    let body = read(body).await.map_err(|error| callback_refusal::bad_request(error.message().to_owned()));
    if let Err(error) = core.state.check_data_file() {
        return refuse(&error);
    }
    let (received_at, received) = (core.clock.now(), Instant::now());
    let (body, unreadable) = body.map_or_else(|refusal| (Bytes::new(), Some(refusal)), |body| (body, None));
    let (callback_id, message_id) = claimed_ids(&body);
    let access_key_id = Authorization::parse(parts).ok().map(|a| a.access_key_id.to_owned());
    let fault = core.script.next(FaultyRequest::Callback, message_id.as_deref());
    let unapplied = fault.as_ref().and_then(FaultKind::refusal).or(unreadable);
    let judged = match unapplied {
        Some(refusal) => Err(refusal),
        None => judge(core, parts, channel_arn, &body),
    };
    let (verdict, done) = core.state.change(|State { world, keys, callback_log }| {
        let by = access_key_id.as_deref().and_then(|id| keys.function_of(id));
        let mut accepted = None;
        let verdict = judged.and_then(|callback| {
            let decision = callback.decision;
            match world.judge(&callback.ids) {
                Some(verdict) => {
                    verdict?;
                    accepted = Some(Accepted { callback, by });
                    Ok(decision)
                }
                None => world.strays.decide(callback, by, received_at, &world.assumptions),
            }
        });
        let record = CallbackRecord {
            received_at,
            received,
            access_key_id,
            callback_id: callback_id.clone(),
            // An exact copy: the body is a part of a larger buffer.
            body: Bytes::copy_from_slice(&body),
            verdict: verdict.clone(),
            fault: fault.as_ref().map(Fault::name),
        };
        callback_log.add(record.clone());
        let claimed = MessageKey { channel_arn, message_id: message_id.as_deref().unwrap_or_default() };
        world.called_back(claimed, record, accepted);
        verdict
    });
    let response = match &verdict {
        Ok(_) => {
            let body = json!({ "ChannelArn": channel_arn, "CallbackId": callback_id });
            answer(StatusCode::OK, body.to_string())
        }
        Err(refusal) => refuse_callback(refusal),
    };
    let response = match core.state.safe(done).await {
        Ok(()) => response,
        Err(error) => refuse(&error),
    };
    match fault {
        None => response,
        Some(fault) => apply_fault(&fault, verdict.is_ok(), control, response).await,
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

/// Checks the signature, then the grant, then the body: the order in which AWS services do.
fn judge(core: &Core, request: &Parts, channel_arn: &str, body: &[u8]) -> Result<Callback, Refusal> {
    let credentials = authenticate(core, request, body)?;
    if !is_granted(core, credentials.as_ref(), channel_arn, Grant::ChannelFlowCallback) {
        return Err(callback_refusal::not_granted());
    }
    Ok(Callback::parse(channel_arn, body, &core.state.assumptions())?)
}

/// The callback id and the message id that a body names, whatever else is wrong with it.
fn claimed_ids(body: &[u8]) -> (Option<String>, Option<String>) {
    let Some(members) = Members::read(body) else { return (None, None) };
    let message_id = members.object("ChannelMessage").and_then(|message| message.string("MessageId"));
    (members.string("CallbackId"), message_id)
}
