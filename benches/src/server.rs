//! What a function talks to: the Lambda Runtime API, and the messaging service's side of the callback.
//!
//! It answers at once and looks at nothing, so that the time taken is the function's. Whether the callbacks were good is
//! asked later, in `check`.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, UNIX_EPOCH};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::Error;

/// The server for one process. Its tasks end with it.
pub(crate) struct Server {
    pub(crate) runtime_api: SocketAddr,
    pub(crate) endpoint_url: String,
    pub(crate) events: mpsc::UnboundedSender<Bytes>,
    pub(crate) signs: mpsc::UnboundedReceiver<Sign>,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

/// What is seen of a function from outside.
pub(crate) enum Sign {
    /// It asked for its first event, and had used this much CPU time by then.
    FirstPoll(Instant, Duration),
    HandedOut(Instant),
    Callback(Instant, Box<Recorded>),
    Response(Instant),
    /// Anything that a function that works does not do.
    Trouble(String),
}

/// A request to the messaging service, as it came.
pub(crate) struct Recorded {
    pub(crate) parts: Parts,
    pub(crate) body: Bytes,
}

struct Shared {
    /// What an invocation has, as far as the function is told.
    timeout: Duration,
    events: Mutex<mpsc::UnboundedReceiver<Bytes>>,
    signs: mpsc::UnboundedSender<Sign>,
    at_first_poll: OnceLock<AtFirstPoll>,
    polled: AtomicBool,
}

/// Done when the function asks for its first event, before it gets one. Returns the CPU time that it has used.
type AtFirstPoll = Box<dyn Fn() -> Result<Duration, Error> + Send + Sync>;

impl Server {
    /// Starts it on loopback ports that the system chooses; with `tls`, callbacks come over HTTPS.
    /// Functions are told that an invocation may take `timeout`.
    pub(crate) async fn start(tls: Option<TlsAcceptor>, timeout: Duration) -> io::Result<Self> {
        let (events, queued) = mpsc::unbounded_channel();
        let (sender, signs) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            timeout,
            events: Mutex::new(queued),
            signs: sender,
            at_first_poll: OnceLock::new(),
            polled: AtomicBool::new(false),
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut tasks = JoinSet::new();
        let runtime_api = listen(&mut tasks, shared.clone(), None).await?;
        let endpoint = listen(&mut tasks, shared.clone(), tls).await?;
        let endpoint_url = format!("{scheme}://localhost:{}", endpoint.port());
        Ok(Self { runtime_api, endpoint_url, events, signs, shared, _tasks: tasks })
    }

    /// Sets what is done at the first poll. A function that polled before is in trouble.
    pub(crate) fn at_first_poll(&self, act: impl Fn() -> Result<Duration, Error> + Send + Sync + 'static) {
        let _ = self.shared.at_first_poll.set(Box::new(act));
    }
}

async fn listen(tasks: &mut JoinSet<()>, shared: Arc<Shared>, tls: Option<TlsAcceptor>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(connection(stream, shared.clone(), tls.clone()));
        }
    });
    Ok(address)
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    let signs = shared.signs.clone();
    let served = match (stream.set_nodelay(true), tls) {
        (Err(error), _) => Err(error.to_string()),
        (Ok(()), None) => serve(stream, shared).await,
        (Ok(()), Some(tls)) => match tls.accept(stream).await {
            Ok(stream) => serve(stream, shared).await,
            Err(error) => Err(format!("TLS: {error}")),
        },
    };
    if let Err(error) = served {
        // Nobody listens any more where it is the process that was ended.
        let _ = signs.send(Sign::Trouble(error));
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send, shared: Arc<Shared>) -> Result<(), String> {
    let service = service_fn(|request| async { Ok::<_, Infallible>(answer(&shared, request).await) });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    served.map_err(|error| format!("HTTP: {error}"))
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return trouble(shared, format!("a body broke off: {error}")),
    };
    let at = Instant::now();
    let path = parts.uri.path();
    let (sign, status, answer) = if path.ends_with("/invocation/next") {
        return next(shared).await;
    } else if path.starts_with("/channels/") && parts.method == Method::POST {
        (Sign::Callback(at, Box::new(Recorded { parts, body })), StatusCode::OK, CALLBACK_ANSWER)
    } else if path.ends_with("/response") {
        (Sign::Response(at), StatusCode::ACCEPTED, r#"{"status":"OK"}"#)
    } else if path.ends_with("/error") {
        return trouble(shared, format!("{path}: {}", String::from_utf8_lossy(&body)));
    } else {
        // A function may connect before it has anything to say.
        return json(StatusCode::NOT_FOUND, "{}");
    };
    let _ = shared.signs.send(sign);
    json(status, answer)
}

/// Ids as long as real ones; no peer looks at them.
const CALLBACK_ANSWER: &str = concat!(
    r#"{"CallbackId":"9d2f7c9e-54c6-4c0e-9a52-3f6f0c1f7a11","ChannelArn":"arn:aws:chime:us-east-1:123456789012:"#,
    r#"app-instance/8d3fbf4c-9b8e-4a52-a1b7-3a5b1b2f6c10/channel/0b1e6a52-7d1f-4c3a-8f55-c2c9e7d9a4f3"}"#,
);

/// The next event, once there is one.
async fn next(shared: &Shared) -> Response<Full<Bytes>> {
    if !shared.polled.swap(true, Ordering::Relaxed) {
        let at = Instant::now();
        match shared.at_first_poll.get().map(|act| act()) {
            Some(Ok(cpu)) => {
                let _ = shared.signs.send(Sign::FirstPoll(at, cpu));
            }
            Some(Err(error)) => return trouble(shared, error.to_string()),
            None => return trouble(shared, "asked for an event before its process was known".to_owned()),
        }
    }
    let Some(event) = shared.events.lock().await.recv().await else {
        return trouble(shared, "asked for an event after the last one".to_owned());
    };
    let deadline = UNIX_EPOCH.elapsed().unwrap_or_default() + shared.timeout;
    let response = Response::builder()
        .header(CONTENT_TYPE, "application/json")
        .header("lambda-runtime-aws-request-id", "6f5d8a4e-9f0e-4a52-b4f1-0a4a1f0a7c55")
        .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:filter")
        .header("lambda-runtime-trace-id", "Root=1-66bc7a42-2f6a0c9d1b3e5f7a9c1d3e5f;Sampled=0")
        .body(Full::new(event))
        .expect("the headers are valid");
    let _ = shared.signs.send(Sign::HandedOut(Instant::now()));
    response
}

fn trouble(shared: &Shared, what: String) -> Response<Full<Bytes>> {
    let _ = shared.signs.send(Sign::Trouble(what));
    json(StatusCode::BAD_REQUEST, "{}")
}

fn json(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    response.body(Full::new(Bytes::from_static(body.as_bytes()))).expect("the headers are valid")
}
