//! Connections that can be made to fail: reset, closed without an answer, closed while idle.

use crate::fault::Script;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Every open connection, so that they can be closed from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<Mutex<Vec<Weak<Shared>>>>);

/// A listener whose connections know the script.
#[derive(Debug)]
pub(crate) struct FaultyListener {
    pub(crate) listener: TcpListener,
    pub(crate) connections: Connections,
    pub(crate) script: Arc<Script>,
}

/// One connection, as the server reads and writes it.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    script: Arc<Script>,
    control: Control,
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
    /// A request is being read or dealt with.
    Busy,
    /// The handler is done; what is written next is the whole answer.
    Answering,
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
    /// Says that the request has been dealt with, before its answer is returned.
    pub(crate) fn answering(&self) {
        self.0.lock().phase = Phase::Answering;
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
        (Connection { stream, script: Arc::clone(&self.script), control, _closed: Closed(shared) }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, FaultyListener>> for Control {
    fn connect_info(stream: IncomingStream<'_, FaultyListener>) -> Self {
        stream.io().control.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let idle = {
            let mut state = this.control.0.lock();
            match state.end {
                Some(End::Close) => return Poll::Ready(Ok(())),
                Some(End::Reset) => return Poll::Ready(reset(&this.stream)),
                Some(End::Truncate) | None => {}
            }
            state.reader = Some(cx.waker().clone());
            state.phase == Phase::Idle
        };
        if idle {
            let mut first = [0];
            let come = ready!(this.stream.poll_peek(cx, &mut ReadBuf::new(&mut first)))?;
            // Nothing means that the other side has closed: no request, nothing to reset.
            if come > 0 {
                if this.script.resets_before_reading() {
                    this.control.end(End::Reset);
                    return Poll::Ready(reset(&this.stream));
                }
                this.control.0.lock().phase = Phase::Busy;
            }
        }
        Pin::new(&mut this.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut state = this.control.0.lock();
        let most = match state.end {
            None => buf.len(),
            Some(End::Close) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Some(End::Reset) => return Poll::Ready(reset(&this.stream).map(|()| 0)),
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

/// Has the socket reset when it is closed, which the error brings about.
fn reset(stream: &TcpStream) -> io::Result<()> {
    stream.set_zero_linger()?;
    Err(io::ErrorKind::ConnectionReset.into())
}
