//! A warning to a sender.

use std::fmt;
use std::sync::Arc;

use aws_sdk_chimesdkmessaging::Client;
use aws_sdk_chimesdkmessaging::error::ProvideErrorMetadata;
use aws_sdk_chimesdkmessaging::types::{ChannelMessagePersistenceType, ChannelMessageType, Target};

use super::refused::StrikeActionError;
use super::strike::{Strike, StrikeAction};
use crate::{Message, Persistence, Reason, ReasonTexts};

/// The reason of the text for a message whose own reasons have none.
const STRIKE: Reason = Reason::new("strike");

/// The longest `ClientRequestToken`.
const LONGEST_TOKEN: usize = 64;

/// Sends a bot's message that the sender alone sees, for [`Strikes::at`](crate::Strikes::at).
///
/// The text is that of the first [reason](Reason) of the denied message that has one, or else that of the reason `strike`.
///
/// The bot must be a member of the channel. The role of the function needs the grant `chime:SendChannelMessage` on the bot
/// and on the channel. The warning passes through the channel flow, too: let messages of bots pass.
#[derive(Clone)]
pub struct Warning {
    client: Client,
    sender_arn: String,
    texts: ReasonTexts,
    language: Option<Arc<Language>>,
}

type Language = dyn Fn(&Message) -> String + Send + Sync;

impl Warning {
    /// Warns with these texts, in their default language. `sender_arn` is the ARN of the app instance bot or user that sends
    /// the warning. [`Callbacks::client`](crate::Callbacks::client) returns a client of the environment.
    pub fn new(client: Client, sender_arn: impl Into<String>, texts: ReasonTexts) -> Self {
        Self { client, sender_arn: sender_arn.into(), texts, language: None }
    }

    /// Sets how to find out the language of the sender of a message: a BCP 47 tag such as `pt-BR`.
    #[must_use]
    pub fn language(self, language: impl Fn(&Message) -> String + Send + Sync + 'static) -> Self {
        Self { language: Some(Arc::new(language)), ..self }
    }

    fn text(&self, strike: &Strike) -> Option<&str> {
        let language = self.language.as_ref().map(|language| language(strike.message())).unwrap_or_default();
        let own = strike.reasons().iter().find_map(|reason| self.texts.text(reason, &language));
        own.or_else(|| self.texts.text(&STRIKE, &language))
    }
}

impl StrikeAction for Warning {
    type Error = StrikeActionError;

    async fn act(&self, strike: &Strike) -> Result<(), StrikeActionError> {
        let text = self.text(strike).ok_or_else(StrikeActionError::no_text)?;
        let message = strike.message();
        // The warning is kept if the message would have been.
        let persistence = match message.persistence() {
            Some(Persistence::NonPersistent) => ChannelMessagePersistenceType::NonPersistent,
            _ => ChannelMessagePersistenceType::Persistent,
        };
        // What repeats the request does not repeat the warning.
        let token: String = message.callback_id().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let request = self
            .client
            .send_channel_message()
            .channel_arn(message.channel_arn())
            .set_sub_channel_id(message.sub_channel_id().map(str::to_owned))
            .chime_bearer(&self.sender_arn)
            .content(text)
            .r#type(ChannelMessageType::Standard)
            .persistence(persistence)
            .target(Target::builder().member_arn(message.sender().arn()).build())
            .client_request_token(token.chars().take(LONGEST_TOKEN).collect::<String>());
        match request.send().await {
            Ok(_) => Ok(()),
            // The warning was sent with this token before.
            Err(error) if error.code() == Some("ConflictException") => Ok(()),
            Err(error) => {
                let needs =
                    "the grant chime:SendChannelMessage, and both the bot and the sender as members of the channel";
                Err(StrikeActionError::of_request("SendChannelMessage", needs, &error))
            }
        }
    }
}

impl fmt::Debug for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warning").field("sender_arn", &self.sender_arn).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CallbackService, message};

    #[test]
    fn the_text_is_that_of_the_reason_in_the_language_of_the_sender() {
        let texts = ReasonTexts::new("en")
            .with_text("links", "en", "No links.")
            .with_text("links", "de", "Keine Links.")
            .with_text("strike", "en", "Be kind.");
        let warning = Warning::new(CallbackService::new([]).client(), "arn", texts);
        let in_german = warning.clone().language(|_| "de-CH".to_owned());
        let strike = |reasons: &[&'static str]| {
            let reasons = reasons.iter().map(|code| Reason::new(code)).collect();
            Strike::new(message("Hi").build(), reasons, 3, 3)
        };
        assert_eq!(warning.text(&strike(&["spam", "links"])), Some("No links."));
        assert_eq!(in_german.text(&strike(&["links"])), Some("Keine Links."));
        assert_eq!(in_german.text(&strike(&["spam"])), Some("Be kind."));
        assert_eq!(warning.text(&strike(&[])), Some("Be kind."));
    }
}
