//! The bytes of a connection: as they come, or in TLS. The first one tells which.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// What every TLS connection begins with, and no HTTP request does: the type of a handshake record.
const HANDSHAKE: u8 = 0x16;

/// One connection.
pub(crate) enum Stream {
    /// Nothing has come yet.
    Fresh(TcpStream, TlsAcceptor),
    Plain(TcpStream),
    /// The handshake of TLS is under way.
    Handshake(Box<Accept<TcpStream>>),
    Tls(Box<TlsStream<TcpStream>>),
    /// The handshake failed.
    Broken,
}

/// What a peek shows of the next read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peeked {
    /// There is something to read.
    Bytes,
    /// The other side has closed.
    End,
    /// Only the read tells.
    Unknown,
}

impl Stream {
    pub(crate) fn new(stream: TcpStream, acceptor: TlsAcceptor) -> Self {
        Self::Fresh(stream, acceptor)
    }

    /// Waits for the first bytes and, if they are TLS, for the end of the handshake.
    pub(crate) fn poll_peek(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Peeked>> {
        loop {
            let mut first = [0];
            match self {
                Self::Fresh(stream, _) => {
                    if ready!(stream.poll_peek(cx, &mut ReadBuf::new(&mut first)))? == 0 {
                        return Poll::Ready(Ok(Peeked::End));
                    }
                    let Self::Fresh(stream, acceptor) = std::mem::replace(self, Self::Broken) else { unreachable!() };
                    if first[0] != HANDSHAKE {
                        *self = Self::Plain(stream);
                        return Poll::Ready(Ok(Peeked::Bytes));
                    }
                    *self = Self::Handshake(Box::new(acceptor.accept(stream)));
                }
                Self::Handshake(accept) => {
                    let accepted = ready!(Pin::new(accept.as_mut()).poll(cx));
                    *self = Self::Broken;
                    *self = Self::Tls(Box::new(accepted?));
                }
                // TLS cannot peek, and a peek before each read would be another system call.
                Self::Plain(_) | Self::Tls(_) => return Poll::Ready(Ok(Peeked::Unknown)),
                Self::Broken => return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            }
        }
    }

    /// Whether it has begun and is not yet ready for requests.
    pub(crate) fn is_in_handshake(&self) -> bool {
        matches!(self, Self::Handshake(_))
    }

    /// Has the socket reset when it is closed, which the error brings about.
    pub(crate) fn reset(&self) -> io::Result<()> {
        let socket = match self {
            Self::Fresh(stream, _) | Self::Plain(stream) => Some(stream),
            Self::Handshake(accept) => accept.get_ref(),
            Self::Tls(stream) => Some(stream.get_ref().0),
            Self::Broken => None,
        };
        socket.map_or(Ok(()), TcpStream::set_zero_linger)?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !matches!(this, Self::Plain(_) | Self::Tls(_)) && ready!(this.poll_peek(cx))? == Peeked::End {
            return Poll::Ready(Ok(()));
        }
        match this {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
            _ => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Fresh(stream, _) | Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
            // There is no request to answer before the handshake is done.
            Self::Handshake(_) | Self::Broken => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Fresh(stream, _) | Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            Self::Handshake(_) | Self::Broken => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Fresh(stream, _) | Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            Self::Handshake(_) | Self::Broken => Poll::Ready(Ok(())),
        }
    }
}
