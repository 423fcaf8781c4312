use super::*;
use channel_flow::{Decision, Message, testing};

fn flow(settings: &[(&str, &str)]) -> Result<impl Processor + use<>, InvalidSetting> {
    let settings: Vec<(String, String)> =
        settings.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    moderation(&|name| settings.iter().find(|setting| setting.0 == name).map(|setting| setting.1.clone()))
}

#[track_caller]
fn decide(settings: &[(&str, &str)], message: &Message) -> Decision {
    testing::decide(&flow(settings).unwrap(), message).unwrap()
}

fn message(content: &str) -> Message {
    testing::message(content).build()
}

#[test]
fn updates_accumulate_with_their_reasons() {
    let decision = decide(&[], &message("Damn, mail me: jo@example.com, see https://example.com"));
    let expected = Decision::update("****, mail me: [email], see https://example.com").unwrap();
    assert_eq!(decision, expected.because("profanity").because("personal-data"));
    assert_eq!(decide(&[], &message("Good morning")), Decision::no_change());
}

#[test]
fn a_link_elsewhere_denies_the_message() {
    let settings = [("ALLOWED_LINK_HOSTS", "example.com")];
    let elsewhere = message("Damn, jo@example.net, https://example.net");
    assert_eq!(decide(&settings, &elsewhere), Decision::deny().because("links"));
    assert_eq!(decide(&settings, &message("https://www.example.com")), Decision::no_change());
}

/// The address is replaced before links are looked for, and is none in a shadow of that step either.
#[test]
fn an_email_address_is_not_a_link() {
    let settings = [("ALLOWED_LINK_HOSTS", "example.com")];
    let replaced = Decision::update("to [email]").unwrap().because("personal-data");
    assert_eq!(decide(&settings, &message("to jo@example.net")), replaced);
    let shadow = [("ALLOWED_LINK_HOSTS", "example.com"), ("SHADOW", "personal-data")];
    assert_eq!(decide(&shadow, &message("to jo@example.net")), Decision::no_change());
}

#[test]
fn a_shadow_has_no_effect() {
    let settings = [("ALLOWED_LINK_HOSTS", "example.com"), ("SHADOW", "links, profanity")];
    assert_eq!(decide(&settings, &message("damn https://example.net")), Decision::no_change());
    assert!(
        matches!(decide(&settings, &message("jo@example.net")).reasons(), [reason] if reason.as_str() == "personal-data")
    );
}

#[test]
fn the_settings_of_the_profanity_filter_apply() {
    let settings = [("PROFANITY_ACTION", "deny")];
    assert_eq!(decide(&settings, &message("damn")), Decision::deny().because("profanity"));
}

#[test]
fn bots_may_say_everything() {
    let bot = testing::message("damn jo@example.com https://example.net").sender_bot("helper").build();
    assert_eq!(decide(&[("ALLOWED_LINK_HOSTS", "example.com")], &bot), Decision::no_change());
}

/// No panic, no lost time and no content in the logs, whatever the message.
#[test]
fn it_conforms() {
    testing::conformance(flow(&[]).unwrap());
    testing::conformance(flow(&[("ALLOWED_LINK_HOSTS", "example.com")]).unwrap());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for (name, value, error) in [
        (
            "SHADOW",
            "links,toxicity",
            "SHADOW must be names of steps, with commas between them: `profanity`, `personal-data`, `links`",
        ),
        (
            "ALLOWED_LINK_HOSTS",
            "https://example.com",
            "ALLOWED_LINK_HOSTS must be host names, with commas between them: `example.com,example.org`",
        ),
        ("PROFANITY_ACTION", "drop", "PROFANITY_ACTION must be `censor` or `deny`"),
    ] {
        assert_eq!(flow(&[(name, value)]).err().map(|error| error.to_string()).as_deref(), Some(error));
    }
    assert!(flow(&[("SHADOW", " "), ("ALLOWED_LINK_HOSTS", "")]).is_ok());
}
