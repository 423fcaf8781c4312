//! The API as its clients speak it: one signed request of any operation.

use super::{Call, Response, request};
use channel_flow_emulator::{Emulator, Settings};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

pub(crate) struct Api {
    pub(crate) emulator: Emulator,
    signer: Call,
}

/// An app instance with an admin, three users and a channel that Alice created.
pub(crate) struct Room {
    pub(crate) app_instance: String,
    pub(crate) admin: String,
    pub(crate) alice: String,
    pub(crate) bob: String,
    pub(crate) carol: String,
    pub(crate) channel: String,
}

/// A part of a path or a query.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Api {
    pub(crate) async fn start(settings: Settings) -> Self {
        let emulator = Emulator::start(settings).await.expect("a port");
        let credentials = emulator.service().issue_credentials();
        let signer = Call {
            access_key_id: credentials.access_key_id().to_owned(),
            secret_access_key: credentials.secret_access_key().to_owned(),
            session_token: credentials.session_token().to_owned(),
            ..Call::unsigned(emulator.service().address(), String::new(), Vec::new())
        };
        Self { emulator, signer }
    }

    /// What the service answers to `method path`, where `{}` in the path are these `labels`, encoded.
    pub(crate) fn send(&self, method: &str, path: &str, labels: &[&str], bearer: &str, body: Value) -> Response {
        let mut filled = String::new();
        for (index, part) in path.split("{}").enumerate() {
            filled += &index.checked_sub(1).map(|label| encode(labels[label])).unwrap_or_default();
            filled += part;
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let address = self.emulator.service().address();
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if !bearer.is_empty() {
            headers.push(("x-amz-chime-bearer".to_owned(), bearer.to_owned()));
        }
        let given: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let signed = self.signer.sign(method, &format!("http://{address}{filled}"), &given, body.as_bytes());
        headers.extend(signed);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        request(address, method, &filled, &headers, body.as_bytes())
    }

    pub(crate) fn get(&self, path: &str, labels: &[&str], bearer: &str) -> Response {
        self.send("GET", path, labels, bearer, Value::Null)
    }

    pub(crate) fn delete(&self, path: &str, labels: &[&str], bearer: &str) -> Response {
        self.send("DELETE", path, labels, bearer, Value::Null)
    }

    /// The app instance, users and channel that most tests need; `more` is what the channel has beside a name.
    pub(crate) fn room(&self, more: Value) -> Room {
        let made =
            self.send("POST", "/app-instances", &[], "", json!({ "Name": "Test", "ClientRequestToken": token() }));
        let app_instance = made.ok(201)["AppInstanceArn"].as_str().expect("an ARN").to_owned();
        let [admin, alice, bob, carol] = ["admin", "alice", "bob", "carol"].map(|id| self.user(&app_instance, id));
        let body = json!({ "AppInstanceAdminArn": admin });
        self.send("POST", "/app-instances/{}/admins", &[&app_instance], "", body).ok(201);
        let channel = self.channel(&app_instance, &alice, more);
        Room { app_instance, admin, alice, bob, carol, channel }
    }

    pub(crate) fn user(&self, app_instance: &str, id: &str) -> String {
        let body = json!({
            "AppInstanceArn": app_instance, "AppInstanceUserId": id, "Name": id, "ClientRequestToken": token(),
        });
        let made = self.send("POST", "/app-instance-users", &[], "", body).ok(201);
        made["AppInstanceUserArn"].as_str().expect("an ARN").to_owned()
    }

    pub(crate) fn channel(&self, app_instance: &str, bearer: &str, more: Value) -> String {
        let mut body = json!({ "AppInstanceArn": app_instance, "Name": "Room", "ClientRequestToken": token() });
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let made = self.send("POST", "/channels", &[], bearer, body).ok(201);
        made["ChannelArn"].as_str().expect("an ARN").to_owned()
    }

    /// Adds a member.
    pub(crate) fn join(&self, channel: &str, member: &str, bearer: &str) -> Response {
        let body = json!({ "MemberArn": member, "Type": "DEFAULT" });
        self.send("POST", "/channels/{}/memberships", &[channel], bearer, body)
    }
}

/// A client request token that nobody has used.
pub(crate) fn token() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl Response {
    /// The body of an answer with this status; `null` where there is none.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks that the service refused, and in its form.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, exception: &str) {
        assert_eq!((self.status, self.header("x-amzn-errortype")), (status, Some(exception)), "{self:?}");
        assert!(self.header("x-amzn-requestid").is_some());
        let body = self.json();
        assert!(body["Code"].is_string() && body["Message"].is_string(), "{body}");
    }

    #[track_caller]
    pub(crate) fn forbidden(&self) {
        self.refused(403, "ForbiddenException");
    }

    #[track_caller]
    pub(crate) fn bad_request(&self) {
        self.refused(400, "BadRequestException");
    }

    #[track_caller]
    pub(crate) fn conflict(&self) {
        self.refused(409, "ConflictException");
    }
}
