//! Strategies of [proptest](https://docs.rs/proptest) for messages and their parts.
//!
//! The feature `proptest` turns them on. It is for tests: add it where `[dev-dependencies]` names the crate, beside
//! proptest.
//!
//! ```toml
//! [dev-dependencies]
//! channel-flow = { path = "../channel-flow", features = ["proptest"] }
//! proptest = "1"
//! ```
//!
//! A test that fails shows the smallest message with which it fails, as the JSON of its event.
//!
//! ```
//! use channel_flow::testing::{self, strategies};
//! use channel_flow::{Decision, LimitError, Message, Processor};
//! use proptest::prelude::*;
//!
//! struct Calm;
//!
//! impl Processor for Calm {
//!     type Error = LimitError;
//!
//!     async fn process(&self, message: &Message) -> Result<Decision, LimitError> {
//!         Ok(message.map_texts(str::to_ascii_lowercase)?.into())
//!     }
//! }
//!
//! proptest!(|(message in strategies::message())| {
//!     let decision = testing::decide(&Calm, &message)?;
//!     prop_assert_ne!(decision, Decision::deny());
//! });
//! ```

use std::collections::BTreeMap;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::json;

use super::sample::Sample;
use crate::message::percent_encoding;
use crate::{MessageType, Persistence, PushNotification, PushNotificationType, limits};

/// Words on which processors act: shouting, swearing, links, addresses, numbers, and what merely looks like them.
const WORDS: [&str; 16] = [
    "HELLO",
    "WHY",
    "damn",
    "D4mn!",
    "Scunthorpe",
    "https://example.com/a?b=c#d",
    "example.org",
    "jo@example.com",
    "+1-202-555-0143",
    "4111 1111 1111 1111",
    "/help",
    "@alice",
    "👩‍👩‍👧‍👦",
    "مرحبا",
    "zero\u{200b}width",
    "<b>&amp;</b>",
];

/// Texts as people write them, and texts as nobody does: words, every script, control characters. At most 1,000 bytes,
/// mostly fewer; sometimes none.
pub fn text() -> impl Strategy<Value = String> {
    let words =
        prop::collection::vec(prop_oneof![select(&WORDS[..]).prop_map(str::to_owned), "[a-zA-Z]{1,12}[.,!?]?"], 0..12);
    prop_oneof![
        4 => words.prop_map(|words| words.join(" ")),
        2 => "\\PC{0,80}",
        1 => any::<String>().prop_map(|text| text.chars().take(250).collect()),
    ]
}

/// Content in each form: [plain](text), [percent-encoded](percent_encoded_content), an [envelope of a Lex
/// bot](lex_content), and [broken](broken_content). Every content is within [`limits::CONTENT`], or empty.
pub fn content() -> impl Strategy<Value = String> {
    prop_oneof![4 => text(), 2 => percent_encoded_content(), 2 => lex_content(), 1 => broken_content()]
        .prop_map(|content| limits::CONTENT.truncate(&content).to_owned())
}

/// Content as `encodeURIComponent` writes it.
pub fn percent_encoded_content() -> impl Strategy<Value = String> {
    (text(), any::<bool>()).prop_map(|(text, lowercase)| {
        let encoded = percent_encoding::encode(&text);
        if lowercase { encoded.replace("%C3", "%c3").replace("%F0", "%f0") } else { encoded }
    })
}

/// Content that is the answer of a Lex bot: an envelope of up to three messages, some with a card. Some are
/// percent-encoded as well.
pub fn lex_content() -> impl Strategy<Value = String> {
    let content_types = select(vec!["PlainText", "CustomPayload", "SSML"]);
    let plain = (text(), content_types)
        .prop_map(|(text, content_type)| json!({ "Content": text, "ContentType": content_type }));
    let card =
        (text(), option::of(text()), prop::collection::vec(text(), 0..3)).prop_map(|(title, subtitle, buttons)| {
            let buttons: Vec<_> = buttons.into_iter().map(|text| json!({ "Text": text, "Value": text })).collect();
            json!({
                "ContentType": "ImageResponseCard",
                "ImageResponseCard": { "Title": title, "Subtitle": subtitle, "Buttons": buttons },
            })
        });
    let messages = prop::collection::vec(prop_oneof![3 => plain, 1 => card], 0..4);
    (messages, prop::bool::weighted(0.2)).prop_map(|(messages, encode)| {
        let envelope = json!({ "Messages": messages }).to_string();
        // A client decodes the content first, and a `%00` in a text would make the JSON invalid.
        if encode || envelope.contains('%') { percent_encoding::encode(&envelope) } else { envelope }
    })
}

/// Content that begins as an encoding or an envelope and is none: a lone `%`, bytes that are no UTF-8, JSON that is cut
/// off or of another shape.
pub fn broken_content() -> impl Strategy<Value = String> {
    let cut = |content: String, at: Index| {
        let mut ends = content.char_indices().map(|(end, _)| end).collect::<Vec<_>>();
        ends.push(0);
        content[..ends[at.index(ends.len())]].to_owned()
    };
    prop_oneof![
        (percent_encoded_content(), any::<Index>()).prop_map(move |(content, at)| cut(content, at)),
        (lex_content(), any::<Index>()).prop_map(move |(content, at)| cut(content, at)),
        (text(), text()).prop_map(|(before, after)| format!("{before}%{after}")),
        text().prop_map(|text| format!("%FF%FE{}", percent_encoding::encode(&text))),
        text().prop_map(|text| json!({ "Messages": text }).to_string()),
        text().prop_map(|text| json!({ "messages": [{ "content": text }] }).to_string()),
    ]
}

/// Push notifications within the limits, with and without a title, a body and a type.
pub fn push_notification() -> impl Strategy<Value = PushNotification> {
    let types = select(vec![PushNotificationType::Default, PushNotificationType::Voip]);
    (option::of(text()), option::of(text()), option::of(types)).prop_map(|(title, body, notification_type)| {
        let mut push = PushNotification::builder();
        let title = title.map(|title| one_line(&title));
        if let Some(title) = title.filter(|title| !title.is_empty()) {
            push = push.title(limits::PUSH_NOTIFICATION_TITLE.truncate(&title));
        }
        if let Some(body) = body.filter(|body| !body.is_empty()) {
            push = push.body(limits::PUSH_NOTIFICATION_BODY.truncate(&body));
        }
        if let Some(notification_type) = notification_type {
            push = push.notification_type(notification_type);
        }
        push.build()
    })
}

/// Message attributes: up to three names, each with up to three string values.
pub fn message_attributes() -> impl Strategy<Value = BTreeMap<String, Vec<String>>> {
    prop::collection::btree_map("[a-z][a-z-]{0,20}", prop::collection::vec("\\PC{1,40}", 0..3), 0..3)
}

/// Messages with any [`content`], from users and bots, new and edited, stored and not, with and without metadata, a push
/// notification, message attributes and everything else that the service sends.
pub fn message() -> impl Strategy<Value = Sample> {
    let persistence = select(vec![Persistence::Persistent, Persistence::NonPersistent]);
    let message_type = select(vec![MessageType::Standard, MessageType::Control]);
    let fields = (content(), sender(), option::of(metadata()), option::weighted(0.3, push_notification()));
    let more = (message_attributes(), persistence, message_type, prop::bool::weighted(0.2));
    let rare = (option::weighted(0.2, "[-_a-zA-Z0-9]{1,20}"), option::weighted(0.2, "[a-z]{1,10}/[a-z]{1,10}"));
    (fields, more, rare).prop_map(
        |(
            (content, sender, metadata, push),
            (attributes, persistence, message_type, is_edited),
            (sub_channel_id, content_type),
        )| {
            let mut message = super::message(content).persistence(persistence).message_type(message_type);
            message = match sender {
                (id, false) => message.sender_user(&id),
                (id, true) => message.sender_bot(&id),
            };
            for (name, values) in attributes {
                message = message.message_attribute(name, values);
            }
            if let Some(metadata) = metadata {
                message = message.metadata(&metadata);
            }
            if let Some(push) = push {
                message = message.push_notification(push);
            }
            if let Some(sub_channel_id) = sub_channel_id {
                message = message.sub_channel_id(&sub_channel_id);
            }
            if let Some(content_type) = content_type {
                message = message.content_type(&content_type);
            }
            if is_edited {
                message = message.edited();
            }
            Sample::new("generated", &message)
        },
    )
}

/// The id of a sender, and whether it is a bot.
fn sender() -> impl Strategy<Value = (String, bool)> {
    (prop_oneof!["[a-z0-9-]{1,36}", "[a-z]{1,8}/[a-z]{1,8}"], prop::bool::weighted(0.25))
}

/// JSON, as applications write it, and any text on one line.
fn metadata() -> impl Strategy<Value = String> {
    let json = ("[a-z]{1,10}", "\\PC{0,40}").prop_map(|(name, value)| json!({ name: value }).to_string());
    prop_oneof![json, "\\PC{0,80}"].prop_map(|metadata| limits::METADATA.truncate(&one_line(&metadata)).to_owned())
}

/// Returns the text without control characters and without the separators of lines and paragraphs, which are none.
fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LexEnvelope;

    #[test]
    fn a_line_is_one_for_the_service() {
        for limit in [limits::METADATA, limits::PUSH_NOTIFICATION_TITLE] {
            assert!(limit.check(&one_line("a\nb\rc\u{85}d\u{2028}e\u{2029}f")).is_ok());
        }
    }

    proptest! {
        #[test]
        fn content_is_within_its_limit(content in content()) {
            prop_assert!(content.is_empty() || limits::CONTENT.check(&content).is_ok());
        }

        #[test]
        fn encoded_content_decodes_to_a_text(content in percent_encoded_content()) {
            let decoded = percent_encoding::decode(&content).into_owned();
            prop_assert_eq!(percent_encoding::encode(&decoded).to_lowercase(), content.to_lowercase());
        }

        #[test]
        fn an_envelope_is_read(content in lex_content()) {
            prop_assert!(LexEnvelope::parse(&percent_encoding::decode(&content)).is_some());
        }

        #[test]
        fn a_message_has_what_the_strategy_gave_it(message in message()) {
            prop_assert!(message.sender().is_user() || message.sender().is_bot());
            prop_assert!(message.metadata().is_none_or(|metadata| limits::METADATA.check(metadata).is_ok()));
            prop_assert!(format!("{message:?}").contains("CallbackId"), "a test that fails shows the event");
            if let Some(push) = message.push_notification() {
                let update = crate::Update::builder().push_notification(push.clone()).build();
                prop_assert!(update.is_ok(), "{:?}", update);
            }
        }
    }
}
