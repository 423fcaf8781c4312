//! The figures as tables in Markdown.

use quantile::milliseconds;

use crate::figures::{Figures, Samples};
use crate::peer::Peer;

/// Cold starts, warm invocations, and what is deployed; a row for each peer.
pub(crate) fn tables(peers: &[Peer], figures: &[Figures]) -> String {
    let rows = |cells: fn(&Peer, &Figures) -> Vec<String>| -> String {
        peers.iter().zip(figures).map(|(peer, figures)| row(&peer.name, &cells(peer, figures))).collect()
    };
    [
        head("cold start", &["HTTPS, ms", "until first poll", "CPU ms", "HTTP, ms", "until first poll", "CPU ms"]),
        rows(|_, figures| [cold(&figures.https), cold(&figures.http)].concat()),
        "\n".to_owned(),
        head(
            "warm invocation",
            &["HTTPS, median ms", "p99", "CPU ms", "HTTP, median ms", "p99", "CPU ms", "invocations a second"],
        ),
        rows(|_, figures| {
            let per_second = format!("{:.0}", figures.http.warm.per_second());
            [warm(&figures.https), warm(&figures.http), vec![per_second]].concat()
        }),
        "\n".to_owned(),
        head("what is deployed", &["resident MiB, HTTPS", "HTTP", "binary MB", "crates"]),
        rows(|peer, figures| {
            let mib = |samples: &Samples| format!("{:.1}", samples.warm.resident as f64 / f64::from(1 << 20));
            let mb = format!("{:.1}", peer.size as f64 / 1e6);
            vec![mib(&figures.https), mib(&figures.http), mb, peer.crates.map_or("–".to_owned(), |n| n.to_string())]
        }),
    ]
    .concat()
}

fn cold(samples: &Samples) -> Vec<String> {
    [
        samples.cold_median(|cold| cold.callback),
        samples.cold_median(|cold| cold.first_poll),
        samples.cold_median(|cold| cold.cpu),
    ]
    .map(|duration| milliseconds(duration, 1))
    .to_vec()
}

fn warm(samples: &Samples) -> Vec<String> {
    let warm = &samples.warm;
    [warm.response(0.5), warm.response(0.99), warm.cpu_each()].map(|duration| milliseconds(duration, 2)).to_vec()
}

fn head(name: &str, columns: &[&str]) -> String {
    let columns: Vec<_> = columns.iter().map(|&column| column.to_owned()).collect();
    row(name, &columns) + "| --- " + &"| ---: ".repeat(columns.len()) + "|\n"
}

fn row(name: &str, cells: &[String]) -> String {
    format!("| {name} | {} |\n", cells.join(" | "))
}
