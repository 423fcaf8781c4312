//! The options of a message that is sent.

use channel_flow_emulator::limits::{self, LimitError};
use channel_flow_emulator::{OutgoingMessage, Persistence, Sender};
use clap::Args;

#[derive(Debug, Args)]
#[command(next_help_heading = "Message")]
pub(crate) struct MessageArgs {
    /// Send to this channel: its ARN, or the last part of it
    #[arg(long, value_name = "ID|ARN", conflicts_with = "event")]
    channel: Option<String>,

    /// Send as this user or bot: the ARN, or the last part of it
    ///
    /// Defaults to alice or, with --bot, to helper. An ID is a user's, unless --bot is given.
    #[arg(long, value_name = "ID|ARN", conflicts_with = "event")]
    sender: Option<String>,

    /// Send as a bot instead of a user
    #[arg(long, alias = "as-bot", conflicts_with = "event")]
    bot: bool,

    /// The name of the sender
    ///
    /// Defaults to Alice, Bob or Helper for alice, bob or helper, and to the last part of the ARN for
    /// others.
    #[arg(long, value_name = "NAME", conflicts_with = "event")]
    name: Option<String>,

    /// Attach metadata, at most 1,024 characters
    #[arg(long, value_name = "TEXT", conflicts_with = "event")]
    metadata: Option<String>,

    /// Attach a message attribute; can be repeated
    ///
    /// The values of a repeated name are collected. AWS does not document whether the service passes
    /// attributes to processors, and the channels of `dev` do not. The event of `send` has them in
    /// MessageAttributes, as a stored message has.
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "event", hide_short_help = true)]
    attribute: Vec<String>,

    /// Attach a push notification with this title, at most 50 characters
    #[arg(long, value_name = "TEXT", conflicts_with = "event", hide_short_help = true)]
    push_title: Option<String>,

    /// Attach a push notification with this text, at most 150 characters
    #[arg(long, value_name = "TEXT", conflicts_with = "event", hide_short_help = true)]
    push_body: Option<String>,

    /// Send the update of a message that was sent a minute ago
    ///
    /// The event has a LastEditedTimestamp. A message that is not stored cannot be updated.
    #[arg(long, conflicts_with_all = ["event", "non_persistent"])]
    edited: bool,

    /// Send a message that the channel does not store
    #[arg(long, conflicts_with = "event", hide_short_help = true)]
    non_persistent: bool,

    /// Send to this member only: the ARN, or the last part of it
    ///
    /// Processors cannot see this: the events of the service do not have the target of a message. So
    /// the event stays as it is, and a note says so.
    #[arg(long, value_name = "ID|ARN", conflicts_with = "event", hide_short_help = true)]
    target: Option<String>,
}

/// A channel, a user or a bot that an option names.
struct Resource<'a> {
    /// The ARN of its app instance, if the option has one.
    app_instance: Option<&'a str>,
    kind: &'a str,
    id: &'a str,
}

impl MessageArgs {
    /// A message with this text.
    ///
    /// # Errors
    ///
    /// The option that cannot be used, or the limit that the text breaks. Shows neither the text nor a value.
    pub(crate) fn message(&self, text: &str) -> Result<OutgoingMessage, String> {
        let mut message = OutgoingMessage::new(text).map_err(|error| error.to_string())?;
        let channel =
            self.channel.as_deref().map(|channel| resource("--channel", channel, &["channel"])).transpose()?;
        let sender = self.sender.as_deref().map(|sender| self.member("--sender", sender)).transpose()?;
        let target = self.target.as_deref().map(|target| self.member("--target", target)).transpose()?;
        let named = [("--channel", &channel), ("--sender", &sender), ("--target", &target)];
        let mut app_instances =
            named.iter().filter_map(|(option, named)| Some((option, named.as_ref()?.app_instance?)));
        if let Some((first, app_instance)) = app_instances.next() {
            if let Some((option, _)) = app_instances.find(|(_, other)| *other != app_instance) {
                return Err(format!("{first} and {option} are of different app instances"));
            }
            message = message.app_instance_arn(app_instance).map_err(of(first))?;
        }
        if let Some(channel) = channel {
            message = message.channel(channel.id).map_err(of("--channel"))?;
        }
        message = message.sender(self.sender(sender)?);
        if let Some(metadata) = &self.metadata {
            message = message.metadata(metadata).map_err(of("--metadata"))?;
        }
        for attribute in &self.attribute {
            let (name, value) = attribute.split_once('=').ok_or("--attribute: expected NAME=VALUE")?;
            message = message.attribute(name, value).map_err(of("--attribute"))?;
        }
        if let Some(title) = &self.push_title {
            message = message.push_title(title).map_err(of("--push-title"))?;
        }
        if let Some(body) = &self.push_body {
            message = message.push_body(body).map_err(of("--push-body"))?;
        }
        if self.non_persistent {
            message = message.persistence(Persistence::NonPersistent);
        }
        Ok(if self.edited { message.edited() } else { message })
    }

    /// What the user must know about these options.
    pub(crate) fn note(&self) -> Option<&'static str> {
        let target = self.target.as_ref();
        target.map(|_| "the event does not have the target: the service does not pass it to processors")
    }

    fn member<'a>(&self, option: &str, text: &'a str) -> Result<Resource<'a>, String> {
        let kinds: &[_] = if self.bot && option == "--sender" { &["bot"] } else { &["user", "bot"] };
        resource(option, text, kinds)
    }

    fn sender(&self, named: Option<Resource<'_>>) -> Result<Sender, String> {
        let (is_bot, id) = match named {
            Some(Resource { kind, id, .. }) => (kind == "bot", id),
            None if self.bot => (true, "helper"),
            None => (false, "alice"),
        };
        let known = [("alice", "Alice"), ("bob", "Bob"), ("helper", "Helper")];
        let default = known.iter().find(|(known, _)| *known == id).map_or(id, |(_, name)| name);
        let name = self.name.as_deref().unwrap_or(default);
        let limit = if is_bot { limits::BOT_NAME } else { limits::USER_NAME };
        limit.check(name).map_err(of("--name"))?;
        Ok(if is_bot { Sender::bot(id, name) } else { Sender::user(id, name) })
    }
}

/// The resource that an option names, which is of one of these kinds. An id is of the first.
fn resource<'a>(option: &str, text: &'a str, kinds: &[&'a str]) -> Result<Resource<'a>, String> {
    if !text.starts_with("arn:") {
        limits::ID.check(text).map_err(of(option))?;
        return Ok(Resource { app_instance: None, kind: kinds[0], id: text });
    }
    let expected = || {
        let arns: Vec<_> = kinds.iter().map(|kind| format!("…:app-instance/ID/{kind}/ID")).collect();
        format!("{option}: expected an ID or an ARN of the form {}", arns.join(" or "))
    };
    limits::CHANNEL_ARN.check(text).map_err(|_| expected())?;
    let start = text.find(":app-instance/").ok_or_else(expected)? + ":app-instance/".len();
    let parts: Vec<_> = text[start..].split('/').collect();
    let [app_instance, kind, id] = parts[..] else { return Err(expected()) };
    let kind = kinds.iter().find(|known| **known == kind).ok_or_else(expected)?;
    if app_instance.is_empty() {
        return Err(expected());
    }
    limits::ID.check(id).map_err(of(option))?;
    Ok(Resource { app_instance: Some(&text[..start + app_instance.len()]), kind, id })
}

/// What is wrong with the value of an option.
fn of(option: &str) -> impl Fn(LimitError) -> String {
    move |error| format!("{option}: {error}")
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;
    use channel_flow_emulator::Event;
    use serde_json::{Value, json};

    const APP_INSTANCE: &str = "arn:aws:chime:eu-central-1:111122223333:app-instance/mine";

    fn message(options: &[&str]) -> Result<Value, String> {
        let send = parse(&[&["x", "send", "hello"], options].concat()).map_err(|error| error.to_string())?;
        let event = Event::new(send.message.message("hello")?, "us-east-1");
        let event: Value = serde_json::from_slice(event.json()).unwrap();
        Ok(event["ChannelMessage"].clone())
    }

    fn sender(options: &[&str]) -> (String, String) {
        let message = message(options).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let arn = text(&message["Sender"]["Arn"]);
        (
            arn[arn.find("/").unwrap()..].split_once('/').unwrap().1.split_once('/').unwrap().1.to_owned(),
            text(&message["Sender"]["Name"]),
        )
    }

    fn pair(id: &str, name: &str) -> (String, String) {
        (id.to_owned(), name.to_owned())
    }

    #[test]
    fn the_sender_is_a_user_or_a_bot() {
        assert_eq!(sender(&[]), pair("user/alice", "Alice"));
        assert_eq!(sender(&["--bot"]), pair("bot/helper", "Helper"));
        assert_eq!(sender(&["--as-bot"]), pair("bot/helper", "Helper"));
        assert_eq!(sender(&["--sender", "bob"]), pair("user/bob", "Bob"));
        assert_eq!(sender(&["--sender", "u-1"]), pair("user/u-1", "u-1"));
        assert_eq!(sender(&["--sender", "u-1", "--bot", "--name", "Quiz"]), pair("bot/u-1", "Quiz"));
        assert_eq!(sender(&["--sender", &format!("{APP_INSTANCE}/bot/b")]), pair("bot/b", "b"));
    }

    #[test]
    fn arns_bring_their_app_instance() {
        let channel = format!("{APP_INSTANCE}/channel/general");
        let sent = message(&["--channel", &channel, "--sender", "bob"]).unwrap();
        assert_eq!(sent["ChannelArn"], channel);
        assert_eq!(sent["Sender"]["Arn"], format!("{APP_INSTANCE}/user/bob"));
        let sent = message(&["--channel", "general", "--sender", &format!("{APP_INSTANCE}/user/bob")]).unwrap();
        assert_eq!(sent["ChannelArn"], channel);
        let other = message(&["--channel", &channel, "--sender", "arn:aws:chime:us-east-1:1:app-instance/a/user/b"]);
        assert_eq!(other.unwrap_err(), "--channel and --sender are of different app instances");
    }

    #[test]
    fn the_event_has_what_the_options_say() {
        let sent = message(&["--attribute", "to=a", "--attribute", "to=b=c", "--push-title", "t", "--non-persistent"]);
        let sent = sent.unwrap();
        assert_eq!(sent["MessageAttributes"], json!({ "to": { "StringValues": ["a", "b=c"] } }));
        assert_eq!(sent["PushNotification"], json!({ "Title": "t", "Type": "DEFAULT" }));
        assert_eq!(sent["Persistence"], "NON_PERSISTENT");
        let edited = message(&["--edited"]).unwrap();
        assert!(edited["LastEditedTimestamp"].as_str() > edited["CreatedTimestamp"].as_str());
        assert!(message(&["--target", "bob"]).unwrap().get("Target").is_none());
    }

    #[test]
    fn errors_name_the_option_and_not_the_value() {
        let long = "secret".repeat(200);
        for (options, expected) in [
            (&["--channel", "a b"][..], "--channel: Id must be letters and digits"),
            (
                &["--channel", "arn:aws:chime:us-east-1:1:app-instance/a/user/secret"],
                "--channel: expected an ID or an ARN of the form …:app-instance/ID/channel/ID",
            ),
            (
                &["--bot", "--sender", "arn:aws:chime:us-east-1:1:app-instance/a/user/secret"],
                "--sender: expected an ID or an ARN of the form …:app-instance/ID/bot/ID",
            ),
            (&["--target", "secret!"], "--target: Id must be"),
            (&["--name", &long], "--name: Name has 1200 characters, the most is 100"),
            (&["--name", " "], "--name: Name must be one line that is not blank"),
            (&["--metadata", &long], "--metadata: Metadata has 1200 characters, the most is 1024"),
            (&["--push-title", &long], "--push-title: Title has 1200 characters, the most is 50"),
            (&["--push-body", &long], "--push-body: Body has 1200 characters, the most is 150"),
            (&["--attribute", "secret"], "--attribute: expected NAME=VALUE"),
            (&["--attribute", "=secret"], "--attribute: MessageAttributes name has 0 characters, the least is 1"),
            (&["--attribute", &format!("a={long}")], "--attribute: StringValues has 1200 characters, the most is 512"),
        ] {
            let error = message(options).unwrap_err();
            assert!(error.starts_with(expected) && !error.contains("secret"), "{error}");
        }
        assert!(message(&["--edited", "--non-persistent"]).unwrap_err().contains("cannot be used with"));
    }

    #[test]
    fn none_of_them_goes_with_an_event() {
        for options in [
            &["--channel", "a"][..],
            &["--sender", "a"],
            &["--bot"],
            &["--as-bot"],
            &["--name", "a"],
            &["--metadata", "a"],
            &["--attribute", "a=b"],
            &["--push-title", "a"],
            &["--push-body", "a"],
            &["--edited"],
            &["--non-persistent"],
            &["--target", "a"],
            &["--print-event"],
        ] {
            let error = parse(&[&["x", "send", "--event", "-"], options].concat()).unwrap_err().to_string();
            assert!(error.contains("cannot be used with"), "{options:?}: {error}");
        }
    }
}
