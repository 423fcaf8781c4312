//! The certificate authorities that the TLS connections trust.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::Error;

/// The roots of [Amazon Trust Services](https://www.amazontrust.com/repository/), which sign the certificates of AWS's
/// endpoints. Reading a system's hundred or more roots instead costs 2 to 4 ms of CPU at each cold start. The form is
/// binary: decoding the text form of these five takes longer than all the rest of the TLS configuration.
const AMAZON_ROOTS: [&[u8]; 5] = [
    include_bytes!("trust_store/amazon-root-ca-1.der"),
    include_bytes!("trust_store/amazon-root-ca-2.der"),
    include_bytes!("trust_store/amazon-root-ca-3.der"),
    include_bytes!("trust_store/amazon-root-ca-4.der"),
    include_bytes!("trust_store/starfield-services-root-ca-g2.der"),
];

/// Variables that name a file of roots to trust instead. The first one that is set counts: the variable of AWS's tools,
/// then the variable that most tools use.
const BUNDLE_VARIABLES: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];

const END_OF_CERTIFICATE: &str = "-----END CERTIFICATE-----";

/// Returns the roots that the environment names, or Amazon's roots if it names none.
pub(super) fn trust_store(var: impl Fn(&str) -> Option<String>) -> Result<RootCertStore, Error> {
    for variable in BUNDLE_VARIABLES {
        if let Some(path) = var(variable) {
            return read_bundle(variable, &PathBuf::from(path));
        }
    }
    let mut roots = RootCertStore::empty();
    for der in AMAZON_ROOTS {
        roots.add(CertificateDer::from_slice(der)).expect("a test reads each of them");
    }
    Ok(roots)
}

/// Reads the certificates in a file that can be roots. A system's bundle may contain some that cannot.
fn read_bundle(variable: &str, path: &Path) -> Result<RootCertStore, Error> {
    let path_shown = path.display();
    let pem = std::fs::read_to_string(path).map_err(|error| {
        Error::configuration(format!(
            "cannot read {path_shown}, which {variable} names: mend the file or unset the variable"
        ))
        .caused_by(error)
    })?;
    let roots = roots_in(&pem);
    if roots.is_empty() {
        let problem =
            format!("no certificate in {path_shown}, which {variable} names: it takes PEM, one CERTIFICATE or more");
        return Err(Error::configuration(problem));
    }
    Ok(roots)
}

fn roots_in(pem: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let certificates = pem
        .split_inclusive(END_OF_CERTIFICATE)
        .filter_map(|block| CertificateDer::from_pem_slice(block.as_bytes()).ok());
    roots.add_parsable_certificates(certificates);
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_roots_are_those_that_browsers_trust() {
        let known: Vec<_> = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().collect();
        for root in AMAZON_ROOTS.map(CertificateDer::from_slice) {
            assert!(known.contains(&&root), "a root that Mozilla's list does not have");
        }
        assert_eq!(trust_store(|_| None).unwrap().len(), 5);
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
        let authority = rcgen::generate_simple_self_signed(["authority.example".to_owned()]).unwrap();
        let root = authority.cert.pem();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(roots_in(broken).len(), 0);
        assert_eq!(roots_in(&format!("{broken}# a comment\n{root}{broken}{root}")).len(), 2);
    }
}
