//! The certificate of this machine's loopback names, signed by itself, since browsers open sessions over TLS only.

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, CertificateError, RootCertStore, ServerConfig};

/// The names it is for.
const NAMES: [&str; 4] = ["localhost", "*.localhost", "127.0.0.1", "::1"];

/// How long it is good for. macOS trusts none for more than 825 days.
const DAYS: u64 = 800;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The files of a certificate that is kept.
const CERTIFICATE_FILE: &str = "certificate.pem";
const KEY_FILE: &str = "key.pem";

/// A certificate with its key.
pub(crate) struct Certificate {
    pem: String,
    key_pem: String,
}

impl Certificate {
    /// A new one for these names beside the loopback ones.
    pub(crate) fn generate(names: &[String]) -> io::Result<Self> {
        let names: Vec<_> = NAMES.iter().map(|name| (*name).to_owned()).chain(names.iter().cloned()).collect();
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "channel-flow-emulator");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = UNIX_EPOCH.elapsed().map_err(io::Error::other)?;
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        // From yesterday on: a browser's clock may be behind.
        params.not_before = epoch + now.saturating_sub(DAY);
        params.not_after = epoch + now + DAY * (DAYS - 1) as u32;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.self_signed(&key).map_err(io::Error::other)?;
        Ok(Self { pem: certificate.pem(), key_pem: key.serialize_pem() })
    }

    /// The one that a directory has. Where there is none, or it has expired, a new one is written.
    pub(crate) fn kept_in(directory: &Path, names: &[String]) -> io::Result<Self> {
        let (certificate_file, key_file) = (directory.join(CERTIFICATE_FILE), directory.join(KEY_FILE));
        let read = fs::read_to_string(&certificate_file).and_then(|pem| Ok((pem, fs::read_to_string(&key_file)?)));
        match read {
            Ok((pem, key_pem)) => {
                let kept = Self { pem, key_pem };
                if kept.is_current()? {
                    return Ok(kept);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let new = Self::generate(names)?;
        fs::create_dir_all(directory)?;
        write(&key_file, &new.key_pem)?;
        write(&certificate_file, &new.pem)?;
        Ok(new)
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// The server's side of TLS with this certificate.
    pub(crate) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(unusable)?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![self.der()?], key))
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn der(&self) -> Result<CertificateDer<'static>, rustls::Error> {
        CertificateDer::from_pem_slice(self.pem.as_bytes()).map_err(|error| rustls::Error::General(error.to_string()))
    }

    /// Whether a client that trusts it would take it today.
    fn is_current(&self) -> io::Result<bool> {
        let certificate = self.der().map_err(unusable)?;
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).map_err(unusable)?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.build().map_err(unusable)?;
        let name = ServerName::try_from(NAMES[0]).map_err(unusable)?;
        let verified = rustls::client::danger::ServerCertVerifier::verify_server_cert(
            verifier.as_ref(),
            &certificate,
            &[],
            &name,
            &[],
            UnixTime::now(),
        );
        match verified {
            Ok(_) => Ok(true),
            Err(rustls::Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => Ok(false),
            Err(error) => Err(unusable(error)),
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn unusable(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

/// Writes a file that only its owner reads, whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&unfinished)?.write_all(text.as_bytes())?;
    fs::rename(unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_certificate_is_used_again_and_one_that_expired_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let kept_in = |name: &str| Certificate::kept_in(&directory.path().join(name), &[]).unwrap();
        let first = kept_in("a/b");
        assert_eq!(kept_in("a/b").pem(), first.pem());
        assert_ne!(kept_in("other").pem(), first.pem());
        assert!(first.acceptor().is_ok());

        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2024, 1, 1);
        let old = params.self_signed(&key).unwrap().pem();
        fs::write(directory.path().join("a/b").join(CERTIFICATE_FILE), &old).unwrap();
        let renewed = kept_in("a/b");
        assert!(renewed.pem() != old && renewed.pem() != first.pem());
        assert_eq!(kept_in("a/b").pem(), renewed.pem());
    }

    #[test]
    fn files_that_are_no_certificate_are_an_error_and_stay() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(CERTIFICATE_FILE);
        fs::write(&file, "mine").unwrap();
        fs::write(directory.path().join(KEY_FILE), "mine").unwrap();
        assert!(Certificate::kept_in(directory.path(), &[]).is_err());
        assert_eq!(fs::read_to_string(file).unwrap(), "mine");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        Certificate::kept_in(directory.path(), &[]).unwrap();
        let mode = fs::metadata(directory.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
