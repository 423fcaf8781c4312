//! Messages of every kind that the service sends, and of kinds that it might send.

use serde_json::json;

use super::message_builder::{APP_INSTANCE, MessageBuilder, message};
use super::sample::Sample;
use crate::message::percent_encoding;
use crate::{MessageType, Persistence, PushNotification, PushNotificationType, limits};

/// Words that stand nowhere else, each in one part of the messages of the corpus, so that they can be found elsewhere.
pub(super) const CONTENT_WORD: &str = "quindalith";
pub(super) const METADATA_WORD: &str = "marrowquex";
pub(super) const NAME_WORD: &str = "verandquist";
pub(super) const PUSH_WORD: &str = "tollimbrake";
pub(super) const ATTRIBUTE_WORD: &str = "ombrelick";

/// Returns the messages of the [conformance suite](super::conformance), for tests of your own that go through them.
///
/// They hold plain texts of many kinds and scripts, at and beyond the limits; percent-encoded content and answers of Lex
/// bots, whole and broken; every other field of a message with expected, missing and strange values.
///
/// ```
/// use channel_flow::testing;
///
/// for sample in testing::corpus() {
///     assert!(!sample.id().is_empty(), "{}", sample.name());
/// }
/// ```
pub fn corpus() -> Vec<Sample> {
    let groups = [plain_texts(), encoded_contents(), lex_contents(), at_the_limits(), other_fields(), strange_events()];
    groups.into_iter().flatten().map(|(name, message)| Sample::new(name, &message)).collect()
}

type Named = (&'static str, MessageBuilder);

/// A user's message, whose name holds the word for names.
fn from_user(content: &str) -> MessageBuilder {
    message(content)
        .field("Sender", &json!({ "Arn": format!("{APP_INSTANCE}/user/dana"), "Name": NAME_WORD }).to_string())
}

fn from_bot(content: &str) -> MessageBuilder {
    from_user(content).sender_bot("concierge")
}

fn plain_texts() -> Vec<Named> {
    let texts = [
        ("new-message", "Lunch at the quindalith?"),
        ("shouting", "THE QUINDALITH IS CLOSED TODAY"),
        ("swearing", "What a shitty quindalith, damn it"),
        ("swearing-in-disguise", "sh1t, d4mn, s h i t, ѕhit quindalith"),
        ("link", "See https://quindalith.example.com/shit?q=a#b or www.example.org."),
        ("addresses-and-code", "quindalith@example.com, `let ass = \"shit\";`, +1-202-555-0143, 4111 1111 1111 1111"),
        ("command", "/help quindalith"),
        ("mention", "@dana quindalith <@U123> #town-square"),
        ("digits", "12345678901234567890"),
        ("one-character", "q"),
        ("spaces", "   "),
        ("empty-content", ""),
        ("line-breaks-and-controls", "quindalith\r\nb\u{2028}cd\u{0}e\u{1b}[31mshit\u{7}\t"),
        ("right-to-left-and-zero-width", "\u{202e}quindalith\u{202c} \u{200b}sh\u{200d}it\u{2060} مرحبا שלום"),
        ("emoji-sequences", "quindalith 👩\u{200d}👩\u{200d}👧\u{200d}👦 🏳️\u{200d}🌈 👍🏽 e\u{301} (é) ﷽"),
        ("east-asian", "quindalith 你好，世界。ｓｈｉｔ こんにちは 안녕하세요"),
        // An index into the text in lower case lies between two bytes of a character of the text.
        ("lower-case-that-is-longer", "İ SHIT😡 QUINDALITH😡 ŉ ǰ ß ﬃ"),
        ("lower-case-that-is-shorter", "\u{212a} 😡SHIT 😡QUINDALITH ẞ Ω"),
        ("stacked-accents", "q\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}uindalith"),
        ("markup", "<script>alert('quindalith')</script> & \"quotes\" \\ / ${jndi:ldap://x} {{7*7}} %s %n"),
        ("replacement-characters", "a\u{fffd} b\u{fffd} quindalith shit"),
    ];
    texts.into_iter().map(|(name, content)| (name, from_user(content))).collect()
}

fn encoded_contents() -> Vec<Named> {
    let contents = [
        ("percent-encoded", "What%20the%20fuck%2C%20quindalith%20%C3%A9t%C3%A9%3F"),
        ("percent-encoded-lower-case-and-partly", "sh%69t%20happens,%20quindalith caf%c3%a9"),
        ("percent-encoded-twice", "quindalith%2520shit"),
        ("percent-lone", "50% of quindalith is shit, 5 %"),
        ("percent-cut-off", "quindalith%20shit%2"),
        ("percent-not-utf-8", "%FF%FE quindalith shit"),
        ("percent-nul", "quindalith%00shit"),
    ];
    contents.into_iter().map(|(name, content)| (name, from_user(content))).collect()
}

fn lex_contents() -> Vec<Named> {
    const ANSWER: &str = r#"{"Messages":[{"Content":"Damn right, quindalith.","ContentType":"PlainText"}]}"#;
    let contents = [
        ("lex-from-bot", ANSWER),
        ("lex-from-bot-empty", r#"{"Messages":[]}"#),
        (
            "lex-with-two-messages",
            r#"{"Messages":[{"Content":"OH SHIT","ContentType":"PlainText"},{"Content":"<speak>QUINDALITH</speak>","ContentType":"SSML"}]}"#,
        ),
        (
            "lex-with-a-card",
            r#"{"Messages":[{"ContentType":"ImageResponseCard","ImageResponseCard":{"Title":"quindalith","Subtitle":"shit","ImageUrl":"https://example.com/a.png","Buttons":[{"Text":"shit","Value":"yes"}]}}]}"#,
        ),
        ("lex-with-an-unknown-content-type", r#"{"Messages":[{"Content":"quindalith","ContentType":"oh shit"}]}"#),
        ("lex-with-a-note-in-a-message", r#"{"Messages":[{"Content":"quindalith","Note":"oh shit"}]}"#),
        ("lex-with-a-field-beside-the-messages", r#"{"Messages":[],"t":"oh shit quindalith"}"#),
        ("lex-with-content-twice", r#"{"Messages":[{"Content":"oh shit","Content":"quindalith"}]}"#),
        (
            "lex-with-escapes-and-more",
            r#"{ "Messages" : [ {"ContentType":"CustomPayload","Content":"\u0073hit \"quindalith\" \ud83d\ude21","Weight":1.50}, {"ImageResponseCard":{"Title":"x"}}, {"Content":null} ], "SessionId":"1" }"#,
        ),
        ("lex-cut-off", &ANSWER[..40]),
        ("json-that-is-no-envelope", r#"{"Messages":"none","text":"quindalith shit"}"#),
        ("json-of-an-application", r#"{"type":"reply","to":7,"text":"quindalith"}"#),
        ("json-list", r#"["quindalith"]"#),
    ];
    let mut named: Vec<Named> = contents.into_iter().map(|(name, content)| (name, from_bot(content))).collect();
    named.push(("lex-from-user", from_user(ANSWER)));
    named.push(("lex-percent-encoded", from_bot(&percent_encoding::encode(ANSWER))));
    named.push(("plain-from-bot", from_bot("HOW CAN I HELP, QUINDALITH?")));
    named.push(("json-nested-deeply", from_bot(&("[".repeat(2000) + &"]".repeat(2000)))));
    named
}

fn at_the_limits() -> Vec<Named> {
    let fill = |piece: &str| {
        let mut content = format!("{CONTENT_WORD} ");
        while content.len() + piece.len() <= limits::CONTENT.max() {
            content.push_str(piece);
        }
        content
    };
    let push = PushNotification::builder().title("t".repeat(50)).body("b".repeat(150)).build();
    let long_push = PushNotification::builder().title("shit ".repeat(40)).body("shit ".repeat(40)).build();
    vec![
        ("content-of-4096-bytes", from_user(&fill("shit "))),
        ("content-of-4096-bytes-of-emoji", from_user(&fill("😡"))),
        ("content-of-one-word", from_user(&fill("a"))),
        ("content-percent-encoded-to-the-limit", from_user(&fill("%C3%A9"))),
        ("metadata-of-1024-characters", from_user("hello").metadata(&"m".repeat(1024))),
        ("push-notification-at-the-limits", from_user("hello").push_notification(push)),
        ("content-longer-than-the-service-accepts", from_user(&fill("calm ").repeat(3))),
        ("push-notification-longer-than-allowed", from_user("hello").push_notification(long_push)),
    ]
}

fn other_fields() -> Vec<Named> {
    let push = |title: &str, body: &str| PushNotification::builder().title(title).body(body);
    let metadata = json!({ "thread": METADATA_WORD, "tags": ["a", "b"] }).to_string();
    let full = |content: &str| {
        from_user(content)
            .metadata(&metadata)
            .push_notification(
                push(PUSH_WORD, &format!("{PUSH_WORD}: {content}"))
                    .notification_type(PushNotificationType::Voip)
                    .build(),
            )
            .message_attribute("CHIME.mentions", [format!("{APP_INSTANCE}/bot/concierge")])
            .message_attribute("language", ["en", ATTRIBUTE_WORD])
            .message_attribute("empty", Vec::<String>::new())
            .sub_channel_id("sub_1-A")
            .content_type("text/plain")
            .target([format!("{APP_INSTANCE}/user/eli")])
    };
    let only_body = PushNotification::builder().body(PUSH_WORD).build();
    vec![
        ("everything-a-stored-message-has", full("Ask the quindalith").edited()),
        ("everything-shouted", full("ASK THE QUINDALITH")),
        ("everything-profane", full("Ask the shitty quindalith")),
        ("everything-with-a-link", full("Ask https://quindalith.example.com")),
        (
            "push-notification-profane",
            from_user("hello").push_notification(push("tollimbrake", "You shithead").build()),
        ),
        ("push-notification-without-title", from_user("SHIT, QUINDALITH").push_notification(only_body)),
        ("push-notification-empty", from_user("SHIT, QUINDALITH").push_notification(PushNotification::default())),
        ("metadata-that-is-no-json", from_user("SHIT, QUINDALITH").metadata(METADATA_WORD)),
        ("metadata-empty", from_user("SHIT, QUINDALITH").metadata("")),
        ("edited-message", from_user("Lunch at the damn quindalith?").edited()),
        ("non-persistent", from_user("quindalith is typing…").persistence(Persistence::NonPersistent)),
        ("control-message", from_user("quindalith").message_type(MessageType::Control)),
    ]
}

fn strange_events() -> Vec<Named> {
    let set = |message: MessageBuilder, names: &[&str], json: &str| {
        names.iter().fold(message, |message, name| message.field(name, json))
    };
    let beside_the_ids =
        ["Sender", "Persistence", "Type", "CreatedTimestamp", "Metadata", "SubChannelId", "ContentType"];
    let objects = ["PushNotification", "MessageAttributes", "Target"];
    let hello = || from_user("hello quindalith");
    vec![
        ("ids-only", set(hello(), &beside_the_ids, "null").field("Content", "null")),
        ("null-content", hello().field("Content", "null")),
        ("nulls", set(set(hello(), &beside_the_ids, "null"), &objects, "null")),
        ("empty-strings", set(hello(), &beside_the_ids, "\"\"")),
        ("wrong-types-beside-the-ids", set(set(hello(), &beside_the_ids, "[7]"), &objects, "\"x\"")),
        (
            "values-nobody-has-heard-of",
            hello()
                .field("Sender", &json!({ "Arn": format!("{APP_INSTANCE}/kiosk/7"), "Name": NAME_WORD }).to_string())
                .field("Persistence", "\"FOR_A_WHILE\"")
                .field("Type", "\"HOLOGRAM\""),
        ),
        ("fields-nobody-has-heard-of", hello().field("Reactions", r#"{"👍":[1,{"deep":[[[[[]]]]]}]}"#)),
        ("event-type-unknown", hello().event_type("CHANNEL_MESSAGE_EVENT_V2")),
        ("event-type-empty", hello().event_type("")),
        ("timestamps-in-seconds", hello().field("CreatedTimestamp", "1777878489.01")),
        (
            "timestamps-that-are-none",
            hello().field("CreatedTimestamp", "\"in a while\"").field("LastEditedTimestamp", "-1"),
        ),
        (
            "arn-in-another-partition",
            hello().channel_arn("arn:aws-us-gov:chime:us-gov-west-1:444455556666:app-instance/x/channel/y z+é"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_message_has_a_name_of_its_own() {
        let corpus = corpus();
        let names: BTreeSet<_> = corpus.iter().map(Sample::name).collect();
        assert_eq!(names.len(), corpus.len());
        assert!(corpus.len() > 60, "{}", corpus.len());
    }

    #[test]
    fn the_words_of_a_part_stand_in_no_other() {
        let lower = |text: Option<&str>| text.unwrap_or_default().to_lowercase();
        for sample in corpus() {
            let attributes = format!("{:?}", sample.message_attributes());
            for word in [METADATA_WORD, NAME_WORD, ATTRIBUTE_WORD] {
                assert!(!lower(Some(sample.content())).contains(word), "{sample:?}");
            }
            for word in [CONTENT_WORD, NAME_WORD, PUSH_WORD] {
                assert!(!lower(sample.metadata()).contains(word), "{sample:?}");
                assert!(!attributes.contains(word), "{sample:?}");
            }
        }
    }

    #[test]
    fn the_limits_are_reached_and_two_messages_go_beyond() {
        let beyond: Vec<_> = corpus().into_iter().filter(|sample| !sample.is_within_limits()).collect();
        let names: Vec<_> = beyond.iter().map(Sample::name).collect();
        assert_eq!(names, ["content-longer-than-the-service-accepts", "push-notification-longer-than-allowed"]);
    }
}
