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
    /// metrics in the namespace `ChannelFlow`.
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

    /// Returns what publishes the metrics.
    pub(crate) fn recorder(self) -> Recorder {
        match self {
            Self::Off => Recorder::default(),
            Self::Emf => Recorder::with_metrics(),
        }
    }
}
