//! The results of one run, as a row of the table and in JSON.

use std::fmt::Write;
use std::time::Duration;

use quantile::milliseconds;
use serde_json::{Value, json};

use crate::way::Way;

/// One function with a number of environments.
pub(crate) struct Row {
    pub(crate) function: String,
    pub(crate) environments: u16,
    pub(crate) per_second: f64,
    pub(crate) way: Way,
    /// CPU time for each message.
    pub(crate) emulator_cpu: Duration,
    pub(crate) clients_cpu: Duration,
    pub(crate) functions_cpu: Duration,
    /// In bytes.
    pub(crate) resident_before: u64,
    pub(crate) resident_after: u64,
}

/// A table in Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = "| function | environments | messages a second | CPU µs a message: emulator | clients | functions \
        | alone, median ms | p99 ms | of it the emulator, median ms | p99 ms | MB before | MB after |\n\
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for row in rows {
        let Row { function, environments, per_second, way, .. } = row;
        let (emulator, clients) = (microseconds(row.emulator_cpu), microseconds(row.clients_cpu));
        let (functions, before) = (microseconds(row.functions_cpu), megabytes(row.resident_before));
        let after = megabytes(row.resident_after);
        let (alone, alone_p99) = (milliseconds(way.whole(0.5), 2), milliseconds(way.whole(0.99), 2));
        let (added, added_p99) = (milliseconds(way.added(0.5), 2), milliseconds(way.added(0.99), 2));
        let _ = writeln!(
            table,
            "| {function} | {environments} | {per_second:.0} | {emulator:.0} | {clients:.0} | {functions:.0} \
             | {alone} | {alone_p99} | {added} | {added_p99} | {before:.0} | {after:.0} |"
        );
    }
    table
}

impl Row {
    /// For `benches/results`.
    pub(crate) fn to_json(&self) -> Value {
        let Self { function, environments, per_second, way, .. } = self;
        let cpu = [self.emulator_cpu, self.clients_cpu, self.functions_cpu].map(microseconds);
        let milliseconds = |duration: Duration| rounded(duration.as_secs_f64() * 1e3, 3);
        json!({
            "name": format!("{function}, {environments}"),
            "function": function,
            "environments": environments,
            "messages_per_second": per_second.round(),
            "cpu_us_per_message": rounded(cpu[0], 1),
            "clients_cpu_us_per_message": rounded(cpu[1], 1),
            "functions_cpu_us_per_message": rounded(cpu[2], 1),
            "alone_ms": milliseconds(way.whole(0.5)),
            "alone_p99_ms": milliseconds(way.whole(0.99)),
            "emulator_ms": milliseconds(way.added(0.5)),
            "emulator_p99_ms": milliseconds(way.added(0.99)),
            "resident_mb_before": rounded(megabytes(self.resident_before), 1),
            "resident_mb_after": rounded(megabytes(self.resident_after), 1),
        })
    }
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (value * factor).round() / factor
}
