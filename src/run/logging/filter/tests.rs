use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
use lambda_runtime::tracing::subscriber::{Layer, registry};
use proptest::prelude::*;
use tracing::subscriber::with_default;
use tracing::{Event, Level};

use super::*;

/// What has passed a filter: kind, target and level.
#[derive(Clone, Default)]
struct Passed(Arc<Mutex<BTreeSet<String>>>);

impl Passed {
    fn add(&self, kind: &str, metadata: &Metadata<'_>) {
        self.0.lock().unwrap().insert(format!("{kind} {} {}", metadata.target(), metadata.level()));
    }
}

impl<S: Subscriber> Layer<S> for Passed {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        self.add("span", attributes.metadata());
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.add("event", event.metadata());
    }
}

macro_rules! log_at_each_level {
    ($($target:literal)*) => {$(
        log_at_each_level!($target, ERROR WARN INFO DEBUG TRACE);
    )*};
    ($target:literal, $($level:ident)*) => {$(
        tracing::span!(target: $target, Level::$level, "span", field = 1)
            .in_scope(|| tracing::event!(target: $target, Level::$level, field = 1, "event"));
    )*};
}

/// What passes a filter of what a program logs.
fn passed(filter: impl Filter<registry::Registry> + Send + Sync + 'static) -> BTreeSet<String> {
    let passed = Passed::default();
    with_default(registry().with(passed.clone().with_filter(filter)), || {
        log_at_each_level!("a" "ab" "a::b" "a::b::c" "b::a" "info" "hyper" "hyper::proto" "hyperactive" "channel_flow::callback");
    });
    passed.0.lock().unwrap().clone()
}

fn is_plain(filter: &LogFilter) -> bool {
    matches!(filter.directives, Directives::Plain(_))
}

fn level() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["off", "error", "WARN", "info", "Debug", "trace", "0", "1", "3", "5", "9", "loud", ""])
}

fn target() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "ab", "a::b", "a::", "b", "info", "hyper", "hyper::proto", "hyp", "A", "-", ":", ""])
}

fn directive() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => level().prop_map(str::to_owned),
        2 => target().prop_map(str::to_owned),
        6 => (target(), level()).prop_map(|(target, level)| format!("{target}={level}")),
        1 => (target(), level()).prop_map(|(target, level)| format!("{target}[span]={level}")),
        1 => (target(), level()).prop_map(|(target, level)| format!(" {target} = {level} ")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn directives_mean_what_they_mean_to_env_filter(
        lambda_level in prop::option::of(level()),
        directives in prop::option::of(prop::collection::vec(directive(), 0..5)),
    ) {
        let rust_log = directives.map(|directives| directives.join(","));
        let filter = LogFilter::new(lambda_level, rust_log.as_deref());
        let directives = rust_log.as_deref().map(trimmed);
        let level = lambda_level.or(directives.as_deref()).and_then(|level| level.parse().ok());
        let expected = env_filter(level.unwrap_or(LevelFilter::INFO), directives.as_deref().unwrap_or_default());
        let mut expected = passed(expected);
        if !rust_log.as_deref().is_some_and(|directives| directives.contains("hyper")) {
            expected.retain(|passed| !(passed.contains(" hyper") && passed.ends_with(" TRACE") && !passed.contains("active")));
            prop_assert_eq!(passed(filter), expected);
        } else {
            // The crate may say more or less, as its own tests have it.
            let others = |mut passed: BTreeSet<String>| {
                passed.retain(|passed| !passed.contains(" hyper"));
                passed
            };
            prop_assert_eq!(others(passed(filter)), others(expected));
        }
    }
}

#[test]
fn levels_of_targets_need_no_env_filter() {
    for directives in
        ["", "debug", "off", "TRACE", "info,hyper=off", " warn , a::b = debug", "lambda_runtime=trace,5", "a", "a="]
    {
        let directives = directives.replace(" = ", "=");
        assert!(is_plain(&LogFilter::new(None, Some(&directives))), "{directives}");
    }
    for directives in ["[channel_flow]=debug", "a[b]=info", "info,[{decision}]=trace", "info,a=loud", "a = b", "=", "*"]
    {
        assert!(!is_plain(&LogFilter::new(None, Some(directives))), "{directives}");
    }
}

#[test]
fn levels_are_as_asked() {
    let hint = |lambda_level, rust_log| {
        let filter = LogFilter::new(lambda_level, rust_log);
        Filter::<registry::Registry>::max_level_hint(&filter)
    };
    assert_eq!(hint(None, None), Some(LevelFilter::INFO));
    assert_eq!(hint(Some("WARN"), None), Some(LevelFilter::WARN));
    assert_eq!(hint(None, Some("debug")), Some(LevelFilter::DEBUG));
    assert_eq!(hint(None, Some(" TRACE ")), Some(LevelFilter::TRACE));
    assert_eq!(hint(Some("WARN"), Some("info , hyper=off ")), Some(LevelFilter::INFO));
    assert_eq!(hint(Some("ERROR"), Some("")), Some(LevelFilter::ERROR));
}

#[test]
fn a_span_can_be_asked_for() {
    let filter = LogFilter::new(None, Some("error,a[span{field}]=debug"));
    let passed = passed(filter);
    assert!(passed.contains("event a DEBUG"), "{passed:?}");
    assert!(!passed.contains("event info DEBUG"), "{passed:?}");
}
