//! Decides which spans and events the log has.

use std::sync::atomic::{AtomicBool, Ordering};

use lambda_runtime::tracing::subscriber::filter::{Directive, EnvFilter, LevelFilter, Targets};
use lambda_runtime::tracing::subscriber::layer::{Context, Filter};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};

use super::telltales::Telltales;
use crate::environment::var;

/// The target of the line that says how an event was settled.
pub(crate) const SETTLED: &str = "channel_flow::settled";

/// Whether the metrics of this process say how an event was settled, on the same standard output.
static SETTLED_IN_METRICS: AtomicBool = AtomicBool::new(false);

/// Leaves the line that says how an event was settled out of this process's log. Other layers still get it.
pub(crate) fn leave_settled_to_metrics() {
    SETTLED_IN_METRICS.store(true, Ordering::Relaxed);
}

/// The filter of the log. A span or an event is in the log if the directives want it, and if it shows no messages.
pub(super) struct LogFilter {
    directives: Directives,
    telltales: Telltales,
}

enum Directives {
    /// Levels, for all targets or for some. They decide once about each place in the code that logs.
    Plain(Box<Targets>),
    /// Directives for spans or fields, and directives that are none, which [`EnvFilter`] reports. They decide about each
    /// span and each event.
    Any(Box<EnvFilter>),
}

impl LogFilter {
    pub(super) fn from_environment() -> Self {
        Self::new(var("AWS_LAMBDA_LOG_LEVEL").as_deref(), var("RUST_LOG").as_deref())
    }

    fn new(lambda_level: Option<&str>, rust_log: Option<&str>) -> Self {
        let rust_log = rust_log.map(trimmed);
        let level = lambda_level.or(rust_log.as_deref()).and_then(|level| level.parse().ok());
        let rust_log = rust_log.unwrap_or_default();
        let directives = Directives::new(level.unwrap_or(LevelFilter::INFO), &rust_log);
        Self { directives, telltales: Telltales::heard(&rust_log) }
    }

    fn may_log(&self, metadata: &Metadata<'_>) -> bool {
        let in_metrics = metadata.target() == SETTLED && SETTLED_IN_METRICS.load(Ordering::Relaxed);
        !in_metrics && self.telltales.may_say(metadata.level(), metadata.target())
    }
}

impl Directives {
    /// Reads the directives in `RUST_LOG`. If there are none, `level` applies to all targets.
    fn new(level: LevelFilter, rust_log: &str) -> Self {
        match plain(level, rust_log) {
            Some(targets) => Self::Plain(Box::new(targets)),
            None => Self::Any(Box::new(env_filter(level, rust_log))),
        }
    }

    fn env_filter(&self) -> Option<&EnvFilter> {
        match self {
            Self::Plain(_) => None,
            Self::Any(filter) => Some(filter),
        }
    }
}

/// Returns the filter that knows all directives.
fn env_filter(level: LevelFilter, rust_log: &str) -> EnvFilter {
    EnvFilter::builder().with_default_directive(level.into()).parse_lossy(rust_log)
}

/// Returns the levels that the directives ask for, or `None` if one of them is not `level`, `target` or `target=level`.
fn plain(level: LevelFilter, rust_log: &str) -> Option<Targets> {
    let mut directives = rust_log.split(',').filter(|directive| !directive.is_empty()).peekable();
    if directives.peek().is_none() {
        return Some(Targets::new().with_default(level));
    }
    directives.try_fold(Targets::new(), |targets, directive| {
        if directive.contains('[') {
            return None;
        }
        // Parsed and shown as `EnvFilter` does it, so that both mean the same.
        let directive = directive.parse::<Directive>().ok()?.to_string();
        let (target, level) = match directive.rsplit_once('=') {
            Some((target, level)) => (Some(target), level),
            None => (None, directive.as_str()),
        };
        let level: LevelFilter = level.parse().ok()?;
        Some(match target {
            Some(target) => targets.with_target(target, level),
            None => targets.with_default(level),
        })
    })
}

/// Returns the directives without the spaces around them, which would be part of a name.
fn trimmed(directives: &str) -> String {
    directives.split(',').map(str::trim).collect::<Vec<_>>().join(",")
}

impl<S: Subscriber> Filter<S> for LogFilter {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        self.may_log(metadata)
            && match &self.directives {
                Directives::Plain(targets) => Filter::<S>::enabled(&**targets, metadata, context),
                Directives::Any(filter) => Filter::<S>::enabled(&**filter, metadata, context),
            }
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if !self.may_log(metadata) {
            return Interest::never();
        }
        match &self.directives {
            Directives::Plain(targets) => Filter::<S>::callsite_enabled(&**targets, metadata),
            Directives::Any(filter) => Filter::<S>::callsite_enabled(&**filter, metadata),
        }
    }

    /// A level above which nothing is logged, so that code that logs more does not even ask.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        match &self.directives {
            Directives::Plain(targets) => Filter::<S>::max_level_hint(&**targets),
            Directives::Any(filter) => Filter::<S>::max_level_hint(&**filter),
        }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(filter) = self.directives.env_filter() {
            filter.on_new_span(attributes, id, context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(filter) = self.directives.env_filter() {
            filter.on_record(id, values, context);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(filter) = self.directives.env_filter() {
            filter.on_enter(id, context);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(filter) = self.directives.env_filter() {
            filter.on_exit(id, context);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(filter) = self.directives.env_filter() {
            filter.on_close(id, context);
        }
    }
}

#[cfg(test)]
mod tests;
