//! From a plan to its end: show it, ask, do it step by step.

use crate::account::args::Consent;
use crate::account::arn::{AppInstance, FunctionName};
use crate::account::clients::Clients;
use crate::account::explain::Problem;
use crate::account::plan::{Desired, Item, Step};
use crate::account::{lambda, messaging, show};
use crate::exit::{Exit, Failure};
use crate::text::printable;
use serde_json::json;
use std::io::{IsTerminal, stdin};

/// What steps need to know.
pub(crate) struct Work<'a> {
    pub(crate) clients: &'a Clients,
    pub(crate) app_instance: &'a AppInstance,
    /// None where nothing is made.
    pub(crate) desired: Option<&'a Desired>,
    /// The flow, as soon as there is one.
    pub(crate) flow_arn: Option<String>,
    pub(crate) bearer: Option<&'a str>,
    pub(crate) client_token: Option<&'a str>,
}

impl Work<'_> {
    /// Shows a plan and, with consent, does it.
    pub(crate) async fn carry_out(
        mut self,
        heading: &str,
        items: &[Item],
        consent: &Consent,
        as_json: bool,
    ) -> Result<(Exit, Option<String>), Failure> {
        if !as_json {
            show::print(&show::plan(heading, items));
        }
        let changes: Vec<_> = items.iter().filter_map(|item| Some((item, item.step.as_ref()?))).collect();
        let mut done = 0;
        let result = match consent.given(changes.len()) {
            Ok(false) => Ok(()),
            Ok(true) => {
                let mut result = Ok(());
                for (item, step) in &changes {
                    if let Err(problem) = self.take(step).await {
                        let advice = problem.advice();
                        let all = changes.len();
                        let failure = format!(
                            "{}\n  What to do: {advice}\n  {done} of {all} changes were made; running this again does the rest.",
                            printable(&problem.to_string())
                        );
                        result = Err(Failure::not_started(failure));
                        break;
                    }
                    done += 1;
                    if !as_json {
                        show::print(&format!("done: {} {}\n", item.kind.name(), printable(&item.resource)));
                    }
                }
                result
            }
            Err(failure) => Err(failure),
        };
        if as_json {
            let error = result.as_ref().err().map(Failure::to_string);
            let flow = self.flow_arn.as_deref();
            let plan = show::json(items);
            show::print(&format!(
                "{}\n",
                json!({ "plan": plan, "done": done, "channel_flow_arn": flow, "error": error })
            ));
        }
        result.map(|()| (Exit::Decided, self.flow_arn))
    }

    async fn take(&mut self, step: &Step) -> Result<(), Problem> {
        let Self { clients, app_instance, client_token, .. } = *self;
        // A step that needs a flow or a bearer is planned only where there is one.
        let flow_arn = self.flow_arn.clone().unwrap_or_default();
        let bearer = self.bearer.unwrap_or_default();
        match step {
            Step::AddPermission { function_arn, replaces } => {
                let function = function(function_arn);
                if *replaces {
                    lambda::remove_permission(clients, &function, app_instance).await?;
                }
                lambda::add_permission(clients, &function, app_instance).await
            }
            Step::RemovePermission { function_arn } => {
                lambda::remove_permission(clients, &function(function_arn), app_instance).await
            }
            Step::CreateFlow => {
                let Some(desired) = self.desired else { return Ok(()) };
                self.flow_arn = Some(messaging::create(clients, app_instance, desired, client_token).await?);
                Ok(())
            }
            Step::UpdateFlow => match self.desired {
                Some(desired) => messaging::update(clients, &flow_arn, desired).await,
                None => Ok(()),
            },
            Step::Tag(tags) => messaging::tag(clients, &flow_arn, tags).await,
            Step::Associate { channel_arn, instead_of } => {
                if let Some(other) = instead_of {
                    messaging::disassociate(clients, channel_arn, other, bearer).await?;
                }
                messaging::associate(clients, channel_arn, &flow_arn, bearer).await
            }
            Step::Disassociate { channel_arn } => {
                messaging::disassociate(clients, channel_arn, &flow_arn, bearer).await
            }
            Step::DeleteFlow => {
                messaging::delete(clients, &flow_arn).await?;
                self.flow_arn = None;
                Ok(())
            }
        }
    }
}

impl Consent {
    /// Whether to make this many changes.
    fn given(&self, changes: usize) -> Result<bool, Failure> {
        if changes == 0 || self.dry_run {
            return Ok(false);
        }
        if self.yes {
            return Ok(true);
        }
        if !stdin().is_terminal() {
            return Err(Failure::unusable("nobody can be asked here: give --yes to make these changes, or --dry-run"));
        }
        match show::ask("Make these changes?") {
            Ok(true) => Ok(true),
            Ok(false) => Err(Failure::not_started("declined; nothing was changed")),
            Err(error) => Err(Failure::not_started(format!("cannot ask: {error}"))),
        }
    }
}

/// The function behind an ARN of Lambda's. One that cannot be read is asked for as it is.
pub(crate) fn function(arn: &str) -> FunctionName {
    arn.parse().unwrap_or_else(|_| FunctionName { name: arn.to_owned(), qualifier: None, arn: None })
}

/// A call that failed, with what to do about it.
pub(crate) fn failure(problem: Problem) -> Failure {
    Failure::not_started(format!("{}\n  What to do: {}", printable(&problem.to_string()), problem.advice()))
}
