use super::*;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

const FLOW: &str = "flow";

/// What there is after the steps of a plan, which is what the API documents that it does.
fn after(items: &[Item], desired: &Desired, mut found: Found) -> Found {
    for step in items.iter().filter_map(|item| item.step.as_ref()) {
        match step {
            Step::AddPermission { function_arn, replaces } => {
                let before = found.permissions.insert(function_arn.clone(), Permission::Ours);
                assert_eq!(before == Some(Permission::Differs), *replaces);
            }
            Step::CreateFlow => {
                assert!(found.flow.is_none());
                let (name, processors) = (desired.name.clone(), desired.processors.clone());
                assert!(processors.iter().all(|processor| may_invoke(&found, &processor.function_arn)));
                found.flow = Some(ChannelFlow { arn: FLOW.to_owned(), name, processors });
                found.tags = desired.tags.clone();
            }
            Step::UpdateFlow => {
                let flow = found.flow.as_mut().unwrap();
                (flow.name, flow.processors) = (desired.name.clone(), desired.processors.clone());
            }
            Step::Tag(tags) => found.tags.extend(tags.clone()),
            Step::Associate { channel_arn, instead_of } => {
                let flow = found.flow.as_ref().unwrap().arn.clone();
                let before = found.channels.insert(channel_arn.clone(), Some(flow)).flatten();
                assert_eq!(&before, instead_of);
            }
            Step::Disassociate { channel_arn } => drop(found.channels.insert(channel_arn.clone(), None)),
            Step::DeleteFlow => {
                let flow = found.flow.take().unwrap();
                assert!(!found.channels.values().flatten().any(|associated| *associated == flow.arn));
                found.tags.clear();
            }
            Step::RemovePermission { function_arn } => {
                found.permissions.insert(function_arn.clone(), Permission::Missing);
            }
        }
    }
    found
}

fn may_invoke(found: &Found, function_arn: &str) -> bool {
    matches!(found.permissions.get(function_arn), Some(Permission::Ours | Permission::Others))
}

fn steps(items: &[Item]) -> Vec<&Step> {
    items.iter().filter_map(|item| item.step.as_ref()).collect()
}

fn processor(name: &str, function: &str, fallback_action: FallbackAction) -> Processor {
    Processor { name: name.to_owned(), function_arn: function.to_owned(), execution_order: 1, fallback_action }
}

fn processors() -> impl Strategy<Value = Vec<Processor>> {
    let fallback = prop_oneof![Just(FallbackAction::Abort), Just(FallbackAction::Continue)];
    let one = ("[a-c]", "f[1-3]", fallback, proptest::option::of(1..=3));
    vec(one, 1..=3).prop_filter_map("orders and names differ", |processors| {
        let processors = processors.into_iter();
        let processors = processors
            .map(|(name, function, fallback_action, order)| (processor(&name, &function, fallback_action), order));
        in_order(processors.collect()).ok()
    })
}

fn desired() -> impl Strategy<Value = Desired> {
    let tags = || btree_map("[kl]", "[vw]", 0..3);
    ("[mn]", processors(), tags(), btree_set("c[1-3]", 0..3)).prop_map(|(name, processors, tags, channels)| Desired {
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
    let flow = flow.prop_map(|(name, processors)| ChannelFlow { arn: FLOW.to_owned(), name, processors });
    let associated = proptest::option::of(prop_oneof![Just(FLOW.to_owned()), Just("other".to_owned())]);
    let tags = btree_map("[kl]", "[vw]", 0..3);
    (btree_map("f[1-3]", permission, 0..3), proptest::option::of(flow), tags, btree_map("c[1-3]", associated, 0..3))
        .prop_map(|(permissions, flow, tags, mut channels)| {
            if flow.is_none() {
                channels.values_mut().for_each(|channel| *channel = channel.take().filter(|flow| flow != FLOW));
            }
            let tags = if flow.is_some() { tags } else { BTreeMap::new() };
            Found { permissions, flow, tags, channels }
        })
}

proptest! {
    #[test]
    fn after_a_plan_there_is_nothing_to_do(desired in desired(), found in found()) {
        let found_before = found.clone();
        let there_is = after(&plan(&desired, &found), &desired, found);
        let then = plan(&desired, &there_is);
        prop_assert!(steps(&then).is_empty(), "{then:?}");
        // And there is what was wanted, with what was there before.
        let flow = there_is.flow.clone().unwrap();
        prop_assert_eq!(&flow.name, &desired.name);
        prop_assert_eq!(&flow.processors, &desired.processors);
        prop_assert!(desired.tags.iter().all(|(key, value)| there_is.tags.get(key) == Some(value)));
        prop_assert!(found_before.tags.keys().all(|key| there_is.tags.contains_key(key)));
        let associated = |channel: &String| there_is.channels[channel].as_deref() == Some(FLOW);
        prop_assert!(desired.channels.iter().all(associated));
        prop_assert!(flow.processors.iter().all(|processor| may_invoke(&there_is, &processor.function_arn)));
    }

    #[test]
    fn only_what_differs_is_touched(desired in desired(), found in found()) {
        let items = plan(&desired, &found);
        for item in &items {
            prop_assert_eq!(item.sign == Sign::Same, item.step.is_none());
            prop_assert!(!item.details.is_empty());
        }
        let there_is = after(&items, &desired, found.clone());
        if found.flow == there_is.flow {
            prop_assert!(!steps(&items).iter().any(|step| matches!(step, Step::UpdateFlow | Step::CreateFlow)));
        }
        for (function, permission) in &found.permissions {
            let stays = there_is.permissions[function] == *permission;
            prop_assert!(stays || desired.processors.iter().any(|processor| processor.function_arn == *function));
        }
    }

    #[test]
    fn after_the_plan_to_destroy_there_is_nothing_to_do(found in found(), others in btree_set("f[1-3]", 0..2)) {
        let items = unplan(&found, &others);
        let nothing = Desired { name: String::new(), processors: vec![], tags: [].into(), channels: [].into() };
        let there_is = after(&items, &nothing, found.clone());
        let then = unplan(&there_is, &others);
        prop_assert!(steps(&then).is_empty(), "{then:?}");
        prop_assert!(there_is.flow.is_none());
        for (function, permission) in &found.permissions {
            let kept = others.contains(function) || *permission == Permission::Others;
            prop_assert_eq!(there_is.permissions[function] == *permission, kept || *permission == Permission::Missing);
        }
        // Channels of other flows keep theirs.
        for (channel, flow) in found.channels.iter().filter(|(_, flow)| flow.as_deref() == Some("other")) {
            prop_assert_eq!(&there_is.channels[channel], flow);
        }
    }
}

#[test]
fn from_nothing_the_order_is_that_of_need() {
    let desired = Desired {
        name: "flow".to_owned(),
        processors: vec![processor("p", "f1", FallbackAction::Abort)],
        tags: [("team".to_owned(), "chat".to_owned())].into(),
        channels: ["c1".to_owned()].into(),
    };
    let items = plan(&desired, &Found::default());
    let lines: Vec<_> = items.iter().map(|item| (item.kind, item.sign)).collect();
    assert_eq!(lines, [(Kind::Permission, Sign::Add), (Kind::ChannelFlow, Sign::Add), (Kind::Channel, Sign::Add)]);
    assert_eq!(items[1].details, ["processor 1: p → f1, ABORT", "tag team=chat"]);
}

#[test]
fn differences_are_named() {
    let flow = |name: &str, function: &str| ChannelFlow {
        arn: FLOW.to_owned(),
        name: name.to_owned(),
        processors: vec![processor("p", function, FallbackAction::Continue)],
    };
    let mut second = processor("q", "f3", FallbackAction::Abort);
    second.execution_order = 2;
    let desired = Desired {
        name: "new".to_owned(),
        processors: vec![processor("p", "f2", FallbackAction::Abort), second],
        tags: BTreeMap::new(),
        channels: BTreeSet::new(),
    };
    let found = Found { flow: Some(flow("old", "f1")), ..Found::default() };
    let items = plan(&desired, &found);
    assert_eq!(
        items.last().unwrap().details,
        [
            "name old → new",
            "processor 1: function f1 → f2, fallback action CONTINUE → ABORT",
            "with processor 2: q → f3, ABORT",
        ]
    );
}

#[test]
fn orders_are_filled_up() {
    let given = |orders: &[Option<i32>]| {
        let processors = orders
            .iter()
            .enumerate()
            .map(|(position, order)| (processor(&position.to_string(), "f", FallbackAction::Abort), *order));
        let ordered = in_order(processors.collect())?;
        Ok(ordered.into_iter().map(|processor| (processor.name, processor.execution_order)).collect::<Vec<_>>())
    };
    let names = |ordered: &[(&str, i32)]| ordered.iter().map(|(name, order)| ((*name).to_owned(), *order)).collect();
    assert_eq!(given(&[None, None, None]), Ok(names(&[("0", 1), ("1", 2), ("2", 3)])));
    assert_eq!(given(&[None, Some(1)]), Ok(names(&[("1", 1), ("0", 2)])));
    assert_eq!(given(&[Some(3)]), Ok(names(&[("0", 3)])));
    assert_eq!(given(&[Some(0)]), Err(ProcessorsError::Order(0)));
    assert_eq!(given(&[Some(2), Some(2)]), Err(ProcessorsError::SameOrder(2)));
    assert_eq!(given(&[None; 4]), Err(ProcessorsError::TooMany(4)));
    let twice = (processor("p", "f", FallbackAction::Abort), None);
    assert_eq!(in_order(vec![twice.clone(), twice]), Err(ProcessorsError::SameName));
}

#[test]
fn statement_ids_are_what_lambda_takes() {
    let long = format!("arn:aws:chime:us-east-1:123456789012:app-instance/{}.x", "y".repeat(120));
    for arn in ["arn:aws:chime:us-east-1:123456789012:app-instance/a-1", &long] {
        let id = statement_id(&crate::account::arn::app_instance(arn).unwrap());
        assert!(id.starts_with("channel-flow-") && id.len() <= 100 && !id.contains('.'), "{id}");
    }
}
