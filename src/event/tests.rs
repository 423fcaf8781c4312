use proptest::prelude::*;
use serde_json::{Value, json};

use super::provenance::Provenance;
use super::*;
use crate::{EventType, MessageType, Persistence, PushNotificationType, Sender};

fn read(event: &Value) -> Result<Event, MissingIds> {
    read_json(&event.to_string())
}

fn read_json(json: &str) -> Result<Event, MissingIds> {
    Event::read(&Payload::read(RawEvent::from_json(json).unwrap().json()), &Invocation::default())
}

fn message(event: &Value) -> Message {
    message_of(&event.to_string())
}

fn message_of(json: &str) -> Message {
    read_json(json).expect("the ids are there").message.expect("the message is readable")
}

fn documented() -> Value {
    json!({
        "EventType": "CHANNEL_MESSAGE_EVENT",
        "CallbackId": "d5a5d9ac-61b9-4e1f-a7d3-f6b6f84e2d10",
        "ChannelMessage": {
            "MessageId": "7f3c",
            "ChannelArn": "arn:aws:chime:us-east-1:111122223333:app-instance/ai/channel/lobby",
            "Content": "Good morning",
            "Metadata": "{\"mood\":\"fine\"}",
            "Sender": { "Arn": "arn:aws:chime:us-east-1:111122223333:app-instance/ai/user/carol", "Name": "Carol" },
            "Persistence": "PERSISTENT",
            "LastEditedTimestamp": "2026-03-01T12:00:01.500Z",
            "Type": "STANDARD",
            "CreatedTimestamp": "2026-03-01T12:00:00.250Z"
        }
    })
}

#[test]
fn the_documented_event_is_read_whole() {
    let message = message(&documented());
    assert_eq!(message.id(), "7f3c");
    assert_eq!(message.callback_id(), "d5a5d9ac-61b9-4e1f-a7d3-f6b6f84e2d10");
    assert!(message.channel_arn().ends_with("/channel/lobby"));
    assert_eq!(message.content(), "Good morning");
    assert_eq!(message.metadata(), Some(r#"{"mood":"fine"}"#));
    assert_eq!(message.sender().name(), Some("Carol"));
    assert_eq!(message.sender().id(), "carol");
    assert_eq!(message.persistence(), Some(&Persistence::Persistent));
    assert_eq!(message.message_type(), Some(&MessageType::Standard));
    assert_eq!(
        message.last_edited_at().unwrap().duration_since(message.created_at().unwrap()).unwrap().as_millis(),
        1250
    );
    assert!(message.is_edited());
}

#[test]
fn what_it_takes_to_ask_about_a_message_is_read_beside_it() {
    let mut event = documented();
    event["ChannelMessage"]["SubChannelId"] = json!("sub-1");
    let provenance = |event: &Value| read(event).ok().unwrap().header.provenance.clone();
    let whole = provenance(&event);
    assert_eq!(whole.sender_arn(), Some("arn:aws:chime:us-east-1:111122223333:app-instance/ai/user/carol"));
    assert_eq!(whole.sub_channel_id.as_deref(), Some("sub-1"));
    assert!(whole.times.is_edited && whole.is_sure_to_have_a_status());
    assert!(whole.sent_at().is_some() && whole.sent_at() == message(&event).last_edited_at());

    event["ChannelMessage"]["Content"] = json!({ "text": "hidden" });
    assert_eq!(provenance(&event), whole, "the message is unreadable");

    event["ChannelMessage"] =
        json!({ "MessageId": "m", "ChannelArn": "c", "Sender": { "Arn": "carol" }, "LastEditedTimestamp": "" });
    let least = provenance(&event);
    assert_eq!((least.sender_arn(), least.sent_at()), (None, None));
    assert_eq!(Provenance { sender: Sender::default(), ..least }, Provenance::default());
    event["ChannelMessage"]["CreatedTimestamp"] = json!("2026-03-01T12:00:00.250Z");
    assert!(provenance(&event).sent_at().is_some());
}

#[test]
fn what_stored_messages_have_is_read_too() {
    let mut event = documented();
    event["ChannelMessage"]["PushNotification"] =
        json!({ "Title": "Carol", "Body": "Good", "Type": "VOIP", "Sound": 1 });
    event["ChannelMessage"]["MessageAttributes"] =
        json!({ "CHIME.mentions": { "StringValues": ["a", "b", 3] }, "odd": [], "odder": { "StringValues": null } });
    event["ChannelMessage"]["SubChannelId"] = json!("sub-1");
    event["ChannelMessage"]["ContentType"] = json!("text/plain");
    event["ChannelMessage"]["Target"] = json!([{ "MemberArn": "arn:x" }, { "MemberArn": null }, 7]);
    let message = message(&event);
    let push = message.push_notification().unwrap();
    assert_eq!((push.title(), push.body()), (Some("Carol"), Some("Good")));
    assert_eq!(push.notification_type(), Some(&PushNotificationType::Voip));
    assert_eq!(message.message_attributes().len(), 1);
    assert_eq!(message.message_attributes()["CHIME.mentions"], ["a", "b"]);
    assert_eq!(message.sub_channel_id(), Some("sub-1"));
    assert_eq!(message.content_type(), Some("text/plain"));
    assert_eq!(message.target(), ["arn:x"]);
}

#[test]
fn null_absent_and_of_another_type_are_alike() {
    let optional = [
        "Content",
        "Metadata",
        "Sender",
        "Persistence",
        "LastEditedTimestamp",
        "Type",
        "CreatedTimestamp",
        "PushNotification",
        "MessageAttributes",
        "SubChannelId",
        "ContentType",
        "Target",
    ];
    for value in [None, Some(Value::Null), Some(json!(7)), Some(json!([[]])), Some(json!({ "a": { "b": 1 } }))] {
        let mut event = documented();
        let fields = event["ChannelMessage"].as_object_mut().unwrap();
        for name in optional {
            fields.remove(name);
            // Content of another type is not absent: it has its own test.
            if let Some(value) = value.clone().filter(|_| name != "Content") {
                fields.insert(name.to_owned(), value);
            }
        }
        let message = message(&event);
        assert_eq!((message.content(), message.metadata()), ("", None));
        assert_eq!(message.sender().kind(), crate::SenderKind::Unknown);
        assert_eq!((message.persistence(), message.message_type()), (None, None));
        assert!(message.message_attributes().is_empty() && message.target().is_empty());
    }
}

#[test]
fn an_edit_is_told_from_a_new_message() {
    let with = |last_edited: Value| {
        let mut event = documented();
        event["ChannelMessage"]["LastEditedTimestamp"] = last_edited;
        message(&event).is_edited()
    };
    assert!(!with(Value::Null));
    assert!(!with(json!("")));
    assert!(!with(json!("2026-03-01T12:00:00.250Z")), "the time at which it was sent");
    assert!(with(json!("2026-03-01T12:00:00.251Z")));
    assert!(with(json!("yesterday")));
}

#[test]
fn timestamps_may_be_seconds() {
    let mut event = documented();
    event["ChannelMessage"]["CreatedTimestamp"] = json!(1_772_366_400.25);
    event["ChannelMessage"]["LastEditedTimestamp"] = json!("tomorrow");
    let message = message(&event);
    let created = message.created_at().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(created.as_millis(), 1_772_366_400_250);
    assert_eq!(message.last_edited_at(), None);
}

#[test]
fn unknown_values_are_kept_out_of_the_way() {
    let mut event = documented();
    event["Trace"] = json!({ "a": [1, 2] });
    event["ChannelMessage"]["Reactions"] = json!([{ "Emoji": "👍" }]);
    event["ChannelMessage"]["Persistence"] = json!("SOMEDAY");
    event["ChannelMessage"]["Type"] = json!("STICKER");
    let message = message(&event);
    assert_eq!(message.persistence(), Some(&Persistence::Unknown("SOMEDAY".to_owned())));
    assert_eq!(message.message_type(), Some(&MessageType::Unknown("STICKER".to_owned())));
}

#[test]
fn what_cannot_be_shown_can_still_be_answered() {
    let mut event = documented();
    event["ChannelMessage"]["Content"] = json!({ "text": "hidden" });
    assert_eq!(read(&event).ok().unwrap().message.unwrap_err(), Unreadable::Content);
}

#[test]
fn the_type_of_an_event_is_there_to_be_read_and_keeps_nobody_from_being_asked() {
    let with = |event_type: Option<Value>| {
        let mut event = documented();
        event.as_object_mut().unwrap().remove("EventType");
        event_type.map(|event_type| event.as_object_mut().unwrap().insert("EventType".to_owned(), event_type));
        message(&event).event_type().cloned()
    };
    assert_eq!(with(Some(json!("CHANNEL_MESSAGE_EVENT"))), Some(EventType::ChannelMessageEvent));
    for other in ["CHANNEL_MESSAGE", "CHANNEL_MESSAGE_EVENT_V2"] {
        assert_eq!(with(Some(json!(other))), Some(EventType::Unknown(other.to_owned())));
    }
    for none in [None, Some(Value::Null), Some(json!("")), Some(json!(["CHANNEL_MESSAGE_EVENT"]))] {
        assert_eq!(with(none), None);
    }
    let built = crate::testing::message("Hi").event_type("CHANNEL_MESSAGE").build();
    assert_eq!(built.event_type(), Some(&EventType::Unknown("CHANNEL_MESSAGE".to_owned())));
}

#[test]
fn an_event_larger_than_any_is_known_by_its_ids_alone() {
    let mut event = documented();
    event["Padding"] = json!("");
    event["Padding"] = json!("x".repeat(LARGEST_EVENT - event.to_string().len()));
    assert!(read(&event).ok().unwrap().message.is_ok(), "as large as it may be");

    for name in ["Padding", "Content"] {
        let mut event = event.clone();
        let object = if name == "Padding" { &mut event } else { &mut event["ChannelMessage"] };
        object[name] = json!("x".repeat(LARGEST_EVENT + 1));
        let Event { header, message } = read(&event).ok().unwrap();
        assert_eq!(message.unwrap_err(), Unreadable::TooLarge);
        assert_eq!(header.ids.message_id, "7f3c");
        assert_eq!(header, read(&documented()).ok().unwrap().header);
    }
}

#[test]
fn the_last_of_two_fields_counts_and_null_is_no_field() {
    let event = documented().to_string();
    let first = |more: &str| message_of(&event.replacen('{', &format!("{{{more},"), 1));
    let earlier = first(r#""CallbackId":"earlier","ChannelMessage":{"MessageId":"earlier"}"#);
    assert_eq!((earlier.callback_id(), earlier.id()), ("d5a5d9ac-61b9-4e1f-a7d3-f6b6f84e2d10", "7f3c"));

    let last = |more: &str| read_json(&format!("{},{more}}}", &event[..event.len() - 1]));
    assert_eq!(last(r#""CallbackId":"later""#).ok().unwrap().header.ids.callback_id, "later");
    assert_eq!(last(r#""CallbackId":null"#).err().unwrap(), MissingIds(vec!["CallbackId"]));
    assert_eq!(
        last(r#""ChannelMessage":{"MessageId":"m"}"#).err().unwrap(),
        MissingIds(vec!["ChannelMessage.ChannelArn"])
    );
}

#[test]
fn half_a_surrogate_pair_keeps_no_message_from_being_read() {
    let event = documented().to_string().replace("Good morning", "Good \\ud83d morning").replace("Carol", "\\ude21");
    let message = message_of(&event.replacen('{', r#"{"\ud800":"\ud800","#, 1));
    assert_eq!(message.content(), "Good \u{fffd}\u{fffd}\u{fffd} morning");
    assert_eq!(message.sender().name(), Some("\u{fffd}\u{fffd}\u{fffd}"));
}

#[test]
fn depth_keeps_no_message_from_being_read() {
    let deep = format!("{}{}", r#"{"a":["#.repeat(20_000), "]}".repeat(20_000));
    let event = documented().to_string();
    let ends = [("{", format!("{{\"Trace\":{deep},")), ("\"Metadata\":", format!("\"Target\":{deep},\"Metadata\":"))];
    for (start, deeper) in ends {
        let message = message_of(&event.replacen(start, &deeper, 1));
        assert_eq!((message.id(), message.content()), ("7f3c", "Good morning"));
    }
}

#[test]
fn a_clone_shares_everything() {
    let Event { header, message } = read(&documented()).ok().unwrap();
    let message = message.unwrap();
    assert!(std::ptr::eq(message.content(), message.clone().content()));
    assert!(std::ptr::eq(message.id(), &*header.ids.message_id));
}

#[test]
fn missing_ids_are_named() {
    let error = |event: Value| read(&event).err().expect("ids are missing").to_string();
    let all = "the event has no CallbackId and no ChannelMessage.MessageId and no ChannelMessage.ChannelArn";
    for event in [json!([]), json!("text"), json!(7), Value::Null, json!({}), json!({ "ChannelMessage": [] })] {
        assert_eq!(error(event), all);
    }
    for (id, name) in [("/CallbackId", "CallbackId"), ("/ChannelMessage/MessageId", "ChannelMessage.MessageId")] {
        for value in [Value::Null, json!(""), json!(7), json!(["x"])] {
            let mut event = documented();
            *event.pointer_mut(id).unwrap() = value;
            assert_eq!(error(event), format!("the event has no {name}"));
        }
    }
}

#[test]
fn debug_shows_no_content_names_or_metadata() {
    let mut event = documented();
    event["ChannelMessage"]["PushNotification"] = json!({ "Title": "Carol", "Body": "Good morning" });
    let raw = RawEvent::from_json(event.to_string()).unwrap();
    let shown = format!("{raw:?} {:?}", message(&event));
    for private in ["Carol", "morning", "mood"] {
        assert!(!shown.contains(private), "{shown}");
    }
}

/// Any JSON, with the names of an event's fields among its keys so that it often looks like an event.
fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "EventType",
        "CallbackId",
        "ChannelMessage",
        "MessageId",
        "ChannelArn",
        "Content",
        "Metadata",
        "Sender",
        "Arn",
        "Name",
        "Persistence",
        "Type",
        "CreatedTimestamp",
        "LastEditedTimestamp",
        "PushNotification",
        "Title",
        "MessageAttributes",
        "StringValues",
        "Target",
        "MemberArn",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..8)
                .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_without_a_panic(event in any_json()) {
        if let Ok(event) = read(&event)
            && let Ok(message) = event.message {
                let _ = (message.to_text(), message.to_lex_envelope(), message.created_at(), message.is_edited());
            }
    }

    /// Ids that are present are found, whatever happens to the rest.
    #[test]
    fn ids_are_found_whatever_stands_beside_them(top in any_json(), beside in any_json()) {
        let mut event = if top.is_object() { top } else { json!({ "x": top }) };
        event["CallbackId"] = json!("callback");
        event["ChannelMessage"] = if beside.is_object() { beside } else { json!({ "Content": beside }) };
        event["ChannelMessage"]["MessageId"] = json!("message");
        event["ChannelMessage"]["ChannelArn"] = json!("channel");
        let header = read(&event).expect("the ids are there").header;
        prop_assert_eq!(&*header.ids.callback_id, "callback");
        prop_assert_eq!(&*header.ids.message_id, "message");
        prop_assert_eq!(&*header.ids.channel_arn, "channel");
    }

    /// One byte is changed anywhere: there is no panic, and either the ids are found or the error says that one is
    /// missing.
    #[test]
    fn a_damaged_event_is_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = documented().to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(raw) = String::from_utf8(bytes).map_err(drop).and_then(|json| RawEvent::from_json(json).map_err(drop))
            && let Err(missing) = Event::read(&Payload::read(raw.json()), &Invocation::default()) {
                prop_assert!(!missing.0.is_empty());
            }
    }
}
