use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use serde::Deserialize;
use tokio::time::{Instant, advance, sleep};

use super::*;
use crate::{
    Adapter, BoxProcessor, Decision, DecisionKind, Exemptions, FallbackAction, Flow, LimitError, Processor, Settled,
    Step, processor_fn, testing,
};

const APP: &str = "arn:aws:chime:us-east-1:111122223333:app-instance/a";

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    #[serde(default)]
    links: bool,
    #[serde(default)]
    exempt: Exemptions,
}

fn in_channel(channel: &str) -> Message {
    testing::message("https://example.com").channel_arn(&format!("{APP}/channel/{channel}")).build()
}

/// Denies links, unless the policy allows them.
struct Links {
    allowed: bool,
}

impl Processor for Links {
    type Error = LimitError;

    async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
        let has_link = message.any_text(|text| text.contains("://"));
        Ok(if has_link && !self.allowed { Decision::deny().because("links") } else { Decision::no_change() })
    }
}

mod from_json {
    use super::*;

    fn error(json: &str) -> String {
        Policies::<Rules>::from_json(&json.replace("APP", APP)).unwrap_err().to_string()
    }

    #[tokio::test]
    async fn the_channel_comes_first_then_the_app_instance_then_the_default() {
        let json = r#"{
            "default": "default",
            "app_instances": { "APP": "app instance" },
            "channels": { "APP/channel/kids": "kids", "APP2/channel/x": "x" }
        }"#;
        let policies = Policies::<String>::from_json(&json.replace("APP", APP)).unwrap();
        for (channel, policy) in [
            ("/channel/kids", "kids"),
            ("/channel/kids2", "app instance"),
            ("2/channel/x", "x"),
            ("2/channel/kids", "default"),
        ] {
            let message = testing::message("Hi").channel_arn(&format!("{APP}{channel}")).build();
            assert_eq!(*policies.of(&message).await.unwrap(), policy, "{channel}");
        }
    }

    #[test]
    fn an_error_names_the_place_and_shows_no_value() {
        for (json, problem) in [
            ("", "the policies: EOF while parsing a value at line 1 column 0"),
            ("[]", "the policies: "),
            (r#"{"channels": {}}"#, "the policies: missing field `default` at line 1 column 16"),
            (
                r#"{"default": {}, "channel": {}}"#,
                "the policies: unknown field `channel`, expected one of `default`, `channels`, `app_instances` at line 1 column 25",
            ),
            (
                r#"{"default": {"link": true}}"#,
                "the policies: unknown field `link`, expected `links` or `exempt` at line 1",
            ),
            (
                r#"{"default": {"links": "secret\", expected"}}"#,
                "the policies: invalid type: a string, expected a boolean at line 1 column 42",
            ),
            (
                "{\"default\": {},\n \"channels\": {\"APP/channel/x\": {\"links\": \"secret\"}}}",
                "the policies: APP/channel/x: invalid type: a string, expected a boolean at line 2 column",
            ),
            (
                r#"{"default": {}, "channels": {"APP/channel/x": {"exempt": ["secret"]}}}"#,
                "the policies: APP/channel/x: exemption 1 must be `users`",
            ),
            (r#"{"default": {}, "channels": {"kids": {}}}"#, r#"the policies: "kids" is not the ARN of a channel"#),
            (r#"{"default": {}, "channels": {"APP": {}}}"#, r#"the policies: "APP" is not the ARN of a channel"#),
            (
                r#"{"default": {}, "app_instances": {"APP/channel/x": {}}}"#,
                r#"the policies: "APP/channel/x" is not the ARN of an app instance"#,
            ),
            (
                r#"{"default": {}, "channels": {"APP/channel/x": {}, "APP/channel/x": {}}}"#,
                "the policies: APP/channel/x has two policies",
            ),
            (r#"{"default": {}} x"#, "the policies: trailing characters at line 1 column 17"),
        ] {
            let (error, problem) = (error(json), problem.replace("APP", APP));
            assert!(error.starts_with(&problem), "{json}\n{error}\n{problem}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_error_is_short() {
        let long = "x".repeat(5_000);
        for json in [
            format!(r#"{{"default": {{"links": "{long}"}}}}"#),
            format!(r#"{{"default": {{"{long}": 1}}}}"#),
            format!(r#"{{"default": {{}}, "channels": {{"{long}": {{"links": 1}}}}}}"#),
            format!(r#"{{"default": {{}}, "channels": {{"{long}": {{}}}}}}"#),
        ] {
            assert!(error(&json).len() < 400, "{}", error(&json));
        }
    }

    #[test]
    fn a_file_is_named() {
        let file = std::env::temp_dir().join(format!("policies-{}.json", std::process::id()));
        std::fs::write(&file, "\u{feff}{\"default\": {\"links\": true}}").unwrap();
        assert!(Policies::<Rules>::from_file(&file).unwrap().table.policy("").links);
        std::fs::write(&file, "{").unwrap();
        let error = Policies::<Rules>::from_file(&file).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}: EOF", file.display())), "{error}");
        std::fs::remove_file(&file).unwrap();
        let error = Policies::<Rules>::from_file(&file).unwrap_err().to_string();
        assert!(error.contains(&*file.to_string_lossy()), "{error}");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = Policies::<Rules>::from_env("NO_SUCH_POLICIES").unwrap_err().to_string();
        assert!(error.starts_with("NO_SUCH_POLICIES is not set"), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(json in "\\PC{0,80}") {
            let _ = Policies::<Rules>::from_json(&json);
        }

        /// Whatever the policies are, each channel gets its own.
        #[test]
        fn each_channel_gets_its_own(
            channels in prop::collection::hash_map("[a-zA-Z0-9@:._-]{1,8}", any::<u32>(), 0..6),
            app_instance in prop::option::of(any::<u32>()),
            default: u32,
            other in "[a-z]{9}",
        ) {
            let arns: HashMap<_, _> =
                channels.iter().map(|(id, policy)| (format!("{APP}/channel/{id}"), policy)).collect();
            let app_instances: HashMap<_, _> = app_instance.iter().map(|policy| (APP, policy)).collect();
            let json = serde_json::json!({ "default": default, "channels": arns, "app_instances": app_instances });
            let policies = Policies::<u32>::from_json(&json.to_string()).unwrap();
            for (arn, policy) in &arns {
                prop_assert_eq!(**policies.table.policy(arn), **policy);
            }
            let expected = app_instance.unwrap_or(default);
            prop_assert_eq!(**policies.table.policy(&format!("{APP}/channel/{other}")), expected);
        }
    }
}

#[test]
fn policies_are_set_in_code_too() {
    let policies = Policies::new(1).channel(format!("{APP}/channel/x"), 2).unwrap().app_instance(APP, 3).unwrap();
    assert_eq!(**policies.table.policy(&format!("{APP}/channel/x")), 2);
    assert!(policies.clone().channel(format!("{APP}/channel/x"), 4).is_err());
    assert!(policies.clone().app_instance("a", 4).is_err());
    assert_eq!(format!("{policies:?}"), "Policies { channels: 1, app_instances: 1, has_source: false }");
}

#[test]
fn what_cannot_be_made_of_a_policy_is_named() {
    let policies = Policies::new(1).channel(format!("{APP}/channel/x"), 0).unwrap();
    let halves = |policy: &i32| 10_i32.checked_div(*policy).ok_or("division by zero");
    let error = policies.try_map(halves).unwrap_err();
    assert_eq!(format!("{error:?}"), format!("the policy of {APP}/channel/x cannot be used: division by zero"));
}

mod processor {
    use super::*;

    #[test]
    fn each_channel_has_its_own_processor() {
        let policies = Policies::new(Rules { links: true, ..Rules::default() });
        let policies = policies.channel(format!("{APP}/channel/kids"), Rules::default()).unwrap();
        let links = policies.map(|rules| Links { allowed: rules.links });
        assert_eq!(testing::decide(&links, &in_channel("kids")), Ok(Decision::deny().because("links")));
        assert_eq!(testing::decide(&links, &in_channel("adults")), Ok(Decision::no_change()));
        testing::conformance(links);
    }

    #[test]
    fn each_channel_has_its_own_flow() {
        let strict = Flow::new().step(Step::new("links", Links { allowed: false }));
        let lenient = processor_fn(|_: Message| async { Ok::<_, LimitError>(Decision::no_change()) });
        let flows = Policies::new(BoxProcessor::new(lenient));
        let flows = flows.channel(format!("{APP}/channel/kids"), BoxProcessor::new(strict)).unwrap();
        assert_eq!(testing::decide(&flows, &in_channel("adults")), Ok(Decision::no_change()));
        let decision = testing::decide(&flows, &in_channel("kids")).unwrap();
        assert_eq!(decision, Decision::deny().because("links"));
        assert_eq!(decision.trace().unwrap().reports()[0].name, "links");
        testing::conformance(flows);
    }

    #[test]
    fn an_error_is_that_of_the_processor_and_so_is_its_retry() {
        struct Busy(AtomicU32);
        impl Processor for Busy {
            type Error = &'static str;

            async fn process(&self, _: &Message) -> Result<Decision, &'static str> {
                match self.0.fetch_add(1, Ordering::Relaxed) {
                    0 => Err("busy"),
                    _ => Err("no answer"),
                }
            }

            fn retry_after(&self, error: &&'static str, _: u32) -> Option<Duration> {
                (*error == "busy").then_some(Duration::ZERO)
            }
        }
        let policies = Policies::new(Busy(AtomicU32::new(0)));
        let undecided = testing::Undecided::Error("no answer".to_owned());
        assert_eq!(testing::decide(&policies, &in_channel("x")), Err(undecided));
        assert_eq!(policies.table.policy("").0.load(Ordering::Relaxed), 2);
    }

    /// A processor that says after the callback which version of the policy it is.
    struct Version(u64, Arc<Mutex<Vec<u64>>>);

    impl Processor for Version {
        type Error = &'static str;

        async fn process(&self, message: &Message) -> Result<Decision, &'static str> {
            match message.content() {
                "fail" => Err("no answer"),
                _ => Ok(Decision::no_change()),
            }
        }

        async fn after_callback(&self, _: &Message, _: &Decision, _: &Settled) -> Result<(), &'static str> {
            self.1.lock().unwrap().push(self.0);
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_processor_that_decided_works_after_the_callback() {
        let (source, worked) = (Scripted::default(), Arc::new(Mutex::new(Vec::new())));
        let cache = PolicyCache::new(source.clone()).refresh_every(Duration::ZERO);
        let log = worked.clone();
        let versions = Policies::new(0).with_source(cache).map(move |version| Version(*version, log.clone()));
        // In a flow, in a flow.
        let flow = Flow::new().step(Step::new("inner", Flow::new().step(Step::new("versions", versions.clone()))));
        let service = testing::CallbackService::new([]);
        let meanwhile = processor_fn(move |message: Message| {
            let versions = versions.clone();
            async move {
                // The policy has changed before the callback is sent.
                versions.of(&message).await.map(|_| Decision::no_change())
            }
        });
        let flow = flow.step(Step::new("meanwhile", meanwhile));
        let adapter = Adapter::builder(flow).client(service.client()).build().await.unwrap();
        let event = testing::message("Hi").to_event();
        testing::invoke(&adapter, event, Duration::from_secs(5)).await.unwrap();
        assert_eq!(source.loads(), 2);
        assert_eq!(*worked.lock().unwrap(), [1]);
    }

    #[tokio::test]
    async fn after_the_fallback_action_the_known_policy_works_if_there_is_one() {
        let (source, worked) = (Scripted::default(), Arc::new(Mutex::new(Vec::new())));
        let log = worked.clone();
        let versions = Policies::new(0).with_source(PolicyCache::new(source.clone()));
        let versions = versions.map(move |version| Version(*version, log.clone()));
        let service = testing::CallbackService::new([]);
        let adapter = Adapter::builder(versions).client(service.client()).build().await.unwrap();
        source.say(Answer::Fail);
        for (content, works) in [("Hi", vec![]), ("fail", vec![2])] {
            let event = testing::message(content).id(content).to_event();
            testing::invoke(&adapter, event, Duration::from_secs(5)).await.unwrap();
            source.say(Answer::Count);
            assert_eq!(*worked.lock().unwrap(), works, "{content}");
        }
        assert!(service.callbacks().iter().all(|callback| callback.decision() == DecisionKind::Deny));
    }
}

/// How a source answers.
#[derive(Clone, Copy)]
enum Answer {
    /// With the number of the load.
    Count,
    Nothing,
    Fail,
    Panic,
    Hang,
    /// As `Count`, but only after this time.
    Late(Duration),
}

/// A source that answers as it is told.
#[derive(Clone)]
struct Scripted(Arc<(Mutex<Answer>, AtomicU64)>);

impl Default for Scripted {
    fn default() -> Self {
        Self(Arc::new((Mutex::new(Answer::Count), AtomicU64::new(0))))
    }
}

impl Scripted {
    fn say(&self, answer: Answer) {
        *self.0.0.lock().unwrap() = answer;
    }

    fn loads(&self) -> u64 {
        self.0.1.load(Ordering::Relaxed)
    }
}

impl PolicySource for Scripted {
    type Policy = u64;
    type Error = &'static str;

    async fn load(&self, _: &str) -> Result<Option<u64>, &'static str> {
        let load = self.0.1.fetch_add(1, Ordering::Relaxed) + 1;
        let answer = *self.0.0.lock().unwrap();
        match answer {
            Answer::Count => Ok(Some(load)),
            Answer::Nothing => Ok(None),
            Answer::Fail => Err("away"),
            Answer::Panic => panic!("secret"),
            Answer::Hang => std::future::pending().await,
            Answer::Late(by) => {
                sleep(by).await;
                Ok(Some(load))
            }
        }
    }
}

mod source {
    use super::*;

    fn policies(source: &Scripted) -> Policies<u64> {
        Policies::new(0).with_source(PolicyCache::new(source.clone()))
    }

    /// The policy of a channel, and how long the message waited for it.
    async fn timed(policies: &Policies<u64>, channel: &str) -> (u64, Duration) {
        let started = Instant::now();
        let policy = *policies.of(&in_channel(channel)).await.unwrap();
        (policy, started.elapsed())
    }

    async fn policy(policies: &Policies<u64>, channel: &str) -> u64 {
        timed(policies, channel).await.0
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_is_loaded_once_an_interval() {
        let source = Scripted::default();
        let policies = policies(&source);
        assert_eq!((policy(&policies, "x").await, policy(&policies, "x").await), (1, 1));
        advance(Duration::from_secs(59)).await;
        assert_eq!(policy(&policies, "x").await, 1);
        assert_eq!(policy(&policies, "y").await, 2);
        advance(Duration::from_secs(1)).await;
        assert_eq!((policy(&policies, "x").await, policy(&policies, "x").await), (3, 3));
        assert_eq!((policy(&policies, "y").await, source.loads()), (2, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_without_a_policy_has_that_of_the_table() {
        let source = Scripted::default();
        source.say(Answer::Nothing);
        let policies = policies(&source).channel(format!("{APP}/channel/x"), 77).unwrap();
        assert_eq!((policy(&policies, "x").await, policy(&policies, "y").await), (77, 0));
        assert_eq!((policy(&policies, "x").await, source.loads()), (77, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_source_is_away_the_last_good_policy_stays() {
        let source = Scripted::default();
        let policies = policies(&source);
        assert_eq!(policy(&policies, "x").await, 1);
        for (answer, waits) in [(Answer::Fail, 0), (Answer::Panic, 0), (Answer::Hang, 200)] {
            advance(Duration::from_secs(60)).await;
            source.say(answer);
            let loads = source.loads();
            assert_eq!(timed(&policies, "x").await, (1, Duration::from_millis(waits)));
            // The source is left in peace for a while.
            assert_eq!(timed(&policies, "x").await, (1, Duration::ZERO));
            assert_eq!(source.loads(), loads + 1);
            advance(Duration::from_secs(10)).await;
            assert_eq!(timed(&policies, "x").await, (1, Duration::from_millis(waits)));
            assert_eq!(source.loads(), loads + 2);
        }
        assert_eq!(policies.source_failures(), 6);
        source.say(Answer::Count);
        advance(Duration::from_secs(10)).await;
        assert_eq!(policy(&policies, "x").await, 8);
        assert_eq!(policies.source_failures(), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_hangs_holds_up_one_message_of_all_channels() {
        let source = Scripted::default();
        let policies = policies(&source);
        for (channel, load) in [("x", 1), ("y", 2), ("z", 3)] {
            assert_eq!(policy(&policies, channel).await, load);
        }
        advance(Duration::from_secs(60)).await;
        source.say(Answer::Hang);
        assert_eq!(timed(&policies, "x").await, (1, Duration::from_millis(200)));
        assert_eq!(timed(&policies, "y").await, (2, Duration::ZERO));
        assert_eq!(timed(&policies, "z").await, (3, Duration::ZERO));
        source.say(Answer::Count);
        advance(Duration::from_secs(10)).await;
        assert_eq!((policy(&policies, "y").await, policy(&policies, "z").await), (5, 6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_with_little_time_does_not_tell_that_the_source_hangs() {
        let source = Scripted::default();
        let policies = policies(&source);
        assert_eq!((policy(&policies, "x").await, policy(&policies, "y").await), (1, 2));
        advance(Duration::from_secs(60)).await;
        source.say(Answer::Late(Duration::from_millis(100)));
        let hurried = in_channel("x");
        let hurried = hurried.with_processor_deadline(Instant::now() + Duration::from_millis(20));
        assert_eq!(*policies.of(&hurried).await.unwrap(), 1);
        assert_eq!(timed(&policies, "y").await, (4, Duration::from_millis(100)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_fails_at_once_for_one_channel_is_asked_for_the_others() {
        let source = Scripted::default();
        let policies = policies(&source);
        assert_eq!((policy(&policies, "x").await, policy(&policies, "y").await), (1, 2));
        advance(Duration::from_secs(60)).await;
        source.say(Answer::Fail);
        assert_eq!(policy(&policies, "x").await, 1);
        source.say(Answer::Count);
        assert_eq!(policy(&policies, "y").await, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn without_any_policy_there_is_an_error() {
        let source = Scripted::default();
        let policies = policies(&source);
        let message = in_channel("x");
        for (answer, cause) in [(Answer::Fail, "away"), (Answer::Panic, "the source panicked")] {
            source.say(answer);
            let error = policies.of(&message).await.unwrap_err();
            assert_eq!(StdError::source(&error).unwrap().to_string(), cause);
            assert!(policies.known(&message).is_none());
        }
        // It is asked again at once: every message without a policy is lost.
        source.say(Answer::Count);
        assert_eq!(policy(&policies, "x").await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_load_leaves_the_message_half_of_its_time() {
        let source = Scripted::default();
        let policies = policies(&source);
        source.say(Answer::Hang);
        let started = Instant::now();
        let message = testing::message("Hi").time_left(Duration::from_secs(4)).build();
        policies.of(&message).await.unwrap_err();
        assert_eq!(started.elapsed(), Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn messages_of_a_channel_share_one_load() {
        let source = Scripted::default();
        let policies = policies(&source);
        let second = Duration::from_secs(1);
        source.say(Answer::Late(second));
        let first = tokio::join!(timed(&policies, "x"), timed(&policies, "x"), timed(&policies, "y"));
        assert_eq!(first, ((1, second), (1, second), (2, second)));
        // Those that have a policy do not wait for a newer one that another message loads.
        advance(Duration::from_secs(60)).await;
        source.say(Answer::Late(Duration::from_millis(100)));
        let then = tokio::join!(timed(&policies, "x"), timed(&policies, "x"), timed(&policies, "x"));
        assert_eq!(then, ((3, Duration::from_millis(100)), (1, Duration::ZERO), (1, Duration::ZERO)));
    }

    #[tokio::test(start_paused = true)]
    async fn messages_that_waited_for_a_load_share_its_failure() {
        let source = Scripted::default();
        let policies = policies(&source);
        source.say(Answer::Hang);
        let message = testing::message("Hi").time_left(Duration::from_secs(4)).build();
        let (a, b, c) = tokio::join!(policies.of(&message), policies.of(&message), policies.of(&message));
        assert!(a.is_err() && b.is_err() && c.is_err());
        assert_eq!(source.loads(), 1);
        // A message whose own time is over while it loads leaves the load to the next one.
        let cut_off = tokio::time::timeout(Duration::from_millis(1), policies.of(&message));
        let other = in_channel("other");
        source.say(Answer::Late(Duration::from_millis(10)));
        let (cut_off, next) = tokio::join!(cut_off, policies.of(&message));
        assert!(cut_off.is_err());
        assert_eq!(*next.unwrap(), 3);
        assert!(policies.of(&other).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_policy_that_cannot_be_used_does_not_replace_the_last_good_one() {
        let source = Scripted::default();
        let odd = |policy: &u64| if policy % 2 == 1 { Ok(*policy) } else { Err("even") };
        let policies = Policies::new(1).with_source(PolicyCache::new(source.clone())).try_map(odd).unwrap();
        for expected in [1, 1, 3] {
            assert_eq!(policy(&policies, "x").await, expected);
            advance(Duration::from_secs(60)).await;
        }
        assert_eq!(policies.source_failures(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_limited_number_of_channels_is_kept() {
        let source = Scripted::default();
        let policies = Policies::new(0).with_source(PolicyCache::new(source.clone()).max_channels(2));
        for (channel, load) in [("x", 1), ("y", 2), ("x", 1), ("z", 3), ("x", 1), ("y", 4)] {
            assert_eq!(policy(&policies, channel).await, load);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_without_a_policy_falls_back_for_itself() {
        let source = Scripted::default();
        source.say(Answer::Fail);
        let links = policies(&source).map(|policy| Links { allowed: *policy > 0 });
        let step = Step::new("links", links).fallback_action(FallbackAction::Continue);
        assert_eq!(Flow::new().step(step).process(&in_channel("x")).await.unwrap(), Decision::no_change());
    }

    #[test]
    fn a_processor_by_policy_conforms() {
        let links = policies(&Scripted::default()).map(|policy| Links { allowed: policy % 2 == 0 });
        testing::conformance(links);
    }
}
