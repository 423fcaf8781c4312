//! The choice of how metrics are published.

use super::recorder::Recorder;
/// How an adapter publishes metrics.
///
/// The environment variable `CHANNEL_FLOW_METRICS`, `emf` or `off`, overrides what the code says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metrics {
    /// No metrics. This is the default.
    #[default]
    Off,
    /// A line of CloudWatch's [embedded metric format] on standard output for each event, from which CloudWatch makes
    /// metrics in the namespace `ChannelFlow`. It needs the feature `metrics`: without it, an error in the log says so, and
    /// there are no metrics.
    ///
    /// The line takes the place of the log line that says how the event was settled, and holds the same. It has the
    /// level of `AWS_LAMBDA_LOG_LEVEL`, because Lambda drops lines below that level.
    ///
    /// [embedded metric format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    Emf,
}

impl Metrics {
    /// Reads the value of `CHANNEL_FLOW_METRICS`.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        match value {
            "emf" => Some(Self::Emf),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    /// Returns what publishes the metrics. If the function was built without what it needs, the log says so: messages matter
    /// more than metrics.
    pub(crate) fn recorder(self) -> Recorder {
        match self {
            Self::Off => Recorder::default(),
            #[cfg(feature = "metrics")]
            Self::Emf => Recorder::with_metrics(),
            #[cfg(not(feature = "metrics"))]
            Self::Emf => {
                tracing::error!(
                    "no metrics: the function was built without them; enable the feature `metrics` of channel-flow in its \
                     Cargo.toml, or set CHANNEL_FLOW_METRICS to off"
                );
                Recorder::default()
            }
        }
    }
}
