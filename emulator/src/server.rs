//! An HTTP server on a loopback port that the system chooses, closed when dropped.

use axum::Router;
use axum::serve::ListenerExt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    // Its end tells the server to close.
    _open: oneshot::Sender<()>,
}

impl Server {
    pub(crate) async fn start(router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|connection| {
            // Without it an answer may wait for an acknowledgement that is itself delayed.
            let _ = connection.set_nodelay(true);
        });
        let (open, closed) = oneshot::channel::<()>();
        let serve = axum::serve(listener, router).with_graceful_shutdown(async {
            let _ = closed.await;
        });
        tokio::spawn(async { serve.await });
        Ok(Self { address, _open: open })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
