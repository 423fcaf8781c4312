//! Lists and pages: what is asked for, each once, in order.

use super::*;
use crate::assumptions::Assumptions;
use crate::messaging::api;
use crate::messaging::world::World;
use crate::messaging::world::testing::{CHANNEL, PEOPLE, arn, message, world};
use proptest::prelude::*;
use std::time::{Duration, UNIX_EPOCH};

/// Messages of these milliseconds by these people to these others, sent in this order.
fn world_with(messages: &[(u64, usize, Option<usize>)]) -> (World, Vec<(u64, usize, String)>) {
    let mut world = world(Assumptions::default());
    let mut sent = Vec::new();
    for (number, (at, by, to)) in messages.iter().enumerate() {
        let new = NewMessage { target: to.map(|to| arn(PEOPLE[to])), ..message(PEOPLE[*by], "x") };
        let (id, _) = world.send_message(CHANNEL, new, UNIX_EPOCH + Duration::from_millis(*at));
        sent.push((*at, number, id));
    }
    (world, sent)
}

fn list(world: &mut World, bearer: usize, input: Value) -> Result<Value, ApiError> {
    let operation = OPERATIONS.iter().find(|operation| operation.name == "ListChannelMessages").unwrap();
    let Value::Object(mut input) = input else { panic!("an object") };
    input.insert("ChannelArn".to_owned(), CHANNEL.into());
    input.insert("ChimeBearer".to_owned(), arn(PEOPLE[bearer]).into());
    api::run(operation, input, "localhost", world)
}

/// The ids of all pages, and how long each was.
fn pages(world: &mut World, bearer: usize, input: &Value) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut sizes) = (Vec::new(), Vec::new());
    let mut input = input.clone();
    loop {
        let page = list(world, bearer, input.clone()).unwrap();
        let messages = page["ChannelMessages"].as_array().unwrap();
        ids.extend(messages.iter().map(|message| message["MessageId"].as_str().unwrap().to_owned()));
        sizes.push(messages.len());
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => return (ids, sizes),
        }
        // What comes meanwhile is newer than everything else, or older, and disturbs nothing.
        let late = UNIX_EPOCH + Duration::from_millis(if input["SortOrder"] == "ASCENDING" { 0 } else { 1000 });
        world.send_message(CHANNEL, message("bob", "late"), late);
    }
}

#[test]
fn a_token_of_somebody_else_is_refused() {
    let (mut world, _) = world_with(&[]);
    for token in ["x", "0", "é", &"f".repeat(33), &"+0000000000000000".repeat(2), &"g".repeat(32)] {
        let refused = list(&mut world, 0, json!({ "NextToken": token })).unwrap_err();
        assert_eq!(refused.name(), "BadRequestException", "{token}");
    }
}

#[test]
fn the_latest_come_first_and_fifty_at_a_time() {
    let messages: Vec<_> = (1..=60).map(|at| (at, 0, None)).collect();
    let (mut world, sent) = world_with(&messages);
    let page = list(&mut world, 1, json!({})).unwrap();
    let listed = page["ChannelMessages"].as_array().unwrap();
    assert_eq!(listed.len(), 50);
    assert_eq!(listed[0]["MessageId"], *sent[59].2);
    assert_eq!(listed[0]["CreatedTimestamp"], 0.06);
    assert!(page["NextToken"].is_string());
}

proptest! {
    #[test]
    fn pages_have_all_that_is_asked_for_once_and_in_order(
        messages in prop::collection::vec((1..20_u64, 0..3_usize, prop::option::of(0..3_usize)), 0..40),
        bearer in 0..3_usize,
        ascending in any::<bool>(),
        size in 1..12_usize,
        not_before in prop::option::of(0..22_u64),
        not_after in prop::option::of(0..22_u64),
    ) {
        let (mut world, mut sent) = world_with(&messages);
        let seen = |number: usize| {
            let (_, by, to) = messages[number];
            by == bearer || to.is_none_or(|to| to == bearer)
        };
        sent.retain(|(at, number, _)| {
            seen(*number) && not_before.is_none_or(|from| *at >= from) && not_after.is_none_or(|to| *at <= to)
        });
        sent.sort();
        if !ascending {
            sent.reverse();
        }
        let mut input = json!({ "MaxResults": size, "SortOrder": if ascending { "ASCENDING" } else { "DESCENDING" } });
        let text = |at: u64| format!("1970-01-01T00:00:00.{at:03}Z");
        if let Some(at) = not_before {
            input["NotBefore"] = text(at).into();
        }
        if let Some(at) = not_after {
            input["NotAfter"] = text(at).into();
        }
        let (ids, sizes) = pages(&mut world, bearer, &input);
        let expected: Vec<_> = sent.into_iter().map(|(_, _, id)| id).collect();
        prop_assert_eq!(ids, expected);
        prop_assert!(sizes[..sizes.len() - 1].iter().all(|one| *one == size));
        prop_assert!(sizes.len() == 1 || sizes.last() != Some(&0));
    }
}
