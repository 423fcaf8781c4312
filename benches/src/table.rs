//! The figures as tables in Markdown.

use crate::results::{BASES, Function, Spread};

/// A column: its head, the path of its figure, and how many decimals it has.
type Column = (&'static str, &'static str, usize);

const COLD: [Column; 9] = [
    ("HTTPS, ms", "cold.https.callback_ms", 1),
    ("until first poll", "cold.https.first_poll_ms", 1),
    ("CPU ms", "cold.https.cpu_ms", 1),
    ("CPU ms after first poll", "cold.https.cpu_after_first_poll_ms", 2),
    ("page faults", "cold.https.page_faults", 0),
    ("HTTP, ms", "cold.http.callback_ms", 1),
    ("until first poll", "cold.http.first_poll_ms", 1),
    ("CPU ms", "cold.http.cpu_ms", 1),
    ("CPU ms after first poll", "cold.http.cpu_after_first_poll_ms", 2),
];

const WARM: [Column; 7] = [
    ("HTTPS, median ms", "warm.https.median_ms", 2),
    ("p99", "warm.https.p99_ms", 2),
    ("CPU ms", "warm.https.cpu_ms", 2),
    ("HTTP, median ms", "warm.http.median_ms", 2),
    ("p99", "warm.http.p99_ms", 2),
    ("CPU ms", "warm.http.cpu_ms", 2),
    ("invocations a second", "warm.http.per_second", 0),
];

const DEPLOYED: [(&str, &str, f64, usize); 5] = [
    ("resident MiB, HTTPS", "warm.https.resident_mib", 1.0, 1),
    ("HTTP", "warm.http.resident_mib", 1.0, 1),
    ("binary MB", "binary_bytes", 1e6, 2),
    ("zip MB", "zip_bytes", 1e6, 2),
    ("crates", "crates", 1.0, 0),
];

const RATIOS: [(&str, &str); 10] = [
    ("cold HTTPS", "cold.https.callback_ms"),
    ("CPU", "cold.https.cpu_ms"),
    ("CPU after first poll", "cold.https.cpu_after_first_poll_ms"),
    ("page faults", "cold.https.page_faults"),
    ("warm HTTPS", "warm.https.median_ms"),
    ("CPU", "warm.https.cpu_ms"),
    ("warm HTTP", "warm.http.median_ms"),
    ("CPU", "warm.http.cpu_ms"),
    ("resident", "resident_mib"),
    ("zip", "zip_bytes"),
];

const MEMORY: [Column; 10] = [
    ("cold, ms", "cold.callback_ms", 1),
    ("billed ms", "cold.billed_ms", 0),
    ("warm, median ms", "warm.median_ms", 2),
    ("p99", "warm.p99_ms", 2),
    ("billed ms", "warm.billed_ms", 2),
    ("USD a million", "warm.million_usd", 2),
    ("busy, median ms", "busy.median_ms", 2),
    ("p99", "busy.p99_ms", 2),
    ("billed ms", "busy.billed_ms", 2),
    ("USD a million", "busy.million_usd", 2),
];

/// Cold starts, warm invocations, what is deployed, ratios, and small functions; a row for each function.
pub(crate) fn tables(functions: &[Function], memory: &[u32]) -> String {
    let mut tables = vec![
        plain("cold start", &COLD, "", functions),
        plain("warm invocation", &WARM, "", functions),
        table("what is deployed", DEPLOYED.map(|(head, ..)| head), functions.iter(), |function| {
            DEPLOYED
                .map(|(_, path, unit, decimals)| shown(function.figures.get(path).map(|of| of / unit), decimals))
                .to_vec()
        }),
    ];
    for base in BASES {
        let compared = functions.iter().filter(|function| function.ratios.contains_key(base));
        if compared.clone().next().is_some() {
            tables.push(table(&format!("ratio to {base}"), RATIOS.map(|(head, _)| head), compared, |function| {
                RATIOS.map(|(_, path)| ratio(function.ratios[base].get(path))).to_vec()
            }));
        }
    }
    for megabytes in memory {
        tables.push(plain(&format!("{megabytes} MB"), &MEMORY, &format!("memory.{megabytes}."), functions));
    }
    tables.join("\n")
}

fn plain(name: &str, columns: &[Column], prefix: &str, functions: &[Function]) -> String {
    table(name, columns.iter().map(|(head, ..)| *head), functions.iter(), |function| {
        let cell =
            |&(_, path, decimals): &Column| shown(function.figures.get(&format!("{prefix}{path}")).copied(), decimals);
        columns.iter().map(cell).collect()
    })
}

fn table<'a>(
    name: &str,
    heads: impl IntoIterator<Item = &'static str>,
    functions: impl Iterator<Item = &'a Function>,
    cells: impl Fn(&Function) -> Vec<String>,
) -> String {
    let heads: Vec<_> = heads.into_iter().map(str::to_owned).collect();
    let ruler = "| --- ".to_owned() + &"| ---: ".repeat(heads.len()) + "|\n";
    let rows = functions.map(|function| row(&function.name, &cells(function)));
    row(name, &heads) + &ruler + &rows.collect::<String>()
}

fn shown(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or("–".to_owned(), |figure| format!("{figure:.decimals$}"))
}

/// The range is there if it is more than a point.
fn ratio(spread: Option<&Spread>) -> String {
    let Some(Spread { median, min, max }) = spread else { return "–".to_owned() };
    let [median, min, max] = [median, min, max].map(|of| format!("{of:.2}"));
    if min == max { median } else { format!("{median} ({min}–{max})") }
}

fn row(name: &str, cells: &[String]) -> String {
    format!("| {name} | {} |\n", cells.join(" | "))
}
