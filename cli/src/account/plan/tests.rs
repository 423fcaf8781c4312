use super::*;
use crate::account::channel_flow::execution_orders;
use crate::fallback_action::FallbackAction;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

const APP: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a1";

fn arn(within: &str) -> Arn {
    format!("{APP}/{within}").parse().unwrap()
}

fn flow_arn() -> Arn {
    arn("channel-flow/flow")
}

/// What there is after a plan of `apply`, which is what the API documents that its calls do.
fn applied(plan: &ApplyPlan, mut found: Found) -> Found {
    for (function, change) in &plan.permissions {
        let before = found.permissions.get(function).copied().unwrap_or(Permission::Missing);
        match change {
            PermissionChange::Add => assert_eq!(before, Permission::Missing),
            PermissionChange::Replace => assert_eq!(before, Permission::Differs),
            PermissionChange::KeepOurs | PermissionChange::KeepOthers => continue,
        }
        found.permissions.insert(function.clone(), Permission::Ours);
    }
    let flow = match &plan.flow {
        FlowPlan::Create { name, processors, tags } => {
            assert!(found.flow.is_none());
            assert!(processors.iter().all(|processor| may_invoke(&found, &processor.function)));
            let (name, processors) = (name.clone(), processors.clone());
            found.flow = Some(ChannelFlow { arn: flow_arn(), name, processors });
            found.tags = tags.clone();
            flow_arn()
        }
        FlowPlan::Existing { arn, change, tags } => {
            let flow = found.flow.as_mut().unwrap();
            assert_eq!(flow.arn, *arn);
            if let FlowChange::Update(update) = change {
                (flow.name, flow.processors) = (update.name().to_owned(), update.processors().to_vec());
            }
            if let Some(TagsChange::Set(tags)) = tags {
                for (key, tag) in tags {
                    assert_eq!(found.tags.insert(key.clone(), tag.value.clone()), tag.old);
                }
            }
            arn.clone()
        }
    };
    for planned in &plan.channels {
        let before = found.channels.insert(planned.channel.clone(), Some(flow.clone())).flatten();
        match &planned.change {
            AssociationChange::Keep => assert_eq!(before.as_ref(), Some(&flow)),
            AssociationChange::Add => assert_eq!(before, None),
            AssociationChange::Replace(other) => assert_eq!(before.as_ref(), Some(other)),
        }
    }
    found
}

/// What there is after a plan of `destroy`.
fn destroyed(plan: &DestroyPlan, mut found: Found) -> Found {
    if let Some(removal) = &plan.flow {
        for channel in &removal.channels {
            found.channels.insert(channel.clone(), None);
        }
        let flow = found.flow.take().unwrap();
        assert!(!found.channels.values().flatten().any(|associated| *associated == flow.arn));
        found.tags.clear();
    }
    for (function, removal) in &plan.permissions {
        if *removal == PermissionRemoval::Remove {
            found.permissions.insert(function.clone(), Permission::Missing);
        }
    }
    found
}

fn may_invoke(found: &Found, function: &FunctionArn) -> bool {
    matches!(found.permissions.get(function), Some(Permission::Ours | Permission::Others))
}

fn changes_nothing(plan: &ApplyPlan) -> bool {
    let kept = |change: &PermissionChange| matches!(change, PermissionChange::KeepOurs | PermissionChange::KeepOthers);
    let flow_is_kept = match &plan.flow {
        FlowPlan::Create { .. } => false,
        FlowPlan::Existing { change, tags, .. } => {
            matches!(change, FlowChange::Keep(_)) && !matches!(tags, Some(TagsChange::Set(_)))
        }
    };
    let associated = |planned: &ChannelPlan| planned.change == AssociationChange::Keep;
    plan.permissions.values().all(kept) && flow_is_kept && plan.channels.iter().all(associated)
}

fn removes_nothing(plan: &DestroyPlan) -> bool {
    plan.flow.is_none() && !plan.permissions.values().any(|removal| *removal == PermissionRemoval::Remove)
}

fn functions() -> impl Strategy<Value = FunctionArn> {
    "f[1-3]".prop_map(|name| format!("arn:aws:lambda:us-east-1:123456789012:function:{name}").parse().unwrap())
}

fn channels() -> impl Strategy<Value = Arn> {
    "c[1-3]".prop_map(|id| arn(&format!("channel/{id}")))
}

fn processors() -> impl Strategy<Value = Vec<Processor>> {
    let fallback = prop_oneof![Just(FallbackAction::Abort), Just(FallbackAction::Continue)];
    let one = ("[a-c]", functions(), fallback, proptest::option::of(1..=3));
    vec(one, 1..=3).prop_filter_map("orders and names differ", |processors| {
        let names: Vec<_> = processors.iter().map(|(name, _, _, order)| (name.as_str(), *order)).collect();
        let orders = execution_orders(&names).ok()?;
        let processors = processors.into_iter().zip(orders);
        let processors = processors.map(|((name, function, fallback_action, _), execution_order)| Processor {
            name,
            function,
            execution_order,
            fallback_action,
        });
        let mut processors: Vec<_> = processors.collect();
        processors.sort_by_key(|processor| processor.execution_order);
        Some(processors)
    })
}

fn desired() -> impl Strategy<Value = Desired> {
    let tags = || btree_map("[kl]", "[vw]", 0..3);
    let channels = btree_map(channels(), Just(arn("user/moderator")), 0..3);
    ("[mn]", processors(), tags(), channels).prop_map(|(name, processors, tags, channels)| Desired {
        name,
        processors,
        tags,
        channels,
    })
}

fn found() -> impl Strategy<Value = Found> {
    let permission = prop_oneof![
        Just(Permission::Missing),
        Just(Permission::Differs),
        Just(Permission::Ours),
        Just(Permission::Others)
    ];
    let flow = ("[mn]", processors());
    let flow = flow.prop_map(|(name, processors)| ChannelFlow { arn: flow_arn(), name, processors });
    let associated = proptest::option::of(prop_oneof![Just(flow_arn()), Just(other_flow())]);
    let tags = btree_map("[kl]", "[vw]", 0..3);
    let permissions = btree_map(functions(), permission, 0..3);
    (permissions, proptest::option::of(flow), tags, btree_map(channels(), associated, 0..3)).prop_map(
        |(permissions, flow, tags, mut channels)| {
            if flow.is_none() {
                channels.values_mut().for_each(|channel| *channel = channel.take().filter(|flow| *flow != flow_arn()));
            }
            let tags = if flow.is_some() { tags } else { BTreeMap::new() };
            Found { permissions, flow, tags, channels }
        },
    )
}

fn other_flow() -> Arn {
    arn("channel-flow/other")
}

proptest! {
    #[test]
    fn after_a_plan_there_is_nothing_to_do(desired in desired(), found in found()) {
        let found_before = found.clone();
        let there_is = applied(&apply(&desired, &found), found);
        let then = apply(&desired, &there_is);
        prop_assert!(changes_nothing(&then), "{then:?}");
        // And there is what was wanted, with what was there before.
        let flow = there_is.flow.clone().unwrap();
        prop_assert_eq!(&flow.name, &desired.name);
        prop_assert_eq!(&flow.processors, &desired.processors);
        prop_assert!(desired.tags.iter().all(|(key, value)| there_is.tags.get(key) == Some(value)));
        prop_assert!(found_before.tags.keys().all(|key| there_is.tags.contains_key(key)));
        let associated = |channel: &Arn| there_is.channels[channel] == Some(flow_arn());
        prop_assert!(desired.channels.keys().all(associated));
        prop_assert!(flow.processors.iter().all(|processor| may_invoke(&there_is, &processor.function)));
    }

    #[test]
    fn only_what_differs_is_touched(desired in desired(), found in found()) {
        let plan = apply(&desired, &found);
        if let FlowPlan::Existing { change: FlowChange::Update(update), .. } = &plan.flow {
            prop_assert!(!update.differences().is_empty());
        }
        let there_is = applied(&plan, found.clone());
        if found.flow == there_is.flow {
            let kept = matches!(&plan.flow, FlowPlan::Existing { change: FlowChange::Keep(_), .. });
            prop_assert!(kept);
        }
        for (function, permission) in &found.permissions {
            let stays = there_is.permissions[function] == *permission;
            prop_assert!(stays || desired.processors.iter().any(|processor| processor.function == *function));
        }
    }

    #[test]
    fn after_the_plan_to_destroy_there_is_nothing_to_do(found in found(), others in btree_set(functions(), 0..2)) {
        let there_is = destroyed(&destroy(&found, &others), found.clone());
        let then = destroy(&there_is, &others);
        prop_assert!(removes_nothing(&then), "{then:?}");
        prop_assert!(there_is.flow.is_none());
        for (function, permission) in &found.permissions {
            let kept = others.contains(function) || *permission == Permission::Others;
            prop_assert_eq!(there_is.permissions[function] == *permission, kept || *permission == Permission::Missing);
        }
        // Channels of other flows keep theirs.
        for (channel, flow) in found.channels.iter().filter(|(_, flow)| **flow == Some(other_flow())) {
            prop_assert_eq!(&there_is.channels[channel], flow);
        }
    }
}
