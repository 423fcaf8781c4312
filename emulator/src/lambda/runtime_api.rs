//! The Lambda Runtime API of one execution environment, version 2018-06-01.

use crate::assumptions;
use crate::error::Error;
use crate::ids;
use crate::model::invocation::FunctionError;
use crate::net::origin_check;
use crate::net::server::Server;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{Semaphore, oneshot, watch};

/// The Lambda Runtime API, as one execution environment sees it.
///
/// It hands invocations to whichever process polls it, and passes the answers back. It starts no
/// process itself; [`Function`](crate::Function) does. Dropping it closes the port.
///
/// A request has to name this port as its `Host`, by a loopback name or address, and must not come from a browser: 403.
#[derive(Debug)]
pub struct RuntimeApi {
    server: Server,
    shared: Arc<Shared>,
}

/// One invocation of a function.
#[derive(Clone)]
pub struct Invocation {
    /// `Lambda-Runtime-Aws-Request-Id`.
    pub request_id: String,
    /// `Lambda-Runtime-Invoked-Function-Arn`.
    pub function_arn: String,
    /// The time that the function has, from the moment it takes the event; `Lambda-Runtime-Deadline-Ms`.
    pub timeout: Duration,
    /// The event, byte for byte.
    pub event: Bytes,
}

/// An invocation under way.
#[derive(Debug)]
pub struct Running {
    pub(crate) taken: oneshot::Receiver<Instant>,
    pub(crate) answer: oneshot::Receiver<Answer>,
}

/// How a function answered an invocation.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// `…/response`, with this body.
    Response(Bytes),
    /// `…/error`.
    Error(FunctionError),
}

#[derive(Debug)]
struct Shared {
    state: Mutex<Known>,
    /// One permit for each invocation that waits.
    arrived: Semaphore,
    /// How many events may be in flight at once.
    concurrency: usize,
    /// How many polls wait for an event.
    polls: watch::Sender<usize>,
    /// Whether the runtime has asked for an event, or why it will not.
    init: watch::Sender<Init>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Init {
    Running,
    Done,
    Failed(FunctionError),
}

/// Behind one lock that is never held across an await.
#[derive(Debug, Default)]
struct Known {
    waiting: VecDeque<Waiting>,
    in_flight: HashMap<String, oneshot::Sender<Answer>>,
}

#[derive(Debug)]
struct Waiting {
    invocation: Invocation,
    taken: oneshot::Sender<Instant>,
    answer: oneshot::Sender<Answer>,
    /// The poll that takes it never hears of it.
    lost: bool,
}

impl RuntimeApi {
    /// Starts it on a loopback port that the system chooses.
    ///
    /// # Errors
    ///
    /// No port could be opened.
    pub async fn start() -> Result<Self, Error> {
        Self::start_concurrent(1).await
    }

    /// Starts it so that it hands out as many as `concurrency` events, at least one, before the first is answered, as in an
    /// environment with `AWS_LAMBDA_MAX_CONCURRENCY`.
    ///
    /// # Errors
    ///
    /// No port could be opened.
    pub async fn start_concurrent(concurrency: usize) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            arrived: Semaphore::new(0),
            concurrency: concurrency.max(1),
            polls: watch::Sender::new(0),
            init: watch::Sender::new(Init::Running),
        });
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{request_id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{request_id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .fallback(not_found)
            .with_state(Arc::clone(&shared));
        let router =
            |address| routes.layer(from_fn(move |request: Request, next: Next| of_runtime(address, request, next)));
        let server = Server::start(router).await.map_err(Error::listen)?;
        Ok(Self { server, shared })
    }

    /// The address it listens at, for `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Waits until a runtime has initialized, that is, asks for its first event.
    ///
    /// # Errors
    ///
    /// It reported that it cannot initialize.
    pub async fn initialized(&self) -> Result<(), FunctionError> {
        let mut init = self.shared.init.subscribe();
        let init = init.wait_for(|init| *init != Init::Running).await;
        match &*init.expect("the sender lives as long as self") {
            Init::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Waits until a poll waits for an event: the runtime is done with the events before.
    pub(crate) async fn polled(&self) {
        let mut polls = self.shared.polls.subscribe();
        // The sender lives as long as self.
        let _ = polls.wait_for(|polls| *polls > 0).await;
    }

    /// How many events the runtime still has in hand although nobody waits for an answer any more.
    pub(crate) fn overdue(&self) -> usize {
        self.shared.lock().in_flight.values().filter(|answer| answer.is_closed()).count()
    }

    /// Queues an invocation for the next poll.
    pub fn invoke(&self, invocation: Invocation) -> Running {
        self.queue(invocation, false)
    }

    /// Queues an invocation for the next poll, which takes it and gets no answer: for a process that dies with the event in
    /// its hands, before it can do anything with it.
    pub(crate) fn invoke_lost(&self, invocation: Invocation) -> Running {
        self.queue(invocation, true)
    }

    fn queue(&self, invocation: Invocation, lost: bool) -> Running {
        let (taken_sender, taken) = oneshot::channel();
        let (answer_sender, answer) = oneshot::channel();
        self.shared.lock().waiting.push_back(Waiting { invocation, taken: taken_sender, answer: answer_sender, lost });
        self.shared.arrived.add_permits(1);
        Running { taken, answer }
    }
}

impl Running {
    /// Waits for the function's answer; `None` when the Runtime API was dropped before it came.
    pub async fn answer(self) -> Option<Answer> {
        self.answer.await.ok()
    }
}

/// A poll that waits; it may also be given up.
struct Poll<'a>(&'a Shared);

impl<'a> Poll<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.polls.send_modify(|polls| *polls += 1);
        Self(shared)
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        self.0.polls.send_modify(|polls| *polls -= 1);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.state.lock().expect("nothing panics while it holds the lock")
    }

    /// The next invocation, once there is one, marked as in flight.
    async fn take(&self) -> (Invocation, bool) {
        let arrived = self.arrived.acquire().await.expect("it is never closed");
        arrived.forget();
        let mut known = self.lock();
        let Waiting { invocation, taken, answer, lost } = known.waiting.pop_front().expect("a permit is an invocation");
        known.in_flight.insert(invocation.request_id.clone(), answer);
        let _ = taken.send(Instant::now());
        (invocation, lost)
    }

    fn answer(&self, request_id: &str, answer: Answer) -> Response {
        let mut known = self.lock();
        if known.in_flight.is_empty() {
            return forbidden("no invocation waits for an answer");
        }
        let Some(sender) = known.in_flight.remove(request_id) else {
            return problem(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
        };
        let _ = sender.send(answer);
        accepted()
    }
}

/// Lets runtimes in, and no page that a browser shows: each poll takes an event.
async fn of_runtime(address: SocketAddr, request: Request, next: Next) -> Response {
    match origin_check::check_runtime(address, request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            let error_type = if error.status == StatusCode::FORBIDDEN { "Forbidden" } else { "BadRequest" };
            problem(error.status, error_type, &error.message)
        }
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    if shared.lock().in_flight.len() >= shared.concurrency {
        return forbidden("the invocation before has not been answered");
    }
    shared.init.send_if_modified(|init| {
        let first = *init == Init::Running;
        if first {
            *init = Init::Done;
        }
        first
    });
    let poll = Poll::new(&shared);
    let (invocation, lost) = shared.take().await;
    drop(poll);
    if lost {
        return std::future::pending().await;
    }
    let deadline = ids::milliseconds(SystemTime::now() + invocation.timeout);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", invocation.function_arn),
        ("lambda-runtime-trace-id", ids::trace_id()),
    ];
    (headers, invocation.event).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(request_id): Path<String>, body: Body) -> Response {
    match to_bytes(body, assumptions::RESPONSE_BYTES).await {
        Ok(body) => shared.answer(&request_id, Answer::Response(body)),
        Err(_) => {
            let most = assumptions::RESPONSE_BYTES;
            let message = format!("Exceeded maximum allowed payload size ({most} bytes).");
            let error = FunctionError {
                error_type: "Function.ResponseSizeTooLarge".to_owned(),
                error_message: message.clone(),
            };
            let answered = shared.answer(&request_id, Answer::Error(error));
            if answered.status() != StatusCode::ACCEPTED {
                return answered;
            }
            problem(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
        }
    }
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let error = read_error(&headers, body).await;
    shared.answer(&request_id, Answer::Error(error))
}

async fn init_error(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Response {
    let error = read_error(&headers, body).await;
    let in_time = shared.init.send_if_modified(|init| {
        let in_time = *init == Init::Running;
        if in_time {
            *init = Init::Failed(error);
        }
        in_time
    });
    if in_time { accepted() } else { forbidden("initialization is over") }
}

async fn not_found() -> Response {
    problem(StatusCode::NOT_FOUND, "NotFound", "the Runtime API has no such path")
}

/// Reads as much as is there: a function that fails may well fail to say why.
async fn read_error(headers: &HeaderMap, body: Body) -> FunctionError {
    let body = to_bytes(body, assumptions::RESPONSE_BYTES).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let header = headers.get("lambda-runtime-function-error-type");
    let header = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
    FunctionError {
        error_type: text("errorType").or(header).unwrap_or_else(|| "Unknown".to_owned()),
        error_message: text("errorMessage").unwrap_or_default(),
    }
}

fn accepted() -> Response {
    answer(StatusCode::ACCEPTED, &json!({ "status": "OK" }))
}

fn forbidden(why: &str) -> Response {
    let message = format!("State transition is not allowed: {why}");
    problem(StatusCode::FORBIDDEN, "InvalidStateTransition", &message)
}

fn problem(status: StatusCode, error_type: &str, message: &str) -> Response {
    answer(status, &json!({ "errorMessage": message, "errorType": error_type }))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("request_id", &self.request_id)
            .field("timeout", &self.timeout)
            .field("event_bytes", &self.event.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(body) => write!(f, "Response({} bytes)", body.len()),
            Self::Error(error) => f.debug_tuple("Error").field(error).finish(),
        }
    }
}
