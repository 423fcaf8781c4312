//! How long the function takes, from results of the benchmark or from arguments.

use serde_json::Value;

use crate::assumptions::{MEMORY_OF_A_CORE, MILLISECOND, Micros};

/// On a whole core, in milliseconds.
pub(crate) struct Times {
    pub(crate) cold_ms: f64,
    pub(crate) warm_ms: f64,
    pub(crate) measured: Option<Value>,
}

impl Times {
    /// Takes the figures of the profanity filter from results.
    pub(crate) fn from_results(results: &Value) -> Option<Self> {
        let functions = results["functions"].as_array()?;
        let function = functions.iter().find(|function| function["name"] == "profanity-filter")?;
        let figure = |way: &str, name: &str| {
            let of = &function[way];
            of["https"][name].as_f64().or_else(|| of["http"][name].as_f64())
        };
        let cold_ms = figure("cold", "callback_ms")?;
        let warm_ms = figure("warm", "median_ms")?;
        Some(Self { cold_ms, warm_ms, measured: function.get("memory").cloned() })
    }

    /// A cold start and a warm invocation with this much memory: measured under a CPU quota if there is such a figure, or
    /// else stretched by the share of a core.
    pub(crate) fn with_memory(&self, mb: u32) -> (Micros, Micros) {
        let share = (f64::from(mb) / MEMORY_OF_A_CORE).min(1.0);
        let measured = self.measured.as_ref().map(|memory| &memory[mb.to_string()]);
        let figure = |way: &str, name: &str| measured.and_then(|memory| memory[way][name].as_f64());
        let cold = figure("cold", "callback_ms").unwrap_or(self.cold_ms / share);
        let warm = figure("warm", "median_ms").unwrap_or(self.warm_ms / share);
        let micros = |ms: f64| (ms * MILLISECOND as f64) as Micros;
        (micros(cold), micros(warm))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_come_from_results_or_are_stretched() {
        let memory = json!({ "512": { "cold": { "callback_ms": 9.0 }, "warm": { "median_ms": 0.5 } } });
        let function = json!({
            "name": "profanity-filter",
            "cold": { "https": { "callback_ms": 4.0 } },
            "warm": { "http": { "median_ms": 0.2 } },
            "memory": memory,
        });
        let times = Times::from_results(&json!({ "functions": [function] })).unwrap();
        assert_eq!(times.with_memory(512), (9_000, 500));
        assert_eq!(times.with_memory(1_769), (4_000, 200));
        assert_eq!(times.with_memory(3_538), (4_000, 200));
        assert!(times.with_memory(128).0 > 55_000);
        assert!(Times::from_results(&json!({ "functions": [] })).is_none());
    }
}
