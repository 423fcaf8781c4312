//! A data file that cannot grow any more: what was accepted is kept, and nothing comes of the rest.

#![cfg(unix)]

use channel_flow_emulator::{ActivityKind, Exception, MessagingService, Settings};
use serde_json::{Value, json};
use std::env;
use std::path::Path;
use std::process::Command;

const APP_INSTANCE: &str = "arn:aws:chime:us-east-1:123456789012:app-instance/chat";

fn user() -> String {
    format!("{APP_INSTANCE}/user/alice")
}

fn channel() -> String {
    format!("{APP_INSTANCE}/channel/general")
}

async fn start(data: &str) -> MessagingService {
    MessagingService::start_with(Settings::new().data(data)).await.unwrap()
}

async fn send(service: &MessagingService) -> Result<String, Exception> {
    let input = json!({
        "ChannelArn": channel(), "ChimeBearer": user(), "Content": "x".repeat(4000),
        "Type": "STANDARD", "Persistence": "PERSISTENT",
    });
    let sent = service.call("SendChannelMessage", input).await.map_err(|error| error.exception())?;
    Ok(sent["MessageId"].as_str().unwrap().to_owned())
}

async fn list(service: &MessagingService) -> Vec<String> {
    let mut ids = Vec::new();
    let mut token = Value::Null;
    loop {
        let input = json!({
            "ChannelArn": channel(), "ChimeBearer": user(), "SortOrder": "ASCENDING", "NextToken": token,
        });
        let mut page = service.call("ListChannelMessages", input).await.unwrap();
        let messages = page["ChannelMessages"].as_array().unwrap().iter();
        ids.extend(messages.map(|message| message["MessageId"].as_str().unwrap().to_owned()));
        token = page["NextToken"].take();
        if token.is_null() {
            return ids;
        }
    }
}

/// Not a test by itself: what the other one runs where files are small.
#[tokio::test(flavor = "multi_thread")]
async fn sends_until_the_file_is_full() {
    let Ok(data) = env::var("FULL_DISK_TEST_DATA") else { return };
    let service = start(&data).await;
    let mut activities = service.watch();
    service.call_with_id("CreateAppInstance", json!({ "Name": "chat" }), "chat").await.unwrap();
    let input = json!({ "AppInstanceArn": APP_INSTANCE, "AppInstanceUserId": "alice", "Name": "Alice" });
    service.call("CreateAppInstanceUser", input).await.unwrap();
    let input =
        json!({ "AppInstanceArn": APP_INSTANCE, "ChimeBearer": user(), "Name": "General", "ChannelId": "general" });
    service.call("CreateChannel", input).await.unwrap();

    let mut accepted = Vec::new();
    let refused = loop {
        match send(&service).await {
            Ok(id) => accepted.push(id),
            Err(exception) => break exception,
        }
    };
    assert_eq!(refused, Exception::ServiceFailure);
    assert_eq!(send(&service).await, Err(Exception::ServiceFailure));
    let input = json!({ "ChannelArn": channel(), "ChimeBearer": user(), "MessageId": accepted[0] });
    let redacted = service.call("RedactChannelMessage", input.clone()).await;
    assert_eq!(redacted.unwrap_err().exception(), Exception::ServiceFailure);
    let kept = service.call("GetChannelMessage", input).await.unwrap();
    assert_eq!(kept["ChannelMessage"]["Redacted"], false);
    // One that was refused may be seen, those after it were not even begun.
    let seen = list(&service).await;
    assert_eq!(seen[..accepted.len()], accepted);
    assert!(seen.len() <= accepted.len() + 1);

    service.end().await;
    let mut told = Vec::new();
    while let Ok(activity) = activities.try_recv() {
        if let ActivityKind::Sent { .. } = activity.kind {
            told.push(activity.message_id);
        }
    }
    assert_eq!(told, accepted, "nobody is told of what is not kept");
    println!("accepted: {}", accepted.join(" "));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_there_after_the_next_start_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data").display().to_string();
    // Two or four megabytes, as the shell has it. Writing more is an error then, and no signal.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" --exact sends_until_the_file_is_full --nocapture"])
        .arg(env::current_exe().unwrap())
        .env("FULL_DISK_TEST_DATA", &data)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let (_, accepted) = text.split_once("accepted: ").unwrap();
    let accepted: Vec<_> = accepted.lines().next().unwrap().split(' ').collect();
    assert!(Path::new(&data).metadata().unwrap().len() <= 4096 * 1024);

    let service = start(&data).await;
    assert_eq!(list(&service).await, accepted);
    assert!(send(&service).await.is_ok());
}
