//! HTTPS in front of a service that speaks HTTP.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A TLS server on loopback, with a certificate of its own authority for `localhost`, that hands on to another server.
pub struct TlsFront {
    address: SocketAddr,
    directory: TempDir,
}

impl TlsFront {
    /// Starts it in front of `backend`. It ends with the tokio runtime.
    pub async fn start(backend: SocketAddr) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let (authority, config) = certificates();
        std::fs::write(directory.path().join("ca.pem"), authority).expect("the directory is writable");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let address = listener.local_addr().expect("it is bound");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let (Ok(mut front), Ok(mut back)) =
                        (acceptor.accept(stream).await, TcpStream::connect(backend).await)
                    else {
                        return;
                    };
                    // Either side may hang up at any time.
                    let _ = tokio::io::copy_bidirectional(&mut front, &mut back).await;
                });
            }
        });
        Self { address, directory }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// The certificate of its authority, as PEM in a file.
    pub fn authority(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// A directory for more files, gone when this is dropped.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

fn certificates() -> (String, ServerConfig) {
    let mut authority = CertificateParams::new(Vec::new()).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().expect("a key");
    let authority_pem = authority.self_signed(&authority_key).expect("it signs itself").pem();
    let issuer = Issuer::new(authority, authority_key);

    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let server = server.signed_by(&key, &issuer).expect("the authority signs");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key of our own");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key)
        .expect("key and certificate belong together");
    (authority_pem, config)
}
