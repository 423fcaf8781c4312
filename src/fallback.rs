//! What becomes of a message that its processor could not decide on.

use crate::Decision;

/// What becomes of a message whose processor errs, panics or runs out of time.
///
/// These are the names of the channel flow's own setting, and they mean the same here. The flow's setting covers a
/// function that cannot be *reached*; this one covers a function that was reached and failed, which the service does
/// not notice. Give both the same value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FallbackAction {
    /// `ABORT`: the message is denied. What could not be checked is not released. This is the default.
    #[default]
    Abort,
    /// `CONTINUE`: the message goes out as it is.
    Continue,
}

impl FallbackAction {
    /// How the service spells it: `ABORT` or `CONTINUE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "ABORT",
            Self::Continue => "CONTINUE",
        }
    }

    pub(crate) fn decision(self) -> Decision {
        match self {
            Self::Abort => Decision::Deny,
            Self::Continue => Decision::NoChange,
        }
    }
}
