//! From a plan to its end: show it, ask, do it step by step.

use crate::account::args::Consent;
use crate::account::arn::Arn;
use crate::account::explain::Problem;
use crate::account::plan_text::{self, Kind, Line};
use crate::account::terminal;
use crate::exit::Failure;
use crate::text::printable;
use serde_json::json;
use std::fmt::Display;
use std::io::{IsTerminal, stdin};

/// A plan in words, and how it is shown.
pub(crate) struct Shown<'a> {
    pub(crate) heading: &'a str,
    pub(crate) lines: &'a [Line],
    pub(crate) as_json: bool,
}

/// How far a plan is carried out.
pub(crate) struct Progress {
    as_json: bool,
    done: usize,
    /// The flow, while there is one.
    pub(crate) flow: Option<Arn>,
}

impl Progress {
    /// A change was made.
    pub(crate) fn done(&mut self, kind: Kind, resource: impl Display) {
        self.done += 1;
        if !self.as_json {
            terminal::print(&format!("done: {} {}\n", kind.name(), printable(&resource.to_string())));
        }
    }
}

/// Shows a plan and, with consent, performs it. Returns the flow that is there at the end.
pub(crate) async fn carry_out(
    Shown { heading, lines, as_json }: Shown<'_>,
    consent: &Consent,
    flow: Option<Arn>,
    perform: impl AsyncFnOnce(&mut Progress) -> Result<(), Problem>,
) -> Result<Option<Arn>, Failure> {
    if !as_json {
        terminal::print(&plan_text::text(heading, lines));
    }
    let changes = plan_text::changes(lines);
    let mut progress = Progress { as_json, done: 0, flow };
    let result = match consent.given(changes).await {
        Ok(false) => Ok(()),
        Ok(true) => perform(&mut progress).await.map_err(|problem| {
            let (advice, done) = (problem.advice(), progress.done);
            Failure::not_started(format!(
                "{}\n  What to do: {advice}\n  {done} of {changes} changes were made; run this again to make the rest.",
                printable(&problem.to_string())
            ))
        }),
        Err(failure) => Err(failure),
    };
    let Progress { done, flow, .. } = progress;
    if as_json {
        let error = result.as_ref().err().map(Failure::to_string);
        let (plan, flow) = (plan_text::json(lines), flow.as_ref().map(Arn::as_str));
        terminal::print(&format!(
            "{}\n",
            json!({ "plan": plan, "done": done, "channel_flow_arn": flow, "error": error })
        ));
    }
    result.map(|()| flow)
}

impl Consent {
    /// Whether to make this many changes.
    async fn given(&self, changes: usize) -> Result<bool, Failure> {
        if changes == 0 || self.dry_run {
            return Ok(false);
        }
        if self.yes {
            return Ok(true);
        }
        if !stdin().is_terminal() {
            return Err(Failure::unusable(
                "cannot prompt (not a terminal): pass --yes to make these changes, or --dry-run to see them",
            ));
        }
        match terminal::ask("Make these changes?").await {
            Ok(true) => Ok(true),
            Ok(false) => Err(Failure::not_started("declined; nothing was changed")),
            Err(error) => Err(Failure::not_started(format!("cannot prompt: {error}"))),
        }
    }
}

/// A call that failed, with what to do about it.
pub(crate) fn failure(problem: Problem) -> Failure {
    Failure::not_started(format!("{}\n  What to do: {}", printable(&problem.to_string()), problem.advice()))
}
