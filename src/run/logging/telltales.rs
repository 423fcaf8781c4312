//! Crates that log whole events, requests and answers at level `trace`.

use lambda_runtime::tracing::subscriber::filter::Directive;
use tracing::Level;

const CRATES: [&str; 14] = [
    "aws_config",
    "aws_credential_types",
    "aws_runtime",
    "aws_sigv4",
    "aws_types",
    "h2",
    "hyper",
    "hyper_rustls",
    "hyper_util",
    "lambda_http",
    "lambda_runtime",
    "lambda_runtime_api_client",
    "rustls",
    "tower",
];

/// The SDK's crates: one for each service, and one for each part that they share.
const FAMILIES: [&str; 2] = ["aws_sdk_", "aws_smithy_"];

/// Says which telltales may log at level `trace`: those that a directive asks for by name, such as
/// `lambda_runtime=trace`. A directive that asks for that level everywhere, in a span, or for a name that only begins
/// the same way is not enough.
pub(crate) struct Telltales {
    /// Telltale crates, and modules in them.
    heard: Vec<String>,
}

impl Telltales {
    /// Returns the telltales that the directives in `RUST_LOG` ask for.
    pub(crate) fn heard(rust_log: &str) -> Self {
        // Directives are split and parsed as the filter does it, so that both mean the same: `x=TRACE`, `x=5`, `x=` and
        // `x` are `x=trace`.
        let directives = rust_log.split(',').filter_map(|directive| directive.parse::<Directive>().ok());
        let heard = directives.filter_map(|directive| {
            let directive = directive.to_string();
            // A directive with a span or a field is `target[span{field}]=trace`, and its target is not a path.
            directive.strip_suffix("=trace").filter(|target| is_telltale(target)).map(str::to_owned)
        });
        Self { heard: heard.collect() }
    }

    /// Returns whether an event of this level and target may be logged without showing messages.
    pub(crate) fn may_say(&self, level: &Level, target: &str) -> bool {
        *level != Level::TRACE || !is_telltale(target) || self.heard.iter().any(|heard| is_in(target, heard))
    }
}

fn is_telltale(target: &str) -> bool {
    let (name, modules) = target.split_once("::").unwrap_or((target, ""));
    let is_word = |text: &str| text.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    let is_path = is_word(name) && modules.split("::").all(is_word);
    is_path && (CRATES.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family)))
}

/// Returns whether a target is a module or lies in it.
fn is_in(target: &str, module: &str) -> bool {
    target.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = "lambda_runtime::layers::api_response";

    fn hears(rust_log: &str, target: &str) -> bool {
        Telltales::heard(rust_log).may_say(&Level::TRACE, target)
    }

    #[test]
    fn they_are_silent_whatever_else_is_asked() {
        for rust_log in [
            "",
            "trace",
            "5",
            "TRACE,[lambda_runtime]=trace",
            "lambda=trace",
            "lambda_run",
            "lambda_runtime:=trace",
            "lambda_runtime:",
            "lambda_runtimes=trace",
            "lambda_runtime_api_client=trace",
            "trace,lambda_runtime_api_client=info",
            "lambda_runtime=debug",
            "lambda_runtime=4",
            "lambda_runtime=off,trace",
            "lambda_runtime::runtime=trace",
            "LAMBDA_RUNTIME=trace",
            "lambda_runtime = trace",
            "lambda_runtime=loud",
            "[{lambda_runtime=trace}]=trace",
            "lambda_runtime[span]=trace",
            "lambda_runtime[{field}]=trace",
            "lambda_runtime::[span]=trace",
            "lambda_runtime[span{field=1}]",
            "hyper=trace",
        ] {
            assert!(!hears(rust_log, EVENTS), "{rust_log}");
        }
    }

    #[test]
    fn who_asks_by_name_hears() {
        for rust_log in [
            "lambda_runtime=trace",
            "lambda_runtime=TRACE",
            "lambda_runtime=Trace",
            "lambda_runtime=5",
            "lambda_runtime=",
            "lambda_runtime",
            "info,lambda_runtime=trace,hyper=off",
            "lambda_runtime::layers=trace",
            "lambda_runtime::layers::api_response=trace",
        ] {
            assert!(hears(rust_log, EVENTS), "{rust_log}");
            assert!(!hears(rust_log, "hyper::proto"), "{rust_log}");
            assert!(!hears(rust_log, "lambda_runtime_api_client"), "{rust_log}");
        }
    }

    #[test]
    fn each_crate_through_which_a_message_passes_is_one() {
        for target in [
            "aws_sdk_chimesdkmessaging::operation::channel_flow_callback",
            "aws_sdk_dynamodb",
            "aws_smithy_runtime::client::orchestrator",
            "aws_smithy_http_client::client",
            "aws_sigv4::http_request::sign",
            "aws_runtime::auth",
            "aws_config::profile",
            "hyper::proto::h1::io",
            "hyper_util::client::legacy",
            "h2::codec",
            "rustls::client",
            "tower::buffer",
            "lambda_http",
        ] {
            assert!(!hears("trace", target), "{target}");
            assert!(Telltales::heard("").may_say(&Level::DEBUG, target), "{target}");
        }
        for target in ["processor", "channel_flow::callback", "hyperactive::filter", "lambda_filter", "towers"] {
            assert!(hears("trace", target), "{target}");
        }
    }
}
