//! Whatever processors, callers and restarts do: every message ends once, and who is to know is told once.

use super::FallbackAction::{Abort, Continue};
use super::*;
use crate::assumptions::Assumptions;
use crate::messaging::resource::channel_flow::ChannelFlow;
use crate::messaging::resource::sub_channel::{ElasticChannelConfiguration, SubChannel};
use crate::messaging::world::batch::Batch;
use crate::messaging::world::message::NewMessage;
use crate::messaging::world::testing::{CHANNEL, FLOW, PEOPLE, arn, empty_world, message, world};
use crate::model::event::Persistence;
use crate::model::refusal::RefusalKind;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// A world with one channel, and all that came of what was done to it.
struct Stage {
    world: World,
    store: BTreeMap<(String, String), Vec<u8>>,
    told: Vec<(Vec<String>, &'static str, Value)>,
    invoked: Vec<MessageIds>,
    events: Vec<Event>,
    happened: Vec<(String, ActivityKind)>,
}

impl Stage {
    fn new(assumptions: Assumptions, fallback_actions: &[FallbackAction]) -> Self {
        let world = world(assumptions);
        let mut stage = Self {
            world,
            store: BTreeMap::new(),
            told: Vec::new(),
            invoked: Vec::new(),
            events: Vec::new(),
            happened: Vec::new(),
        };
        stage.set_flow(fallback_actions);
        stage
    }

    fn set_flow(&mut self, fallback_actions: &[FallbackAction]) {
        let processor = |(position, action): (usize, &FallbackAction)| {
            serde_json::from_value(serde_json::json!({
                "Name": format!("processor {position}"),
                "Configuration": { "Lambda": { "ResourceArn": format!("arn:{position}"), "InvocationType": "ASYNC" } },
                "ExecutionOrder": position + 1,
                "FallbackAction": action,
            }))
            .unwrap()
        };
        let processors = fallback_actions.iter().enumerate().map(processor).collect();
        let flow = ChannelFlow { name: "f".to_owned(), processors, created: UNIX_EPOCH, last_updated: UNIX_EPOCH };
        self.world.channel_flows.put(&mut self.world.batch, FLOW.to_owned(), flow);
        self.drain();
    }

    /// Does what an outbox does.
    fn drain(&mut self) {
        let Batch { changes, effects, .. } = self.world.take_batch();
        for change in changes {
            let key = (change.table.to_owned(), change.key);
            match change.value {
                Some(value) => drop(self.store.insert(key, value)),
                None => drop(self.store.remove(&key)),
            }
        }
        for effect in effects {
            match effect {
                Effect::Notify { to, event } => self.told.push((to, event.event_type, event.payload)),
                Effect::Invoke { event, .. } => {
                    self.invoked.push(event.ids().unwrap().clone());
                    self.events.push(event);
                }
                Effect::Announce(activity) => self.happened.push((activity.message_id, activity.kind)),
                Effect::Open { .. } => panic!("no rule opens a session"),
            }
        }
    }

    fn send(&mut self, new: NewMessage) -> (String, MessageStatus) {
        let sent = self.world.send_message(CHANNEL, new, SystemTime::now());
        self.drain();
        sent
    }

    fn say(&mut self, content: &str) -> String {
        self.send(message("alice", content)).0
    }

    fn update(&mut self, id: &str, content: &str) {
        let fields = MessageFields { content: Some(content.to_owned()), ..MessageFields::default() };
        self.world.update_message(key(id), fields, SystemTime::now());
        self.drain();
    }

    /// As the endpoint does it.
    fn call_back(
        &mut self,
        ids: &MessageIds,
        decision: Decision,
        content: Option<&str>,
    ) -> Option<Result<(), Refusal>> {
        let verdict = self.world.judge(ids);
        let changes = MessageFields { content: content.map(str::to_owned), ..MessageFields::default() };
        let callback = Callback { ids: ids.clone(), decision, changes };
        let record = CallbackRecord {
            verdict: verdict.clone().unwrap_or_else(|| Err(callback_refusal::unknown_message(ids))).map(|()| decision),
            ..record(ids, decision)
        };
        let accepted = matches!(verdict, Some(Ok(()))).then_some(Accepted { callback, by: None });
        self.world.called_back(key(&ids.message_id), record, accepted);
        self.drain();
        verdict
    }

    fn call_back_last(&mut self, decision: Decision, content: Option<&str>) {
        let ids = self.invoked.last().unwrap().clone();
        assert_eq!(self.call_back(&ids, decision, content), Some(Ok(())));
    }

    fn unreachable_last(&mut self) {
        let event = self.events.last().unwrap().clone();
        self.world.unreachable(&event, "no such function".to_owned());
        self.drain();
    }

    /// The service ends and starts again, with what the store has.
    fn restart(&mut self) {
        let mut world = empty_world(self.world.assumptions.clone());
        for ((table, key), value) in &self.store {
            assert!(world.load(table, key, value), "{table} {key}");
        }
        world.note_left_over();
        self.world = world;
    }

    fn event_types(&self) -> Vec<&'static str> {
        self.told.iter().map(|(_, event_type, _)| *event_type).collect()
    }

    fn content(&self, id: &str) -> Option<&str> {
        self.world.messages.get(key(id))?.fields.content.as_deref()
    }
}

/// The record of a callback that was accepted.
fn record(ids: &MessageIds, decision: Decision) -> CallbackRecord {
    CallbackRecord {
        received_at: SystemTime::now(),
        received: Instant::now(),
        access_key_id: None,
        callback_id: Some(ids.callback_id.clone()),
        body: axum::body::Bytes::new(),
        verdict: Ok(decision),
        fault: None,
    }
}

fn key(message_id: &str) -> MessageKey<'_> {
    MessageKey { channel_arn: CHANNEL, message_id }
}

#[test]
fn processors_come_one_after_the_other_and_see_what_those_before_have_changed() {
    let mut stage = Stage::new(Assumptions::default(), &[Abort, Abort, Abort]);
    let id = stage.say("1");
    stage.call_back_last(Decision::Update, Some("2"));
    stage.call_back_last(Decision::NoChange, None);
    stage.call_back_last(Decision::Update, Some("3"));
    let seen = stage.events.iter().map(|event| event.fields().content.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(seen, ["1", "2", "2"]);
    assert_eq!(stage.content(&id), Some("3"));
    assert_eq!(stage.event_types(), ["PENDING_CREATE_CHANNEL_MESSAGE", "CREATE_CHANNEL_MESSAGE"]);
    assert_eq!(stage.told[0].0, [arn("alice")]);
    assert_eq!(stage.told[1].0, PEOPLE.map(arn));
    assert_eq!(stage.told[1].2["Content"], "3");
    let callback_ids: BTreeSet<_> = stage.invoked.iter().map(|ids| &ids.callback_id).collect();
    assert_eq!(callback_ids.len(), 3);
}

/// A stage whose channel is elastic, with Alice and Bob in the sub-channel `one`, and Carol in `two`.
fn elastic_stage(assumptions: Assumptions) -> Stage {
    let mut stage = Stage::new(assumptions, &[Abort]);
    let world = &mut stage.world;
    let configuration = ElasticChannelConfiguration {
        maximum_sub_channels: 2,
        target_memberships_per_sub_channel: 2,
        minimum_membership_percentage: 1,
    };
    world.elastic_channels.put(&mut world.batch, CHANNEL.to_owned(), configuration);
    world.channels.change(&mut world.batch, CHANNEL, |channel| {
        for (arn, membership) in std::mem::take(&mut channel.memberships) {
            let id = if arn.ends_with("carol") { "two" } else { "one" };
            let fresh = || SubChannel { created: UNIX_EPOCH, memberships: BTreeMap::new() };
            channel.sub_channels.entry(id.to_owned()).or_insert_with(fresh).memberships.insert(arn, membership);
        }
    });
    stage.drain();
    stage
}

#[test]
fn a_message_stays_in_its_sub_channel_unless_callbacks_move_it() {
    for (moves, heard) in [(false, &["alice", "bob"][..]), (true, &["carol"][..])] {
        // Not even a callback without the field takes the message out of its sub-channel.
        let mut stage = elastic_stage(Assumptions {
            callbacks_move_messages: moves,
            absent_fields_are_kept: moves,
            ..Assumptions::default()
        });
        let mut said = message("alice", "hello");
        said.fields.sub_channel_id = Some("one".to_owned());
        let (id, status) = stage.send(said);
        assert_eq!(status, MessageStatus::Pending);
        let event: Value = serde_json::from_slice(stage.events[0].json()).unwrap();
        assert_eq!(event["ChannelMessage"]["SubChannelId"], "one");
        stage.restart();
        let ids = stage.invoked[0].clone();
        let record = record(&ids, Decision::Update);
        let changes = MessageFields {
            content: Some("HELLO".to_owned()),
            sub_channel_id: moves.then(|| "two".to_owned()),
            ..MessageFields::default()
        };
        let callback = Callback { ids: ids.clone(), decision: Decision::Update, changes };
        stage.world.called_back(ids.key(), record, Some(Accepted { callback, by: None }));
        stage.drain();
        let (to, event_type, payload) = stage.told.last().unwrap();
        assert_eq!((*event_type, &payload["Content"]), ("CREATE_CHANNEL_MESSAGE", &Value::from("HELLO")));
        assert_eq!(*to, heard.iter().map(|person| arn(person)).collect::<Vec<_>>());
        assert_eq!(payload["SubChannelId"], if moves { "two" } else { "one" });
        stage.world.redact_message(key(&id), SystemTime::now());
        stage.drain();
        assert_eq!(stage.told.last().unwrap().0.len(), heard.len());
    }
}

#[test]
fn without_a_flow_and_for_control_messages_there_is_no_waiting() {
    let mut stage = Stage::new(Assumptions::default(), &[Abort]);
    let control = NewMessage { kind: MessageType::Control, ..message("bob", "typing") };
    assert_eq!(stage.send(control).1, MessageStatus::Sent);
    stage.set_flow(&[]);
    assert_eq!(stage.send(message("bob", "hello")).1, MessageStatus::Sent);
    assert_eq!(stage.event_types(), ["CREATE_CHANNEL_MESSAGE"; 2]);
    assert!(stage.invoked.is_empty());
}

#[test]
fn a_denied_update_leaves_the_message_as_it_was() {
    let mut stage = Stage::new(Assumptions::default(), &[Abort]);
    let id = stage.say("before");
    stage.call_back_last(Decision::NoChange, None);
    stage.update(&id, "after");
    assert_eq!(stage.content(&id), Some("before"));
    let (to, event_type, payload) = stage.told.last().unwrap();
    assert_eq!((&to[..], *event_type), (&[arn("alice")][..], "PENDING_UPDATE_CHANNEL_MESSAGE"));
    assert_eq!((&payload["Content"], &payload["Status"]["Value"]), (&"after".into(), &"PENDING".into()));
    stage.call_back_last(Decision::Deny, None);
    let (to, event_type, payload) = stage.told.last().unwrap();
    assert_eq!((&to[..], *event_type), (&[arn("alice")][..], "DENIED_UPDATE_CHANNEL_MESSAGE"));
    assert_eq!(payload["Status"]["Value"], "DENIED");
    assert_eq!(stage.content(&id), Some("before"));
    assert!(stage.world.messages.get(key(&id)).unwrap().is_settled());
}

#[test]
fn who_cannot_be_reached_is_passed_over_or_ends_it() {
    let mut stage = Stage::new(Assumptions::default(), &[Continue, Abort]);
    let id = stage.say("x");
    stage.unreachable_last();
    assert_eq!(stage.invoked.len(), 2);
    stage.unreachable_last();
    let (to, event_type, _) = stage.told.last().unwrap();
    assert_eq!((&to[..], *event_type), (&[arn("alice")][..], "FAILED_CREATE_CHANNEL_MESSAGE"));
    assert_eq!(stage.world.messages.get(key(&id)).unwrap().status, MessageStatus::Failed);
    for ids in stage.invoked.clone() {
        let refused = stage.call_back(&ids, Decision::NoChange, None).unwrap().unwrap_err();
        assert_eq!(refused.kind(), RefusalKind::DecidedBefore);
    }
}

#[test]
fn a_denied_message_is_no_more_and_a_second_callback_still_hears_that_it_was_decided() {
    let mut stage = Stage::new(Assumptions::default(), &[Abort]);
    let id = stage.say("x");
    stage.call_back_last(Decision::Deny, None);
    assert!(stage.world.messages.get(key(&id)).is_none());
    stage.restart();
    let ids = stage.invoked[0].clone();
    let refused = stage.call_back(&ids, Decision::NoChange, None).unwrap().unwrap_err();
    assert_eq!(refused.kind(), RefusalKind::DecidedBefore);
    let state = stage.world.state_of(&ids).unwrap();
    assert_eq!((state.status(), state.decision()), (MessageStatus::Denied, Some(Decision::Deny)));
}

#[test]
fn messages_that_are_not_persistent_go_through_and_leave_nothing_to_list() {
    let mut stage = Stage::new(Assumptions::default(), &[Abort]);
    let new = NewMessage { persistence: Persistence::NonPersistent, ..message("alice", "x") };
    let (id, status) = stage.send(new);
    assert_eq!(status, MessageStatus::Pending);
    stage.call_back_last(Decision::NoChange, None);
    assert_eq!(stage.told.last().unwrap().1, "CREATE_CHANNEL_MESSAGE");
    assert!(stage.world.messages.get(key(&id)).is_none());
    assert_eq!(stage.world.channels.get(CHANNEL).unwrap().last_message, None);
}

#[test]
fn a_message_for_one_is_told_to_that_one_and_its_sender() {
    let mut stage = Stage::new(Assumptions::default(), &[]);
    stage.send(NewMessage { target: Some(arn("carol")), ..message("alice", "x") });
    assert_eq!(stage.told[0].0, [arn("alice"), arn("carol")]);
    assert_eq!(stage.told[0].2["Target"][0]["MemberArn"], arn("carol"));
}

#[test]
fn what_was_under_way_is_handed_out_again_after_a_restart_once_its_function_is_there() {
    let mut stage = Stage::new(Assumptions::default(), &[Abort, Abort]);
    stage.say("one");
    stage.call_back_last(Decision::NoChange, None);
    stage.say("two");
    let (of_one, of_two) = (stage.invoked[1].clone(), stage.invoked[2].clone());
    stage.restart();
    stage.invoked.clear();
    stage.world.resume("arn:1");
    stage.world.resume("arn:1");
    stage.drain();
    assert_eq!(stage.invoked, [of_one]);
    stage.world.resume("arn:0");
    stage.drain();
    assert_eq!(stage.invoked[1..], *std::slice::from_ref(&of_two));
    assert_eq!(stage.call_back(&of_two, Decision::NoChange, None), Some(Ok(())));
}

#[test]
fn a_callback_that_came_too_late_decides_nothing() {
    let assumptions = Assumptions { callback_lifetime: Duration::ZERO, ..Assumptions::default() };
    let mut stage = Stage::new(assumptions, &[Abort]);
    let id = stage.say("x");
    let ids = stage.invoked[0].clone();
    let refused = stage.call_back(&ids, Decision::NoChange, None).unwrap().unwrap_err();
    assert_eq!(refused.kind(), RefusalKind::Expired);
    assert_eq!(stage.world.messages.get(key(&id)).unwrap().status, MessageStatus::Pending);
}

#[test]
fn a_callback_for_other_ids_finds_no_message() {
    let mut stage = Stage::new(Assumptions::default(), &[Abort]);
    stage.say("x");
    let ids = stage.invoked[0].clone();
    let upper = ids.callback_id.to_uppercase();
    for ids in [
        MessageIds { callback_id: ids::uuid(), ..ids.clone() },
        MessageIds { callback_id: upper, ..ids.clone() },
        MessageIds { message_id: "m".to_owned(), ..ids.clone() },
        MessageIds { channel_arn: format!("{CHANNEL}2"), ..ids.clone() },
    ] {
        assert_eq!(stage.call_back(&ids, Decision::NoChange, None), None);
    }
}

#[test]
fn assumptions_can_be_turned_round() {
    // Callback ids of the message: the second callback of the first processor passes for the second one's.
    let mut assumptions = Assumptions { callback_id_is_of_the_step: false, ..Assumptions::default() };
    let mut stage = Stage::new(assumptions.clone(), &[Abort, Abort]);
    stage.say("x");
    stage.call_back_last(Decision::NoChange, None);
    assert_eq!(stage.invoked[0], stage.invoked[1]);
    stage.call_back_last(Decision::NoChange, None);
    assert_eq!(stage.told.last().unwrap().1, "CREATE_CHANNEL_MESSAGE");

    // The flow as it is by then.
    for (kept, invoked) in [(true, 2), (false, 1)] {
        assumptions = Assumptions { flow_is_kept: kept, ..Assumptions::default() };
        let mut stage = Stage::new(assumptions.clone(), &[Abort, Abort]);
        stage.say("x");
        stage.set_flow(&[]);
        stage.call_back_last(Decision::NoChange, None);
        assert_eq!(stage.invoked.len(), invoked);
    }

    // Nothing is left of what failed.
    assumptions = Assumptions { failed_messages_are_kept: false, ..Assumptions::default() };
    let mut stage = Stage::new(assumptions, &[Abort]);
    let id = stage.say("x");
    stage.unreachable_last();
    assert!(stage.world.messages.get(key(&id)).is_none());

    // Who has left.
    for (told, last) in [(false, "PENDING_CREATE_CHANNEL_MESSAGE"), (true, "DENIED_CREATE_CHANNEL_MESSAGE")] {
        let assumptions = Assumptions { former_member_is_told: told, ..Assumptions::default() };
        let mut stage = Stage::new(assumptions, &[Abort]);
        stage.say("x");
        stage.world.channels.change(&mut stage.world.batch, CHANNEL, |channel| {
            channel.memberships.remove(&arn("alice"));
        });
        stage.call_back_last(Decision::Deny, None);
        assert_eq!(stage.told.last().unwrap().1, last);
    }
}

#[derive(Clone, Debug)]
enum Act {
    Send { by: usize, control: bool, persistent: bool, target: Option<usize> },
    Update(prop::sample::Index),
    CallBack(prop::sample::Index, Decision),
    Unreachable(prop::sample::Index),
    Redact(prop::sample::Index),
    Delete(prop::sample::Index),
    Leave(usize),
    Flow(Vec<bool>),
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let index = any::<prop::sample::Index>;
    let decision = prop::sample::select(vec![Decision::Update, Decision::NoChange, Decision::Deny]);
    let act = prop_oneof![
        4 => (0..3_usize, any::<bool>(), any::<bool>(), prop::option::of(0..3_usize)).prop_map(
            |(by, control, persistent, target)| Act::Send { by, control, persistent, target }
        ),
        2 => index().prop_map(Act::Update),
        8 => (index(), decision).prop_map(|(step, decision)| Act::CallBack(step, decision)),
        2 => index().prop_map(Act::Unreachable),
        1 => index().prop_map(Act::Redact),
        1 => index().prop_map(Act::Delete),
        1 => (0..3_usize).prop_map(Act::Leave),
        1 => prop::collection::vec(any::<bool>(), 0..4).prop_map(Act::Flow),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 0..40)
}

/// What is due for one version of a message, and what was told of it.
#[derive(Default, Debug)]
struct Due {
    begun: usize,
    through_a_flow: usize,
}

fn act(stage: &mut Stage, act: Act, due: &mut HashMap<String, Due>) {
    let settled = |stage: &Stage, index: &prop::sample::Index| {
        let messages = stage.world.messages.between(CHANNEL, (std::ops::Bound::Unbounded, std::ops::Bound::Unbounded));
        let ids: Vec<_> = messages
            .filter(|(_, _, message)| message.is_settled())
            .map(|(_, key, _)| key.message_id.to_owned())
            .collect();
        (!ids.is_empty()).then(|| index.get(&ids).clone())
    };
    match act {
        Act::Send { by, control, persistent, target } => {
            let new = NewMessage {
                kind: if control { MessageType::Control } else { MessageType::Standard },
                persistence: if persistent { Persistence::Persistent } else { Persistence::NonPersistent },
                target: target.map(|target| arn(PEOPLE[target])),
                ..message(PEOPLE[by], "said")
            };
            let (id, status) = stage.send(new);
            let due = due.entry(id).or_default();
            due.begun += 1;
            due.through_a_flow += usize::from(status == MessageStatus::Pending);
        }
        Act::Update(index) => {
            let Some(id) = settled(stage, &index) else { return };
            stage.update(&id, "updated");
            let pending = !stage.world.messages.get(key(&id)).unwrap().is_settled();
            let due = due.entry(id).or_default();
            due.begun += 1;
            due.through_a_flow += usize::from(pending);
        }
        Act::CallBack(index, decision) => {
            if stage.invoked.is_empty() {
                return;
            }
            let ids = index.get(&stage.invoked).clone();
            let content = (decision == Decision::Update).then_some("changed");
            stage.call_back(&ids, decision, content).expect("every step is known").ok();
        }
        Act::Unreachable(index) => {
            if stage.events.is_empty() {
                return;
            }
            let event = index.get(&stage.events).clone();
            stage.world.unreachable(&event, "gone".to_owned());
            stage.drain();
        }
        Act::Redact(index) => {
            let Some(id) = settled(stage, &index) else { return };
            stage.world.redact_message(key(&id), SystemTime::now());
            stage.drain();
        }
        Act::Delete(index) => {
            let Some(id) = settled(stage, &index) else { return };
            stage.world.delete_message(key(&id), SystemTime::now());
            stage.drain();
        }
        Act::Leave(person) => {
            stage.world.channels.change(&mut stage.world.batch, CHANNEL, |channel| {
                channel.memberships.remove(&arn(PEOPLE[person]));
            });
            stage.drain();
        }
        Act::Flow(actions) => {
            let actions: Vec<_> = actions.into_iter().map(|go_on| if go_on { Continue } else { Abort }).collect();
            stage.set_flow(&actions);
        }
        Act::Restart => stage.restart(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_version_of_every_message_ends_once(acts in acts(), flow_is_kept in any::<bool>()) {
        let mut stage = Stage::new(Assumptions { flow_is_kept, former_member_is_told: true, ..Assumptions::default() }, &[Continue, Abort]);
        let mut due = HashMap::new();
        for one in acts {
            act(&mut stage, one, &mut due);
            let pending = stage.world.messages.iter().filter(|(_, message)| message.processing.is_some()).count();
            prop_assert_eq!(stage.world.messages.processing(), pending as u64);
        }
        // Whoever has something calls back at last.
        while stage.world.messages.processing() > 0 {
            for ids in stage.invoked.clone() {
                stage.call_back(&ids, Decision::NoChange, None).expect("every step is known").ok();
            }
        }
        stage.restart();
        for ids in stage.invoked.clone() {
            let refused = stage.call_back(&ids, Decision::Deny, None).expect("every step is known").unwrap_err();
            prop_assert_eq!(refused.kind(), RefusalKind::DecidedBefore);
        }
        for (id, due) in &due {
            let told = |matches: &dyn Fn(&str) -> bool| {
                let of_message = stage.told.iter().filter(|(_, _, payload)| payload["MessageId"] == **id);
                of_message.filter(|(_, event_type, _)| matches(event_type)).count()
            };
            let ends = |event_type: &str| {
                ["CREATE_", "UPDATE_", "DENIED_", "FAILED_"].iter().any(|start| event_type.starts_with(start))
            };
            prop_assert_eq!(told(&|event_type| event_type.starts_with("PENDING_")), due.through_a_flow);
            prop_assert_eq!(told(&ends), due.begun);
            let happened = |matches: fn(&ActivityKind) -> bool| {
                stage.happened.iter().filter(|(message, kind)| message == id && matches(kind)).count()
            };
            prop_assert_eq!(happened(|kind| matches!(kind, ActivityKind::Sent { .. })), due.begun);
            prop_assert_eq!(happened(|kind| matches!(kind, ActivityKind::Settled { .. })), due.through_a_flow);
        }
        // Only the sender is told of what is not sent.
        for (to, event_type, payload) in &stage.told {
            if !["CREATE_", "UPDATE_", "REDACT_", "DELETE_"].iter().any(|start| event_type.starts_with(start)) {
                prop_assert_eq!(&to[..], &[payload["Sender"]["Arn"].as_str().unwrap().to_owned()][..]);
            }
            let times: BTreeSet<_> = to.iter().collect();
            prop_assert_eq!(times.len(), to.len());
        }
        // No step was handed out twice.
        let steps: BTreeSet<_> = stage.invoked.iter().map(|ids| &ids.callback_id).collect();
        prop_assert_eq!(steps.len(), stage.invoked.len());
    }
}
