//! The figures of all runs, their ratios, and the JSON from which a script makes tables.

use std::collections::BTreeMap;
use std::time::Duration;

use quantile::quantile;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::figures::{Cold, Figures, Samples, Small, billed};
use crate::machine;
use crate::measure::Plan;
use crate::peer::Peer;
use crate::price::{ASSUMPTIONS, million_usd};
use crate::quota::Quotas;

/// The functions that others are compared with.
pub(crate) const BASES: [&str; 2] = ["sdk-ring", "hand-trimmed"];

/// A function's figures by their path in the JSON, such as `cold.https.callback_ms`.
pub(crate) type Row = BTreeMap<String, f64>;

/// What is known of a function.
pub(crate) struct Function {
    pub(crate) name: String,
    /// The medians of the runs.
    pub(crate) figures: Row,
    /// By the name of the function that is compared with, then as `figures`.
    pub(crate) ratios: BTreeMap<&'static str, BTreeMap<String, Spread>>,
}

/// The ratios of several runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// The figures of one run.
pub(crate) fn row(peer: &Peer, figures: &Figures) -> Row {
    let mut row = Row::new();
    for (transport, samples) in [("https", &figures.https), ("http", &figures.http)] {
        let mut put = |name: &str, value: f64| row.insert(name.replace('*', transport), value);
        let cold = |of: fn(&Cold) -> Duration| ms(samples.cold_median(of));
        put("cold.*.callback_ms", cold(|cold| cold.callback));
        put("cold.*.first_poll_ms", cold(|cold| cold.first_poll));
        put("cold.*.cpu_ms", cold(|cold| cold.cpu));
        put("cold.*.cpu_after_first_poll_ms", cold(|cold| cold.cpu_after_first_poll));
        put("cold.*.page_faults", samples.page_faults() as f64);
        let Samples { warm, .. } = samples;
        put("warm.*.median_ms", ms(warm.response(0.5)));
        put("warm.*.p99_ms", ms(warm.response(0.99)));
        put("warm.*.cpu_ms", ms(warm.cpu_each()));
        put("warm.*.per_second", warm.per_second());
        put("warm.*.resident_mib", warm.resident as f64 / f64::from(1 << 20));
    }
    row.insert("resident_mib".to_owned(), row["warm.https.resident_mib"]);
    let deployed = [("binary_bytes", peer.size), ("zip_bytes", peer.zip), ("crates", peer.crates)];
    row.extend(deployed.into_iter().filter_map(|(name, of)| Some((name.to_owned(), of? as f64))));
    for (&megabytes, small) in &figures.memory {
        memory(&mut row, megabytes, small);
    }
    row
}

fn memory(row: &mut Row, megabytes: u32, small: &Small) {
    let mut put = |name: &str, value: f64| row.insert(format!("memory.{megabytes}.{name}"), value);
    put("cold.callback_ms", ms(quantile(small.cold.iter().map(|cold| cold.callback), 0.5)));
    put("cold.billed_ms", ms(quantile(small.cold.iter().map(|cold| cold.billed), 0.5)));
    for (name, responses) in [("warm", &small.alone), ("busy", &small.busy)] {
        let billed_each =
            responses.iter().map(|&response| billed(response)).sum::<Duration>().div_f64(responses.len() as f64);
        put(&format!("{name}.median_ms"), ms(quantile(responses.iter().copied(), 0.5)));
        put(&format!("{name}.p99_ms"), ms(quantile(responses.iter().copied(), 0.99)));
        put(&format!("{name}.billed_ms"), ms(billed_each));
        put(&format!("{name}.million_usd"), million_usd(billed_each, megabytes));
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Puts the runs together. Each run has a row for each name, in their order.
pub(crate) fn functions(names: &[String], runs: &[Vec<Row>]) -> Vec<Function> {
    let of = |index: usize| runs.iter().map(move |run| &run[index]);
    let bases: Vec<_> =
        BASES.iter().filter_map(|&base| Some((base, names.iter().position(|name| name == base)?))).collect();
    let function = |(index, name): (usize, &String)| Function {
        name: name.clone(),
        figures: keys(of(index)).map(|key| (key.clone(), spread(of(index).map(|row| row[key])).median)).collect(),
        ratios: bases
            .iter()
            .filter(|(_, base)| *base != index)
            .map(|&(base, at)| (base, ratios(of(index).zip(of(at)).collect())))
            .collect(),
    };
    names.iter().enumerate().map(function).collect()
}

fn keys<'a>(mut rows: impl Iterator<Item = &'a Row>) -> impl Iterator<Item = &'a String> {
    rows.next().into_iter().flat_map(Row::keys)
}

fn ratios(pairs: Vec<(&Row, &Row)>) -> BTreeMap<String, Spread> {
    let ratio = |key: &String| {
        let of_runs = pairs.iter().map(|(row, base)| Some(row.get(key)? / base.get(key).filter(|of| **of > 0.0)?));
        Some((key.clone(), spread(of_runs.collect::<Option<Vec<_>>>()?)))
    };
    keys(pairs.iter().map(|(row, _)| *row)).filter(|key| pairs[0].0[*key] > 0.0).filter_map(ratio).collect()
}

/// The median is the mean of the two in the middle if their number is even.
fn spread(values: impl IntoIterator<Item = f64>) -> Spread {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len() - 1;
    Spread { median: f64::midpoint(values[last / 2], values[last.div_ceil(2)]), min: values[0], max: values[last] }
}

/// The results in the form that `README.md` documents.
pub(crate) fn json(functions: &[Function], plan: &Plan, quotas: Option<&Quotas>) -> Result<Value, Error> {
    let now = time::UtcDateTime::now().replace_nanosecond(0)?;
    let mut results = json!({
        "form": 1,
        "command": machine::command(),
        "date": now.format(&time::format_description::well_known::Rfc3339)?,
        "machine": machine::facts()?,
        "samples": {
            "runs": plan.runs,
            "cold_starts": plan.cold_starts,
            "invocations_http": plan.invocations,
            "invocations_https": plan.invocations / 2,
        },
        "timeout_seconds": plan.timeout.as_secs(),
        "functions": functions.iter().map(function).collect::<Vec<_>>(),
    });
    merge(&mut results, machine::commit());
    if let Some(quotas) = quotas {
        let shares = plan.memory.iter().map(|&mb| (mb.to_string(), share(mb)));
        let period = Quotas::period().as_micros() as u64;
        let version = quotas.version();
        let assumptions = ASSUMPTIONS.iter().map(
            |of| json!({ "name": of.name, "value": of.value, "unit": of.unit, "source": of.source, "date": of.date }),
        );
        merge(
            &mut results,
            json!({
                "quota": { "version": version, "period_us": period, "us_at_mb": shares.collect::<Map<_, _>>() },
                "assumptions": assumptions.collect::<Vec<_>>(),
            }),
        );
    }
    Ok(results)
}

fn share(megabytes: u32) -> Value {
    (Quotas::share(megabytes).as_micros() as u64).into()
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn function(function: &Function) -> Value {
    let mut tree = Map::new();
    tree.insert("name".to_owned(), function.name.clone().into());
    for (path, &figure) in &function.figures {
        put(&mut tree, path, number(figure));
    }
    for (base, ratios) in &function.ratios {
        for (path, ratio) in ratios {
            let ratio = json!({ "median": number(ratio.median), "min": number(ratio.min), "max": number(ratio.max) });
            put(&mut tree, &format!("ratio.{base}.{path}"), ratio);
        }
    }
    tree.into()
}

fn put(tree: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            tree.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            if let Value::Object(branch) = tree.entry(first).or_insert_with(|| Map::new().into()) {
                put(branch, rest, value);
            }
        }
    }
}

/// Whole if it is, and otherwise no more precise than it can be.
fn number(value: f64) -> Value {
    match (value * 1e4).round() / 1e4 {
        whole if whole.fract() == 0.0 && whole.abs() < 1e15 => (whole as i64).into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<const N: usize>(figures: [f64; N]) -> Vec<Row> {
        figures.map(|figure| Row::from([("cold.https.cpu_ms".to_owned(), figure)])).into()
    }

    #[test]
    fn ratios_are_taken_within_a_run() {
        let names = ["sdk-ring", "ours"].map(str::to_owned);
        let functions = functions(&names, &[rows([2.0, 4.0]), rows([8.0, 8.0]), rows([1.0, 3.0])]);
        assert_eq!(functions[1].figures["cold.https.cpu_ms"], 4.0);
        let expected = Spread { median: 2.0, min: 1.0, max: 3.0 };
        assert_eq!(functions[1].ratios["sdk-ring"]["cold.https.cpu_ms"], expected);
        assert!(functions[0].ratios.is_empty());
    }

    #[test]
    fn nothing_is_compared_with_what_was_not_measured() {
        let names = ["sdk-ring", "ours"].map(str::to_owned);
        let functions = functions(&names, &[vec![Row::new(), rows([1.0]).remove(0)]]);
        assert!(functions[1].ratios["sdk-ring"].is_empty());
    }

    #[test]
    fn paths_become_a_tree() {
        let names = ["sdk-ring", "ours"].map(str::to_owned);
        let ours = &functions(&names, &[rows([2.0, 3.00006])])[1];
        let ratio = json!({ "median": 1.5, "min": 1.5, "max": 1.5 });
        let expected = json!({
            "name": "ours",
            "cold": { "https": { "cpu_ms": 3.0001 } },
            "ratio": { "sdk-ring": { "cold": { "https": { "cpu_ms": ratio } } } },
        });
        assert_eq!(function(ours), expected);
    }
}
