//! Who decides, with the cause if it is a fallback action.

use super::DecidedBy;
use super::fallback::{Fallback, FallbackCause};

/// Who decides, with the cause if it is a fallback action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Processor,
    FallbackAction(Fallback),
    Rescue,
    Caller,
    Reviewer,
}

impl By {
    /// Returns the fallback action, which decides for this cause.
    pub(crate) fn fallback_for(cause: FallbackCause) -> Self {
        Self::FallbackAction(cause.into())
    }

    pub(crate) fn decided_by(&self) -> DecidedBy {
        match self {
            Self::Processor => DecidedBy::Processor,
            Self::FallbackAction(_) => DecidedBy::FallbackAction,
            Self::Rescue => DecidedBy::Rescue,
            Self::Caller => DecidedBy::Caller,
            Self::Reviewer => DecidedBy::Reviewer,
        }
    }

    pub(crate) fn fallback(&self) -> Option<Fallback> {
        match self {
            Self::FallbackAction(fallback) => Some(fallback.clone()),
            Self::Rescue => Some(FallbackCause::FailedBefore.into()),
            Self::Processor | Self::Caller | Self::Reviewer => None,
        }
    }
}
