//! What is measured of a peer.

use std::collections::BTreeMap;
use std::time::Duration;

use quantile::quantile;

/// All samples of one peer.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) http: Samples,
    pub(crate) https: Samples,
    /// Over HTTPS with the share of a core that comes with memory, by megabytes.
    pub(crate) memory: BTreeMap<u32, Small>,
}

/// Over one transport of the callback.
#[derive(Default)]
pub(crate) struct Samples {
    pub(crate) cold: Vec<Cold>,
    pub(crate) warm: Warm,
}

/// One cold start.
pub(crate) struct Cold {
    /// From the start of the process until it asks for its first event. Lambda does not limit the CPU in this part.
    pub(crate) first_poll: Duration,
    /// From the start of the process until its first callback has arrived, without the time that the harness took between
    /// the first poll and handing out the event: to put a process into a control group takes milliseconds.
    pub(crate) callback: Duration,
    /// CPU time of the process by then.
    pub(crate) cpu: Duration,
    /// The part of it after the first poll.
    pub(crate) cpu_after_first_poll: Duration,
    /// Until the response, without those for which a file was read.
    pub(crate) page_faults: u64,
    /// What Lambda bills: until the first poll, and from the event's being handed out until the response; rounded up.
    pub(crate) billed: Duration,
}

/// Invocations one after the other.
#[derive(Default)]
pub(crate) struct Warm {
    /// From the event's being handed out to the response's arrival.
    pub(crate) responses: Vec<Duration>,
    /// The time that all of them took, asking for the next event included.
    pub(crate) wall: Duration,
    /// CPU time of the process for all of them.
    pub(crate) cpu: Duration,
    /// Resident memory after the last, in bytes.
    pub(crate) resident: u64,
}

/// A function with little memory.
#[derive(Default)]
pub(crate) struct Small {
    pub(crate) cold: Vec<Cold>,
    /// From the event's being handed out to the response's arrival; the event comes when the function has rested.
    pub(crate) alone: Vec<Duration>,
    /// The same, with the events one directly after the other.
    pub(crate) busy: Vec<Duration>,
}

/// A duration as Lambda bills it: rounded up to a millisecond.
pub(crate) fn billed(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

impl Samples {
    pub(crate) fn cold_median(&self, of: impl Fn(&Cold) -> Duration) -> Duration {
        quantile(self.cold.iter().map(of), 0.5)
    }

    pub(crate) fn page_faults(&self) -> u64 {
        let mut page_faults: Vec<_> = self.cold.iter().map(|cold| cold.page_faults).collect();
        page_faults.sort_unstable();
        page_faults.get(page_faults.len().saturating_sub(1) / 2).copied().unwrap_or_default()
    }
}

impl Warm {
    pub(crate) fn response(&self, q: f64) -> Duration {
        quantile(self.responses.iter().copied(), q)
    }

    pub(crate) fn cpu_each(&self) -> Duration {
        self.cpu.div_f64(self.responses.len() as f64)
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.responses.len() as f64 / self.wall.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_begun_millisecond_is_billed() {
        assert_eq!(billed(Duration::from_micros(1)), Duration::from_millis(1));
        assert_eq!(billed(Duration::from_millis(2)), Duration::from_millis(2));
        assert_eq!(billed(Duration::from_nanos(2_000_001)), Duration::from_millis(3));
    }
}
