//! Applying a scripted fault to an answer.

use crate::http::answer::{answer, refuse_callback};
use crate::http::long_body::LongBody;
use crate::messaging::fault::{FaultKind, FaultyAnswer, FaultyBody, Spoilt};
use crate::net::connection::{Control, End};
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use tokio::time::sleep;

/// Applies the fault to the answer.
pub(crate) async fn apply_fault(fault: &FaultKind, accepted: bool, control: &Control, response: Response) -> Response {
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

fn faulty_answer(faulty: &FaultyAnswer) -> Response {
    let mut response = refuse_callback(&faulty.refusal);
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
