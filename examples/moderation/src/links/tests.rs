use super::*;
use channel_flow::{PushNotification, testing};
use proptest::prelude::*;

fn decide(hosts: &str, message: &Message) -> Decision {
    let links = Links::from_settings(|_| Some(hosts.to_owned())).unwrap();
    testing::decide(&links, message).unwrap()
}

fn is_denied(hosts: &str, content: &str) -> bool {
    decide(hosts, &testing::message(content).build()) == Decision::deny().because("links")
}

#[test]
fn a_link_elsewhere_is_denied_in_every_form() {
    for content in [
        "https://evil.com",
        "https://good.com and evil.com",
        "https://good.com@evil.com",
        "https%3A%2F%2Fevil.com",
        "evil%2Ecom",
        r#"{"Messages":[{"Content":"\u0068ttps://evil.com","ContentType":"PlainText"}]}"#,
        r#"{"Messages":[],"t":"https:\/\/evil.com"}"#,
    ] {
        assert!(is_denied("good.com", content), "{content}");
    }
    for content in ["https://good.com/evil.com", "Good.com", "https%3A%2F%2Fwww.good.com", "hello", "good.com,evil"] {
        assert!(!is_denied("good.com", content), "{content}");
    }
    let push = PushNotification::builder().body("see evil.com").build();
    let message = testing::message("Hi").push_notification(push).build();
    assert_eq!(decide("good.com", &message), Decision::deny().because("links"));
}

#[test]
fn without_a_list_all_links_are_allowed() {
    assert!(!is_denied(" ", "https://evil.com"));
}

proptest! {
    /// Whatever surrounds it, a link elsewhere is found.
    #[test]
    fn no_text_hides_a_link(before in "[ -~]{0,20}[ (>\n]", after in "([ )\n<][ -~]{0,20})?") {
        // A scheme and an address that is still open take what follows for a part of themselves.
        prop_assume!(!before.contains(['/', '\\', ':', '%', '{', '@']) && !after.contains(['%', '{']));
        let text = format!("{before}https://evil.com/x{after}");
        prop_assert!(is_denied("good.com", &text), "{}", text);
    }
}

/// A message has at most 4 KB; none of them may keep the function busy.
#[test]
fn the_worst_text_takes_few_steps() {
    for piece in ["://", "a.", "http:", "//", "\\", "a@", "ä.", "https://a ", "a.com ", "x-", "[", "1.1.1.1 "] {
        link_hosts::link_hosts(&piece.repeat(4096 / piece.len()));
    }
}
