//! Records as lines of CloudWatch's embedded metric format.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format as DateTimeFormat;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::names::{self, ReasonNames};
use super::{AfterRecord, Record};
use crate::decision::reason;
use crate::decision::step_report::milliseconds;
use crate::environment::var;
use crate::error::one_line::one_line_of;
use crate::event::ids::CallbackIds;
use crate::review::Sweep;
use crate::{
    DecidedBy, DecisionKind, Doubt, Error, Fallback, FallbackAction, Invocation, Outcome, Settled, StepOutcome,
    StepReport,
};

/// The namespace of the metrics.
const NAMESPACE: &str = "ChannelFlow";

/// The one dimension. Ids and texts of messages are none, so that the number of metrics is that of the names below.
const DIMENSION: &str = "FunctionName";

/// CloudWatch takes no more metrics from a line.
const MOST_METRICS: usize = 100;

/// Makes lines of the format.
pub(super) struct Emf {
    function_name: String,
    level: String,
    reasons: Mutex<ReasonNames>,
}

impl Emf {
    pub(super) fn from_environment() -> Self {
        let function_name = var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|| "function".to_owned());
        Self::new(function_name, var("AWS_LAMBDA_LOG_LEVEL").as_deref())
    }

    fn new(function_name: String, log_level: Option<&str>) -> Self {
        // Lambda drops lines of a lower level.
        let level = log_level.map(str::to_ascii_uppercase);
        let level = level.filter(|level| matches!(&**level, "WARN" | "ERROR" | "FATAL")).unwrap_or("INFO".to_owned());
        Self { function_name, level, reasons: Mutex::new(ReasonNames::default()) }
    }

    pub(super) fn settled(&self, record: &Record<'_>, settled: &Settled) -> Vec<u8> {
        let ids = Some(record.ids);
        self.line(ids, record.invocation, "message settled", |metrics| metrics.settled(record, settled))
    }

    pub(super) fn failed(&self, ids: Option<&CallbackIds>, invocation: &Invocation, error: &Error) -> Vec<u8> {
        self.line(ids, invocation, "message not settled", |metrics| {
            metrics.count("Failed");
            metrics.property("Error", format!("{:?}", error.kind()));
            metrics.add("Attempts", Metric::Count(error.attempts()));
        })
    }

    pub(super) fn after_callback(&self, record: &AfterRecord<'_>) -> Vec<u8> {
        self.line(Some(record.ids), record.invocation, "after the callback", |metrics| {
            if record.failed {
                metrics.count("AfterCallbackFailed");
            }
            metrics.steps(record.steps.iter().filter(|step| step.shadow));
        })
    }

    pub(super) fn swept(&self, invocation: &Invocation, sweep: &Sweep, failed: bool) -> Vec<u8> {
        self.line(None, invocation, "held messages swept", |metrics| {
            let mut add =
                |name, count: usize| metrics.add(name, Metric::Count(u32::try_from(count).unwrap_or(u32::MAX)));
            add("SweptByDefault", sweep.by_default);
            add("SweptAgain", sweep.sent_again);
            add("SweepFailed", sweep.failed + usize::from(failed));
            add("HeldExpired", sweep.expired);
            // A sweep that could not read the store does not know these.
            if !failed {
                add("HeldNow", sweep.held_now);
                add("ResolvedByPerson", sweep.resolved_by_person);
                add("ResolvedByDefault", sweep.resolved_by_default);
                metrics.add("OldestHeldSeconds", Metric::Seconds(sweep.oldest_held_seconds));
            }
        })
    }

    fn line(
        &self,
        ids: Option<&CallbackIds>,
        invocation: &Invocation,
        message: &str,
        fill: impl FnOnce(&mut Line<'_>),
    ) -> Vec<u8> {
        let now = SystemTime::now();
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        let reasons = &mut *reasons;
        let mut line = Line { now, properties: Vec::with_capacity(16), metrics: BTreeMap::new(), reasons };
        line.property("timestamp", DateTime::from(now).fmt(DateTimeFormat::DateTime).unwrap_or_default());
        line.property("level", &*self.level);
        line.property("message", message);
        line.property(DIMENSION, &*self.function_name);
        line.property("RequestId", invocation.request_id());
        if let Some(trace_id) = invocation.xray_trace_id() {
            line.property("XRayTraceId", trace_id);
        }
        if let Some(ids) = ids {
            line.property("MessageId", &*ids.message_id);
            line.property("ChannelArn", &*ids.channel_arn);
            line.property("CallbackId", &*ids.callback_id);
        }
        fill(&mut line);
        let mut written = Vec::with_capacity(2048);
        serde_json::to_writer(&mut written, &line).expect("texts and numbers can be written to memory");
        written.push(b'\n');
        one_line_of(written)
    }
}

/// The content of a line.
struct Line<'a> {
    now: SystemTime,
    properties: Vec<(&'static str, String)>,
    /// By name: a name stands in a line once, and two steps of flows within a flow can have the same.
    metrics: BTreeMap<Cow<'static, str>, Metric>,
    reasons: &'a mut ReasonNames,
}

impl Line<'_> {
    fn settled(&mut self, record: &Record<'_>, settled: &Settled) {
        let Settled { decision, decided_by, fallback, outcome, doubt, attempts, dry_run, reasons, scores, .. } =
            settled;
        self.property("Decision", decision.as_str());
        self.property("DecidedBy", decided_by.as_str());
        self.property("Outcome", outcome.as_str());
        self.count("Messages");
        self.count(match decision {
            DecisionKind::Update => "Update",
            DecisionKind::Deny => "Deny",
            DecisionKind::NoChange => "NoChange",
            DecisionKind::Hold => "Hold",
        });
        if let Some(dry_run) = dry_run {
            self.property("DryRun", dry_run.as_str());
            self.count(match dry_run {
                DecisionKind::Update => "DryRun.Update",
                DecisionKind::Deny => "DryRun.Deny",
                DecisionKind::NoChange => "DryRun.NoChange",
                DecisionKind::Hold => "DryRun.Hold",
            });
        }
        match decided_by {
            DecidedBy::FallbackAction => self.count("FallbackAction"),
            DecidedBy::Rescue => self.count("Rescue"),
            DecidedBy::Processor | DecidedBy::Caller | DecidedBy::Reviewer => {}
        }
        if let Some(Fallback { cause, step, panicked_at }) = fallback {
            self.property("FallbackCause", cause.as_str());
            if let Some(step) = step {
                self.property("FallbackStep", *step);
            }
            if let Some(panicked_at) = panicked_at {
                self.property("PanickedAt", panicked_at.as_str());
            }
        }
        if let Some(fallback_action) = record.fallback_action.map(FallbackAction::as_str) {
            self.property("FallbackAction", fallback_action);
        }
        if *outcome == Outcome::DecidedBefore {
            self.count("DecidedBefore");
        }
        if let Some(doubt) = doubt.map(Doubt::as_str) {
            self.property("Doubt", doubt);
            self.count("Doubt");
        }
        if record.cold_start {
            self.count("ColdStart");
        }
        if record.by_watchdog {
            self.count("Watchdog");
        }
        if let Some(joined) = reason::joined(reasons) {
            self.property("Reasons", joined);
        }
        if let Some(scores) = scores.joined() {
            self.property("Scores", scores);
        }
        self.add("Attempts", Metric::Count(*attempts));
        self.add("ProcessorTime", Metric::Time(record.processor_time));
        self.add("CallbackTime", Metric::Time(record.duration.saturating_sub(record.processor_time)));
        self.add("Duration", Metric::Time(record.duration));
        for reason in reasons {
            let name = self.reasons.name(reason).to_owned();
            self.add(name, Metric::Count(1));
        }
        if let Some(trace) = record.trace {
            if let Some(steps) = trace.steps_text() {
                self.property("Steps", steps);
            }
            self.steps(trace.reports().iter());
        }
    }

    fn steps<'b>(&mut self, steps: impl Iterator<Item = &'b StepReport>) {
        for StepReport { name, outcome, shadow, duration, .. } in steps {
            let mut add = |metric, value| self.add(names::of_step(*shadow, name, metric), value);
            add("Time", Metric::Time(*duration));
            match outcome {
                StepOutcome::Decided { decision: DecisionKind::Update, .. } => add("Update", Metric::Count(1)),
                StepOutcome::Decided { decision: DecisionKind::Deny, .. } => add("Deny", Metric::Count(1)),
                StepOutcome::Decided { decision: DecisionKind::Hold, .. } => add("Hold", Metric::Count(1)),
                StepOutcome::Decided { decision: DecisionKind::NoChange, .. } => {}
                StepOutcome::Failed { .. } => add("Failed", Metric::Count(1)),
            }
        }
    }

    fn property(&mut self, name: &'static str, value: impl Into<String>) {
        self.properties.push((name, value.into()));
    }

    fn count(&mut self, name: &'static str) {
        self.add(name, Metric::Count(1));
    }

    fn add(&mut self, name: impl Into<Cow<'static, str>>, metric: Metric) {
        if self.metrics.len() < MOST_METRICS {
            self.metrics.entry(name.into()).or_insert(metric);
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let since_epoch = self.now.duration_since(UNIX_EPOCH).unwrap_or_default();
        map.serialize_entry(
            "_aws",
            &Metadata {
                timestamp: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
                cloud_watch_metrics: [Directive {
                    namespace: NAMESPACE,
                    dimensions: [[DIMENSION]],
                    metrics: self
                        .metrics
                        .iter()
                        .map(|(name, metric)| Definition { name, unit: metric.unit() })
                        .collect(),
                }],
            },
        )?;
        for (name, value) in &self.properties {
            // A name stands in an object once, and CloudWatch looks for the metric's number there.
            if !self.metrics.contains_key(*name) {
                map.serialize_entry(name, value)?;
            }
        }
        for (name, metric) in &self.metrics {
            map.serialize_entry(name, metric)?;
        }
        map.end()
    }
}

/// Tells CloudWatch which values of the line are metrics.
#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    timestamp: u64,
    cloud_watch_metrics: [Directive<'a>; 1],
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'static str,
    dimensions: [[&'static str; 1]; 1],
    metrics: Vec<Definition<'a>>,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition<'a> {
    name: &'a str,
    unit: &'static str,
}

enum Metric {
    Count(u32),
    Time(Duration),
    Seconds(u64),
}

impl Metric {
    fn unit(&self) -> &'static str {
        match self {
            Self::Count(_) => "Count",
            Self::Time(_) => "Milliseconds",
            Self::Seconds(_) => "Seconds",
        }
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u32(*count),
            Self::Time(time) => serializer.serialize_f64(milliseconds(*time)),
            Self::Seconds(seconds) => serializer.serialize_u64(*seconds),
        }
    }
}

impl fmt::Debug for Emf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emf").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::decision::trace::Trace;
    use crate::{Reason, Scores, StepFailure};

    fn emf(log_level: Option<&str>) -> Emf {
        Emf::new("filter".to_owned(), log_level)
    }

    fn ids() -> CallbackIds {
        let [callback_id, message_id, channel_arn] = ["callback", "message", "channel"].map(str::to_owned);
        CallbackIds { callback_id, message_id, channel_arn }
    }

    fn settled(reasons: Vec<Reason>) -> Settled {
        Settled {
            message_id: "message".to_owned(),
            decision: DecisionKind::Deny,
            decided_by: DecidedBy::FallbackAction,
            fallback: Some(Fallback::of_step("links", StepFailure::Panic, Some("src/main.rs:18:9".to_owned()))),
            outcome: Outcome::Accepted,
            doubt: None,
            attempts: 2,
            held_until: None,
            dry_run: None,
            reasons,
            scores: Scores::new(),
            steps: Vec::new(),
        }
    }

    fn record<'a>(ids: &'a CallbackIds, invocation: &'a Invocation, trace: Option<&'a Trace>) -> Record<'a> {
        Record {
            ids,
            invocation,
            trace,
            fallback_action: None,
            cold_start: true,
            by_watchdog: false,
            processor_time: Duration::from_micros(1_500),
            duration: Duration::from_micros(4_000),
        }
    }

    fn step(name: &'static str, shadow: bool) -> StepReport {
        let outcome = StepOutcome::Decided { decision: DecisionKind::Deny, reasons: Vec::new(), scores: Scores::new() };
        StepReport { name, outcome, shadow, duration: Duration::from_millis(2) }
    }

    fn read(line: &[u8]) -> Json {
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(line.last(), Some(&b'\n'));
        serde_json::from_slice(line).unwrap()
    }

    /// What CloudWatch makes of a line: the names of the metrics and their values and units.
    fn metrics(line: &Json) -> BTreeMap<String, (Json, Json)> {
        let directive = &line["_aws"]["CloudWatchMetrics"];
        assert_eq!(directive.as_array().map(Vec::len), Some(1));
        assert_eq!(directive[0]["Namespace"], "ChannelFlow");
        assert_eq!(directive[0]["Dimensions"], serde_json::json!([["FunctionName"]]));
        let metrics = directive[0]["Metrics"].as_array().unwrap();
        let metric = |metric: &Json| {
            let name = metric["Name"].as_str().unwrap().to_owned();
            let value = line[&name].clone();
            assert!(value.is_number(), "{name}");
            (name, (value, metric["Unit"].clone()))
        };
        metrics.iter().map(metric).collect()
    }

    #[test]
    fn an_event_is_a_line_of_the_format() {
        let mut trace = Trace::with_capacity(2);
        trace.steps = vec![(0, step("links", false))];
        let invocation = Invocation::default();
        let (ids, settled) = (ids(), settled(vec![Reason::new("links"), Reason::new("spam")]));
        let line = read(&emf(None).settled(&record(&ids, &invocation, Some(&trace)), &settled));
        let metrics = metrics(&line);
        for counted in
            ["Messages", "Deny", "FallbackAction", "ColdStart", "Reason.links", "Reason.spam", "Step.links.Deny"]
        {
            assert_eq!(metrics[counted], (1.into(), "Count".into()), "{counted}");
        }
        assert_eq!(metrics["Attempts"].0, 2);
        assert_eq!(metrics["ProcessorTime"], (1.5.into(), "Milliseconds".into()));
        assert_eq!(metrics["CallbackTime"].0, 2.5);
        assert_eq!(metrics["Step.links.Time"].0.as_f64(), Some(2.0));
        assert!(!metrics.contains_key("Update") && !metrics.contains_key("DecidedBefore"));
        for (property, value) in [
            ("FunctionName", "filter"),
            ("level", "INFO"),
            ("MessageId", "message"),
            ("Decision", "DENY"),
            ("DecidedBy", "FALLBACK_ACTION"),
            ("FallbackCause", "PANIC"),
            ("FallbackStep", "links"),
            ("PanickedAt", "src/main.rs:18:9"),
            ("Reasons", "links,spam"),
            ("Steps", "links=DENY 2.000 ms"),
        ] {
            assert_eq!(line[property], value);
        }
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        let milliseconds = line["_aws"]["Timestamp"].as_u64().unwrap();
        let written = DateTime::from_str(line["timestamp"].as_str().unwrap(), DateTimeFormat::DateTime).unwrap();
        assert_eq!(milliseconds.cast_signed(), written.to_millis().unwrap());
    }

    /// A property and a metric have the same name.
    #[test]
    fn a_name_is_written_once() {
        let (ids, invocation) = (ids(), Invocation::default());
        let settled = Settled { doubt: Some(Doubt::NotStored), ..settled(Vec::new()) };
        let line = emf(None).settled(&record(&ids, &invocation, None), &settled);
        assert_eq!(String::from_utf8_lossy(&line).matches("\"Doubt\":").count(), 1);
        assert_eq!(metrics(&read(&line))["Doubt"].0, 1);
    }

    /// Lambda drops lines below its level, and takes a line without a level for one of level INFO.
    #[test]
    fn lambda_keeps_the_line_at_each_level() {
        for (log_level, level) in
            [(None, "INFO"), (Some("DEBUG"), "INFO"), (Some("warn"), "WARN"), (Some("ERROR"), "ERROR")]
        {
            let line = emf(log_level).failed(None, &Invocation::default(), &Error::configuration("x"));
            assert_eq!(read(&line)["level"], level);
        }
    }

    #[test]
    fn a_failure_is_counted_with_its_kind_and_without_its_text() {
        let invocation = Invocation { xray_trace_id: Some("Root=1-a".into()), ..Invocation::default() };
        let line = emf(None).failed(Some(&ids()), &invocation, &Error::configuration("secret").after_attempts(3));
        assert!(!String::from_utf8_lossy(&line).contains("secret"));
        let line = read(&line);
        assert_eq!(metrics(&line)["Failed"].0, 1);
        assert_eq!(metrics(&line)["Attempts"].0, 3);
        assert_eq!((line["Error"].as_str(), line["XRayTraceId"].as_str()), (Some("Configuration"), Some("Root=1-a")));
    }

    #[test]
    fn shadows_have_names_of_their_own() {
        let steps = [step("links", false), step("links", true)];
        let (ids, invocation) = (ids(), Invocation::default());
        let line = read(&emf(None).after_callback(&AfterRecord {
            ids: &ids,
            invocation: &invocation,
            steps: &steps,
            failed: true,
        }));
        let names: Vec<_> = metrics(&line).into_keys().collect();
        assert_eq!(names, ["AfterCallbackFailed", "Shadow.links.Deny", "Shadow.links.Time"]);
    }

    #[test]
    fn a_step_that_holds_is_counted() {
        let held = StepOutcome::Decided { decision: DecisionKind::Hold, reasons: Vec::new(), scores: Scores::new() };
        let steps = [StepReport { outcome: held, ..step("links", false) }];
        let mut trace = Trace::with_capacity(1);
        trace.steps = steps.into_iter().map(|step| (0, step)).collect();
        let (ids, invocation) = (ids(), Invocation::default());
        let line = read(&emf(None).settled(&record(&ids, &invocation, Some(&trace)), &settled(Vec::new())));
        assert_eq!(metrics(&line)["Step.links.Hold"], (1.into(), "Count".into()));
    }

    #[test]
    fn a_line_has_no_more_metrics_than_cloudwatch_takes() {
        let names = |count: u32| (0..count).map(|number| &*Box::leak(format!("s{number}").into_boxed_str()));
        let mut trace = Trace::with_capacity(80);
        trace.steps = names(80).map(|name| (0, step(name, false))).chain([(0, step("s0", false))]).collect();
        let (ids, invocation) = (ids(), Invocation::default());
        let line = read(&emf(None).settled(&record(&ids, &invocation, Some(&trace)), &settled(Vec::new())));
        let metrics = metrics(&line);
        assert_eq!(metrics.len(), MOST_METRICS);
        assert!(metrics.contains_key("Duration"));
    }
}
