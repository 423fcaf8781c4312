//! An HTTP/1.1 server on a loopback port that the system chooses, closed when dropped.

use crate::assumptions;
use crate::net::connection::{Bounds, Connection, Connections, FaultyListener, ResetsRequest};
use axum::extract::ConnectInfo;
use axum::serve::{Listener, ListenerExt};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    // Its end tells the server to close.
    _open: watch::Sender<()>,
}

impl Server {
    /// Plain HTTP on a loopback port that the system chooses.
    ///
    /// Connections may be idle as long as they like: a runtime keeps one while an invocation lasts.
    pub(crate) async fn start(router: impl FnOnce(SocketAddr) -> Router) -> io::Result<Self> {
        let (listener, address) = bind((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let router = router(address);
        let listener = listener.tap_io(|connection| {
            // Without it an answer may wait for an acknowledgement that is itself delayed.
            let _ = connection.set_nodelay(true);
        });
        Ok(Self::serve(address, listener, assumptions::CONNECTIONS, move |_| router.clone()))
    }

    /// Plain HTTP and TLS on the one port. Handlers get the [`Control`](crate::net::connection::Control) of their connection
    /// as connect info.
    pub(crate) async fn start_faulty(
        address: SocketAddr,
        router: Router,
        resets_request: ResetsRequest,
        acceptor: TlsAcceptor,
        bounds: Bounds,
    ) -> io::Result<(Self, Connections)> {
        let (listener, address) = bind(address).await?;
        let connections = Connections::new(bounds);
        let listener = FaultyListener { listener, acceptor, connections: connections.clone(), resets_request };
        let of_connection = move |connection: &Connection| {
            let control = connection.control().clone();
            router.clone().layer(Extension(ConnectInfo(control)))
        };
        // The listener sees to it that there are not too many.
        Ok((Self::serve(address, listener, Semaphore::MAX_PERMITS, of_connection), connections))
    }

    fn serve<L: Listener>(
        address: SocketAddr,
        listener: L,
        most: usize,
        router: impl Fn(&L::Io) -> Router + Send + 'static,
    ) -> Self {
        let (open, closed) = watch::channel(());
        tokio::spawn(accept(listener, most, router, closed));
        Self { address, _open: open }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients go.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves as many connections as `most` at once, and closes those that come meanwhile.
async fn accept<L: Listener>(
    mut listener: L,
    most: usize,
    router: impl Fn(&L::Io) -> Router,
    mut closed: watch::Receiver<()>,
) {
    let places = Arc::new(Semaphore::new(most));
    loop {
        let connection = tokio::select! {
            (connection, _) = listener.accept() => connection,
            _ = closed.changed() => return,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let router = router(&connection);
        let served = serve(connection, router, closed.clone());
        tokio::spawn(async move {
            served.await;
            drop(place);
        });
    }
}

/// Answers one request after the other until the peer goes, or the server is closed and the last one is answered.
///
/// It speaks HTTP/1.1 only, even if another crate's features would add HTTP/2: to make a connection fail, and to know
/// whether it is idle, there has to be one request at a time.
async fn serve<C>(connection: C, router: Router, mut closed: watch::Receiver<()>)
where
    C: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (io, service) = (TokioIo::new(connection), TowerToHyperService::new(router));
    let mut connection = pin!(http1::Builder::new().serve_connection(io, service).with_upgrades());
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closed.changed() => connection.as_mut().graceful_shutdown(),
    }
    // A peer that breaks the connection off needs no answer, and there is nobody to report the error to.
    let _ = connection.await;
}
