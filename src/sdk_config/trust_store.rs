//! The certificate authorities that the TLS connections trust.

use std::path::{Path, PathBuf};

use aws_smithy_http_client::tls::TrustStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use webpki::anchor_from_trusted_cert;

use crate::Error;

/// The roots of [Amazon Trust Services](https://www.amazontrust.com/repository/), which sign the certificates of AWS's
/// endpoints: Amazon Root CA 1 to 4 and Starfield Services Root Certificate Authority - G2. Reading a system's hundred
/// or more roots instead costs 2 to 4 ms of CPU at each cold start.
const AMAZON_ROOTS: &str = include_str!("trust_store/amazon.pem");

/// Variables that name a file of roots to trust instead. The first one that is set counts: the variable of AWS's tools,
/// then the variable that most tools use.
const BUNDLE_VARIABLES: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];

const END_OF_CERTIFICATE: &str = "-----END CERTIFICATE-----";

/// Returns the roots that the environment names, or Amazon's roots if it names none.
pub(crate) fn trust_store(var: impl Fn(&str) -> Option<String>) -> Result<TrustStore, Error> {
    for variable in BUNDLE_VARIABLES {
        if let Some(path) = var(variable) {
            return read_bundle(variable, &PathBuf::from(path));
        }
    }
    Ok(TrustStore::empty().with_pem_certificate(AMAZON_ROOTS))
}

/// Reads the certificates in a file that can be roots. The TLS client panics on a certificate that cannot, and a
/// system's bundle may contain some of those.
fn read_bundle(variable: &str, path: &Path) -> Result<TrustStore, Error> {
    let path_shown = path.display();
    let pem = std::fs::read_to_string(path).map_err(|error| {
        Error::configuration(format!(
            "cannot read {path_shown}, which {variable} names: mend the file or unset the variable"
        ))
        .caused_by(error)
    })?;
    let usable: String = pem.split_inclusive(END_OF_CERTIFICATE).filter(|block| is_root(block)).collect();
    if usable.is_empty() {
        let problem =
            format!("no certificate in {path_shown}, which {variable} names: it takes PEM, one CERTIFICATE or more");
        return Err(Error::configuration(problem));
    }
    Ok(TrustStore::empty().with_pem_certificate(usable))
}

fn is_root(block: &str) -> bool {
    CertificateDer::from_pem_slice(block.as_bytes()).is_ok_and(|der| anchor_from_trusted_cert(&der).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_roots_are_those_that_browsers_trust() {
        let known: Vec<_> = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().collect();
        let roots: Vec<_> = CertificateDer::pem_slice_iter(AMAZON_ROOTS.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(roots.len(), 5);
        for root in &roots {
            assert!(known.contains(&root), "a root that Mozilla's list does not have");
            assert!(anchor_from_trusted_cert(root).is_ok());
        }
    }

    #[test]
    fn a_bundle_must_be_there_and_hold_a_certificate() {
        let directory = std::env::temp_dir();
        let missing = read_bundle("SSL_CERT_FILE", &directory.join("no-such-bundle.pem")).unwrap_err();
        assert!(missing.to_string().contains("which SSL_CERT_FILE names"), "{missing}");
        let empty = read_bundle("AWS_CA_BUNDLE", Path::new("/dev/null")).unwrap_err();
        assert!(empty.to_string().starts_with("no certificate in /dev/null"), "{empty}");
    }

    #[test]
    fn certificates_that_cannot_be_roots_are_left_out() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(!is_root(broken));
        let first = AMAZON_ROOTS.split_inclusive(END_OF_CERTIFICATE).next().unwrap();
        assert!(is_root(first));
    }
}
