//! How a flow came to its decision.

use std::any::Any;
use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use super::step_report::{StepOutcome, StepReport};
use crate::{Fallback, Message};

/// How a flow came to its decision. It travels with the decision to the adapter.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// The steps that ran, in order, with their positions in the flow.
    pub(crate) steps: Vec<(usize, StepReport)>,
    /// The shadows that are to run, by their position in the flow, each with the message as the steps before it left it.
    pub(crate) shadows: Vec<(usize, Message)>,
    /// The traces of steps that are flows themselves, by their position in this flow.
    pub(crate) nested: Vec<(usize, Arc<Trace>)>,
    /// The processors that policies chose, by a key of the policies.
    ///
    /// Decisions may pass through a user's `catch_unwind`, and none of these is used on the way.
    pub(crate) processors: Vec<(usize, AssertUnwindSafe<Arc<dyn Any + Send + Sync>>)>,
    /// Why, if the fallback action of a step denied the message.
    pub(crate) fell_back: Option<Fallback>,
    /// The shadows that ran.
    shadow_reports: Mutex<Vec<StepReport>>,
}

impl Trace {
    pub(crate) fn with_capacity(steps: usize) -> Self {
        Self { steps: Vec::with_capacity(steps), ..Self::default() }
    }

    pub(crate) fn add_shadow(&self, report: StepReport) {
        self.shadow_reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }

    /// Returns the steps as one field of a log line, such as `cursing=NO_CHANGE 0.102 ms, links=DENY 0.021 ms`.
    pub(crate) fn steps_text(&self) -> Option<String> {
        let mut text = String::new();
        for (_, report) in &self.steps {
            let outcome = match &report.outcome {
                StepOutcome::Decided { decision, .. } => decision.as_str(),
                StepOutcome::Failed { failure, .. } => failure.as_str(),
            };
            // Whole numbers are written for a tenth of what a fraction costs.
            let microseconds = report.duration.as_micros();
            let (milliseconds, thousandths) = (microseconds / 1000, microseconds % 1000);
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{}={outcome} {milliseconds}.{thousandths:03} ms", report.name);
        }
        (!text.is_empty()).then_some(text)
    }

    /// Returns the reports of all steps: those of the flow, those of the flows in it, and the shadows.
    pub(crate) fn reports(&self) -> Vec<StepReport> {
        let mut reports: Vec<_> = self.steps.iter().map(|(_, report)| report.clone()).collect();
        self.nested.iter().for_each(|(_, trace)| reports.extend(trace.reports()));
        reports.extend_from_slice(&self.shadow_reports.lock().unwrap_or_else(PoisonError::into_inner));
        reports
    }

    /// Returns the same as [`reports`](Self::reports), without copies if nobody else has the trace.
    pub(crate) fn into_reports(self: Arc<Self>) -> Vec<StepReport> {
        let this = match Arc::try_unwrap(self) {
            Ok(this) => this,
            Err(shared) => return shared.reports(),
        };
        let mut reports: Vec<_> = this.steps.into_iter().map(|(_, report)| report).collect();
        this.nested.into_iter().for_each(|(_, trace)| reports.extend(trace.into_reports()));
        reports.extend(this.shadow_reports.into_inner().unwrap_or_else(PoisonError::into_inner));
        reports
    }
}
