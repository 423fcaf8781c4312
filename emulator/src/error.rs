//! Errors that keep the emulator from starting.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

/// Why the emulator, or a function in it, could not be set up.
///
/// The failure of a message is no such error: [`Delivered`](crate::Delivered) reports it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<io::Error>,
}

/// The subject of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The port could not be opened.
    Listen,
    /// The data file cannot be read, or is another program's.
    Data,
    /// The certificate, or its key, cannot be read, written or used.
    Certificate,
    /// The function's binary is not there or is no executable file.
    Function,
}

impl Error {
    pub(crate) fn listen(source: io::Error) -> Self {
        let message = "cannot open the port".to_owned();
        Self { kind: ErrorKind::Listen, message, source: Some(source) }
    }

    pub(crate) fn data(source: io::Error) -> Self {
        Self { kind: ErrorKind::Data, message: "cannot use the data file".to_owned(), source: Some(source) }
    }

    pub(crate) fn certificate(source: io::Error) -> Self {
        Self { kind: ErrorKind::Certificate, message: "cannot use the certificate".to_owned(), source: Some(source) }
    }

    pub(crate) fn function(path: &Path, problem: &str, source: Option<io::Error>) -> Self {
        let message = format!("cannot run {} as a function: {problem}", path.display());
        Self { kind: ErrorKind::Function, message, source }
    }

    /// Its subject.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
