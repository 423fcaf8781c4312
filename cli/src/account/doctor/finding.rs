//! The findings of checks.

use serde::Serialize;

/// One finding of a check. Names of checks are stable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) check: &'static str,
    pub(crate) severity: Severity,
    /// An ARN.
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) remedy: Option<String>,
}

/// The severity, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Messages are not processed, or not decided.
    Error,
    /// They may not be, or something should be changed.
    Warning,
    /// It could not be checked.
    Unknown,
    /// It works, and could be better.
    Hint,
    Ok,
}

/// The outcome of one check, about its subject unless it names another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) severity: Severity,
    pub(super) subject: Option<String>,
    pub(super) text: String,
    pub(super) remedy: Option<String>,
}

impl Outcome {
    pub(super) fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self { severity, subject: None, text: text.into(), remedy: None }
    }

    pub(super) fn error(text: impl Into<String>) -> Self {
        Self::new(Severity::Error, text)
    }

    pub(super) fn warning(text: impl Into<String>) -> Self {
        Self::new(Severity::Warning, text)
    }

    pub(super) fn hint(text: impl Into<String>) -> Self {
        Self::new(Severity::Hint, text)
    }

    pub(super) fn ok(text: impl Into<String>) -> Self {
        Self::new(Severity::Ok, text)
    }

    pub(super) fn unknown(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Severity::Unknown, text).remedy(remedy)
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(super) fn about(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }
}
