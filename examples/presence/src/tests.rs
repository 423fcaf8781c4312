use super::*;
use channel_flow::testing::{self, CallbackService};

/// The service of the testing kit knows no channels, as one that is away.
fn presence() -> Presence {
    let arn = "arn:aws:chime:us-east-1:123456789012:app-instance/a/user/moderator";
    let moderator = ModeratorArn::from_settings(|_| Some(arn.to_owned())).unwrap();
    Presence { moderator, client: CallbackService::new([]).client() }
}

fn decide(status: &str) -> Decision {
    let metadata = format!(r#"{{"IsPresenceInfo":true,"Status":"{status}"}}"#);
    let message = testing::message(format!("changed status to {status}")).metadata(&metadata).build();
    testing::decide(&presence(), &message).unwrap()
}

#[test]
fn a_status_that_is_none_is_denied() {
    assert_eq!(decide("Busy"), Decision::deny().because("invalid-status"));
}

#[test]
fn a_new_status_and_an_ordinary_message_are_released() {
    assert_eq!(decide("Cu|Busy"), Decision::no_change());
    assert_eq!(testing::decide(&presence(), &testing::message("Hi").build()).unwrap(), Decision::no_change());
}

/// No panic, no lost time and no content in the logs, whatever the message.
#[test]
fn it_conforms() {
    testing::conformance(presence());
}
