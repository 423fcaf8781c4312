use super::*;
use channel_flow::testing::{self, CallbackService, MessageBuilder};

const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/a";

fn assistant(member: &str) -> Assistant {
    let arn = AssistantArn::from_settings(|_| Some(format!("{APP_INSTANCE}/{member}"))).unwrap();
    Assistant { arn, client: CallbackService::new([]).client() }
}

fn command(message: MessageBuilder) -> Option<Command> {
    assistant("bot/helper").command_in(&message.build())
}

#[test]
fn people_give_commands() {
    assert_eq!(command(testing::message("/help")), Some(Command::Help));
    assert_eq!(command(testing::message("%2Fstats")), Some(Command::Stats));
    assert_eq!(command(testing::message("hello")), None);
}

#[test]
fn neither_bots_nor_the_assistant_itself_do() {
    assert_eq!(command(testing::message("/help").sender_bot("other")), None);
    let message = testing::message("/help").build();
    let itself = AssistantArn::from_settings(|_| Some(message.sender().arn().to_owned())).unwrap();
    let assistant = Assistant { arn: itself, ..assistant("bot/helper") };
    assert_eq!(assistant.command_in(&message), None);
}

#[test]
fn every_message_is_released() {
    let decided = testing::decide(&assistant("bot/helper"), &testing::message("/help").build());
    testing::assert_decision(decided, Decision::no_change());
}

/// No panic, no lost time and no content in the logs, whatever the message.
#[test]
fn it_conforms() {
    testing::conformance(assistant("bot/helper"));
}
