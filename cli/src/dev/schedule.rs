//! The schedule of functions that hold messages: what a rule of EventBridge is in an account.

use channel_flow_emulator::{Activity, ActivityKind, Event, MessagingService};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval};

/// The rule that the events name.
const RULE: &str = "sweep";

/// Invokes functions every so often if a held message is due, so that it gets its default decision: those that have held a
/// message or, if none has since the start, all. A function without tickets takes no such event, so it gets none.
pub(super) async fn keep(
    service: &MessagingService,
    every: Duration,
    mut activities: UnboundedReceiver<Activity>,
    all: &[String],
) {
    let mut holders = BTreeSet::new();
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            activity = activities.recv() => match activity {
                None => return,
                Some(Activity { kind: ActivityKind::Attempted { function_arn, returned, .. }, .. }) => {
                    if returned.held_until.is_some() {
                        holders.insert(function_arn);
                    }
                }
                Some(_) => {}
            },
            _ = ticks.tick() => {
                service.delete_expired_items();
                if !service.is_ticket_due(SystemTime::now()) {
                    continue;
                }
                let functions: Vec<_> = if holders.is_empty() { all.to_vec() } else { holders.iter().cloned().collect() };
                for function_arn in functions {
                    // A function that cannot be reached now is invoked by the next tick.
                    let _ = service.invoke(&function_arn, &Event::scheduled(RULE, service.region())).await;
                }
            }
        }
    }
}
