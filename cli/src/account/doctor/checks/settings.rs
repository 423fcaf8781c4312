//! The settings of the function.

use crate::account::arn::AppInstance;
use crate::account::doctor::checks::subject::Subject;
use crate::account::doctor::facts::Looked;
use crate::account::doctor::finding::Outcome;
use crate::account::lambda::EventInvokeConfig;

/// With less, a function with little memory, and so a fraction of a core, may leave neither the processor nor the watchdog
/// enough time to call back.
const SHORTEST_TIMEOUT: i32 = 2;

/// How often Lambda retries by default.
const DEFAULT_RETRIES: i32 = 2;

/// Lambda waits a minute before the first retry and two before the second.
const TIME_OF_RETRIES: [i32; 3] = [0, 60, 180];

/// A chat message that is decided later than this is of no use any more.
const LONGEST_EVENT_AGE: i32 = 3600;

/// The setting that the remedies use.
const EVENT_AGE: &str = "--maximum-event-age-in-seconds 300";

pub(super) fn state(subject: &Subject<'_>) -> Vec<Outcome> {
    let function = &subject.facts.function;
    let because = if function.state_reason.is_empty() { String::new() } else { format!(": {}", function.state_reason) };
    let outcome = match function.state.as_str() {
        "Active" if function.last_update == "Failed" => {
            Outcome::warning("its last update failed, so it still runs the previous version").remedy("Deploy it again.")
        }
        "Active" => Outcome::ok("it is active"),
        "Pending" => {
            Outcome::warning(format!("it is not ready yet{because}")).remedy("Wait a moment, then run doctor again.")
        }
        "Inactive" => {
            Outcome::warning("it was idle for so long that Lambda reclaimed its resources; the first invocation fails")
                .remedy(format!("aws lambda invoke {} --invocation-type DryRun /dev/null", subject.options))
        }
        state => {
            Outcome::error(format!("its state is {state}, so it cannot be invoked{because}")).remedy("Deploy it again.")
        }
    };
    vec![outcome]
}

pub(super) fn runtime(subject: &Subject<'_>) -> Vec<Outcome> {
    let outcome = match subject.facts.function.runtime.as_deref() {
        None => Outcome::ok("it is a container image"),
        Some("provided.al2023") => Outcome::ok("provided.al2023"),
        Some(old @ ("provided.al2" | "provided" | "go1.x")) => {
            let update = "aws lambda update-function-configuration";
            Outcome::warning(format!("{old} is an old runtime: AWS ends its support or has already ended it"))
                .remedy(format!("{update} {} --runtime provided.al2023, then deploy it again", subject.options))
        }
        Some(other) => Outcome::warning(format!("{other} is not a runtime for a binary: is this the right function?"))
            .remedy("A processor in Rust runs on provided.al2023."),
    };
    vec![outcome]
}

pub(super) fn architecture(subject: &Subject<'_>) -> Vec<Outcome> {
    vec![Outcome::ok(subject.facts.function.architecture.clone())]
}

pub(super) fn region_and_account(subject: &Subject<'_>) -> Vec<Outcome> {
    let function = subject.facts.function.arn.as_arn();
    let check = |app_instance: &AppInstance| {
        if function.region == app_instance.region() && function.account == app_instance.account() {
            return Outcome::ok(format!("same as app instance {}", app_instance.id()));
        }
        let theirs = format!("{}, account {}", app_instance.region(), app_instance.account());
        let ours = format!("{}, account {}", function.region, function.account);
        Outcome::error(format!("it is in {ours}, but app instance {} is in {theirs}", app_instance.id()))
            .remedy(format!("A flow invokes only functions in its own region and account: deploy it to {theirs}."))
    };
    subject.app_instances.iter().map(check).collect()
}

pub(super) fn timeout(subject: &Subject<'_>) -> Vec<Outcome> {
    let timeout = subject.facts.function.timeout;
    let outcome = match timeout < SHORTEST_TIMEOUT {
        true => Outcome::warning(format!(
            "the timeout is {timeout} s, of which the framework reserves half for the callback: too little to decide \
             every message"
        ))
        .remedy(format!("aws lambda update-function-configuration {} --timeout 10", subject.options)),
        false => Outcome::ok(format!("{timeout} s, of which 1 s is reserved for the callback")),
    };
    vec![outcome]
}

pub(super) fn retries(subject: &Subject<'_>) -> Vec<Outcome> {
    let config = match config(subject) {
        Ok(config) => config,
        Err(unknown) => return vec![unknown],
    };
    let retries = config.maximum_retry_attempts.unwrap_or(DEFAULT_RETRIES);
    let outcome = match retries {
        0 => Outcome::warning("a failed event is not retried, not even after a transient error")
            .remedy(set(subject, "--maximum-retry-attempts 2")),
        _ => Outcome::ok(format!("a failed event is retried {} at most", times(retries))),
    };
    vec![outcome]
}

pub(super) fn event_age(subject: &Subject<'_>) -> Vec<Outcome> {
    let config = match config(subject) {
        Ok(config) => config,
        Err(unknown) => return vec![unknown],
    };
    let retries = config.maximum_retry_attempts.unwrap_or(DEFAULT_RETRIES);
    let needed = usize::try_from(retries).ok().and_then(|retries| TIME_OF_RETRIES.get(retries)).copied().unwrap_or(180);
    let remedy = || set(subject, EVENT_AGE);
    let outcome = match config.maximum_event_age {
        None => Outcome::warning("none is set, so Lambda can hold a message for 6 hours before it gives up")
            .remedy(remedy()),
        Some(age) if age > LONGEST_EVENT_AGE => {
            Outcome::warning(format!("Lambda can hold a message for {age} s before it gives up")).remedy(remedy())
        }
        Some(age) if age < needed => {
            Outcome::warning(format!("{age} s are over before Lambda has retried {}", times(retries))).remedy(remedy())
        }
        Some(age) => Outcome::ok(format!("Lambda gives up on a message after {age} s")),
    };
    vec![outcome]
}

pub(super) fn concurrency(subject: &Subject<'_>) -> Vec<Outcome> {
    let outcome = match subject.facts.function.reserved_concurrency {
        Some(0) => Outcome::error("its reserved concurrency is 0, so every invocation is throttled")
            .remedy(format!("aws lambda delete-function-concurrency {}", subject.options)),
        Some(reserved) => Outcome::ok(format!("at most {reserved} at once")),
        None => Outcome::ok("limited only by the account's unreserved concurrency"),
    };
    vec![outcome]
}

/// The configuration, or the default one.
fn config(subject: &Subject<'_>) -> Result<EventInvokeConfig, Outcome> {
    match &subject.facts.event_invoke_config {
        Looked::Seen(config) => Ok(config.clone().unwrap_or_default()),
        Looked::Unseen { reason, remedy } => Err(Outcome::unknown(reason, remedy)),
    }
}

/// The command that sets how Lambda invokes it, and keeps what is set.
pub(super) fn set(subject: &Subject<'_>, setting: &str) -> String {
    let options = &subject.options;
    match &subject.facts.event_invoke_config {
        Looked::Seen(Some(_)) => format!("aws lambda update-function-event-invoke-config {options} {setting}"),
        // Without a configuration there is nothing to update, and each put replaces the one before. So all of them set the
        // age.
        _ if setting.starts_with(EVENT_AGE) => {
            format!("aws lambda put-function-event-invoke-config {options} {setting}")
        }
        _ => format!("aws lambda put-function-event-invoke-config {options} {EVENT_AGE} {setting}"),
    }
}

fn times(count: i32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}
