//! The median and percentiles of samples, for all benchmarks.

use std::time::Duration;

/// The smallest sample that at least the share `q` of all samples does not exceed; zero if there are no samples.
pub fn quantile(samples: impl IntoIterator<Item = Duration>, q: f64) -> Duration {
    let mut samples: Vec<_> = samples.into_iter().collect();
    samples.sort_unstable();
    let Some(last) = samples.len().checked_sub(1) else { return Duration::ZERO };
    let rank = (q * samples.len() as f64).ceil() as usize;
    samples[rank.saturating_sub(1).min(last)]
}

/// A duration in milliseconds, as tables show it.
pub fn milliseconds(duration: Duration, decimals: usize) -> String {
    format!("{:.decimals$}", duration.as_secs_f64() * 1e3)
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
        assert_eq!(quantile([], 0.5), Duration::ZERO);
    }
}
