//! `doctor`: finds problems in a deployment, and says how to fix them.

mod checks;
mod facts;
mod finding;
mod report;

use crate::account::args::{Doctor, Patient};
use crate::account::carry_out::failure;
use crate::account::clients::Clients;
use crate::account::doctor::facts::{Facts, Looked};
use crate::account::{messaging, terminal};
use crate::exit::{Exit, Failure};

pub(crate) async fn run(args: &Doctor) -> Result<Exit, Failure> {
    let in_arn = match &args.patient {
        Patient::Function(name) => name.arn.as_ref().map(|arn| arn.region.clone()),
        Patient::Flow(arn) => Some(arn.region.clone()),
    };
    let region = match (&args.account.region, in_arn) {
        (Some(given), Some(of_arn)) if *given != of_arn => {
            return Err(Failure::unusable(format!("--region is {given}, but the ARN is in {of_arn}: omit --region")));
        }
        (given, of_arn) => given.clone().or(of_arn),
    };
    let clients = Clients::new(args.account.profile.as_deref(), region.as_deref()).await?;
    let facts = match &args.patient {
        Patient::Function(name) => {
            facts::of_function(&clients, name, args.app_instance.as_ref()).await.map_err(failure)?
        }
        Patient::Flow(arn) => {
            let app_instance =
                arn.app_instance().ok_or_else(|| Failure::unusable("the flow's ARN names no app instance"))?;
            let flows = messaging::flows(&clients, &app_instance).await.map_err(failure)?;
            let Some(flow) = flows.into_iter().find(|flow| flow.arn == *arn) else {
                return Err(Failure::not_started(format!(
                    "there is no channel flow {arn}\n  What to do: list the existing flows: aws chime-sdk-messaging \
                     list-channel-flows --app-instance-arn {app_instance} --region {}",
                    clients.region
                )));
            };
            let names: Vec<_> = flow.processors.iter().map(|processor| processor.function.name()).collect();
            let channels = Looked::at(messaging::channels_of(&clients, &flow.arn).await);
            let mut facts = Facts {
                app_instances: vec![app_instance.clone()],
                flows: Looked::Seen(vec![facts::FlowFacts { flow, channels }]),
                functions: Vec::new(),
            };
            for name in names {
                facts
                    .functions
                    .push(facts::Patient { asked_for: name.to_string(), found: facts::look_at(&clients, &name).await });
            }
            facts
        }
    };
    let findings = checks::all(&facts);
    let text = if args.account.json { report::json(&findings) } else { report::text(&findings) };
    terminal::print(&text);
    Ok(report::exit(&findings))
}
