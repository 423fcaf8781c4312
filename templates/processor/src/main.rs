//! A channel flow processor. This one turns shouting into lowercase: replace it with your own
//! decision.

use channel_flow::{Decision, LimitError, Message, Processor};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), channel_flow::Error> {
    channel_flow::run(Calm).await
}

struct Calm;

impl Processor for Calm {
    type Error = LimitError;

    /// If this returns an error, panics or runs out of time, the framework takes the fallback
    /// action: it denies the message.
    async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
        let text = message.to_text();
        if message.sender().is_bot() || !is_shouted(text.as_str()) {
            return Ok(Decision::no_change());
        }
        // Every text, in the form in which it came, and the push notification.
        Ok(message.map_texts(str::to_lowercase)?.into())
    }
}

fn is_shouted(text: &str) -> bool {
    text.len() > 5 && text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use channel_flow::Adapter;
    use channel_flow::testing::{self, Answer, CallbackService};
    use std::time::Duration;

    #[test]
    fn shouting_is_calmed_down() {
        let message = testing::message("GOOD MORNING").build();
        testing::assert_update(testing::decide(&Calm, &message), "good morning");
    }

    #[test]
    fn everything_else_passes() {
        for content in ["Good morning", "OK", "", "12345678"] {
            let message = testing::message(content).build();
            testing::assert_decision(testing::decide(&Calm, &message), Decision::no_change());
        }
        let bot = testing::message("GOOD MORNING")
            .sender_bot("helper")
            .build();
        testing::assert_decision(testing::decide(&Calm, &bot), Decision::no_change());
    }

    /// No panic, no lost time and no content in the logs, whatever the message.
    #[test]
    fn it_conforms() {
        testing::conformance(Calm);
    }

    /// The whole function, with a service that refuses its first callback.
    #[tokio::test]
    async fn a_refused_callback_is_sent_again() {
        let service = CallbackService::new([Answer::Conflict]);
        let adapter = Adapter::builder(Calm)
            .client(service.client())
            .build()
            .await
            .unwrap();
        let event = testing::message("GOOD MORNING").to_event();
        testing::invoke(&adapter, event, Duration::from_secs(10))
            .await
            .unwrap();
        let callbacks = service.callbacks();
        assert_eq!(callbacks.len(), 2);
        assert_eq!(callbacks[1].content(), Some("good morning"));
    }
}
