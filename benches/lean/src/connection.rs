//! One connection to one host, over HTTP or HTTPS, opened when it is first needed and kept.

use std::env;
use std::fs;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::http::response::Parts;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::Error;

const AMAZON_ROOTS: &str = include_str!("../../amazon-roots.pem");

/// A host, and the connection to it once there is one.
pub(crate) struct Connection {
    host: String,
    name: String,
    port: u16,
    tls: Option<TlsConnector>,
    open: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// Prepares a connection to the host of a URL.
    pub(crate) fn to(url: &str) -> Result<Self, Error> {
        let url: Uri = url.parse()?;
        let name = url.host().ok_or("the URL has no host")?.to_owned();
        let host = url.authority().ok_or("the URL has no host")?.to_string();
        let secure = url.scheme_str() == Some("https");
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let tls = if secure { Some(TlsConnector::from(Arc::new(tls_config()?))) } else { None };
        Ok(Self { host, name, port, tls, open: None })
    }

    /// For the `Host` header.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&mut self, request: Request<impl Into<Bytes>>) -> Result<(Parts, Bytes), Error> {
        let request = request.map(|body| Full::new(body.into()));
        let mut kept = self.open.take();
        if let Some(open) = &mut kept
            && open.ready().await.is_err()
        {
            kept = None;
        }
        let open = match kept {
            Some(open) => self.open.insert(open),
            None => {
                let opened = self.open().await?;
                self.open.insert(opened)
            }
        };
        let (parts, body) = open.send_request(request).await?.into_parts();
        Ok((parts, body.collect().await?.to_bytes()))
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, Error> {
        let stream = TcpStream::connect((self.name.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => handshake(stream).await,
            Some(tls) => handshake(tls.connect(ServerName::try_from(self.name.clone())?, stream).await?).await,
        }
    }
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, Error> {
    let (open, driver) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(driver);
    Ok(open)
}

fn tls_config() -> Result<ClientConfig, Error> {
    let pem = match env::var_os("SSL_CERT_FILE") {
        Some(path) => fs::read(path)?,
        None => AMAZON_ROOTS.into(),
    };
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(&pem) {
        roots.add(root?)?;
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
