use super::*;
use channel_flow::{PushNotification, testing};
use proptest::prelude::*;

fn decide(message: &Message) -> Decision {
    testing::decide(&PersonalData, message).unwrap()
}

fn replaced(content: &str) -> String {
    let decision = decide(&testing::message(content).build());
    decision.changes().and_then(|update| update.content()).unwrap_or(content).to_owned()
}

#[test]
fn each_kind_has_its_replacement() {
    assert_eq!(
        replaced("Mail me: jo@example.com, card 4111 1111 1111 1111, phone +1 415 555 2671."),
        "Mail me: [email], card [card], phone [phone]."
    );
    let decision = decide(&testing::message("jo@example.com").build());
    assert_eq!(decision, Decision::update("[email]").unwrap().because("personal-data"));
}

#[test]
fn the_form_of_the_content_stays() {
    assert_eq!(replaced("Mail%20jo%40example.com"), "Mail%20%5Bemail%5D");
    assert_eq!(replaced("4111%201111%201111%201111"), "%5Bcard%5D");
    assert_eq!(
        replaced(r#"{"Messages":[{"Content":"call (415) 555\u002d2671","ContentType":"PlainText"}]}"#),
        r#"{"Messages":[{"Content":"call [phone]","ContentType":"PlainText"}]}"#
    );
    assert_eq!(replaced(r#"{"Messages":[],"t":"jo@example.com"}"#), r#"{"Messages":[],"t":"[email]"}"#);
}

#[test]
fn the_push_notification_does_not_tell() {
    let push = PushNotification::builder().title("jo@example.com").body("415-555-2671").build();
    let decision = decide(&testing::message("Hi").push_notification(push).build());
    let push = decision.changes().unwrap().push_notification().unwrap();
    assert_eq!((push.title(), push.body()), (Some("[email]"), Some("[phone]")));
}

#[test]
fn links_stay_as_they_are() {
    let link = "https://example.com/orders/415-555-2671?mail=jo@example.com";
    assert_eq!(replaced(link), link);
    assert_eq!(replaced(&format!("{link} jo@example.com")), format!("{link} [email]"));
}

/// What everyone reads in a chat and what nothing of is personal.
#[test]
fn ordinary_messages_stay_as_they_are() {
    for text in [
        "Order 4155552671 ships on 2025-11-24 10:30, invoice 2024-000123",
        "Release v1.2.3-rc.4 on 192.168.178.201:8080, build 20251124103000",
        "ISBN 978-3-16-148410-0, SSN 078-05-1120, tracking 9400 1000 0000 0000 0000 00",
        "@jo, the icon is icon@2x.png and costs $1,234,567.89",
        "550e8400-e29b-41d4-a716-446655440000",
        "48.137154, 11.576124 at 1732440000000",
        "[email] [card] [phone]",
    ] {
        assert_eq!(replaced(text), text);
    }
}

/// Replacements that would make the message too long are asterisks.
#[test]
fn a_full_message_is_covered() {
    let full = "a@b.de ".repeat(585);
    assert_eq!(replaced(&full), "****** ".repeat(585));
    let push = PushNotification::builder().title("a@b.de ".repeat(7)).build();
    let decision = decide(&testing::message("Hi").push_notification(push).build());
    let push = decision.changes().unwrap().push_notification().unwrap();
    assert_eq!(push.title(), Some(&*"****** ".repeat(7)));
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[0-9 +().-]{0,20}",
        prop::sample::select(vec![
            "jo@example.com",
            "4111 1111 1111 1111",
            "+1 415 555 2671",
            "(415) 555-2671",
            "https://example.com/",
            " ",
            "@",
            "%20",
            "{\"t\":\"",
            "\"}"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn ranges_are_in_order_and_nothing_is_found_in_what_is_left(text in text()) {
        let found = find(&text);
        prop_assert!(found.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start));
        prop_assert!(found.iter().all(|(range, _)| !range.is_empty() && text.get(range.clone()).is_some()));

        let message = testing::message(&*text).build();
        let Ok(update) = message.replace_texts(find) else { return Ok(()) };
        prop_assert!(!message.with_update(&update).any_text(|text| !find(text).is_empty()));
    }
}

/// A message has at most 4 KB; none of them may keep the function busy.
#[test]
fn the_worst_text_takes_few_steps() {
    for piece in ["1", "1 ", "+1", "(1", "415-555-", "4111 ", "a@b.", "a.", "@", "://", "+1 415 555 2671 ", "a@b.de "] {
        find(&piece.repeat(4096 / piece.len()));
    }
}
