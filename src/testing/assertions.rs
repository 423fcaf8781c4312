//! Assertions about decisions.

use std::fmt::Debug;

use super::decision_difference::DecisionDifference;
use crate::{Decision, Update};

/// Asserts that a processor made this decision.
///
/// The first argument is the result of [`decide`](super::decide), or of the processor's own
/// [`process`](crate::Processor::process). An [`Update`] as the second one stands for all changes: a field that it does not
/// set must not be changed.
///
/// The [scores](crate::Scores) of a decision are not compared.
///
/// If the assertion fails, it shows each field in which the decisions differ, with the expected and the actual text and
/// the difference marked, and the scores that the actual decision follows, if it has any. `assert_eq!` cannot do that: the `Debug` of a decision shows no texts, so that none gets into the
/// logs of a function.
///
/// ```
/// use channel_flow::{Decision, LimitError, Message, PushNotification, Update, processor_fn, testing};
///
/// let calm = processor_fn(|message: Message| async move {
///     Ok::<_, LimitError>(message.map_texts(str::to_lowercase)?.into())
/// });
/// let push = PushNotification::builder().title("ALICE").build();
/// let message = testing::message("HELLO").push_notification(push).build();
///
/// let push = PushNotification::builder().title("alice").build();
/// let update = Update::builder().content("hello").push_notification(push).build()?;
/// testing::assert_decision(testing::decide(&calm, &message), update);
///
/// testing::assert_decision(testing::decide(&calm, &testing::message("hello").build()), Decision::no_change());
/// # Ok::<_, LimitError>(())
/// ```
///
/// # Panics
///
/// Panics if the processor made another decision, or none.
#[track_caller]
pub fn assert_decision<E: Debug>(decided: Result<Decision, E>, expected: impl Into<Decision>) {
    let expected = expected.into();
    match decided {
        Ok(actual) => {
            if let Some(difference) = DecisionDifference::between(&expected, &actual) {
                panic!("the processor made another decision than the expected one\n{difference}");
            }
        }
        Err(error) => panic!(
            "the processor made no decision\ndecision\n  expected: {:?}\n    actual: {error:?}",
            expected.kind().as_str()
        ),
    }
}

/// Asserts that a processor replaced the content with `content`, and changed nothing else.
///
/// This is [`assert_decision`] for the most common decision, and shows differences in the same way:
///
/// ```should_panic
/// use channel_flow::{Decision, LimitError, Message, processor_fn, testing};
///
/// let calm = processor_fn(|message: Message| async move { Decision::update(message.content().to_lowercase()) });
/// let decided = testing::decide(&calm, &testing::message("GOOD MOORNING").build());
/// testing::assert_update(decided, "good morning");
/// // content
/// //   expected: "good morning"
/// //     actual: "good moorning"
/// //                     ^
/// ```
///
/// # Panics
///
/// Panics if the processor made another decision, or none, or if no update can have this content because it is beyond the
/// [limits](crate::limits).
#[track_caller]
pub fn assert_update<E: Debug>(decided: Result<Decision, E>, content: &str) {
    match Update::builder().content(content).build() {
        Ok(update) => assert_decision(decided, update),
        Err(error) => panic!("no update can have the expected content: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Undecided;
    use crate::{PushNotification, PushNotificationType};
    use std::panic::catch_unwind;

    fn decided(update: crate::UpdateBuilder) -> Result<Decision, Undecided> {
        Ok(update.build().unwrap().into())
    }

    /// Returns the message of the panic.
    fn failure(decided: Result<Decision, Undecided>, expected: Decision) -> String {
        let panic = catch_unwind(|| assert_decision(decided, expected)).unwrap_err();
        *panic.downcast::<String>().expect("it is a formatted text")
    }

    #[test]
    fn equal_decisions_pass() {
        assert_decision(Ok::<_, Undecided>(Decision::deny()), Decision::deny());
        assert_decision(decided(Update::builder()), Decision::no_change());
        assert_decision(Ok::<_, Undecided>(Decision::from(Update::default())), Decision::no_change());
        assert_update(Decision::update("a"), "a");
    }

    #[test]
    fn each_field_that_differs_is_shown() {
        let push = |title: &str| PushNotification::builder().title(title).body("same");
        let expected = Update::builder()
            .content("same")
            .metadata("{}")
            .push_notification(push("Alice").build())
            .message_attribute("language", ["en"])
            .build()
            .unwrap();
        let actual = Update::builder()
            .content("same")
            .push_notification(push("Alicia").notification_type(PushNotificationType::Voip).build())
            .message_attribute("language", ["fr"])
            .sub_channel_id("sub");
        assert_eq!(
            failure(decided(actual), expected.into()),
            r#"the processor made another decision than the expected one
metadata
  expected: "{}"
    actual: (not set)
push notification: title
  expected: "Alice"
                 ^
    actual: "Alicia"
                 ^^
message attribute "language"
  expected: "[\"en\"]"
                ^^
    actual: "[\"fr\"]"
                ^^
push notification: type
  expected: (not set)
    actual: "VOIP"
sub-channel id
  expected: (not set)
    actual: "sub""#
        );
    }

    #[test]
    fn another_kind_of_decision_is_shown_with_its_changes() {
        let failure = failure(Ok(Decision::no_change()), Decision::update("a").unwrap());
        assert!(failure.contains("content\n  expected: \"a\"\n    actual: (not set)"), "{failure}");
        assert!(failure.contains("decision\n  expected: \"UPDATE\"\n"), "{failure}");
    }

    #[test]
    fn scores_explain_a_difference_and_make_none() {
        let scores: crate::Scores = [("INSULT", crate::Score::MAX)].into_iter().collect();
        let denied = || Ok::<_, Undecided>(Decision::deny().because("INSULT").with_scores(scores.clone()));
        assert_decision(denied(), Decision::deny().because("INSULT"));
        let failure = failure(denied(), Decision::deny());
        assert!(failure.ends_with("\nthe decision follows the scores INSULT=1"), "{failure}");
    }

    #[test]
    fn no_decision_is_shown_with_its_reason() {
        let failure = failure(Err(Undecided::Error("no advice".to_owned())), Decision::deny());
        assert_eq!(
            failure,
            "the processor made no decision\ndecision\n  expected: \"DENY\"\n    actual: Error(\"no advice\")"
        );
    }
}
