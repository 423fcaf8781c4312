//! Connections that can be made to fail: reset, closed without an answer, closed while idle.

use crate::assumptions;
use crate::fault::Script;
use crate::stream::{Peeked, Stream};
use axum::serve::Listener;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsAcceptor;

/// Every open connection, so that they can be closed from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<Mutex<Vec<Weak<Shared>>>>);

/// A listener whose connections know the script, and speak TLS if the other side does.
pub(crate) struct FaultyListener {
    pub(crate) listener: TcpListener,
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) connections: Connections,
    pub(crate) script: Arc<Script>,
}

/// One connection, as the server reads and writes it.
pub(crate) struct Connection {
    stream: Stream,
    script: Arc<Script>,
    control: Control,
    /// When whatever has begun, a handshake or a request, has to have come.
    deadline: Option<Pin<Box<Sleep>>>,
    /// The last field, so that it is dropped when the socket is closed.
    _closed: Closed,
}

#[derive(Debug)]
struct Closed(Arc<Shared>);

/// What the handler of a request can do to its connection.
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
    /// The handler is done; what is written next is the whole answer.
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

impl Connections {
    /// Closes those that wait for a request, and returns how many they were once they are closed.
    pub(crate) async fn close_idle(&self) -> usize {
        let mut closing = Vec::new();
        for shared in self.lock().iter().filter_map(Weak::upgrade) {
            let mut state = shared.lock();
            if state.phase == Phase::Idle && state.end.is_none() {
                state.end = Some(End::Close);
                if let Some(reader) = state.reader.take() {
                    reader.wake();
                }
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

    fn add(&self, shared: &Arc<Shared>) {
        let mut all = self.lock();
        all.retain(|shared| shared.strong_count() > 0);
        all.push(Arc::downgrade(shared));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Shared>>> {
        self.0.lock().expect("nothing panics while it holds the lock")
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

    /// Says that there will be no more requests, before the answer that makes the connection a WebSocket is returned.
    pub(crate) fn upgraded(&self) {
        self.0.lock().phase = Phase::Upgraded;
    }

    /// Ends the connection instead of, or within, the answer that is returned next.
    pub(crate) fn end(&self, end: End) {
        self.0.lock().end = Some(end);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the lock")
    }
}

impl Listener for FaultyListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Without it an answer may wait for an acknowledgement that is itself delayed.
        let _ = stream.set_nodelay(true);
        let state = Mutex::new(State { phase: Phase::Idle, end: None, reader: None });
        let shared = Arc::new(Shared { state, closed: watch::Sender::new(false) });
        self.connections.add(&shared);
        let control = Control(Arc::clone(&shared));
        let connection = Connection {
            stream: Stream::new(stream, self.acceptor.clone()),
            script: Arc::clone(&self.script),
            control,
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
    fn begin(&self) -> io::Result<()> {
        if self.script.resets_before_reading() {
            self.control.end(End::Reset);
            return self.stream.reset();
        }
        self.control.0.lock().phase = Phase::Reading;
        Ok(())
    }

    /// Waits no longer than it may take for what has begun to come.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.control.0.lock().phase != Phase::Reading && !self.stream.is_in_handshake() {
            self.deadline = None;
            return Poll::Pending;
        }
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(assumptions::REQUEST_TIMEOUT)));
        deadline.as_mut().poll(cx)
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = this.poll_request(cx, buf);
        if read.is_pending() {
            ready!(this.poll_deadline(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
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
        // With the lock held: whoever has read the answer finds the connection idle.
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, &buf[..most]))?;
        if written == most {
            match state.end {
                Some(_) => state.end = Some(End::Close),
                None if state.phase == Phase::Answering => state.phase = Phase::Idle,
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
    use crate::certificate::Certificate;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    /// A connection as the server has it, and its other side.
    async fn connected() -> (Connection, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = Certificate::generate(&[]).unwrap().acceptor().unwrap();
        let mut listener =
            FaultyListener { listener, acceptor, connections: Connections::default(), script: Arc::default() };
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
    async fn a_peer_that_waits_with_its_request_may_do_so() {
        let day = Duration::from_secs(24 * 60 * 60);
        let (mut connection, mut other) = connected().await;
        assert!(timeout(day, connection.read(&mut [0; 9])).await.is_err());
        other.write_all(b"GET").await.unwrap();
        assert_eq!(connection.read(&mut [0; 9]).await.unwrap(), 3);
        connection.control.busy();
        assert!(timeout(day, connection.read(&mut [0; 9])).await.is_err());
        connection.control.answering();
        connection.write_all(b"HTTP").await.unwrap();
        assert!(timeout(day, connection.read(&mut [0; 9])).await.is_err());
    }

    #[tokio::test]
    async fn an_upgraded_connection_knows_no_requests() {
        let (mut connection, mut other) = connected().await;
        other.write_all(b"GET").await.unwrap();
        assert_eq!(connection.read(&mut [0; 9]).await.unwrap(), 3);
        connection.control.upgraded();
        connection.control.answering();
        connection.write_all(b"HTTP").await.unwrap();
        connection.script.add(crate::Fault::reset_before_reading());
        other.write_all(b"pong").await.unwrap();
        assert_eq!(connection.read(&mut [0; 9]).await.unwrap(), 4);
        assert_eq!(connection.script.left(), 1);
    }
}
