//! What is measured of a peer.

use std::time::Duration;

use quantile::quantile;

/// All samples of one peer.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) http: Samples,
    pub(crate) https: Samples,
}

/// Over one transport of the callback.
#[derive(Default)]
pub(crate) struct Samples {
    pub(crate) cold: Vec<Cold>,
    pub(crate) warm: Warm,
}

/// One cold start.
pub(crate) struct Cold {
    /// From the start of the process until it asks for its first event. Lambda lends a whole core for this part.
    pub(crate) first_poll: Duration,
    /// From the start of the process until its first callback has arrived.
    pub(crate) callback: Duration,
    /// CPU time of the process by then.
    pub(crate) cpu: Duration,
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

impl Samples {
    pub(crate) fn cold_median(&self, of: impl Fn(&Cold) -> Duration) -> Duration {
        quantile(self.cold.iter().map(of), 0.5)
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
