//! A channel with people in it, and processors that do what the test does.

use super::{Call, Response};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use channel_flow_emulator::{Event, InvokeEndpoint, MessageIds, MessagingService, Settings};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Alice, Bob and Mia are members of a private channel, which Mia moderates. Carol is none, and Ada is an admin.
#[derive(Clone)]
pub(crate) struct Chat {
    pub(crate) address: SocketAddr,
    pub(crate) app_instance: String,
    pub(crate) channel: String,
    region: String,
    keys: [String; 3],
}

/// What is behind a processor's ARN: it takes every event and answers nothing.
pub(crate) struct Processor {
    pub(crate) address: SocketAddr,
    events: UnboundedReceiver<Event>,
}

/// The ARN of the processor of this position.
pub(crate) fn function_arn(position: usize) -> String {
    format!("arn:aws:lambda:eu-central-1:123456789012:function:processor-{position}")
}

/// A service with the scene set.
pub(crate) async fn start(settings: Settings) -> (MessagingService, Chat) {
    let service = MessagingService::start_with(settings.region("eu-central-1").processors_of_a_flow(3)).await.unwrap();
    let chat = Chat::of(&service);
    (service, chat)
}

impl Chat {
    /// Sets the scene.
    pub(crate) fn of(service: &MessagingService) -> Self {
        Self::new(service.address(), service.region(), keys(service))
    }

    /// Sets the scene over HTTP.
    pub(crate) fn new(address: SocketAddr, region: &str, keys: [String; 3]) -> Self {
        let region = region.to_owned();
        let mut chat = Self { address, region, app_instance: String::new(), channel: String::new(), keys };
        let instance = json!({ "Name": "test", "ClientRequestToken": "token-of-instance" });
        chat.app_instance = chat.create("/app-instances", "", instance, "AppInstanceArn");
        for person in ["alice", "bob", "carol", "mia", "ada"] {
            let user = json!({
                "AppInstanceArn": chat.app_instance,
                "AppInstanceUserId": person,
                "Name": person,
                "ClientRequestToken": format!("token-of-{person}"),
            });
            chat.create("/app-instance-users", "", user, "AppInstanceUserArn");
        }
        let admins = format!("/app-instances/{}/admins", encoded(&chat.app_instance));
        chat.create(&admins, "", json!({ "AppInstanceAdminArn": chat.arn("ada") }), "AppInstanceArn");
        let channel = json!({
            "AppInstanceArn": chat.app_instance,
            "Name": "channel",
            "Privacy": "PRIVATE",
            "MemberArns": [chat.arn("alice"), chat.arn("bob")],
            "ClientRequestToken": "token-of-channel",
        });
        chat.channel = chat.create("/channels", "mia", channel, "ChannelArn");
        chat
    }

    /// The same one, which another service has now.
    pub(crate) fn at(mut self, service: &MessagingService) -> Self {
        (self.address, self.keys) = (service.address(), keys(service));
        self
    }

    fn create(&self, path: &str, bearer: &str, body: Value, arn: &str) -> String {
        let created = self.request("POST", path, bearer, &body);
        assert_eq!(created.status, 201, "{created:?}");
        created.json()[arn].as_str().unwrap().to_owned()
    }

    pub(crate) fn arn(&self, person: &str) -> String {
        format!("{}/user/{person}", self.app_instance)
    }

    /// A signed request. Without a body it has none, and without a bearer no such header.
    pub(crate) fn request(&self, method: &'static str, path: &str, bearer: &str, body: &Value) -> Response {
        self.try_request(method, path, bearer, body).expect("the server answers")
    }

    /// `None` if there was no answer.
    pub(crate) fn try_request(&self, method: &'static str, path: &str, bearer: &str, body: &Value) -> Option<Response> {
        let [access_key_id, secret_access_key, session_token] = self.keys.clone();
        let call = Call {
            address: self.address,
            method,
            path: path.to_owned(),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            access_key_id,
            secret_access_key,
            session_token,
            region: self.region.clone(),
            ..Call::without_credentials(&no_ids())
        };
        let mut headers = call.signed_headers();
        if !bearer.is_empty() {
            headers.push(("x-amz-chime-bearer".to_owned(), self.arn(bearer)));
        }
        call.try_send_with(&headers)
    }

    /// `/channels/{channelArn}/messages` and what follows.
    pub(crate) fn messages(&self, rest: &str) -> String {
        format!("/channels/{}/messages{rest}", encoded(&self.channel))
    }

    /// Associates a flow of processors with these fallback actions.
    pub(crate) fn associate_flow(&self, fallback_actions: &[&str]) -> String {
        let processor = |(position, action): (usize, &&str)| {
            json!({
                "Name": format!("processor {position}"),
                "Configuration": { "Lambda": { "ResourceArn": function_arn(position), "InvocationType": "ASYNC" } },
                "ExecutionOrder": position + 1,
                "FallbackAction": action,
            })
        };
        let processors: Vec<_> = fallback_actions.iter().enumerate().map(processor).collect();
        let flow = json!({
            "AppInstanceArn": self.app_instance,
            "Name": "flow",
            "Processors": processors,
            "ClientRequestToken": "token-of-flow",
        });
        let flow_arn = self.create("/channel-flows", "", flow, "ChannelFlowArn");
        let path = format!("/channels/{}/channel-flow", encoded(&self.channel));
        let associated = self.request("PUT", &path, "mia", &json!({ "ChannelFlowArn": flow_arn }));
        assert_eq!(associated.status, 200, "{associated:?}");
        flow_arn
    }

    /// What `SendChannelMessage` needs for a persistent standard message.
    pub(crate) fn message(content: &str, token: &str) -> Value {
        json!({ "Content": content, "Type": "STANDARD", "Persistence": "PERSISTENT", "ClientRequestToken": token })
    }

    /// Sends a message. Its id.
    pub(crate) fn send(&self, bearer: &str, message: &Value) -> String {
        let sent = self.request("POST", &self.messages(""), bearer, message);
        assert_eq!(sent.status, 201, "{sent:?}");
        let sent = sent.json();
        assert_eq!(sent["ChannelArn"], *self.channel);
        sent["MessageId"].as_str().unwrap().to_owned()
    }

    /// Has Alice send a message that says this. Its id.
    pub(crate) fn say(&self, content: &str) -> String {
        self.send("alice", &Self::message(content, &format!("token-{}", fresh())))
    }

    /// What `SendChannelMessage` answers.
    pub(crate) fn say_as(&self, bearer: &str, content: &str) -> Value {
        let message = Self::message(content, &format!("token-{}", fresh()));
        self.request("POST", &self.messages(""), bearer, &message).json()
    }

    pub(crate) fn get(&self, bearer: &str, id: &str) -> Response {
        self.request("GET", &self.messages(&format!("/{id}")), bearer, &Value::Null)
    }

    /// What `bearer` sees of a message.
    pub(crate) fn see(&self, bearer: &str, id: &str) -> Value {
        let got = self.get(bearer, id);
        assert_eq!(got.status, 200, "{got:?}");
        got.json()["ChannelMessage"].take()
    }

    /// `GetChannelMessageStatus` of Alice.
    pub(crate) fn status(&self, id: &str) -> Response {
        self.request("GET", &self.messages(&format!("/{id}?scope=message-status")), "alice", &Value::Null)
    }

    pub(crate) fn update(&self, bearer: &str, id: &str, content: &str) -> Response {
        self.request("PUT", &self.messages(&format!("/{id}")), bearer, &json!({ "Content": content }))
    }

    pub(crate) fn redact(&self, bearer: &str, id: &str) -> Response {
        self.request("POST", &self.messages(&format!("/{id}?operation=redact")), bearer, &json!({}))
    }

    pub(crate) fn delete(&self, bearer: &str, id: &str) -> Response {
        self.request("DELETE", &self.messages(&format!("/{id}")), bearer, &Value::Null)
    }

    pub(crate) fn list(&self, bearer: &str, query: &str) -> Response {
        self.request("GET", &self.messages(query), bearer, &Value::Null)
    }

    /// Calls back for an event.
    pub(crate) fn call_back(&self, ids: &MessageIds, change: impl FnOnce(&mut Value)) -> Response {
        self.try_call_back(ids, change).expect("the server answers")
    }

    pub(crate) fn try_call_back(&self, ids: &MessageIds, change: impl FnOnce(&mut Value)) -> Option<Response> {
        let mut body = json!({ "CallbackId": ids.callback_id, "ChannelMessage": { "MessageId": ids.message_id } });
        change(&mut body);
        let path = format!("/channels/{}?operation=channel-flow-callback", encoded(&ids.channel_arn));
        self.try_request("POST", &path, "", &body)
    }
}

impl Processor {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, events) = unbounded_channel();
        let router = Router::new().fallback(move |body: Bytes| {
            let _ = sender.send(Event::raw(body));
            std::future::ready(StatusCode::ACCEPTED)
        });
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { address, events }
    }

    /// One behind the ARN of this position.
    pub(crate) async fn of(service: &MessagingService, position: usize) -> Self {
        let processor = Self::start().await;
        service.set_function(function_arn(position), target(processor.address));
        processor
    }

    pub(crate) async fn next(&mut self) -> Event {
        self.events.recv().await.expect("the server lives as long as the test")
    }

    /// The ids of the next event.
    pub(crate) async fn next_ids(&mut self) -> MessageIds {
        self.next().await.ids().unwrap().clone()
    }

    /// An event that is there already.
    pub(crate) fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }
}

/// The endpoint of a [`Processor`].
pub(crate) fn target(address: SocketAddr) -> InvokeEndpoint {
    InvokeEndpoint::new(&format!("http://{address}"), "processor").unwrap()
}

pub(crate) fn assert_refused(response: &Response, status: u16, exception: &str) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.header("x-amzn-errortype"), Some(exception));
    let body = response.json();
    assert!(body["Code"].is_string() && body["Message"].is_string(), "{body}");
}

pub(crate) fn encoded(arn: &str) -> String {
    utf8_percent_encode(arn, NON_ALPHANUMERIC).to_string()
}

/// A number that was not given out before.
pub(crate) fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn keys(service: &MessagingService) -> [String; 3] {
    let credentials = service.issue_credentials();
    [credentials.access_key_id(), credentials.secret_access_key(), credentials.session_token()].map(str::to_owned)
}

fn no_ids() -> MessageIds {
    MessageIds { callback_id: String::new(), message_id: String::new(), channel_arn: String::new() }
}
