//! Faults of the callback's endpoint, scripted.

use crate::assumptions;
use crate::model::refusal::{Refusal, RefusalKind};
use axum::http::StatusCode;
use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Something that goes wrong with a callback on its way, or with a [question](Self::on_status_question), once, unless
/// [`times`](Self::times) says otherwise.
///
/// [`MessagingService::fault`](crate::MessagingService::fault) queues it. Faults meet requests in the order of both, those
/// [`for_message`](Self::for_message) before the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    times: u32,
    message_id: Option<String>,
    request: FaultyRequest,
}

/// The kinds of requests that can meet a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultyRequest {
    /// `ChannelFlowCallback`.
    Callback,
    /// `GetChannelMessageStatus`.
    Status,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Not applied, and answered like this.
    Answer(FaultyAnswer),
    /// Not read, and the connection reset.
    ResetBeforeReading,
    /// Read, not applied, and the connection reset.
    ResetAfterReading,
    /// Read, not applied, and never answered.
    NoAnswer,
    /// Applied, and the answer spoilt.
    Spoilt(Spoilt),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FaultyAnswer {
    pub(crate) refusal: Refusal,
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: FaultyBody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultyBody {
    /// As the service says no.
    Json,
    /// As a gateway does.
    Html,
    /// So many bytes of JSON.
    Bytes(u64),
}

/// The failure of the answer to a request that is processed as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoilt {
    Lost,
    Late(Duration),
    Garbage,
    Truncated,
    Bytes(u64),
}

/// The faults that requests have yet to meet.
#[derive(Debug, Default)]
pub(crate) struct Script(Mutex<Scripted>);

#[derive(Debug, Default)]
struct Scripted {
    down: bool,
    callbacks: Queued,
    status_questions: Queued,
}

/// Faults for requests of one kind.
#[derive(Debug, Default)]
struct Queued {
    for_any: VecDeque<Fault>,
    for_message: HashMap<String, VecDeque<Fault>>,
}

impl Fault {
    /// The request is answered with this status and, if the service has an exception for it, with that: 400, 401, 403,
    /// 409, 429, 500 and 503. It is not applied.
    ///
    /// # Panics
    ///
    /// `status` is not from 400 to 599.
    pub fn status(status: u16) -> Self {
        assert!((400..600).contains(&status), "a fault needs a status from 400 to 599, not {status}");
        let status = StatusCode::from_u16(status).expect("it is in the range of statuses");
        let (exception, code) = match status.as_u16() {
            400 => ("BadRequestException", "BadRequest"),
            401 => ("UnauthorizedClientException", "Unauthorized"),
            403 => ("ForbiddenException", "Forbidden"),
            409 => ("ConflictException", "Conflict"),
            429 => ("ThrottledClientException", "Throttled"),
            500 => ("ServiceFailureException", "ServiceFailure"),
            503 => ("ServiceUnavailableException", "ServiceUnavailable"),
            _ => ("", ""),
        };
        let message = if status == StatusCode::FORBIDDEN { assumptions::FORBIDDEN } else { "a scripted fault" };
        Self::answer(status, exception, code, message)
    }

    /// The request is answered with this status, this exception and this text, and is not applied: `400` with
    /// `ThrottlingException`, say, or a text that quotes content. An empty exception is none.
    ///
    /// # Panics
    ///
    /// `status` is not from 200 to 599, or `exception` has other characters than visible ASCII ones.
    pub fn status_with(status: u16, exception: impl Into<String>, message: impl Into<String>) -> Self {
        assert!((200..600).contains(&status), "a fault needs a status from 200 to 599, not {status}");
        let exception = exception.into();
        assert!(
            exception.bytes().all(|byte| byte.is_ascii_graphic()),
            "an exception has visible ASCII characters only"
        );
        let status = StatusCode::from_u16(status).expect("it is in the range of statuses");
        let code = exception.strip_suffix("Exception").unwrap_or(&exception).to_owned();
        Self::answer(status, exception, code, message)
    }

    /// The answer has a body of this many bytes, JSON if that is possible, which is made as it is read. With a status
    /// from 400 on the request is not applied. With one below, it is processed as usual and, if that succeeds, the
    /// body of the answer is this one.
    ///
    /// # Panics
    ///
    /// `status` is not from 200 to 299 or from 400 to 599.
    pub fn body_bytes(status: u16, bytes: u64) -> Self {
        if (200..300).contains(&status) {
            return Self::new(FaultKind::Spoilt(Spoilt::Bytes(bytes)));
        }
        let mut fault = Self::status(status);
        if let FaultKind::Answer(answer) = &mut fault.kind {
            answer.body = FaultyBody::Bytes(bytes);
        }
        fault
    }

    /// 429 `ThrottledClientException`: too many requests.
    pub fn throttled() -> Self {
        Self::status(429)
    }

    /// 403 `ForbiddenException`: the function's role lacks the grant `chime:ChannelFlowCallback`.
    pub fn forbidden() -> Self {
        Self::status(403)
    }

    /// 409 `ConflictException` for a message that is still pending.
    pub fn conflict() -> Self {
        Self::status(409)
    }

    /// 403 `UnrecognizedClientException`: credentials that nobody knows.
    pub fn unrecognized_client() -> Self {
        let message = "The security token included in the request is invalid.";
        Self::answer(StatusCode::FORBIDDEN, "UnrecognizedClientException", assumptions::SIGNATURE_CODE, message)
    }

    /// 403 `ExpiredTokenException`: credentials that were good once.
    pub fn expired_token() -> Self {
        let message = "The security token included in the request is expired";
        Self::answer(StatusCode::FORBIDDEN, "ExpiredTokenException", assumptions::SIGNATURE_CODE, message)
    }

    /// A page of HTML with this status, as a gateway on the way answers: 502, say. The request is not applied.
    ///
    /// # Panics
    ///
    /// As [`status`](Self::status).
    pub fn html(status: u16) -> Self {
        let mut fault = Self::status(status);
        if let FaultKind::Answer(answer) = &mut fault.kind {
            answer.body = FaultyBody::Html;
        }
        fault
    }

    /// The connection is reset as soon as a request comes, which is not read, so there is no record of it.
    ///
    /// The kind of the request, and its message, are known only after reading: with [`for_message`](Self::for_message) or
    /// [`on_status_question`](Self::on_status_question) this is [`reset_after_reading`](Self::reset_after_reading).
    pub fn reset_before_reading() -> Self {
        Self::new(FaultKind::ResetBeforeReading)
    }

    /// The request is read and not applied, and the connection is reset.
    pub fn reset_after_reading() -> Self {
        Self::new(FaultKind::ResetAfterReading)
    }

    /// The request is read and not applied, and no answer ever comes.
    pub fn no_answer() -> Self {
        Self::new(FaultKind::NoAnswer)
    }

    /// The request is processed as usual, and the connection closed without an answer.
    pub fn lost_answer() -> Self {
        Self::new(FaultKind::Spoilt(Spoilt::Lost))
    }

    /// The request is processed as usual, and answered this much later.
    pub fn late(by: Duration) -> Self {
        Self::new(FaultKind::Spoilt(Spoilt::Late(by)))
    }

    /// The request is processed as usual and, if that means 200, the body of the answer is not JSON.
    pub fn garbage() -> Self {
        Self::new(FaultKind::Spoilt(Spoilt::Garbage))
    }

    /// The request is processed as usual, and the connection closed before the last bytes of the answer.
    pub fn truncated() -> Self {
        Self::new(FaultKind::Spoilt(Spoilt::Truncated))
    }

    /// Adds the header `Retry-After` in seconds, if the fault is an answer.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        if let FaultKind::Answer(answer) = &mut self.kind {
            answer.retry_after = Some(seconds);
        }
        self
    }

    /// Sets how many requests meet it.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Limits it to requests for this message.
    #[must_use]
    pub fn for_message(mut self, message_id: impl Into<String>) -> Self {
        self.message_id = Some(message_id.into());
        self
    }

    /// Has it meet `GetChannelMessageStatus` in place of callbacks. To a question, "applied" means nothing.
    #[must_use]
    pub fn on_status_question(mut self) -> Self {
        self.request = FaultyRequest::Status;
        self
    }

    /// How a record of a request calls it, such as `429` or `lost answer`.
    pub(crate) fn name(kind: &FaultKind) -> String {
        match kind {
            FaultKind::Answer(FaultyAnswer { refusal, body: FaultyBody::Html, .. }) => {
                format!("{} in HTML", refusal.status())
            }
            FaultKind::Answer(FaultyAnswer { refusal, body: FaultyBody::Bytes(bytes), .. }) => {
                format!("{} with {bytes} bytes", refusal.status())
            }
            FaultKind::Spoilt(Spoilt::Bytes(bytes)) => format!("answer of {bytes} bytes"),
            FaultKind::Answer(answer) if answer.refusal.exception().is_empty() => answer.refusal.status().to_string(),
            FaultKind::Answer(answer) => format!("{} {}", answer.refusal.status(), answer.refusal.exception()),
            FaultKind::ResetBeforeReading | FaultKind::ResetAfterReading => "reset".to_owned(),
            FaultKind::NoAnswer => "no answer".to_owned(),
            FaultKind::Spoilt(Spoilt::Lost) => "lost answer".to_owned(),
            FaultKind::Spoilt(Spoilt::Late(_)) => "late answer".to_owned(),
            FaultKind::Spoilt(Spoilt::Garbage) => "garbage".to_owned(),
            FaultKind::Spoilt(Spoilt::Truncated) => "truncated answer".to_owned(),
        }
    }

    fn new(kind: FaultKind) -> Self {
        Self { kind, times: 1, message_id: None, request: FaultyRequest::Callback }
    }

    fn answer(
        status: StatusCode,
        exception: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let refusal = Refusal {
            kind: RefusalKind::Fault,
            status: Some(status),
            exception: exception.into(),
            code: code.into(),
            message: message.into(),
            reason: "a scripted fault".to_owned(),
        };
        Self::new(FaultKind::Answer(FaultyAnswer { refusal, retry_after: None, body: FaultyBody::Json }))
    }
}

impl FaultKind {
    /// The refusal in the record of a request that met it and was not applied.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Answer(answer) => Some(answer.refusal.clone()),
            Self::ResetBeforeReading | Self::ResetAfterReading | Self::NoAnswer => Some(Refusal {
                kind: RefusalKind::Fault,
                status: None,
                exception: "".into(),
                code: "".into(),
                message: String::new(),
                reason: format!("a scripted fault: {}", Fault::name(self)),
            }),
            Self::Spoilt(_) => None,
        }
    }
}

impl Script {
    pub(crate) fn add(&self, fault: Fault) {
        if fault.times == 0 {
            return;
        }
        let mut scripted = self.lock();
        let queued = scripted.queued(fault.request);
        match fault.message_id.clone() {
            Some(message_id) => queued.for_message.entry(message_id).or_default().push_back(fault),
            None => queued.for_any.push_back(fault),
        }
    }

    /// Forgets the faults of this kind for callbacks of whatever message, and adds this one.
    pub(crate) fn replace(&self, fault: Fault) {
        self.lock().callbacks.for_any.retain(|queued| queued.kind != fault.kind);
        self.add(fault);
    }

    /// How many callbacks will meet a fault of this kind, whatever message they are for.
    pub(crate) fn left_of(&self, fault: &Fault) -> u64 {
        let scripted = self.lock();
        let same = scripted.callbacks.for_any.iter().filter(|queued| queued.kind == fault.kind);
        same.map(|queued| u64::from(queued.times)).sum()
    }

    pub(crate) fn clear(&self) {
        let mut scripted = self.lock();
        scripted.callbacks = Queued::default();
        scripted.status_questions = Queued::default();
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    /// How many requests will meet a fault yet, being down not counted.
    pub(crate) fn left(&self) -> u64 {
        let scripted = self.lock();
        let queued = [&scripted.callbacks, &scripted.status_questions].into_iter();
        let faults = queued.flat_map(|queued| queued.for_any.iter().chain(queued.for_message.values().flatten()));
        faults.map(|fault| u64::from(fault.times)).sum()
    }

    /// Whether a request that is about to be read is not to be.
    pub(crate) fn resets_before_reading(&self) -> bool {
        let mut scripted = self.lock();
        let next = scripted.callbacks.for_any.front();
        let resets = !scripted.down && next.is_some_and(|fault| fault.kind == FaultKind::ResetBeforeReading);
        if resets {
            take(&mut scripted.callbacks.for_any);
        }
        resets
    }

    /// The fault that a request of this kind for this message meets.
    pub(crate) fn next(&self, request: FaultyRequest, message_id: Option<&str>) -> Option<FaultKind> {
        let mut scripted = self.lock();
        if scripted.down {
            return Some(Fault::status(503).kind);
        }
        let queued = scripted.queued(request);
        if let Some(message_id) = message_id
            && let Some(faults) = queued.for_message.get_mut(message_id)
        {
            let next = take(faults);
            if faults.is_empty() {
                queued.for_message.remove(message_id);
            }
            return next;
        }
        take(&mut queued.for_any)
    }

    fn lock(&self) -> MutexGuard<'_, Scripted> {
        self.0.lock().expect("nothing panics while it holds the lock")
    }
}

impl Scripted {
    fn queued(&mut self, request: FaultyRequest) -> &mut Queued {
        match request {
            FaultyRequest::Callback => &mut self.callbacks,
            FaultyRequest::Status => &mut self.status_questions,
        }
    }
}

fn take(faults: &mut VecDeque<Fault>) -> Option<FaultKind> {
    let next = faults.front_mut()?;
    next.times -= 1;
    let kind = next.kind.clone();
    if next.times == 0 {
        faults.pop_front();
    }
    Some(kind)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Self::name(&self.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_meet_requests_in_order_and_those_for_a_message_first() {
        let script = Script::default();
        script.add(Fault::throttled().times(2));
        script.add(Fault::lost_answer());
        script.add(Fault::garbage().for_message("m"));
        script.add(Fault::no_answer().times(0));
        assert_eq!(script.left(), 4);
        let next = |message_id| {
            script.next(FaultyRequest::Callback, message_id).map(|kind| Fault::name(&kind)).unwrap_or_default()
        };
        assert_eq!(next(Some("other")), "429 ThrottledClientException");
        assert_eq!(next(Some("m")), "garbage");
        assert_eq!(next(Some("m")), "429 ThrottledClientException");
        script.set_down(true);
        assert_eq!(next(None), "503 ServiceUnavailableException");
        script.set_down(false);
        assert_eq!(next(None), "lost answer");
        assert_eq!(next(None), "");
        assert_eq!(script.left(), 0);
    }

    #[test]
    fn only_the_next_fault_keeps_a_request_unread() {
        let script = Script::default();
        script.add(Fault::garbage());
        script.add(Fault::reset_before_reading());
        assert!(!script.resets_before_reading());
        script.next(FaultyRequest::Callback, None);
        assert!(script.resets_before_reading());
        assert!(!script.resets_before_reading());
    }
}
