//! Results for CI servers: a JUnit report. Ids and names only, so it can be published.

use super::recording::Line;
use super::rules::Judgement;
use super::step::{Outcome, Replayed};
use crate::exit::Failure;
use crate::json::{decision, name};
use channel_flow_emulator::Decision;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The report: a test case for each message, and one for each rule.
pub(super) struct JUnit {
    file: File,
    path: String,
    messages: TestSuite,
    rules: TestSuite,
}

impl JUnit {
    /// Opens the file, so that nothing is run for a report that cannot be written.
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| Failure::unusable(format!("cannot write {name}: {error}")))?;
        Ok(Self { file, path: name, messages: TestSuite::new("messages"), rules: TestSuite::new("rules") })
    }

    /// Adds a message. With rules, a change is not a failure: see [`Replayed::exit`].
    pub(super) fn replayed(&mut self, replayed: &Replayed<'_>, has_rules: bool) {
        let status = match replayed.outcome {
            Outcome::Changed if !has_rules => failure(Outcome::Changed.name(), &change(replayed)),
            Outcome::Undecided => {
                let outcome = replayed.now.as_ref().map_or("", |now| name(now.invocation.outcome()));
                failure(Outcome::Undecided.name(), &format!("the message stays undecided, invocation: {outcome}"))
            }
            Outcome::Skipped => {
                let mut status = TestCaseStatus::skipped();
                status.set_message("its processor was not reached when it was recorded");
                status
            }
            Outcome::Same | Outcome::Changed | Outcome::Decided => TestCaseStatus::success(),
        };
        let mut case = TestCase::new(replayed.message_id(), status);
        case.set_classname(replayed.step.processor.as_str());
        if let Some(now) = &replayed.now {
            case.set_time(now.elapsed);
        }
        self.messages.add_test_case(case);
    }

    /// Adds a line that cannot be used.
    pub(super) fn problem(&mut self, line: &Line, problem: &str) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("UNUSABLE").set_message(problem);
        self.messages.add_test_case(TestCase::new(format!("{}, line {}", line.source, line.number), status));
    }

    /// Adds a rule.
    pub(super) fn judged(&mut self, judgement: &Judgement<'_>) {
        let status = match judgement.is_met() {
            true => TestCaseStatus::success(),
            false => failure("UNMET", &format!("{}, expected {}", judgement.count, judgement.rule.bound())),
        };
        let mut case = TestCase::new(judgement.rule.to_string(), status);
        case.set_classname("rules");
        self.rules.add_test_case(case);
    }

    /// Writes the report.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let mut report = Report::new("cargo channel-flow replay");
        report.add_test_suite(self.messages);
        if !self.rules.test_cases.is_empty() {
            report.add_test_suite(self.rules);
        }
        let cannot_write =
            |error: &dyn std::error::Error| Failure::not_started(format!("cannot write {}: {error}", self.path));
        let mut file = BufWriter::new(self.file);
        report.serialize(&mut file).map_err(|error| cannot_write(&error))?;
        file.flush().map_err(|error| cannot_write(&error))
    }
}

fn failure(kind: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(kind).set_message(message);
    status
}

/// What changed, without the messages themselves.
fn change(replayed: &Replayed<'_>) -> String {
    let text = |of: Option<Decision>| of.map_or("NONE", decision);
    let before = text(replayed.step.decision());
    let now = text(replayed.now.as_ref().and_then(|now| now.decision()));
    match before == now {
        true => format!("{now}, with another resulting message"),
        false => format!("{now}, was {before}"),
    }
}
