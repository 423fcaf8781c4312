//! A certificate authority of our own, and the files that make functions trust it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pem::{EncodeConfig, LineEnding, Pem};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::Error;
use crate::peer::Roots;

/// A server certificate for `localhost`, and files of roots with its authority last.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    directory: TempDir,
}

/// The roots that the profanity filter has inside.
const AMAZON_ROOTS: [&[u8]; 5] = [
    include_bytes!("../../src/sdk_config/trust_store/amazon-root-ca-1.der"),
    include_bytes!("../../src/sdk_config/trust_store/amazon-root-ca-2.der"),
    include_bytes!("../../src/sdk_config/trust_store/amazon-root-ca-3.der"),
    include_bytes!("../../src/sdk_config/trust_store/amazon-root-ca-4.der"),
    include_bytes!("../../src/sdk_config/trust_store/starfield-services-root-ca-g2.der"),
];

impl Tls {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate()?;
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate()?;
        let server = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &issuer)?;
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![server.der().clone()], key)?;

        let directory = TempDir::new()?;
        fs::write(path(directory.path(), Roots::Amazon), pem(AMAZON_ROOTS) + &authority_pem)?;
        fs::write(path(directory.path(), Roots::System), pem(mozillas_roots()) + &authority_pem)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), directory })
    }

    /// For `SSL_CERT_FILE`.
    pub(crate) fn bundle(&self, roots: Roots) -> PathBuf {
        path(self.directory.path(), roots)
    }
}

fn mozillas_roots() -> impl Iterator<Item = &'static [u8]> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(AsRef::as_ref)
}

fn pem<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> String {
    let format = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let encode = |der: &[u8]| pem::encode_config(&Pem::new("CERTIFICATE", der), format);
    certificates.into_iter().map(encode).collect()
}

fn path(directory: &Path, roots: Roots) -> PathBuf {
    directory.join(match roots {
        Roots::Amazon => "amazon.pem",
        Roots::System => "system.pem",
    })
}
