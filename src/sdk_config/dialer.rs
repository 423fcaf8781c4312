//! Opens connections, the first one before it is needed.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper::http::uri::{Authority, Scheme};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use lambda_runtime::Service;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::transport_error::TimedOut;

type BoxError = Box<dyn StdError + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Addresses = std::vec::IntoIter<SocketAddr>;

/// A connection, with TLS or without.
pub(super) type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;

/// How long a connection that was opened ahead can wait for its first request. After that, the server may have closed it,
/// and the request would fail.
const FRESH: Duration = Duration::from_secs(5);

/// How the system is asked for the addresses of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lookup {
    /// On a thread of tokio's pool.
    OnThreadPool,
    /// On this thread, which waits for the answer: the system may have no other thread to give.
    OnThisThread,
}

impl Service<Name> for Lookup {
    type Response = Addresses;
    type Error = std::io::Error;
    type Future = BoxFuture<std::io::Result<Addresses>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let look_up = move || std::net::ToSocketAddrs::to_socket_addrs(&(name.as_str(), 0));
        match self {
            Self::OnThisThread => Box::pin(std::future::ready(look_up())),
            Self::OnThreadPool => {
                let looking_up = tokio::task::spawn_blocking(look_up);
                Box::pin(async { looking_up.await? })
            }
        }
    }
}

/// Opens connections.
#[derive(Clone)]
pub(super) struct Dialer {
    https: HttpsConnector<HttpConnector<Lookup>>,
    ahead: Arc<Mutex<Option<Ahead>>>,
}

/// A connection that was opened before a request needed it, or is being opened.
struct Ahead {
    to: Server,
    at: Instant,
    opening: JoinHandle<Result<Connection, BoxError>>,
}

type Server = (Option<Scheme>, Option<Authority>);

impl Dialer {
    pub(super) fn new(tls: Arc<ClientConfig>, lookup: Lookup) -> Self {
        let mut http = HttpConnector::new_with_resolver(lookup);
        http.enforce_http(false);
        http.set_nodelay(true);
        Self { https: HttpsConnector::from((http, tls)), ahead: Arc::default() }
    }

    /// Opens a connection for the first request to the server of `uri`, and waits for it for as long as `patience` says. It
    /// goes on in the background after that. If it fails, the first request opens another one.
    pub(super) async fn open_ahead(&self, uri: &Uri, patience: Duration) {
        let opened = Arc::new(Notify::new());
        let (opening, notify) = (self.clone().open(uri.clone()), opened.clone());
        let opening = tokio::spawn(async move {
            let connection = opening.await;
            notify.notify_one();
            connection
        });
        *self.ahead() = Some(Ahead { to: server(uri), at: Instant::now(), opening });
        let _ = timeout(patience, opened.notified()).await;
    }

    async fn open(mut self, to: Uri) -> Result<Connection, BoxError> {
        self.https.call(to).await
    }

    /// Takes the connection that was opened ahead, if it leads to the server of `uri`.
    fn take_ahead(&self, uri: &Uri) -> Option<JoinHandle<Result<Connection, BoxError>>> {
        let ahead = self.ahead().take_if(|ahead| ahead.to == server(uri))?;
        (ahead.at.elapsed() < FRESH).then_some(ahead.opening)
    }

    fn ahead(&self) -> MutexGuard<'_, Option<Ahead>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a connection, or takes the one that was opened ahead.
    async fn connect(self, to: Uri) -> Result<Connection, BoxError> {
        if let Some(opening) = self.take_ahead(&to)
            && let Ok(Ok(connection)) = opening.await
        {
            return Ok(connection);
        }
        self.open(to).await
    }
}

fn server(uri: &Uri) -> Server {
    (uri.scheme().cloned(), uri.authority().cloned())
}

/// A [`Dialer`] that gives up after a time.
#[derive(Clone)]
pub(super) struct TimedDialer {
    pub(super) dialer: Dialer,
    pub(super) connect_timeout: Option<Duration>,
}

impl Service<Uri> for TimedDialer {
    type Response = Connection;
    type Error = BoxError;
    type Future = BoxFuture<Result<Connection, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.dialer.https.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = self.dialer.clone().connect(to);
        match self.connect_timeout {
            None => Box::pin(connecting),
            Some(limit) => Box::pin(async move {
                timeout(limit, connecting).await.unwrap_or_else(|_| Err(TimedOut::connecting(limit).into()))
            }),
        }
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::net::TcpListener;

    /// Accepts connections, and never says anything. Returns its address, and the number of connections.
    async fn silent_server() -> (Uri, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/channels", listener.local_addr().unwrap()).parse().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                kept.push(stream);
            }
        });
        (uri, accepted)
    }

    fn dialer() -> Dialer {
        Dialer::new(super::super::tls_config().unwrap(), Lookup::OnThisThread)
    }

    async fn accepted(count: &AtomicUsize, at_least: usize) -> usize {
        while count.load(Ordering::Relaxed) < at_least {
            tokio::task::yield_now().await;
        }
        count.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn the_first_request_takes_the_connection_that_was_opened_ahead_and_no_other_does() {
        let (uri, count) = silent_server().await;
        let dialer = dialer();
        dialer.open_ahead(&uri, Duration::from_secs(60)).await;
        let first = dialer.clone().connect(uri.clone()).await.unwrap();
        assert_eq!(accepted(&count, 1).await, 1);
        let second = dialer.clone().connect(uri).await.unwrap();
        assert_eq!(accepted(&count, 2).await, 2);
        drop((first, second));
    }

    #[tokio::test]
    async fn another_server_gets_a_connection_of_its_own() {
        let (uri, count) = silent_server().await;
        let (other, other_count) = silent_server().await;
        let dialer = dialer();
        dialer.open_ahead(&uri, Duration::from_secs(60)).await;
        let connection = dialer.clone().connect(other).await.unwrap();
        assert_eq!((accepted(&other_count, 1).await, accepted(&count, 1).await), (1, 1));
        drop(connection);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_has_waited_for_long_is_not_used() {
        let (uri, count) = silent_server().await;
        let dialer = dialer();
        dialer.open_ahead(&uri, Duration::from_millis(10)).await;
        accepted(&count, 1).await;
        tokio::time::advance(FRESH).await;
        let connection = dialer.clone().connect(uri).await.unwrap();
        assert_eq!(accepted(&count, 2).await, 2);
        drop(connection);
    }

    /// A server that accepts a connection and never answers the handshake.
    #[tokio::test(start_paused = true)]
    async fn a_handshake_without_an_answer_is_not_waited_for() {
        let (uri, _) = silent_server().await;
        let uri = uri.to_string().replace("http://", "https://").parse().unwrap();
        let (started, patience) = (Instant::now(), Duration::from_millis(10));
        let dialer = dialer();
        dialer.open_ahead(&uri, patience).await;
        assert!(started.elapsed() < patience * 2);
        let mut timed = TimedDialer { dialer, connect_timeout: Some(Duration::from_secs(1)) };
        let error = timed.call(uri).await.unwrap_err();
        assert_eq!(error.to_string(), "no connection within 1s");
    }

    #[tokio::test]
    async fn a_connection_that_failed_is_tried_again_by_the_first_request() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let uri: Uri = format!("http://{address}").parse().unwrap();
        let dialer = dialer();
        dialer.open_ahead(&uri, Duration::from_secs(60)).await;
        let _listener = TcpListener::bind(address).await.unwrap();
        assert!(dialer.connect(uri).await.is_ok());
    }
}
