//! An HTTP server on a loopback port that the system chooses, closed when dropped.

use crate::connection::{Connections, Control, FaultyListener};
use crate::fault::Script;
use axum::Router;
use axum::serve::ListenerExt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    // Its end tells the server to close.
    _open: oneshot::Sender<()>,
}

impl Server {
    pub(crate) async fn start(router: Router) -> io::Result<Self> {
        let (listener, address) = bind((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let listener = listener.tap_io(|connection| {
            // Without it an answer may wait for an acknowledgement that is itself delayed.
            let _ = connection.set_nodelay(true);
        });
        let (open, closed) = oneshot::channel();
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(end_of(closed)).into_future());
        Ok(Self { address, _open: open })
    }

    /// Plain HTTP and TLS on the one port. Handlers get the [`Control`] of their connection as connect info.
    pub(crate) async fn start_faulty(
        address: SocketAddr,
        router: Router,
        script: Arc<Script>,
        acceptor: TlsAcceptor,
    ) -> io::Result<(Self, Connections)> {
        let (listener, address) = bind(address).await?;
        let connections = Connections::default();
        let listener = FaultyListener { listener, acceptor, connections: connections.clone(), script };
        let router = router.into_make_service_with_connect_info::<Control>();
        let (open, closed) = oneshot::channel();
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(end_of(closed)).into_future());
        Ok((Self { address, _open: open }, connections))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

async fn end_of(open: oneshot::Receiver<()>) {
    let _ = open.await;
}
