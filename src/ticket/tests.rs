//! Tests of tickets.

use proptest::prelude::*;

use super::resolution::ResolvedBy;
use super::*;
use crate::{LimitError, PushNotification, PushNotificationType, TicketJsonError, Update, testing};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

fn held(hold: &Hold, fallback_action: FallbackAction) -> Ticket {
    let message = testing::message("secret content").sender_user("alice").created_at(at(1_000_000)).build();
    let decision = Decision::hold(hold.clone()).because("links");
    Ticket::new(&message, &decision, hold, fallback_action, at(1_000_010))
}

#[test]
fn the_deadline_is_before_the_end_of_the_48_hours_of_the_message() {
    let hold = Hold::new(hours(4)).unwrap();
    assert_eq!(held(&hold, FallbackAction::Abort).deadline(), at(1_000_010) + hours(4));
    let longest = Hold::new(Hold::LONGEST).unwrap();
    assert_eq!(held(&longest, FallbackAction::Abort).deadline(), at(1_000_000) + hours(47));
    // An event that comes after that: at once, and not before it came.
    let message = testing::message("late").created_at(at(0)).build();
    let ticket = Ticket::new(&message, &Decision::hold(hold.clone()), &hold, FallbackAction::Abort, at(1_000_000));
    assert_eq!(ticket.deadline(), at(1_000_000));
    // A clock that is wrong does not make the deadline later.
    let message = testing::message("early").created_at(at(9_000_000)).build();
    let ticket =
        Ticket::new(&message, &Decision::hold(longest.clone()), &longest, FallbackAction::Abort, at(1_000_000));
    assert_eq!(ticket.deadline(), at(1_000_000) + hours(47));
}

#[test]
fn the_default_decision_is_the_fallback_action_of_the_hold_or_of_the_function() {
    let hold = Hold::new(hours(1)).unwrap();
    assert_eq!(*held(&hold, FallbackAction::Abort).default_decision(), Decision::deny());
    assert_eq!(*held(&hold, FallbackAction::Continue).default_decision(), Decision::no_change());
    let released =
        hold.fallback_action(FallbackAction::Continue).approval(Update::builder().metadata("{}").build().unwrap());
    let ticket = held(&released, FallbackAction::Abort);
    // An update that leaves the content alone takes it along, since AWS does not say what becomes of it otherwise.
    let changes = ticket.approval().changes().unwrap();
    assert_eq!((changes.content(), changes.metadata()), (Some("secret content"), Some("{}")));
    assert_eq!(ticket.default_decision(), ticket.approval());
}

#[test]
fn content_and_names_are_in_a_ticket_only_if_asked_for_and_never_in_debug() {
    let hold = Hold::new(hours(1)).unwrap();
    let plain = held(&hold, FallbackAction::Abort);
    assert!(plain.message().is_none() && !plain.to_json().contains("secret"));
    let asked = held(&hold.with_content(), FallbackAction::Abort);
    assert!(asked.message().is_some_and(|message| message.content == "secret content"));
    assert!(asked.to_json().contains("secret content"));
    let by = ResolvedBy::Person("secret person".to_owned());
    let resolution = Resolution::new(Decision::update("secret").unwrap(), by, at(1)).unwrap();
    let asked = asked.resolved(resolution).closed(TicketOutcome::Accepted, at(2));
    assert!(!format!("{asked:?}").contains("secret"), "{asked:?}");
}

#[test]
fn a_hold_is_no_resolution() {
    let hold = Decision::hold(Hold::new(hours(1)).unwrap());
    assert_eq!(Resolution::new(hold, ResolvedBy::Default, at(1)), None);
}

#[test]
fn what_cannot_be_read_says_so_and_shows_nothing() {
    let ticket = held(&Hold::new(hours(1)).unwrap(), FallbackAction::Abort).to_json();
    let errors = [
        "secret".to_owned(),
        ticket.replace("\"Version\":1", "\"Version\":2"),
        ticket.replace("\"DENY\"", "\"secret\""),
        ticket.replace("\"CallbackId\":\"", "\"CallbackId\":\"\",\"secret\":\""),
    ]
    .map(|json| Ticket::from_json(&json).unwrap_err().to_string());
    assert!(errors.iter().all(|error| !error.contains("secret")), "{errors:?}");
    assert!(
        errors[1].contains("version 2") && errors[2].contains("UPDATE, DENY") && errors[3].contains("lacks an id"),
        "{errors:?}"
    );
    let long = format!(
        r#"{{"Decision":{{"Decision":"UPDATE","Update":{{"Content":"{}"}}}},"By":"DEFAULT","At":1}}"#,
        "x".repeat(5_000)
    );
    let error = Resolution::from_json(&long).unwrap_err();
    assert!(std::error::Error::source(&error).is_some_and(|source| source.is::<LimitError>()));
}

fn decisions() -> impl Strategy<Value = Decision> {
    let text = || "[a-zé\\n\"]{1,20}";
    let update = (text(), proptest::option::of("[ -~]{0,20}"), proptest::option::of(text()), any::<bool>());
    let update = update.prop_map(|(content, metadata, title, voip)| {
        let mut update =
            Update::builder().content(content).message_attribute("a", ["b"]).content_type("t").sub_channel_id("s");
        if let Some(metadata) = metadata {
            update = update.metadata(metadata);
        }
        if let Some(title) = title {
            let push = PushNotification::builder().title(title.replace('\n', " ")).body("body");
            let push = if voip { push.notification_type(PushNotificationType::Voip) } else { push };
            update = update.push_notification(push.build());
        }
        Decision::from(update.build().unwrap())
    });
    prop_oneof![Just(Decision::deny()), Just(Decision::no_change()), update]
        .prop_map(|decision| decision.because("links"))
}

proptest! {
    #[test]
    fn a_ticket_is_read_as_it_was_written(
        content in ".{1,40}",
        sender in "[a-z]{1,10}",
        edited in any::<bool>(),
        shown in any::<bool>(),
        approval in decisions(),
        held_at in 0_u64..4_000_000_000,
    ) {
        let message = testing::message(content).sender_user(&sender).created_at(at(held_at)).sub_channel_id("sub");
        let message = if edited { message.edited().build() } else { message.build() };
        let hold = Hold::new(hours(2)).unwrap();
        let hold = approval.changes().map_or(hold.clone(), |update| hold.approval(update.clone()));
        let hold = if shown { hold.with_content() } else { hold };
        let decision = Decision::hold(hold.clone()).because("links").because("new-member");
        let ticket = Ticket::new(&message, &decision, &hold, FallbackAction::Continue, at(held_at));
        prop_assert_eq!(Ticket::from_json(&ticket.to_json()), Ok(ticket));
    }

    #[test]
    fn a_resolution_is_read_as_it_was_written(decision in decisions(), name in proptest::option::of(".{0,20}"), seconds in 0_u64..4_000_000_000) {
        let by = name.map_or(ResolvedBy::Default, ResolvedBy::Person);
        let resolution = Resolution::new(decision, by, at(seconds)).unwrap();
        prop_assert_eq!(Resolution::from_json(&resolution.to_json()), Ok(resolution));
    }

    #[test]
    fn any_text_is_a_ticket_or_an_error(text in ".{0,200}") {
        prop_assert!(Ticket::from_json(&text).is_err());
        let error: TicketJsonError = Resolution::from_json(&text).unwrap_err();
        prop_assert!(!error.to_string().is_empty());
    }
}
