//! The command for reviewers as a person runs it, on the table of a running `dev`.

#![cfg(all(unix, feature = "review"))]

mod dev_server;

use channel_flow::{Adapter, Decision, Hold, Message, processor_fn};
use channel_flow_dynamodb::aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use channel_flow_dynamodb::aws_sdk_dynamodb::types::{TableDescription, TimeToLiveDescription};
use channel_flow_dynamodb::aws_sdk_dynamodb::{Client, Config};
use channel_flow_dynamodb::{DynamoDbStore, create_table};
use channel_flow_emulator::{Emulator, Settings};
use dev_server::{Dev, wait_for};
use serde_json::Value;
use std::env;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Not a test: what `function.sh` runs. It holds what has a link.
#[test]
fn acts_as_the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let seconds = env::var("HOLD_SECONDS").map_or(3600, |seconds| seconds.parse().unwrap());
        let holder = processor_fn(move |message: Message| async move {
            let hold = Hold::new(Duration::from_secs(seconds))?.with_content();
            let has_link = message.content().contains("://");
            let decision = if has_link { Decision::hold(hold).because("links") } else { Decision::no_change() };
            Ok::<_, BoxError>(decision)
        });
        let store = DynamoDbStore::from_environment().await.unwrap();
        Adapter::builder(holder).tickets(store).run().await.unwrap();
    });
}

fn dev(more: &[&str]) -> Dev {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/function.sh").display().to_string();
    let test_binary = format!("TEST_BINARY={}", env::current_exe().unwrap().display());
    Dev::start(&[&["-p", &script, "--env", &test_binary], more].concat())
}

/// Runs `review` with these arguments. Its exit status, and what it wrote.
fn review(url: &str, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-channel-flow"));
    command.args(["channel-flow", "review"]).args(args).args(["--dev", url]).env("USER", "mary");
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn tickets(url: &str, queue: &str) -> Vec<Value> {
    let (exit, lines, errors) = review(url, &["list", "--queue", queue, "--json"]);
    assert_eq!(exit, 0, "{errors}");
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits until as many messages are held. Their ids, the oldest first.
fn held(url: &str, count: usize) -> Vec<String> {
    let held = wait_for(|| Some(tickets(url, "open")).filter(|held| held.len() == count));
    held.iter().map(|ticket| ticket["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_held_message_is_approved_from_another_terminal_and_whoever_comes_later_learns_it() {
    let dev = dev(&[]);
    let url = dev.url();
    assert_eq!(review(&url, &["list"]).1, "no messages are held\n");
    let message = dev.send("See https://example.com \u{1b}[2J");
    let id = held(&url, 1).remove(0);
    dev.line(|line| line.contains("held") && line.contains("because of links"));
    assert_eq!(dev.message(&message)["Status"]["Value"], "PENDING");

    let (exit, listed, _) = review(&url, &["list"]);
    let lines: Vec<_> = listed.lines().map(|line| line.split_once("  ").unwrap().1.trim()).collect();
    assert_eq!((exit, lines[0], lines[1]), (0, &id[..8], "Alice, in general"));
    assert!(lines[3].contains("Z, in 59 min; then it is denied"), "{listed}");
    assert_eq!((lines[4], lines[5]), ("links", "See https://example.com \\u{1b}[2J"));

    let (exit, told, errors) = review(&url, &["approve", &id[..6]]);
    assert_eq!((exit, told), (0, format!("{id}  approved by mary\n")), "{errors}");
    assert_eq!(dev.wait_until_decided(&message)["Status"]["Value"], "SENT");

    let (exit, told, _) = review(&url, &["deny", &id, "--by", "bob"]);
    assert!(exit == 8 && told.starts_with(&format!("{id}  already approved by mary, ")), "{exit}: {told}");
    let (exit, told, _) = review(&url, &["approve", &id, "--by", "bob"]);
    assert!(exit == 0 && told.contains("already approved by mary"), "{exit}: {told}");

    assert!(tickets(&url, "open").is_empty());
    let closed = &tickets(&url, "closed")[0];
    assert_eq!((closed["resolution"]["by"].as_str(), closed["outcome"].as_str()), (Some("mary"), Some("ACCEPTED")));
    let (_, shown, _) = review(&url, &["show", &id]);
    assert!(shown.contains("approved by mary, ") && shown.contains(&id), "{shown}");
}

#[test]
fn several_are_denied_and_one_gets_another_text() {
    let dev = dev(&[]);
    let url = dev.url();
    let messages = ["https://one.example", "https://two.example", "https://three.example"].map(|text| dev.send(text));
    held(&url, 3);
    let id_of = |message: &str| {
        let open = tickets(&url, "open");
        let ticket = open.iter().find(|ticket| ticket["message_id"] == message).unwrap();
        ticket["id"].as_str().unwrap().to_owned()
    };
    let [one, two, three] = [&messages[0], &messages[1], &messages[2]].map(|message| id_of(message));
    let (exit, told, errors) = review(&url, &["deny", &one, "no-such-id", &two]);
    assert_eq!((exit, told), (2, format!("{one}  denied by mary\n{two}  denied by mary\n")));
    assert!(errors.contains("there is no ticket no-such-id"), "{errors}");

    let (exit, _, errors) = review(&url, &["update", &three, &"x".repeat(4097)]);
    assert!(exit == 2 && errors.contains("4096"), "{exit}: {errors}");
    let (exit, told, _) = review(&url, &["update", &three, "See our website", "--by", "bob"]);
    assert_eq!((exit, told), (0, format!("{three}  changed and approved by bob\n")));
    assert_eq!(dev.wait_until_decided(&messages[2])["Content"], "See our website");
}

#[test]
fn what_is_held_outlives_a_restart() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("chat.redb").display().to_string();
    let mut first = dev(&["--data", &data]);
    let message = first.send("https://example.com");
    let ids = held(&first.url(), 1);
    first.signal("INT");
    assert_eq!(first.exit_code(), Some(130));

    let second = dev(&["--data", &data]);
    assert_eq!(held(&second.url(), 1), ids);
    assert_eq!(review(&second.url(), &["approve", &ids[0]]).0, 0);
    assert_eq!(second.wait_until_decided(&message)["Status"]["Value"], "SENT");
}

#[test]
fn a_message_that_nobody_reviews_gets_its_default_decision() {
    let dev = dev(&["--env", "HOLD_SECONDS=1", "--sweep-every", "1"]);
    dev.send("https://example.com");
    dev.line(|line| line.contains("deny "));
    let closed = wait_for(|| tickets(&dev.url(), "closed").pop());
    assert_eq!((&closed["resolution"]["decision"], &closed["resolution"]["by"]), (&"DENY".into(), &Value::Null));
    let (_, shown, _) = review(&dev.url(), &["show", closed["id"].as_str().unwrap()]);
    assert!(shown.contains("denied at its deadline"), "{shown}");
}

#[tokio::test]
async fn a_place_without_tickets_says_what_to_do() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (exit, _, errors) = review(&format!("http://{closed}"), &["list"]);
    assert!(exit == 1 && errors.contains("start `cargo channel-flow dev`"), "{exit}: {errors}");
    // Without a table.
    let emulator = Emulator::start(Settings::new()).await.unwrap();
    let url = emulator.service().endpoint_url();
    let (exit, _, errors) = tokio::task::spawn_blocking(move || review(&url, &["list"])).await.unwrap();
    assert!(exit == 2 && errors.contains("is not a `cargo channel-flow dev` with a table"), "{exit}: {errors}");
}

/// What makes a table what it is.
#[derive(Debug, PartialEq)]
struct Schema {
    table: String,
    time_to_live: Option<TimeToLiveDescription>,
}

async fn schema(client: &Client, name: &str) -> Schema {
    let described = client.describe_table().table_name(name).send().await.unwrap();
    let TableDescription { key_schema, attribute_definitions, global_secondary_indexes, billing_mode_summary, .. } =
        described.table.unwrap();
    let indexes: Vec<_> = global_secondary_indexes
        .unwrap()
        .into_iter()
        .map(|index| (index.index_name, index.key_schema, index.projection))
        .collect();
    let mut attributes: Vec<_> =
        attribute_definitions.unwrap().iter().map(|attribute| format!("{attribute:?}")).collect();
    attributes.sort();
    let mode = billing_mode_summary.and_then(|summary| summary.billing_mode);
    let time_to_live = client.describe_time_to_live().table_name(name).send().await.unwrap();
    Schema {
        table: format!("{key_schema:?} {attributes:?} {indexes:?} {mode:?}"),
        time_to_live: time_to_live.time_to_live_description,
    }
}

#[tokio::test]
async fn the_emulators_table_is_as_the_store_makes_it() {
    let emulator = Emulator::start(Settings::new().table("emulators")).await.unwrap();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("a", "b", None, None, "test"))
        .endpoint_url(emulator.service().endpoint_url())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    let client = Client::from_conf(config.build());
    create_table(&client, "stores").await.unwrap();
    assert_eq!(schema(&client, "emulators").await, schema(&client, "stores").await);
}
