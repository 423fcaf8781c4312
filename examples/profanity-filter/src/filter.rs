//! The processor and its settings.

use channel_flow::{Decision, LimitError, Mask, Message, Processor};

use crate::invalid_setting::InvalidSetting;
use crate::words::Words;

/// Keeps profanity out of the messages of people.
pub struct ProfanityFilter {
    words: Words,
    action: Action,
    mask: Mask,
}

enum Action {
    Censor,
    Deny,
}

impl Processor for ProfanityFilter {
    type Error = LimitError;

    async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
        if message.sender().is_bot() {
            return Ok(Decision::no_change());
        }
        let update = message.mask_texts(self.mask, |text| self.words.find(text))?;
        if update.is_empty() {
            return Ok(Decision::no_change());
        }
        let decision = match self.action {
            Action::Censor => Decision::from(update),
            Action::Deny => Decision::deny(),
        };
        Ok(decision.because("profanity"))
    }
}

impl ProfanityFilter {
    /// Reads the settings: `variable` returns the value of an environment variable.
    ///
    /// # Errors
    ///
    /// Returns an [`InvalidSetting`] that says which values are accepted.
    pub fn from_settings(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSetting> {
        let setting = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let action = match setting("PROFANITY_ACTION").as_deref() {
            None | Some("censor") => Action::Censor,
            Some("deny") => Action::Deny,
            Some(_) => return Err(InvalidSetting::new("PROFANITY_ACTION", "`censor` or `deny`")),
        };
        let replacement = setting("PROFANITY_REPLACEMENT").unwrap_or("*".to_owned());
        let mask = replacement.parse().ok().and_then(Mask::new);
        let mask = mask.ok_or(InvalidSetting::new("PROFANITY_REPLACEMENT", "one of these signs: * - _ . ~"))?;
        let list = |name| -> Result<Vec<String>, InvalidSetting> {
            let words: Vec<_> =
                setting(name).iter().flat_map(|list| list.split(',')).map(|word| word.trim().to_owned()).collect();
            match words.iter().all(|word| !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || !c.is_ascii()))
            {
                true => Ok(words),
                false => Err(InvalidSetting::new(name, "words of letters only, with commas between them: `darn,heck`")),
            }
        };
        Ok(Self { words: Words::new(&list("PROFANITY_ALSO")?, &list("PROFANITY_ALLOW")?), action, mask })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use channel_flow::{PushNotification, Update, testing};

    async fn decide(settings: &[(&str, &str)], message: Message) -> Decision {
        filter(settings).unwrap().process(&message).await.unwrap()
    }

    fn filter(settings: &[(&str, &str)]) -> Result<ProfanityFilter, InvalidSetting> {
        let value = |name: &str| settings.iter().find(|setting| setting.0 == name).map(|setting| setting.1.to_owned());
        ProfanityFilter::from_settings(value)
    }

    fn message(content: &str) -> Message {
        testing::message(content).build()
    }

    fn update(content: &str) -> Decision {
        Decision::update(content).unwrap().because("profanity")
    }

    fn denied() -> Decision {
        Decision::deny().because("profanity")
    }

    #[tokio::test]
    async fn only_the_word_is_replaced() {
        assert_eq!(decide(&[], message("What the hell is this?")).await, update("What the **** is this?"));
        assert_eq!(decide(&[], message("What is this?")).await, Decision::no_change());
        assert_eq!(decide(&[], message("")).await, Decision::no_change());
    }

    #[tokio::test]
    async fn the_form_of_the_content_stays() {
        let encoded = "What%20the%20hell%20is%20this%3F%20%F0%9F%98%80";
        assert_eq!(decide(&[], message(encoded)).await, update(&encoded.replace("hell", "****")));

        let envelope = r#"{"Messages":[{"Content":"Hi","ContentType":"PlainText"},{"Content":"oh sh\u0069t","ContentType":"PlainText"}]}"#;
        assert_eq!(decide(&[], message(envelope)).await, update(&envelope.replace(r"sh\u0069t", "****")));
        assert_eq!(decide(&[], message(&envelope.replace(r"sh\u0069t", "shiitake"))).await, Decision::no_change());
    }

    /// What a person sends in the form of a bot's answer: whichever way a client shows it, nobody sees the word.
    #[tokio::test]
    async fn nothing_hides_in_json() {
        for (content, censored) in [
            (r#"{"Messages":[],"t":"fuck you all"}"#, r#"{"Messages":[],"t":"**** you all"}"#),
            (
                r#"{"Messages":[{"Content":"hi","Note":"fuck you"}]}"#,
                r#"{"Messages":[{"Content":"hi","Note":"**** you"}]}"#,
            ),
            (r#"{"Messages":[{"Content":"hi","fuck you":1}]}"#, r#"{"Messages":[{"Content":"hi","**** you":1}]}"#),
            (r#"{"Messages":[{"ContentType":"fuck you"}]}"#, r#"{"Messages":[{"ContentType":"**** you"}]}"#),
            // A browser takes the last of two fields, other clients the first.
            (
                r#"{"Messages":[{"Content":"hi","Content":"\u0066uck"}]}"#,
                r#"{"Messages":[{"Content":"hi","Content":"****"}]}"#,
            ),
            (
                r#"{"Messages":[{"Content":"\u0066uck","Content":"hi"}]}"#,
                r#"{"Messages":[{"Content":"****","Content":"hi"}]}"#,
            ),
            (
                r#"{"Messages":[],"Messages":[{"Content":"\u0066uck"}]}"#,
                r#"{"Messages":[],"Messages":[{"Content":"****"}]}"#,
            ),
            (r#"{"Messages":[{"Content":"sh\u200bit"}],"x":0}"#, r#"{"Messages":[{"Content":"*****"}],"x":0}"#),
            (r#"{"Messages":[{"Content":"sh\u0000it"}]}"#, r#"{"Messages":[{"Content":"*****"}]}"#),
            // Shown with the envelope, the escape of a form feed is a letter.
            (r#"{"Messages":[{"Content":"\fuck you"}]}"#, r#"{"Messages":[{"Content":"\**** you"}]}"#),
            // Decoded before the envelope is taken off, after it, or each message by itself.
            (
                "%7B%22Messages%22%3A%5B%5D%2C%22t%22%3A%22oh%20shit%22%7D",
                "%7B%22Messages%22%3A%5B%5D%2C%22t%22%3A%22oh%20****%22%7D",
            ),
            (r#"{"Messages":[{"Content":"\u0066uck %22"}]}"#, r#"{"Messages":[{"Content":"**** %22"}]}"#),
            (
                r#"{"Messages":[{"Content":"f%75ck"},{"Content":"100%"}]}"#,
                r#"{"Messages":[{"Content":"****"},{"Content":"100%"}]}"#,
            ),
            ("f%75ck, 100%", "f%75ck, 100%"),
            ("fuck, 100%", "****, 100%"),
            // A card is shown, and what a button says for somebody who presses it.
            (
                r#"{"Messages":[{"ImageResponseCard":{"Title":"shit","Subtitle":"oh hell","Buttons":[{"Text":"fuck","Value":"fuck"}]}}]}"#,
                r#"{"Messages":[{"ImageResponseCard":{"Title":"****","Subtitle":"oh ****","Buttons":[{"Text":"****","Value":"****"}]}}]}"#,
            ),
            (
                r#"{"Messages":[{"ImageResponseCard":{"Footer":"fuck"}}]}"#,
                r#"{"Messages":[{"ImageResponseCard":{"Footer":"****"}}]}"#,
            ),
        ] {
            let expected = if content == censored { Decision::no_change() } else { update(censored) };
            assert_eq!(decide(&[], message(content)).await, expected, "{content}");
        }
        let push = PushNotification::builder().body(r#"{"Messages":[{"Content":"\fuck"}],"t":"\u0073hit"}"#).build();
        let decision = decide(&[], testing::message("Hi").push_notification(push).build()).await;
        let clean = PushNotification::builder().body(r#"{"Messages":[{"Content":"\****"}],"t":"****"}"#).build();
        assert_eq!(decision.changes(), Some(&Update::builder().push_notification(clean).build().unwrap()));
    }

    #[tokio::test]
    async fn a_message_can_be_denied() {
        let deny = [("PROFANITY_ACTION", "deny")];
        assert_eq!(decide(&deny, message("What the hell is this?")).await, denied());
        assert_eq!(decide(&deny, message("Scunthorpe")).await, Decision::no_change());
        let hidden = r#"{"Messages":[],"t":"\u0073hit"}"#;
        assert_eq!(decide(&deny, message(hidden)).await, denied());
        let push = PushNotification::builder().body("oh shit").build();
        assert_eq!(decide(&deny, testing::message("Hi").push_notification(push).build()).await, denied());
    }

    #[tokio::test]
    async fn bots_may_say_everything() {
        let bot = testing::message("What the hell is this?").sender_bot("helper").build();
        assert_eq!(decide(&[], bot).await, Decision::no_change());
    }

    #[tokio::test]
    async fn the_push_notification_does_not_tell() {
        let push = PushNotification::builder().title("Alice: shit").body("What%20the%20hell").build();
        let clean = PushNotification::builder().title("Alice: ****").body("What%20the%20****").build();
        let censored = Update::builder().push_notification(clean).build().unwrap();

        let message = |content: &str| testing::message(content).push_notification(push.clone()).build();
        assert_eq!(
            decide(&[], message("What the hell")).await,
            Decision::from(censored.clone().into_builder().content("What the ****").build().unwrap())
                .because("profanity")
        );
        assert_eq!(decide(&[], message("Hello")).await, Decision::from(censored).because("profanity"));
        let push = PushNotification::builder().title("Alice").body("Hello").build();
        let message = testing::message("What the hell").push_notification(push).build();
        assert_eq!(decide(&[], message).await, update("What the ****"));
    }

    #[tokio::test]
    async fn settings_change_the_words_and_the_sign() {
        let settings = [("PROFANITY_REPLACEMENT", "-"), ("PROFANITY_ALSO", "heck, Größe"), ("PROFANITY_ALLOW", "Damn")];
        let answer = decide(&settings, message("damn, h3ck, GRÖSSE größe hell")).await;
        assert_eq!(answer, update("damn, ----, GRÖSSE ----- ----"));
    }

    /// No panic, no lost time and no content in the logs, whatever the message.
    #[test]
    fn it_conforms() {
        testing::conformance(filter(&[]).unwrap());
        testing::conformance(filter(&[("PROFANITY_ACTION", "deny")]).unwrap());
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        for (name, value, error) in [
            ("PROFANITY_ACTION", "drop", "PROFANITY_ACTION must be `censor` or `deny`"),
            ("PROFANITY_REPLACEMENT", "**", "PROFANITY_REPLACEMENT must be one of these signs: * - _ . ~"),
            (
                "PROFANITY_ALSO",
                "a,,b",
                "PROFANITY_ALSO must be words of letters only, with commas between them: `darn,heck`",
            ),
            (
                "PROFANITY_ALLOW",
                "sh!t",
                "PROFANITY_ALLOW must be words of letters only, with commas between them: `darn,heck`",
            ),
        ] {
            assert_eq!(filter(&[(name, value)]).err().map(|error| error.to_string()).as_deref(), Some(error));
        }
        assert!(filter(&[("PROFANITY_ACTION", ""), ("PROFANITY_ALSO", " ")]).is_ok());
    }
}
