//! What Lambda charges.

use std::time::Duration;

/// A number that is not measured, and where it comes from.
pub(crate) struct Assumption {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) source: &'static str,
    /// When the source was read.
    pub(crate) date: &'static str,
}

const USD_PER_GB_SECOND: f64 = 0.0000166667;
const USD_PER_MILLION_REQUESTS: f64 = 0.20;

const PRICES: &str = "AWS Lambda pricing, us-east-1, x86_64, first tier, without the free tier";
const PRICES_DATE: &str = "2026-12";

/// Everything that times with little memory and their costs rest on.
pub(crate) const ASSUMPTIONS: [Assumption; 6] = [
    Assumption { name: "usd_per_gb_second", value: USD_PER_GB_SECOND, unit: "USD", source: PRICES, date: PRICES_DATE },
    Assumption {
        name: "usd_per_million_requests",
        value: USD_PER_MILLION_REQUESTS,
        unit: "USD",
        source: PRICES,
        date: PRICES_DATE,
    },
    Assumption {
        name: "mb_of_a_core",
        value: 1_769.0,
        unit: "MB",
        source: "AWS Lambda Developer Guide, \"Configure Lambda function memory\"; the share below is proportional",
        date: PRICES_DATE,
    },
    Assumption {
        name: "billed_step_ms",
        value: 1.0,
        unit: "ms",
        source: "AWS Lambda pricing: initialization and duration, rounded up",
        date: PRICES_DATE,
    },
    Assumption {
        name: "quota_period_ms",
        value: 20.0,
        unit: "ms",
        source: "not documented by AWS; observed from inside functions by others",
        date: PRICES_DATE,
    },
    Assumption {
        name: "init_limited",
        value: 0.0,
        unit: "0 or 1",
        source: "not documented by AWS; before its first poll, a function has had a whole core in measurements by others",
        date: PRICES_DATE,
    },
];

/// What a million messages cost, each in an invocation that is billed for this long, in USD.
pub(crate) fn million_usd(billed_each: Duration, megabytes: u32) -> f64 {
    USD_PER_MILLION_REQUESTS + 1e6 * billed_each.as_secs_f64() * f64::from(megabytes) / 1_024.0 * USD_PER_GB_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_messages_cost_requests_and_gb_seconds() {
        // 8 million milliseconds of a gigabyte are 8,000 GB-seconds.
        let cost = million_usd(Duration::from_millis(8), 1_024);
        assert!((cost - (0.20 + 8_000.0 * USD_PER_GB_SECOND)).abs() < 1e-9, "{cost}");
        assert!(million_usd(Duration::from_millis(8), 128) < cost);
    }
}
