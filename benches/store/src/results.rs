//! The figures as a table in Markdown, and as JSON.

use std::time::SystemTime;

use channel_flow_dynamodb::aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use quantile::{milliseconds, quantile};
use serde_json::{Value, json};

use crate::Row;

/// The figures of a row: requests, median, 99th percentile and CPU time in milliseconds.
fn figures(Row { requests, times, cpu, .. }: &Row) -> [String; 4] {
    let messages = times.len() as f64;
    let [median, p99] = [0.5, 0.99].map(|q| milliseconds(quantile(times.iter().copied(), q), 2));
    let requests = f64::from(*requests) / messages;
    [format!("{requests:.2}"), median, p99, milliseconds(cpu.div_f64(messages), 2)]
}

pub(crate) fn table(rows: &[Row]) -> String {
    let mut table =
        "| a message | requests | median ms | p99 | CPU ms |\n| --- | ---: | ---: | ---: | ---: |\n".to_owned();
    for row in rows {
        table += &format!("| {} | {} |\n", row.name, figures(row).join(" | "));
    }
    table
}

/// The same figures as the table, with what else is to be known about them.
pub(crate) fn json(rows: &[Row]) -> String {
    let rows = rows.iter().map(|row| {
        let [requests, median, p99, cpu] = figures(row).map(|figure| figure.parse::<f64>().expect("it is a number"));
        json!({ "name": row.name, "requests": requests, "median_ms": median, "p99_ms": p99, "cpu_ms": cpu })
    });
    let command: Vec<_> = std::env::args().skip(1).collect();
    let results = json!({
        "command": format!("cargo run --release -p store -- {}", command.join(" ")),
        "date": DateTime::from(SystemTime::now()).fmt(DateTimeFormat::DateTime).expect("the year has four digits"),
        "machine": machine(),
        "rows": rows.collect::<Value>(),
    });
    format!("{results:#}\n")
}

fn machine() -> Value {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu =
        cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("unknown", |cpu| cpu.1);
    json!({ "cpu": cpu, "cores": std::thread::available_parallelism().map_or(0, |cores| cores.get()) })
}
