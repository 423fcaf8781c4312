//! The way of one message, from the client to the moment at which everyone sees it.

use std::time::{Duration, Instant, SystemTime};

use channel_flow_emulator::{Activity, ActivityKind, MessageStatus};
use quantile::quantile;

use crate::Error;

/// Samples of messages that were sent one after the other.
#[derive(Default)]
pub(crate) struct Way {
    whole: Vec<Duration>,
    added: Vec<Duration>,
}

/// What is known of one message.
#[derive(Default)]
pub(crate) struct One {
    /// From the client's request to `SENT`.
    whole: Option<Duration>,
    called_back: Option<SystemTime>,
    handed_out: Option<SystemTime>,
}

impl One {
    pub(crate) fn note(&mut self, activity: &Activity, sent: Instant) -> Result<(), Error> {
        match &activity.kind {
            ActivityKind::Callback(record) => self.called_back = Some(record.received_at()),
            ActivityKind::Settled { status: MessageStatus::Sent, .. } => self.whole = Some(sent.elapsed()),
            ActivityKind::Attempted { success: true, milliseconds, .. } => {
                self.handed_out = activity.at.checked_sub(Duration::from_secs_f64(milliseconds / 1e3));
            }
            ActivityKind::Settled { status, .. } => return Err(format!("a message ended as {status:?}").into()),
            ActivityKind::Attempted { outcome, .. } => return Err(format!("the function failed: {outcome}").into()),
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.whole.is_some() && self.called_back.is_some() && self.handed_out.is_some()
    }
}

impl Way {
    pub(crate) fn add(&mut self, one: &One) {
        let One { whole: Some(whole), called_back: Some(called_back), handed_out: Some(handed_out) } = *one else {
            return;
        };
        // From the event's being handed out to the callback's arrival it is the function's own time.
        let functions_own = called_back.duration_since(handed_out).unwrap_or_default();
        self.whole.push(whole);
        self.added.push(whole.saturating_sub(functions_own));
    }

    pub(crate) fn whole(&self, q: f64) -> Duration {
        quantile(self.whole.iter().copied(), q)
    }

    pub(crate) fn added(&self, q: f64) -> Duration {
        quantile(self.added.iter().copied(), q)
    }
}
