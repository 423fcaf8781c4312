use super::*;
use channel_flow::store::MemoryStore;
use channel_flow::testing::{self, CallbackService};
use channel_flow::{Decision, Message};

const MODERATOR: &str = "arn:aws:chime:us-east-1:111122223333:app-instance/a/bot/moderator";

fn flood(settings: &[(&str, &str)]) -> impl Processor + use<> {
    let value = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    processor(Settings::read(value).unwrap(), MemoryStore::new(), CallbackService::new([]).client())
}

#[track_caller]
fn decide(processor: &impl Processor, message: &Message) -> Decision {
    testing::decide(processor, message).map_err(|_| "no decision").unwrap()
}

fn message(id: usize) -> testing::MessageBuilder {
    testing::message("Hi").callback_id(&format!("callback-{id:032}"))
}

#[test]
fn one_message_too_many_mutes() {
    let flood = flood(&[("FLOOD_LIMIT", "2")]);
    for id in 0..2 {
        assert_eq!(decide(&flood, &message(id).build()), Decision::no_change());
    }
    assert_eq!(decide(&flood, &message(2).build()), Decision::deny().because("flood"));
    assert_eq!(decide(&flood, &message(3).build()), Decision::deny().because("muted"));
    assert_eq!(decide(&flood, &message(4).sender_user("bob").build()), Decision::no_change());
    let elsewhere = message(5).build().channel_arn().replace("/channel/", "/channel/x");
    assert_eq!(decide(&flood, &message(6).channel_arn(&elsewhere).build()), Decision::no_change());
}

#[test]
fn bots_may_send_as_fast_as_they_like() {
    let flood = flood(&[("FLOOD_LIMIT", "0")]);
    assert_eq!(decide(&flood, &message(0).sender_bot("helper").build()), Decision::no_change());
}

/// No panic, no lost time and no content in the logs, whatever the message.
#[test]
fn it_conforms() {
    testing::conformance(flood(&[("FLOOD_LIMIT", "1"), ("MODERATOR_ARN", MODERATOR)]));
}
