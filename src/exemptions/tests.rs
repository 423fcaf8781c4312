use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::testing::conformance;
use crate::{Adapter, Decision, LimitError, Processor, Settled, condition, processor_fn, testing};

const APP: &str = "arn:aws:chime:us-east-1:111122223333:app-instance/a";
const OTHER_APP: &str = "arn:aws:chime:us-east-1:111122223333:app-instance/a2";

fn parse(text: &str) -> Exemptions {
    text.replace("APP2", OTHER_APP).replace("APP", APP).parse().unwrap()
}

fn message(sender: &str, channel: &str) -> Message {
    let arn = |text: &str| text.replace("APP2", OTHER_APP).replace("APP", APP);
    let sender = serde_json::json!({ "Arn": arn(sender), "Name": "bots" }).to_string();
    testing::message("Hi").field("Sender", &sender).channel_arn(&arn(channel)).build()
}

fn deny() -> impl Processor<Error = LimitError> + 'static {
    processor_fn(|_: Message| async { Ok(Decision::deny()) })
}

#[test]
fn each_exemption_matches_its_messages() {
    let messages = [
        message("APP/user/alice", "APP/channel/x"),
        message("APP/user/alice2", "APP/channel/y"),
        message("APP/bot/helper", "APP/channel/x"),
        message("APP2/bot/alice", "APP2/channel/x"),
        message("", "APP/channel/xy"),
    ];
    for (text, exempt) in [
        ("", [0, 0, 0, 0, 0]),
        (" users ", [1, 1, 0, 0, 0]),
        ("bots", [0, 0, 1, 1, 0]),
        ("bots,users", [1, 1, 1, 1, 0]),
        ("APP/user/alice", [1, 0, 0, 0, 0]),
        ("APP/bot/helper, APP/user/alice2", [0, 1, 1, 0, 0]),
        ("APP/channel/x", [1, 0, 1, 0, 0]),
        ("APP", [1, 1, 1, 0, 1]),
        ("APP2", [0, 0, 0, 1, 0]),
        ("bots + APP2", [0, 0, 0, 1, 0]),
        ("APP/channel/x+users", [1, 0, 0, 0, 0]),
        ("APP/user/alice + APP/channel/y, APP/user/alice2 + APP/channel/y", [0, 1, 0, 0, 0]),
    ] {
        let exemptions = parse(text);
        let matched = messages.each_ref().map(|message| u8::from(exemptions.matches(message)));
        assert_eq!(matched, exempt, "{text}");
    }
}

#[test]
fn an_invalid_exemption_is_named_by_its_number_and_not_shown() {
    for (text, problem) in [
        ("bots,", "exemption 2 is empty"),
        (",", "exemption 1 is empty"),
        ("bots, secret", "exemption 2 must be `users`"),
        ("BOT", "exemption 1 must be"),
        ("bots +", "exemption 1 must be"),
        ("users + secret", "exemption 1 must be"),
        ("bots + users", "exemption 1 is never met"),
        ("bots + arn:aws:chime:us-east-1:1:app-instance/a + secret", "exemption 1 must be"),
        ("bots + arn:aws:chime:us-east-1:1:app-instance/a + users", "exemption 1 is never met"),
        ("users, arn:aws:chime:us-east-1:1:app-instance/a/channel/secret/x", "exemption 2 must be"),
        ("arn:aws:chime:us-east-1:1:app-instance/a/*", "exemption 1 must be"),
    ] {
        let error = text.parse::<Exemptions>().unwrap_err();
        assert!(error.to_string().starts_with(problem), "{text}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn exemptions_are_a_part_of_a_policy() {
    #[derive(serde::Deserialize)]
    struct Rules {
        #[serde(default)]
        exempt: Exemptions,
    }
    let read = |json: String| serde_json::from_str::<Rules>(&json).map(|rules| rules.exempt);
    let expected = parse("bots, APP/user/alice + APP/channel/x");
    let array = format!(r#"{{"exempt": ["bots", "{APP}/user/alice + {APP}/channel/x"]}}"#);
    assert_eq!(read(array).unwrap(), expected);
    assert_eq!(read(format!(r#"{{"exempt": "bots,{APP}/user/alice+{APP}/channel/x"}}"#)).unwrap(), expected);
    assert_eq!(read("{}".to_owned()).unwrap(), Exemptions::default());
    for invalid in [r#"["bots", ""]"#, r#"["bots,users"]"#, "7", r#"[["bots"]]"#, r#""robots""#] {
        assert!(read(format!(r#"{{"exempt": {invalid}}}"#)).is_err(), "{invalid}");
    }
}

#[test]
fn an_exempt_message_is_left_alone() {
    let exempt = Decision::no_change().because("exempt");
    let processor = parse("bots").around(deny());
    let (from_bot, from_user) = (testing::message("Hi").sender_bot("b").build(), testing::message("Hi").build());
    assert_eq!(testing::decide(&processor, &from_bot), Ok(exempt));
    assert_eq!(testing::decide(&processor, &from_user), Ok(Decision::deny()));
    let condition = condition::not(condition::exempt(parse("bots")));
    assert!(condition(&from_user) && !condition(&from_bot));
    assert!(format!("{processor:?}").contains("Bots"));
}

#[tokio::test]
async fn the_work_after_the_callback_is_for_the_others() {
    #[derive(Default)]
    struct Worker(AtomicU32);
    impl Processor for Worker {
        type Error = LimitError;

        async fn process(&self, _: &Message) -> Result<Decision, LimitError> {
            Ok(Decision::no_change())
        }

        async fn after_callback(&self, _: &Message, _: &Decision, _: &Settled) -> Result<(), LimitError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }
    let worker = Arc::new(Worker::default());
    let service = testing::CallbackService::new([]);
    let adapter = Adapter::builder(parse("bots").around(worker.clone())).client(service.client());
    let adapter = adapter.build().await.unwrap();
    for message in [testing::message("Hi"), testing::message("Hi").sender_bot("b")] {
        testing::invoke(&adapter, message.to_event(), Duration::from_secs(5)).await.unwrap();
        assert_eq!(worker.0.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn a_processor_with_exemptions_conforms() {
    conformance(parse("bots").around(deny()));
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("bots".to_owned()),
        Just("users".to_owned()),
        "(user|bot|channel)/[a-zA-Z0-9@:._-]{1,8}".prop_map(|resource| format!("{APP}/{resource}")),
        Just(APP.to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,60}") {
        let _ = text.parse::<Exemptions>();
    }

    /// A list exempts a message if one of its exemptions does, and an exemption if all of its parts do.
    #[test]
    fn a_list_means_the_sum_of_its_parts(list in prop::collection::vec(prop::collection::vec(part(), 1..3), 0..4)) {
        let text = list.iter().map(|parts| parts.join(" + ")).collect::<Vec<_>>().join(", ");
        if let Ok(exemptions) = text.parse::<Exemptions>() {
            for sender in ["APP/user/a", "APP/bot/b", "APP2/user/c"] {
                let message = message(sender, "APP/channel/d");
                let holds = |part: &String| part.parse::<Exemptions>().unwrap().matches(&message);
                prop_assert_eq!(exemptions.matches(&message), list.iter().any(|parts| parts.iter().all(holds)));
            }
        } else {
            prop_assert!(list.iter().any(|parts| parts.len() > 1));
        }
    }
}
