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
    use channel_flow::testing;

    #[tokio::test]
    async fn shouting_is_calmed_down() {
        let message = testing::message("GOOD MORNING").build();
        assert_eq!(
            Calm.process(&message).await,
            Decision::update("good morning")
        );
    }

    #[tokio::test]
    async fn everything_else_passes() {
        for content in ["Good morning", "OK", "", "12345678"] {
            let message = testing::message(content).build();
            assert_eq!(Calm.process(&message).await, Ok(Decision::no_change()));
        }
        let bot = testing::message("GOOD MORNING")
            .sender_bot("helper")
            .build();
        assert_eq!(Calm.process(&bot).await, Ok(Decision::no_change()));
    }
}
