//! Tests of the processor, without a table.

use channel_flow::store::MemoryStore;
use channel_flow::{DecisionKind, testing};

use super::*;
use crate::settings::InvalidSetting;

fn review() -> Review<MemoryStore> {
    let Settings { hold, .. } = Settings::read(|_| None).unwrap();
    Review { store: MemoryStore::new(), hold, bot: None }
}

fn decided(review: &Review<MemoryStore>, id: &str, content: &str) -> (DecisionKind, Vec<String>) {
    let message = testing::message(content).sender_user("alice").id(id).callback_id(id).build();
    let decision = testing::decide(review, &message).unwrap();
    (decision.kind(), decision.reasons().iter().map(|reason| reason.as_str().to_owned()).collect())
}

#[test]
fn the_first_message_of_a_sender_is_held_and_so_is_each_with_a_link() {
    let review = review();
    assert_eq!(decided(&review, "1", "Hello"), (DecisionKind::Hold, vec!["new-sender".to_owned()]));
    assert_eq!(decided(&review, "2", "Hello again"), (DecisionKind::NoChange, vec![]));
    assert_eq!(decided(&review, "3", "See https://example.com"), (DecisionKind::Hold, vec!["link".to_owned()]));
    assert_eq!(decided(&review, "4", "See example.com"), (DecisionKind::NoChange, vec![]));
}

/// Otherwise the second event would release the message that the first one held.
#[test]
fn an_event_that_comes_twice_is_decided_in_the_same_way() {
    let review = review();
    let first = decided(&review, "1", "Hello");
    assert_eq!(decided(&review, "1", "Hello"), first);
}

#[test]
fn a_bot_is_never_held() {
    let message = testing::message("See https://example.com").sender_bot("helper").build();
    assert_eq!(testing::decide(&review(), &message).unwrap(), Decision::no_change());
}

#[test]
fn a_store_that_is_away_is_an_error_and_the_fallback_action_decides() {
    let review = review();
    review.store.set_away(true);
    assert!(testing::decide(&review, &testing::message("Hello").sender_user("alice").build()).is_err());
}

#[test]
fn a_wrong_setting_is_named() {
    let read = |name: &'static str, value: &'static str| {
        Settings::read(move |variable| (variable == name).then(|| value.to_owned())).err()
    };
    for hours in ["0", "48", "-1", "a day", "18446744073709551615"] {
        assert!(read("REVIEW_HOURS", hours) == Some(InvalidSetting::Hours), "{hours}");
    }
    assert!(read("REVIEW_HOURS", "47").is_none() && read("REVIEW_HOURS", " ").is_none());
    assert!(read("REVIEW_BOT_ARN", "helper") == Some(InvalidSetting::BotArn));
    assert!(read("REVIEW_BOT_ARN", "arn:aws:chime:us-east-1:123456789012:app-instance/a/bot/b").is_none());
}

#[test]
fn the_processor_conforms() {
    testing::conformance(review());
}
