//! A certificate authority of our own, and the files that make functions trust it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pem::{EncodeConfig, LineEnding, Pem};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::Error;
use crate::peer::Roots;

/// A server certificate for `localhost`, and files of roots with its authority last.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    directory: TempDir,
}

/// The roots that some functions have inside.
const AMAZON_ROOTS: &str = include_str!("../amazon-roots.pem");

impl Tls {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut authority = CertificateParams::new(Vec::new())?;
        // With the server's name, it would be the server that signed itself, to OpenSSL.
        authority.distinguished_name.push(DnType::CommonName, "the harness's authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate()?;
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate()?;
        let mut server = CertificateParams::new(vec!["localhost".to_owned()])?;
        server.use_authority_key_identifier_extension = true;
        let server = server.signed_by(&key, &issuer)?;
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        // Another function in the same build may bring another provider.
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![server.der().clone()], key)?;

        let directory = TempDir::new()?;
        fs::write(path(directory.path(), Roots::Amazon), format!("{AMAZON_ROOTS}\n{authority_pem}"))?;
        fs::write(path(directory.path(), Roots::None), &authority_pem)?;
        fs::write(path(directory.path(), Roots::System), mozillas_roots() + &authority_pem)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), directory })
    }

    /// The file that a function is told to trust.
    pub(crate) fn bundle(&self, roots: Roots) -> PathBuf {
        path(self.directory.path(), roots)
    }
}

fn mozillas_roots() -> String {
    let format = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    roots.map(|root| pem::encode_config(&Pem::new("CERTIFICATE", root.as_ref()), format)).collect()
}

fn path(directory: &Path, roots: Roots) -> PathBuf {
    directory.join(match roots {
        Roots::Amazon => "amazon.pem",
        Roots::System => "system.pem",
        Roots::None => "none.pem",
    })
}
