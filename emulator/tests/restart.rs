//! The data file: what was accepted outlives the process, a killed one too.

#![cfg(unix)]

mod common;

use channel_flow_emulator::{ErrorKind, MessageIds, MessagingService, Settings};
use common::chat::{Chat, Processor, assert_refused, fresh, function_arn, start, target};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A file that is gone when the test is over.
struct DataFile(PathBuf);

impl DataFile {
    fn new() -> Self {
        let name = format!("channel-flow-restart-{}-{}", std::process::id(), fresh());
        Self(env::temp_dir().join(name))
    }

    fn settings(&self) -> Settings {
        Settings::new().data(&self.0)
    }

    /// A service with what the file has.
    async fn open(&self) -> MessagingService {
        let settings = self.settings().region("eu-central-1").processors_of_a_flow(3);
        MessagingService::start_with(settings).await.unwrap()
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_there_again() {
    let file = DataFile::new();
    let (service, chat) = start(file.settings()).await;
    let message = Chat::message("hello", "the-token");
    let (kept, redacted, deleted) = (chat.send("alice", &message), chat.say("x"), chat.say("y"));
    assert_eq!(chat.update("alice", &kept, "edited").status, 200);
    assert_eq!(chat.redact("alice", &redacted).status, 200);
    assert_eq!(chat.delete("ada", &deleted).status, 204);
    let before = chat.list("bob", "").json();
    let channel = |chat: &Chat| {
        let path = format!("/channels/{}", common::chat::encoded(&chat.channel));
        chat.request("GET", &path, "bob", &Value::Null).json()
    };
    let channel_before = channel(&chat);
    service.end().await;
    assert_refused(
        &chat.request("POST", &chat.messages(""), "alice", &Chat::message("late", "late")),
        503,
        "ServiceUnavailableException",
    );
    let service = file.open().await;
    let chat = chat.at(&service);
    assert_eq!(chat.list("bob", "").json(), before);
    assert_eq!(channel(&chat), channel_before);
    assert_eq!(chat.send("alice", &message), kept, "the same request is the same message");
    let newer = chat.say("newer");
    assert_eq!(chat.list("bob", "").json()["ChannelMessages"][0]["MessageId"], *newer);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_is_handed_out_again_and_what_was_decided_is_not() {
    let file = DataFile::new();
    let (service, chat) = start(file.settings()).await;
    chat.associate_flow(&["ABORT"]);
    let mut processor = Processor::of(&service, 0).await;
    let decided = chat.say("decided");
    let step = processor.next_ids().await;
    assert_eq!(chat.call_back(&step, |_| ()).status, 200);
    let pending = chat.say("pending");
    let left = processor.next_ids().await;
    service.end().await;

    let service = file.open().await;
    let chat = chat.at(&service);
    assert_eq!(service.counts().pending, 1);
    let mut processor = Processor::of(&service, 0).await;
    assert_eq!(processor.next_ids().await, left);
    assert_refused(&chat.call_back(&step, |_| ()), 400, "BadRequestException");
    assert_eq!(chat.call_back(&left, |body| body["ChannelMessage"]["Content"] = json!("changed")).status, 200);
    assert_eq!(chat.see("bob", &decided)["Content"], "decided");
    assert_eq!(chat.see("bob", &pending)["Content"], "changed");
    assert!(processor.try_next().is_none());
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_used_is_an_error_that_says_why() {
    let file = DataFile::new();
    let service = file.open().await;
    let second = MessagingService::start_with(file.settings()).await.unwrap_err();
    assert_eq!(second.kind(), ErrorKind::Data);
    assert!(second.source().unwrap().to_string().contains("in use"));
    service.end().await;
    let other = DataFile::new();
    fs::write(&other.0, "a letter").unwrap();
    let error = MessagingService::start_with(other.settings()).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("was not made by this emulator"), "{error:?}");
    assert_eq!(fs::read_to_string(&other.0).unwrap(), "a letter");
}

/// Not a test: the process that is killed.
#[test]
fn acts_as_the_service() {
    let Ok(data) = env::var("RESTART_DATA") else { return };
    let processor = env::var("RESTART_PROCESSOR").unwrap().parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let settings = Settings::new().data(data).region("eu-central-1").processors_of_a_flow(3);
    let service = runtime.block_on(MessagingService::start_with(settings)).unwrap();
    service.set_function(function_arn(0), target(processor));
    let credentials = service.issue_credentials();
    let keys = [credentials.access_key_id(), credentials.secret_access_key(), credentials.session_token()];
    println!("\nlistens {} {}", service.address(), keys.join(" "));
    // Until the test that started it ends, should it not kill it.
    let _ = std::io::stdin().read(&mut [0]);
    std::process::exit(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_nothing_that_was_accepted() {
    let file = DataFile::new();
    let mut processor = Processor::start().await;
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "acts_as_the_service", "--nocapture"])
        .env("RESTART_DATA", &file.0)
        .env("RESTART_PROCESSOR", processor.address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let listens = lines.into_iter().find_map(|line| line.strip_prefix("listens ").map(str::to_owned)).unwrap();
    let words: Vec<_> = listens.split(' ').map(str::to_owned).collect();
    let keys = [words[1].clone(), words[2].clone(), words[3].clone()];
    let chat = Chat::new(words[0].parse().unwrap(), "eu-central-1", keys);
    chat.associate_flow(&["ABORT"]);

    // Some send until nobody answers any more, and one calls back for every other message.
    let accepted = AtomicUsize::new(0);
    let (mut sent, mut decided): (HashMap<String, String>, Vec<MessageIds>) = Default::default();
    thread::scope(|scope| {
        let senders: Vec<_> = (0..4).map(|_| scope.spawn(|| send_until_the_end(&chat, &accepted))).collect();
        let decider = scope.spawn(|| decide_until_the_end(&chat, &mut processor));
        while accepted.load(Ordering::Relaxed) < 100 {
            thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        sent.extend(senders.into_iter().flat_map(|sender| sender.join().unwrap()));
        decided = decider.join().unwrap();
    });
    assert!(sent.len() >= 100 && !decided.is_empty());

    let service = file.open().await;
    let chat = chat.at(&service);
    let mut processor = Processor::of(&service, 0).await;
    for (id, content) in &sent {
        assert_eq!(chat.see("alice", id)["Content"], *content);
    }
    for ids in &decided {
        assert_eq!(chat.see("bob", &ids.message_id)["Status"]["Value"], "SENT");
        assert_refused(&chat.call_back(ids, |_| ()), 400, "BadRequestException");
    }
    while service.counts().pending > 0 {
        assert_eq!(chat.call_back(&processor.next_ids().await, |_| ()).status, 200);
    }
    for id in sent.keys() {
        assert_eq!(chat.see("bob", id)["Status"]["Value"], "SENT");
    }
    service.end().await;
}

/// Returns what was accepted, by id.
fn send_until_the_end(chat: &Chat, accepted: &AtomicUsize) -> Vec<(String, String)> {
    let mut sent = Vec::new();
    loop {
        let content = format!("message {}", fresh());
        let message = Chat::message(&content, &format!("token-{}", fresh()));
        let Some(answer) = chat.try_request("POST", &chat.messages(""), "alice", &message) else { return sent };
        assert_eq!(answer.status, 201, "{answer:?}");
        sent.push((answer.json()["MessageId"].as_str().unwrap().to_owned(), content));
        accepted.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns the steps whose callbacks were accepted.
fn decide_until_the_end(chat: &Chat, processor: &mut Processor) -> Vec<MessageIds> {
    let mut decided = Vec::new();
    for number in 0.. {
        let ids = loop {
            match processor.try_next() {
                Some(event) => break event.ids().unwrap().clone(),
                None if chat.try_request("GET", "/channels", "alice", &Value::Null).is_none() => return decided,
                None => thread::yield_now(),
            }
        };
        if number % 2 == 0 {
            let Some(answer) = chat.try_call_back(&ids, |_| ()) else { return decided };
            assert_eq!(answer.status, 200, "{answer:?}");
            decided.push(ids);
        }
    }
    decided
}
