//! Masking: what people wrote becomes unreadable, and keeps its shape.
//!
//! Letters become `x` or `X` and digits `0`, each by one of the same size in UTF-8, so that lengths stay in bytes and in
//! characters. All other characters stay: spaces, punctuation, symbols, emoji. A text that is a JSON object or array, such
//! as metadata often is, stays one.

use crate::json::{self, Members};
use serde_json::value::RawValue;

/// What becomes of a JSON value.
#[derive(Clone, Copy)]
enum Mask {
    /// It stays.
    Keep,
    /// Names and values are masked.
    All,
    /// The id at the end of a user's or bot's ARN is masked.
    MemberArn,
    /// An object: what becomes of its members. All of what is not listed is masked, names aside.
    Members(&'static [(&'static str, Mask)]),
    /// An object with names that are masked: what becomes of their values.
    Entries(&'static Mask),
}

/// Events and callbacks alike.
const MESSAGE: Mask = Mask::Members(&[
    ("EventType", Mask::Keep),
    ("CallbackId", Mask::Keep),
    ("ChannelArn", Mask::Keep),
    ("DeleteResource", Mask::Keep),
    (
        "ChannelMessage",
        Mask::Members(&[
            ("MessageId", Mask::Keep),
            ("ChannelArn", Mask::Keep),
            ("Persistence", Mask::Keep),
            ("Type", Mask::Keep),
            ("CreatedTimestamp", Mask::Keep),
            ("LastEditedTimestamp", Mask::Keep),
            ("SubChannelId", Mask::Keep),
            ("ContentType", Mask::Keep),
            ("Sender", Mask::Members(&[("Arn", Mask::MemberArn)])),
            ("PushNotification", Mask::Members(&[("Type", Mask::Keep)])),
            ("MessageAttributes", Mask::Entries(&Mask::Members(&[]))),
        ]),
    ),
]);

/// The body of an event or a callback, with all masked that is not known to be no content.
pub(super) fn body(json: &str) -> String {
    value(json, MESSAGE)
}

fn value(raw: &str, mask: Mask) -> String {
    match mask {
        Mask::Keep => raw.to_owned(),
        Mask::All => tokens(raw),
        Mask::MemberArn => match json::text(raw) {
            Some(arn) => literal(&member_arn(&arn)),
            None => tokens(raw),
        },
        Mask::Members(known) => object(raw, |name| {
            let mask = known.iter().find(|(known, _)| *known == name).map_or(Mask::All, |(_, mask)| *mask);
            (name.to_owned(), mask)
        }),
        Mask::Entries(mask) => object(raw, |name| (text(name), *mask)),
    }
}

/// An object with its members renamed and masked; anything else is masked as a whole.
fn object(raw: &str, member: impl Fn(&str) -> (String, Mask)) -> String {
    let Some(members) = Members::read(raw.as_bytes()) else { return tokens(raw) };
    let members = members.iter().map(|(name, raw)| {
        let (name, mask) = member(name);
        format!("{}:{}", literal(&name), value(raw, mask))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// JSON of any kind, with its strings, names among them, and its numbers masked.
fn tokens(raw: &str) -> String {
    let mut masked = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => string_end(rest),
            '0'..='9' => {
                rest.find(|c: char| !matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-')).unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        match first {
            '"' => masked += &literal(&text(&json::text(token).unwrap_or_default())),
            '0'..='9' => masked += &number(token),
            _ => masked += token,
        }
        rest = after;
    }
    masked
}

/// Where the string ends that `json` begins with.
fn string_end(json: &str) -> usize {
    let mut escaped = true;
    let end = json.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(json.len(), |(position, _)| position + 1)
}

/// Of the same form, and still a number: JSON has none with a zero in front.
fn number(number: &str) -> String {
    let whole = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    let digit = |(position, c): (usize, char)| match c {
        '0'..='9' if position == 0 && whole > 1 => '1',
        '0'..='9' => '0',
        c => c,
    };
    number.char_indices().map(digit).collect()
}

/// What people wrote.
pub(super) fn text(text: &str) -> String {
    if text.trim_start().starts_with(['{', '[']) && json::is_json(text.as_bytes()) {
        return tokens(text);
    }
    text.chars().map(character).collect()
}

fn character(c: char) -> char {
    let size = c.len_utf8() - 1;
    if c.is_uppercase() {
        ['X', '\u{425}', '\u{ff38}', '\u{1d417}'][size]
    } else if c.is_alphabetic() {
        ['x', '\u{445}', '\u{ff58}', '\u{1d431}'][size]
    } else if c.is_numeric() {
        ['0', '\u{660}', '\u{ff10}', '\u{1d7ce}'][size]
    } else {
        c
    }
}

fn member_arn(arn: &str) -> String {
    match arn.rsplit_once('/') {
        Some((before, id)) => format!("{before}/{}", text(id)),
        None => text(arn),
    }
}

fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// JSON on one line, as JSON; anything else as a string.
pub(super) fn line(bytes: &[u8], masked: bool) -> Box<RawValue> {
    let lossy = String::from_utf8_lossy(bytes);
    let json = match (json::is_json(bytes), masked) {
        // Between its tokens only can JSON have line ends.
        (true, false) => lossy.replace(['\n', '\r'], " "),
        (true, true) => body(&lossy).replace(['\n', '\r'], " "),
        (false, false) => literal(&lossy),
        (false, true) => literal(&text(&lossy)),
    };
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn texts_keep_their_shape() {
        for (written, masked) in [
            ("What the hell, 42 times?", "Xxxx xxx xxxx, 00 xxxxx?"),
            ("Gr\u{fc}\u{df}e \u{1f44d}", "Xx\u{445}\u{445}x \u{1f44d}"),
            ("\u{65e5}\u{672c}", "\u{ff58}\u{ff58}"),
            ("\u{dc}\u{661}", "\u{425}\u{660}"),
            ("{not JSON 1}", "{xxx XXXX 0}"),
            (r#"{"a b":[true,-12.5e3,"yes"],"n":7}"#, r#"{"x x":[true,-10.0e0,"xxx"],"x":0}"#),
            (r#"["{\"secret\":10}"]"#, r#"["{\"xxxxxx\":10}"]"#),
        ] {
            assert_eq!(text(written), masked);
        }
    }

    #[test]
    fn ids_stay_and_what_people_wrote_does_not() {
        let event = json!({
            "EventType": "CHANNEL_MESSAGE_EVENT",
            "CallbackId": "4c2f1a9e-7f3b-4d58-9a61-000000000001",
            "ChannelMessage": {
                "MessageId": "m1",
                "ChannelArn": "arn:aws:chime:us-east-1:1:app-instance/a/channel/b",
                "Content": "secret",
                "Metadata": "{\"secret\":\"secret\"}",
                "Sender": { "Arn": "arn:aws:chime:us-east-1:1:app-instance/a/user/secret", "Name": "Secret" },
                "Persistence": "PERSISTENT",
                "Type": "STANDARD",
                "PushNotification": { "Title": "secret", "Body": "secret", "Type": "VOIP" },
                "MessageAttributes": { "secret": { "StringValues": ["secret"] }, "SECRET": {} },
                "Tomorrow": [{ "secret": "secret" }],
            },
            "Secret": null,
        });
        let masked = body(&event.to_string());
        assert!(!masked.replace("\"Secret\"", "").to_lowercase().contains("secret"), "{masked}");
        let masked: Value = serde_json::from_str(&masked).unwrap();
        let message = &masked["ChannelMessage"];
        for name in ["MessageId", "ChannelArn", "Persistence", "Type"] {
            assert_eq!(message[name], event["ChannelMessage"][name]);
        }
        assert_eq!(masked["CallbackId"], event["CallbackId"]);
        assert_eq!(message["Content"], "xxxxxx");
        assert_eq!(message["Metadata"], "{\"xxxxxx\":\"xxxxxx\"}");
        assert_eq!(message["Sender"]["Arn"], "arn:aws:chime:us-east-1:1:app-instance/a/user/xxxxxx");
        assert_eq!(message["PushNotification"], json!({ "Title": "xxxxxx", "Body": "xxxxxx", "Type": "VOIP" }));
        let attributes = json!({ "xxxxxx": { "StringValues": ["xxxxxx"] }, "XXXXXX": {} });
        assert_eq!(message["MessageAttributes"], attributes);
        assert_eq!(message["Tomorrow"], json!([{ "xxxxxx": "xxxxxx" }]));
    }

    #[test]
    fn bodies_become_one_line() {
        assert_eq!(line(b"{\r\n \"a\": 1}", false).get(), "{   \"a\": 1}");
        assert_eq!(line(b"{\n\"CallbackId\":\n\"c\"}", true).get(), "{\"CallbackId\":\"c\"}");
        assert_eq!(line(b"se\ncret", false).get(), "\"se\\ncret\"");
        assert_eq!(line(b"se\ncret", true).get(), "\"xx\\nxxxx\"");
    }

    proptest! {
        #[test]
        fn lengths_stay(written in any::<String>()) {
            let masked = text(&written);
            prop_assert_eq!(masked.chars().count(), written.chars().count());
            prop_assert_eq!(masked.len(), written.len());
        }

        #[test]
        fn json_stays_json(content in any::<String>(), number in any::<f64>(), integer in any::<i64>()) {
            let json = json!({ "Content": [content, number, integer], (content.clone()): null }).to_string();
            prop_assert!(json::is_json(tokens(&json).as_bytes()));
            prop_assert_eq!(json::is_json(text(&json).as_bytes()), true);
            let event = json!({ "ChannelMessage": { "Content": content, "Metadata": json } }).to_string();
            prop_assert!(json::is_json(body(&event).as_bytes()));
        }

        #[test]
        fn any_bytes_become_a_line(bytes in any::<Vec<u8>>(), masked in any::<bool>()) {
            prop_assert!(!line(&bytes, masked).get().contains(['\n', '\r']));
        }
    }
}
