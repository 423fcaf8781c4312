//! What is measured of a peer, and how samples become figures.

use std::time::Duration;

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

/// The sample below which, or at which, the share `q` of all lies.
fn quantile(samples: impl Iterator<Item = Duration>, q: f64) -> Duration {
    let mut samples: Vec<_> = samples.collect();
    samples.sort_unstable();
    let rank = (q * samples.len() as f64).ceil() as usize;
    samples[rank.clamp(1, samples.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let samples = || (1..=200).rev().map(Duration::from_millis);
        assert_eq!(quantile(samples(), 0.5), Duration::from_millis(100));
        assert_eq!(quantile(samples(), 0.99), Duration::from_millis(198));
        assert_eq!(quantile(samples(), 1.0), Duration::from_millis(200));
        assert_eq!(quantile(samples().take(1), 0.5), Duration::from_millis(200));
    }
}
