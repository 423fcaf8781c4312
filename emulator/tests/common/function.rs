//! A function that does what a message says, and the settings that make it one.

use super::{Call, request};
use channel_flow_emulator::{Emulator, Function, FunctionSettings, MessageIds, Settings};
use serde_json::{Value, json};
use std::env;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

/// Two invocations in one process meet here.
static MEETING: Barrier = Barrier::new(2);

const A_LONG_TIME: Duration = Duration::from_secs(3600);

/// An emulator with a function that is the test binary itself.
pub(crate) async fn function(settings: FunctionSettings) -> (Emulator, Function) {
    let emulator = Emulator::start(Settings::new().region("eu-central-1")).await.unwrap();
    let function = another(&emulator, settings);
    (emulator, function)
}

/// Another function of the same kind.
pub(crate) fn another(emulator: &Emulator, settings: FunctionSettings) -> Function {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/function.sh");
    emulator.function(script, settings.env("TEST_BINARY", env::current_exe().unwrap())).unwrap()
}

/// A connection that the function and a child of it hold open when the message says `hold`; so its end shows theirs.
pub(crate) struct Hostage(TcpListener);

pub(crate) struct Held(TcpStream);

impl Hostage {
    pub(crate) fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// The value of `HELD_BY`.
    pub(crate) fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    /// Waits until both hold it.
    pub(crate) async fn held(self) -> Held {
        let held = tokio::task::spawn_blocking(move || {
            let (mut connection, _) = self.0.accept().unwrap();
            connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            connection.read_exact(&mut [0]).unwrap();
            Held(connection)
        });
        held.await.unwrap()
    }
}

impl Held {
    /// Waits until nobody holds it any more. A survivor would make this time out.
    pub(crate) async fn released(mut self) {
        let end = tokio::task::spawn_blocking(move || self.0.read(&mut [0]));
        match end.await.unwrap() {
            Ok(read) => assert_eq!(read, 0),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
        }
    }
}

/// The process of the function. Returns at once where there is no Runtime API, which is in the test binary itself.
pub(crate) fn run() {
    let Ok(runtime_api) = env::var("AWS_LAMBDA_RUNTIME_API") else { return };
    let runtime_api: SocketAddr = runtime_api.parse().unwrap();
    println!("starting");
    match env::var("AT_START").as_deref() {
        Ok("exit") => std::process::exit(3),
        Ok("hang") => thread::sleep(A_LONG_TIME),
        Ok("error") => {
            let error = br#"{"errorType":"Config","errorMessage":"no such setting"}"#;
            request(runtime_api, "POST", "/2018-06-01/runtime/init/error", &[], error);
            std::process::exit(1);
        }
        _ => {}
    }
    let polls = env::var("AWS_LAMBDA_MAX_CONCURRENCY").map_or(1, |polls| polls.parse().unwrap());
    thread::scope(|scope| {
        for _ in 0..polls {
            scope.spawn(|| poll(runtime_api));
        }
    });
}

fn poll(runtime_api: SocketAddr) {
    loop {
        let next = request(runtime_api, "GET", "/2018-06-01/runtime/invocation/next", &[], b"");
        let id = next.header("lambda-runtime-aws-request-id").unwrap().to_owned();
        println!("request {id}");
        let event: Value = serde_json::from_str(&next.body).unwrap_or_default();
        let answer = if event["Records"].is_array() {
            Ok(rescue_all(&event))
        } else if event["requestPayload"].is_object() {
            println!("{}", next.body);
            rescue(&event["requestPayload"]).map(|()| Value::Null)
        } else {
            obey(&event).map(|()| returned(&event))
        };
        let path = format!("/2018-06-01/runtime/invocation/{id}/");
        match answer {
            Ok(body) => request(runtime_api, "POST", &(path + "response"), &[], body.to_string().as_bytes()),
            Err(Broken) => {
                let error = br#"{"errorType":"Boom","errorMessage":"it broke"}"#;
                request(runtime_api, "POST", &(path + "error"), &[], error)
            }
        };
        if event["ChannelMessage"]["Metadata"] == "last" {
            std::process::exit(0);
        }
    }
}

struct Broken;

fn obey(event: &Value) -> Result<(), Broken> {
    match event["ChannelMessage"]["Content"].as_str().unwrap_or("answer") {
        "hang" => {
            println!("hanging");
            thread::sleep(A_LONG_TIME);
        }
        "hold" => hold(),
        "exit" => std::process::exit(7),
        "error" | "error, not rescued" => return Err(Broken),
        "write" => eprintln!("written"),
        "environment" => {
            for (name, value) in env::vars() {
                println!("{name}={value}");
            }
        }
        "call back" | "call back with reasons" | "call back with steps" => call_back(event),
        "deny" => deny(event),
        "meet and call back" => {
            MEETING.wait();
            call_back(event);
        }
        "tick" => {
            thread::spawn(|| {
                loop {
                    println!("tick");
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
        "answer" => {}
        other => panic!("what is {other}?"),
    }
    Ok(())
}

/// What Lambda gets.
fn returned(event: &Value) -> Value {
    match event["ChannelMessage"]["Content"].as_str() {
        Some("call back with reasons") => json!({ "Decision": "UPDATE", "Reasons": ["called-back", "not a code"] }),
        Some("call back with steps") => json!({
            "Decision": "UPDATE", "Outcome": "ACCEPTED", "Scores": { "RUDE": 0.5 },
            "Steps": [
                { "Name": "rename", "Decision": "UPDATE", "Reasons": ["called-back"], "DurationMs": 0.5 },
                { "Name": "judge", "Failure": "ERROR", "FallbackAction": "CONTINUE", "DurationMs": 1.5 },
                { "Name": "long", "Decision": "DENY", "Shadow": true, "Scores": { "LONG": 0.75 }, "DurationMs": 2.5 },
            ],
        }),
        _ => Value::Null,
    }
}

/// What the function does as an on-failure destination.
fn rescue(event: &Value) -> Result<(), Broken> {
    if event["ChannelMessage"]["Content"] == "error, not rescued" {
        return Err(Broken);
    }
    call_back(event);
    Ok(())
}

/// What the function does as the consumer of a queue.
fn rescue_all(event: &Value) -> Value {
    let mut failures = Vec::new();
    for record in event["Records"].as_array().unwrap() {
        println!("{record}");
        let body: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        let event = if body["requestPayload"].is_object() { &body["requestPayload"] } else { &body };
        if rescue(event).is_err() {
            failures.push(json!({ "itemIdentifier": record["messageId"] }));
        }
    }
    json!({ "batchItemFailures": failures })
}

fn call_back(event: &Value) {
    callback(event).with(|body| body["ChannelMessage"]["Content"] = json!("called back")).send();
}

fn deny(event: &Value) {
    callback(event).with(|body| body["DeleteResource"] = json!(true)).send();
}

/// The callback for an event, which lets its message through.
fn callback(event: &Value) -> Call {
    let variable = |name: &str| env::var(name).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let endpoint = variable("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING");
    let ids = MessageIds {
        callback_id: text(&event["CallbackId"]),
        message_id: text(&event["ChannelMessage"]["MessageId"]),
        channel_arn: text(&event["ChannelMessage"]["ChannelArn"]),
    };
    Call {
        address: endpoint.strip_prefix("http://").unwrap().parse().unwrap(),
        access_key_id: variable("AWS_ACCESS_KEY_ID"),
        secret_access_key: variable("AWS_SECRET_ACCESS_KEY"),
        session_token: variable("AWS_SESSION_TOKEN"),
        region: variable("AWS_REGION"),
        ..Call::without_credentials(&ids)
    }
}

/// Holds a connection open, in this process and in one that it starts.
fn hold() {
    let mut connection = TcpStream::connect(env::var("HELD_BY").unwrap()).unwrap();
    let stdin = Stdio::from(OwnedFd::from(connection.try_clone().unwrap()));
    let mut child = Command::new("sleep").arg("3600").stdin(stdin).spawn().unwrap();
    connection.write_all(b"!").unwrap();
    child.wait().unwrap();
}
