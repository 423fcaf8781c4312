//! How far a message is, as `GetChannelMessageStatus` tells: who may ask, what is answered, and how it goes wrong.

mod common;

use channel_flow_emulator::{
    AbsentStatus, Credentials, Event, Fault, Grant, MessageIds, MessagingService, OutgoingMessage, Persistence,
    RefusalKind, Sender, Settings,
};
use common::chat::{Chat, Processor, assert_refused, encoded, start};
use common::{Call, Response, try_request};
use serde_json::{Value, json};
use std::io::Read;

/// A service with a function that has credentials, and messages of no channel.
struct Stage {
    service: MessagingService,
    function: Credentials,
}

impl Stage {
    async fn new() -> Self {
        let service = MessagingService::start("us-east-1").await.unwrap();
        let function = service.issue_credentials_to("filter");
        Self { service, function }
    }

    /// A pending message of alice's, unless it is changed.
    fn message(&self, change: impl FnOnce(OutgoingMessage) -> OutgoingMessage) -> Question<'_> {
        self.event(&Event::new(change(OutgoingMessage::new("hello").unwrap()), "us-east-1"))
    }

    fn event(&self, event: &Event) -> Question<'_> {
        self.service.register(event).unwrap();
        let json: Value = serde_json::from_slice(event.json()).unwrap();
        let sender = json["ChannelMessage"]["Sender"]["Arn"].as_str().unwrap_or_default().to_owned();
        Question { stage: self, ids: event.ids().unwrap().clone(), bearer: sender, sub_channel_id: None, json }
    }
}

/// `GetChannelMessageStatus` of a message.
struct Question<'a> {
    stage: &'a Stage,
    ids: MessageIds,
    bearer: String,
    sub_channel_id: Option<&'static str>,
    json: Value,
}

impl<'a> Question<'a> {
    fn try_ask(&self) -> Option<Response> {
        let MessageIds { message_id, channel_arn, .. } = &self.ids;
        let mut path = format!("/channels/{}/messages/{message_id}?scope=message-status", encoded(channel_arn));
        if let Some(id) = self.sub_channel_id {
            path += &format!("&sub-channel-id={id}");
        }
        let call = self.call(path);
        let mut headers = call.signed_headers();
        headers.push(("x-amz-chime-bearer".to_owned(), self.bearer.clone()));
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        try_request(
            call.address,
            "GET",
            &call.path,
            &[&headers[..], &[("content-type", "application/json")]].concat(),
            b"",
        )
    }

    fn call(&self, path: String) -> Call {
        let template = Call::new(self.stage.service.address(), &self.stage.function, &self.ids);
        Call { method: "GET", path, body: Vec::new(), ..template }
    }

    fn ask(&self) -> Response {
        self.try_ask().expect("the server answers")
    }

    /// The status, or that of HTTP.
    fn answer(&self) -> String {
        let answer = self.ask();
        match answer.status {
            200 => answer.json()["Status"]["Value"].as_str().unwrap().to_owned(),
            status => status.to_string(),
        }
    }

    /// What the function's callback gets.
    fn call_back(&self, change: impl FnOnce(&mut Value)) -> Response {
        Call::new(self.stage.service.address(), &self.stage.function, &self.ids).with(change).send()
    }

    /// The event of an edit of this message.
    fn edited(&self) -> Question<'a> {
        let mut json = self.json.clone();
        json["CallbackId"] = "e".repeat(36).into();
        json["ChannelMessage"]["LastEditedTimestamp"] = "2026-08-14T09:31:02.113Z".into();
        self.stage.event(&Event::raw(json.to_string()))
    }
}

fn release(_: &mut Value) {}

fn deny(body: &mut Value) {
    body["DeleteResource"] = json!(true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_no_channel_is_pending_then_sent_or_there_is_no_status() {
    let stage = Stage::new().await;
    let (updated, unchanged, denied) = (stage.message(|m| m), stage.message(|m| m), stage.message(|m| m));
    for question in [&updated, &unchanged, &denied] {
        assert_eq!(question.ask().json(), json!({ "Status": { "Value": "PENDING" } }));
    }
    assert_eq!(updated.call_back(|body| body["ChannelMessage"]["Content"] = json!("h*llo")).status, 200);
    assert_eq!(unchanged.call_back(release).status, 200);
    assert_eq!(denied.call_back(deny).status, 200);
    assert_eq!((updated.answer(), unchanged.answer()), ("SENT".to_owned(), "SENT".to_owned()));
    assert_refused(&denied.ask(), 403, "ForbiddenException");
    assert_eq!(stage.service.status_questions(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_sender_may_ask_signed_and_in_the_right_channel() {
    let stage = Stage::new().await;
    let mut question = stage.message(|m| m);
    let sender = question.bearer.clone();
    for (bearer, status) in [(sender.replace("alice", "bob"), "403"), (String::new(), "400"), (sender, "PENDING")] {
        question.bearer = bearer;
        assert_eq!(question.answer(), status);
    }
    let nobody = Credentials::clone(&MessagingService::start("us-east-1").await.unwrap().issue_credentials());
    let path = format!("/channels/{}/messages/m?scope=message-status", encoded(&question.ids.channel_arn));
    let call =
        Call { method: "GET", path, body: Vec::new(), ..Call::new(stage.service.address(), &nobody, &question.ids) };
    assert_refused(&call.send(), 403, "UnrecognizedClientException");
    question.ids.channel_arn += "0";
    assert_eq!(question.answer(), "403");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_a_sender_has_nobody_who_may_ask() {
    let stage = Stage::new().await;
    let mut json = stage.message(|m| m).json;
    json["ChannelMessage"]["MessageId"] = "another".into();
    json["ChannelMessage"]["Sender"] = Value::Null;
    let mut question = stage.event(&Event::raw(json.to_string()));
    question.bearer = stage.message(|m| m).bearer;
    assert_eq!(question.answer(), "403");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_channel_has_to_be_named_if_there_is_one() {
    let stage = Stage::new().await;
    let mut plain = stage.message(|m| m);
    plain.sub_channel_id = Some("s");
    assert_eq!(plain.answer(), "403");
    let mut json = plain.json.clone();
    json["ChannelMessage"]["MessageId"] = "another".into();
    json["ChannelMessage"]["SubChannelId"] = "s".into();
    let mut question = stage.event(&Event::raw(json.to_string()));
    for (id, status) in [(None, "403"), (Some("t"), "403"), (Some("s"), "PENDING")] {
        question.sub_channel_id = id;
        assert_eq!(question.answer(), status, "{id:?}");
    }
    // The sender's word for it counts, whatever a callback says.
    question.call_back(|body| body["ChannelMessage"]["SubChannelId"] = json!("t"));
    assert_eq!(question.answer(), "SENT");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_stored_is_refused_as_it_is_assumed_with_a_channel_and_without() {
    let (service, chat) = start(Settings::new()).await;
    chat.associate_flow(&["ABORT"]);
    let mut processor = Processor::of(&service, 0).await;
    let denied_there = chat.say("hell");
    chat.call_back(&processor.next_ids().await, deny);
    let stage = Stage::new().await;
    let denied = stage.message(|m| m);
    denied.call_back(deny);
    for (shape, expected) in [
        (AbsentStatus::NotFound, (404, "NotFoundException")),
        (AbsentStatus::BadRequest, (400, "BadRequestException")),
        (AbsentStatus::Forbidden, (403, "ForbiddenException")),
    ] {
        service.set_assumptions(|assumptions| assumptions.status_of_denied = shape);
        stage.service.set_assumptions(|assumptions| assumptions.status_of_denied = shape);
        assert_eq!(stage.service.assumptions().status_of_denied, shape);
        let mut unknown = stage.message(|m| m);
        unknown.ids.message_id = "unknown".to_owned();
        for refused in [denied.ask(), unknown.ask(), chat.status(&denied_there), chat.status("unknown")] {
            assert_refused(&refused, expected.0, expected.1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_non_persistent_message_has_a_status_until_it_is_sent_or_never_one() {
    let (service, chat) = start(Settings::new()).await;
    chat.associate_flow(&["ABORT"]);
    let mut processor = Processor::of(&service, 0).await;
    let stage = Stage::new().await;
    for (has, pending) in [(true, "PENDING"), (false, "403")] {
        stage.service.set_assumptions(|assumptions| assumptions.non_persistent_has_status = has);
        service.set_assumptions(|assumptions| assumptions.non_persistent_has_status = has);
        let question = stage.message(|message| message.persistence(Persistence::NonPersistent));
        assert_eq!(question.answer(), pending);
        question.call_back(release);
        assert_eq!(question.answer(), "403");

        let mut message = Chat::message("x", &format!("a-token-{has}"));
        message["Persistence"] = json!("NON_PERSISTENT");
        let id = chat.send("alice", &message);
        assert_eq!(chat.status(&id).status, if has { 200 } else { 403 });
        chat.call_back(&processor.next_ids().await, release);
        assert_refused(&chat.status(&id), 403, "ForbiddenException");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_may_ask_or_not() {
    let stage = Stage::new().await;
    let question = stage.message(|message| message.sender(Sender::bot("helper", "Helper")));
    assert!(question.bearer.ends_with("/bot/helper"));
    assert_eq!(question.answer(), "PENDING");
    stage.service.set_assumptions(|assumptions| assumptions.bots_may_ask_status = false);
    assert_eq!(question.answer(), "403");
    assert_eq!(stage.message(|m| m).answer(), "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_pending_or_what_the_message_was_and_a_denied_one_leaves_it_sent() {
    let (service, chat) = start(Settings::new()).await;
    let id = chat.say("hello");
    chat.associate_flow(&["ABORT"]);
    let mut processor = Processor::of(&service, 0).await;
    let stage = Stage::new().await;
    let question = stage.message(|m| m);
    question.call_back(release);
    let edit = question.edited();
    chat.update("alice", &id, "hell");
    let status_there = || chat.status(&id).json()["Status"]["Value"].as_str().unwrap().to_owned();
    for (has, status) in [(true, "PENDING"), (false, "SENT")] {
        stage.service.set_assumptions(|assumptions| assumptions.edit_has_status = has);
        service.set_assumptions(|assumptions| assumptions.edit_has_status = has);
        assert_eq!((question.answer(), edit.answer(), status_there()), (status.into(), status.into(), status.into()));
    }
    assert_eq!(edit.call_back(deny).status, 200);
    chat.call_back(&processor.next_ids().await, deny);
    assert_eq!((question.answer(), status_there()), ("SENT".to_owned(), "SENT".to_owned()));

    // Nothing but the edit is known.
    let mut json = edit.json.clone();
    json["ChannelMessage"]["MessageId"] = "another".into();
    let alone = stage.event(&Event::raw(json.to_string()));
    assert_eq!(alone.answer(), "SENT");
    stage.service.set_assumptions(|assumptions| assumptions.edit_has_status = true);
    assert_eq!(alone.answer(), "PENDING");
    alone.call_back(deny);
    assert_eq!(alone.answer(), "SENT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_of_an_app_instance_and_of_functions() {
    let stage = Stage::new().await;
    let (one, other) = (stage.message(|m| m.app_instance("one")), stage.message(|m| m.app_instance("other")));
    for question in [&one, &other] {
        let app_instance = question.ids.app_instance_arn();
        assert!(question.bearer.starts_with(&format!("{app_instance}/user/")), "{}", question.bearer);
    }
    let app_instance = one.ids.app_instance_arn();
    assert_eq!(app_instance, "arn:aws:chime:us-east-1:123456789012:app-instance/one");
    stage.service.revoke(app_instance, Grant::GetChannelMessageStatus);
    assert_refused(&one.ask(), 403, "ForbiddenException");
    assert_eq!(other.answer(), "PENDING");
    // What is not granted says nothing of the message, not even that it was decided.
    let decided = stage.message(|m| m.app_instance("one"));
    assert_eq!(decided.call_back(release).status, 200);
    assert_eq!(decided.answer(), "403");

    stage.service.revoke(app_instance, Grant::ChannelFlowCallback);
    for (question, status) in [(&one, 403), (&decided, 403), (&other, 200)] {
        assert_eq!(question.call_back(release).status, status);
    }
    let invalid = one.call_back(|body| body["ChannelMessage"]["Metadata"] = json!("a\nb"));
    assert_refused(&invalid, 403, "ForbiddenException");
    assert_eq!(stage.service.counts().refused[&RefusalKind::NotGranted], 3);
    let record = stage.service.callbacks().pop().unwrap();
    assert!(record.verdict().unwrap_err().reason().contains("chime:ChannelFlowCallback"));
    // Somebody else's credentials are not those of a function.
    let credentials = stage.service.issue_credentials();
    assert_eq!(Call::new(stage.service.address(), &credentials, &decided.ids).send().status, 400);

    stage.service.grant(app_instance, Grant::ChannelFlowCallback);
    stage.service.grant(app_instance, Grant::GetChannelMessageStatus);
    assert_eq!(one.answer(), "PENDING");
    assert_eq!(one.call_back(release).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_questions_leave_callbacks_alone_and_the_other_way_round() {
    let stage = Stage::new().await;
    let (one, other) = (stage.message(|m| m), stage.message(|m| m));
    let service = &stage.service;
    service.fault(Fault::throttled().on_status_question().retry_after(3));
    service.fault(Fault::lost_answer().on_status_question().for_message(&one.ids.message_id));
    service.fault(Fault::reset_before_reading().on_status_question().for_message(&one.ids.message_id));
    service.fault(Fault::conflict());
    assert_eq!(service.faults_left(), 4);
    assert_eq!(other.call_back(release).status, 409);
    assert_eq!(other.call_back(release).status, 200);
    let throttled = other.ask();
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("3")));
    assert_eq!(other.answer(), "SENT");
    assert!(one.try_ask().is_none() && one.try_ask().is_none());
    assert_eq!((one.answer(), service.faults_left()), ("PENDING".to_owned(), 0));
    service.fault(Fault::garbage().on_status_question());
    let garbage = one.ask();
    assert!(garbage.status == 200 && serde_json::from_str::<Value>(&garbage.body).is_err());
    service.fault(Fault::no_answer().on_status_question());
    service.clear_faults();
    assert_eq!((one.answer(), service.faults_left()), ("PENDING".to_owned(), 0));

    service.down();
    assert_eq!((one.ask().status, one.call_back(release).status), (503, 503));
    service.up();
    assert_eq!(one.call_back(release).status, 200);
    assert_eq!(service.counts().faults, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_say_anything() {
    let stage = Stage::new().await;
    let question = stage.message(|m| m);
    let quoted = "Value 'hello non-pending' at 'content' failed to satisfy constraint";
    let (throttling, validation) = ("ThrottlingException", "ValidationException");
    stage.service.fault(Fault::status_with(400, throttling, "Rate exceeded"));
    stage.service.fault(Fault::status_with(400, validation, quoted).times(1));
    stage.service.fault(Fault::status_with(403, "", "no").on_status_question());
    let answer = question.call_back(release);
    assert_refused(&answer, 400, throttling);
    assert_eq!(answer.json(), json!({ "Code": "Throttling", "Message": "Rate exceeded" }));
    let answer = question.call_back(release);
    assert_eq!(
        (answer.header("x-amzn-errortype"), answer.json()["Message"].as_str()),
        (Some(validation), Some(quoted))
    );
    let answer = question.ask();
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (403, None));
    assert_eq!(stage.service.callbacks()[0].fault(), Some("400 ThrottlingException"));
    assert_eq!(question.answer(), "PENDING");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_have_a_body_of_any_length() {
    let stage = Stage::new().await;
    let question = stage.message(|m| m);
    let length = 300_000;
    let bytes = |answer: Response| {
        let chunks = answer.body.split("\r\n").enumerate().filter(|(number, _)| number % 2 == 1);
        (answer.status, chunks.map(|(_, chunk)| chunk.len()).sum::<usize>())
    };
    stage.service.fault(Fault::body_bytes(500, length as u64));
    stage.service.fault(Fault::body_bytes(403, length as u64).on_status_question());
    assert_eq!(bytes(question.call_back(release)), (500, length));
    assert_eq!(bytes(question.ask()), (403, length));
    assert_eq!(question.answer(), "PENDING");
    stage.service.fault(Fault::body_bytes(200, length as u64));
    assert_eq!(bytes(question.call_back(release)), (200, length));
    assert_eq!(question.answer(), "SENT");

    // Whoever gives up ends it, however long it is.
    stage.service.fault(Fault::body_bytes(503, u64::MAX).on_status_question());
    let mut connection = std::net::TcpStream::connect(stage.service.address()).unwrap();
    let path = format!("/channels/{}/messages/m?scope=message-status", encoded(&question.ids.channel_arn));
    std::io::Write::write_all(&mut connection, format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes())
        .unwrap();
    connection.read_exact(&mut vec![0; 1_000_000]).unwrap();
    drop(connection);
    assert_eq!(question.answer(), "SENT");
}
