//! The policies that are known when the function starts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::arn::{self, ArnKind};

/// A policy for every channel.
pub(super) struct Table<T> {
    default: Arc<T>,
    channels: HashMap<String, Arc<T>>,
    app_instances: HashMap<String, Arc<T>>,
}

impl<T> Table<T> {
    pub(super) fn new(default: T) -> Self {
        Self { default: Arc::new(default), channels: HashMap::new(), app_instances: HashMap::new() }
    }

    /// Sets the policy of a channel, or returns why that cannot be.
    pub(super) fn add_channel(&mut self, arn: String, policy: T) -> Result<(), String> {
        add(&mut self.channels, ArnKind::Channel, arn, policy)
    }

    /// Sets the policy of an app instance, or returns why that cannot be.
    pub(super) fn add_app_instance(&mut self, arn: String, policy: T) -> Result<(), String> {
        add(&mut self.app_instances, ArnKind::AppInstance, arn, policy)
    }

    pub(super) fn policy(&self, channel_arn: &str) -> &Arc<T> {
        let own = self.channels.get(channel_arn);
        own.or_else(|| self.app_instances.get(arn::app_instance(channel_arn))).unwrap_or(&self.default)
    }

    /// Makes something else of each policy, or returns whose policy it cannot be made of, and why not.
    pub(super) fn try_map<U, E>(&self, f: impl Fn(&T) -> Result<U, E>) -> Result<Table<U>, (String, E)> {
        let map_all = |policies: &HashMap<String, Arc<T>>| {
            let map = |(arn, policy): (&String, &Arc<T>)| match f(policy) {
                Ok(mapped) => Ok((arn.clone(), Arc::new(mapped))),
                Err(error) => Err((format!("the policy of {arn}"), error)),
            };
            policies.iter().map(map).collect::<Result<HashMap<_, _>, _>>()
        };
        let default = f(&self.default).map_err(|error| ("the default policy".to_owned(), error))?;
        Ok(Table {
            default: Arc::new(default),
            channels: map_all(&self.channels)?,
            app_instances: map_all(&self.app_instances)?,
        })
    }

    /// Returns how many channels have a policy of their own.
    pub(super) fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Returns how many app instances have a policy of their own.
    pub(super) fn app_instances(&self) -> usize {
        self.app_instances.len()
    }
}

fn add<T>(policies: &mut HashMap<String, Arc<T>>, kind: ArnKind, arn: String, policy: T) -> Result<(), String> {
    if arn::kind(&arn) != Some(kind) {
        return Err(format!("{arn:?} is not the ARN of {}", named(kind)));
    }
    match policies.entry(arn) {
        Entry::Occupied(entry) => Err(format!("{} has two policies", entry.key())),
        Entry::Vacant(entry) => {
            entry.insert(Arc::new(policy));
            Ok(())
        }
    }
}

fn named(kind: ArnKind) -> &'static str {
    match kind {
        ArnKind::AppInstance => "an app instance",
        ArnKind::Channel => "a channel",
        ArnKind::User => "a user",
        ArnKind::Bot => "a bot",
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        let Self { default, channels, app_instances } = self;
        Self { default: default.clone(), channels: channels.clone(), app_instances: app_instances.clone() }
    }
}
