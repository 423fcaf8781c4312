//! Connections that can be made to fail: reset, closed without an answer, closed while idle.

use crate::assumptions;
use crate::net::stream::{Peeked, Stream};
use axum::body::{Body, Bytes, HttpBody};
use axum::serve::Listener;
use hyper::body::Frame;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Every open connection, so that they can be closed from outside, and are not too many.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    open: Arc<Mutex<Vec<Weak<Shared>>>>,
    bounds: Bounds,
    /// One for each connection that is being refused.
    refusals: Arc<Semaphore>,
}

/// How much other sides may leave open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// How many connections may be open at once.
    pub(crate) most: usize,
    /// How long one of them may wait for its next request.
    pub(crate) idle: Duration,
}

/// Whether a request that begins to come is not to be read, and its connection reset. Asked once a request.
pub(crate) type ResetsRequest = Arc<dyn Fn() -> bool + Send + Sync>;

/// A listener whose connections can be made to fail, and speak TLS if the other side does.
pub(crate) struct FaultyListener {
    pub(crate) listener: TcpListener,
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) connections: Connections,
    pub(crate) resets_request: ResetsRequest,
}

/// One connection, as the server reads and writes it.
pub(crate) struct Connection {
    stream: Stream,
    resets_request: ResetsRequest,
    control: Control,
    bounds: Bounds,
    /// The deadline of what it waits for.
    deadline: Option<(Awaited, Pin<Box<Sleep>>)>,
    /// The last field, so that it is dropped when the socket is closed.
    _closed: Closed,
}

#[derive(Debug)]
struct Closed(Arc<Shared>);

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    /// The first byte of a request.
    Begin,
    /// The rest of a handshake or a request.
    Rest,
}

/// The body of an answer that is made while it is sent, which says so when it ends.
pub(crate) struct UntilEnd {
    body: Body,
    control: Control,
}

/// A handler's control over the connection of its request.
#[derive(Clone, Debug)]
pub(crate) struct Control(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    closed: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Since when it is idle, if it is.
    idle_since: Instant,
    end: Option<End>,
    reader: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Between requests.
    Idle,
    /// A request has begun to come.
    Reading,
    /// A request is being dealt with.
    Busy,
    /// The handler is done; the next write has the whole answer.
    Answering,
    /// It has become a WebSocket, which knows no requests.
    Upgraded,
}

/// How a connection ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Closed, without another byte.
    Close,
    /// Reset.
    Reset,
    /// Closed, a few bytes before the end of the answer.
    Truncate,
}

/// Fewer than the body of any answer has.
const TRUNCATED_BYTES: usize = 8;

/// The answer to a connection that is one too many. A client that speaks TLS does not understand it.
const TOO_MANY: &str = r#"{"Code":"ServiceUnavailable","Message":"too many connections are in use"}"#;

/// How long it has to read that.
const TOO_MANY_LASTS: Duration = Duration::from_secs(1);

/// How many get this answer at once. Any other is closed without one.
const REFUSALS: usize = 32;

impl Connections {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { open: Arc::default(), bounds, refusals: Arc::new(Semaphore::new(REFUSALS)) }
    }

    /// Takes in a new one, if there is room for it or one that is idle can make room.
    fn admit(&self) -> Option<Arc<Shared>> {
        let mut open = self.lock();
        open.retain(|shared| shared.strong_count() > 0);
        let others: Vec<_> = open.iter().filter_map(Weak::upgrade).filter(|other| other.lock().end.is_none()).collect();
        if others.len() >= self.bounds.most {
            let idle = others.iter().filter_map(|other| Some((other.idle_since()?, other)));
            idle.min_by_key(|(since, _)| *since)?.1.close_if_idle();
        }
        let state = Mutex::new(State { phase: Phase::Idle, idle_since: Instant::now(), end: None, reader: None });
        let shared = Arc::new(Shared { state, closed: watch::Sender::new(false) });
        open.push(Arc::downgrade(&shared));
        Some(shared)
    }

    /// Refuses a connection for which there is no room, even if its client has sent a request already.
    fn refuse(&self, mut stream: TcpStream) {
        let Ok(place) = Arc::clone(&self.refusals).try_acquire_owned() else { return };
        let answer = format!(
            "HTTP/1.1 503 Service Unavailable\r\nx-amzn-errortype: ServiceUnavailableException\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{TOO_MANY}",
            TOO_MANY.len()
        );
        tokio::spawn(async move {
            let _ = timeout(TOO_MANY_LASTS, async {
                stream.write_all(answer.as_bytes()).await?;
                stream.shutdown().await?;
                // Closed before the request is read, it would be reset, and the answer with it.
                while stream.read(&mut [0; 1024]).await? > 0 {}
                io::Result::Ok(())
            })
            .await;
            drop(place);
        });
    }

    /// Closes those that wait for a request, and returns how many they were once they are closed.
    pub(crate) async fn close_idle(&self) -> usize {
        let mut closing = Vec::new();
        for shared in self.lock().iter().filter_map(Weak::upgrade) {
            if shared.close_if_idle() {
                closing.push(shared.closed.subscribe());
            }
        }
        let idle = closing.len();
        for mut closed in closing {
            // Its sender is gone when the connection is.
            let _ = closed.wait_for(|closed| *closed).await;
        }
        idle
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Shared>>> {
        self.open.lock().expect("nothing panics while it holds the lock")
    }
}

impl Control {
    /// Says that the head of a request has come.
    pub(crate) fn busy(&self) {
        self.0.lock().phase = Phase::Busy;
    }

    /// Says that the request has been dealt with, before its answer is returned.
    pub(crate) fn answering(&self) {
        let mut state = self.0.lock();
        if state.phase != Phase::Upgraded {
            state.phase = Phase::Answering;
        }
    }

    /// Says the same once this body has been read.
    pub(crate) fn answering_until_end_of(&self, body: Body) -> UntilEnd {
        UntilEnd { body, control: self.clone() }
    }

    /// Says that there will be no more requests, before the answer that makes the connection a WebSocket is returned.
    pub(crate) fn upgraded(&self) {
        self.0.lock().phase = Phase::Upgraded;
    }

    /// Ends the connection instead of, or within, the answer that is returned next.
    pub(crate) fn end(&self, end: End) {
        self.0.lock().end = Some(end);
    }
}

impl HttpBody for UntilEnd {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() {
            self.control.answering();
        }
        Poll::Ready(frame)
    }
}

impl Shared {
    /// Since when it waits for a request, if it does and is not being closed.
    fn idle_since(&self) -> Option<Instant> {
        let state = self.lock();
        (state.phase == Phase::Idle && state.end.is_none()).then_some(state.idle_since)
    }

    /// Whether it waited for a request, and is being closed now.
    fn close_if_idle(&self) -> bool {
        let mut state = self.lock();
        let closes = state.phase == Phase::Idle && state.end.is_none();
        if closes {
            state.end = Some(End::Close);
            if let Some(reader) = state.reader.take() {
                reader.wake();
            }
        }
        closes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the lock")
    }
}

impl Listener for FaultyListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address, shared) = loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            match self.connections.admit() {
                Some(shared) => break (stream, address, shared),
                None => self.connections.refuse(stream),
            }
        };
        // Without it an answer may wait for an acknowledgement that is itself delayed.
        let _ = stream.set_nodelay(true);
        let control = Control(Arc::clone(&shared));
        let connection = Connection {
            stream: Stream::new(stream, self.acceptor.clone()),
            resets_request: Arc::clone(&self.resets_request),
            control,
            bounds: self.connections.bounds,
            deadline: None,
            _closed: Closed(shared),
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connection {
    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    fn poll_request(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let idle = {
            let mut state = self.control.0.lock();
            match state.end {
                Some(End::Close) => return Poll::Ready(Ok(())),
                Some(End::Reset) => return Poll::Ready(self.stream.reset()),
                Some(End::Truncate) | None => {}
            }
            state.reader = Some(cx.waker().clone());
            state.phase == Phase::Idle
        };
        if !idle {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let peeked = ready!(self.stream.poll_peek(cx))?;
        if peeked == Peeked::Bytes {
            self.begin()?;
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        // An end is no request, and there is nothing to reset.
        if peeked == Peeked::Unknown && buf.filled().len() > before {
            self.begin()?;
        }
        Poll::Ready(Ok(()))
    }

    /// A request begins to come.
    fn begin(&mut self) -> io::Result<()> {
        self.deadline = None;
        if (self.resets_request)() {
            self.control.end(End::Reset);
            return self.stream.reset();
        }
        self.control.0.lock().phase = Phase::Reading;
        Ok(())
    }

    /// Waits until the deadline of what it waits for, and returns that.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<Awaited> {
        let awaited = match self.control.0.lock().phase {
            _ if self.stream.is_in_handshake() => Awaited::Rest,
            Phase::Reading => Awaited::Rest,
            Phase::Idle => Awaited::Begin,
            Phase::Busy | Phase::Answering | Phase::Upgraded => {
                self.deadline = None;
                return Poll::Pending;
            }
        };
        let within = match awaited {
            Awaited::Begin => self.bounds.idle,
            Awaited::Rest => assumptions::REQUEST_TIMEOUT,
        };
        let deadline = self.deadline.take().filter(|(before, _)| *before == awaited);
        let (_, deadline) = self.deadline.insert(deadline.unwrap_or_else(|| (awaited, Box::pin(sleep(within)))));
        deadline.as_mut().poll(cx).map(|()| awaited)
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = this.poll_request(cx, buf);
        if read.is_pending() {
            return Poll::Ready(match ready!(this.poll_deadline(cx)) {
                // As if the other side had closed it: there is nobody to report an error to.
                Awaited::Begin => Ok(()),
                Awaited::Rest => Err(io::ErrorKind::TimedOut.into()),
            });
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut state = this.control.0.lock();
        let most = match state.end {
            None => buf.len(),
            Some(End::Close) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Some(End::Reset) => return Poll::Ready(this.stream.reset().map(|()| 0)),
            Some(End::Truncate) => buf.len().saturating_sub(TRUNCATED_BYTES),
        };
        // Before the other side can have read the answer and asked something else.
        let now = Instant::now();
        // With the lock held: a client that has read the answer finds the connection idle.
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, &buf[..most]))?;
        if written == most {
            match state.end {
                Some(_) => state.end = Some(End::Close),
                None if state.phase == Phase::Answering => {
                    state.phase = Phase::Idle;
                    state.idle_since = now;
                    // The server has asked for the next request already, and does not ask again before something happens.
                    let mut deadline = Box::pin(sleep(this.bounds.idle));
                    let _ = deadline.as_mut().poll(cx);
                    this.deadline = Some((Awaited::Begin, deadline));
                }
                None => {}
            }
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Shut down first, it would say goodbye before it is reset.
        if this.control.0.lock().end == Some(End::Reset) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.closed.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::certificate::Certificate;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const IDLE: Duration = Duration::from_secs(120);

    /// A connection as the server has it, and its other side.
    async fn connected() -> (Connection, TcpStream) {
        connected_with(Arc::new(|| false)).await
    }

    async fn connected_with(resets_request: ResetsRequest) -> (Connection, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = Certificate::generate(&[]).unwrap().acceptor().unwrap();
        let connections = Connections::new(Bounds { most: 9, idle: IDLE });
        let mut listener = FaultyListener { listener, acceptor, connections, resets_request };
        let other = TcpStream::connect(address).await.unwrap();
        (listener.accept().await.0, other)
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_begins_and_says_no_more_is_let_go() {
        for first in [b'G', 0x16] {
            let (mut connection, mut other) = connected().await;
            other.write_all(&[first]).await.unwrap();
            let read = connection.read_to_end(&mut Vec::new()).await;
            assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut, "{first}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_may_wait_with_its_request_for_a_while_and_for_an_answer_for_ever() {
        let (day, almost) = (Duration::from_secs(24 * 60 * 60), IDLE - Duration::from_millis(1));
        let (mut connection, mut other) = connected().await;
        assert!(timeout(almost, connection.read(&mut [0; 9])).await.is_err());
        other.write_all(b"GET").await.unwrap();
        assert_eq!(connection.read(&mut [0; 9]).await.unwrap(), 3);
        connection.control.busy();
        assert!(timeout(day, connection.read(&mut [0; 9])).await.is_err());
        connection.control.answering();
        connection.write_all(b"HTTP").await.unwrap();
        // From here on it is idle once more, for as long as before.
        assert!(timeout(almost, connection.read(&mut [0; 9])).await.is_err());
        assert_eq!(timeout(day, connection.read(&mut [0; 9])).await.unwrap().unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_says_nothing_at_all_is_let_go() {
        let (mut connection, _other) = connected().await;
        let day = Duration::from_secs(24 * 60 * 60);
        assert_eq!(timeout(day, connection.read(&mut [0; 9])).await.unwrap().unwrap(), 0);
    }

    #[tokio::test]
    async fn an_upgraded_connection_knows_no_requests() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        // The first request is read; any other would be reset.
        let (mut connection, mut other) =
            connected_with(Arc::new(move || count.fetch_add(1, Ordering::Relaxed) > 0)).await;
        other.write_all(b"GET").await.unwrap();
        assert_eq!(connection.read(&mut [0; 9]).await.unwrap(), 3);
        connection.control.upgraded();
        connection.control.answering();
        connection.write_all(b"HTTP").await.unwrap();
        other.write_all(b"pong").await.unwrap();
        assert_eq!(connection.read(&mut [0; 9]).await.unwrap(), 4);
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
