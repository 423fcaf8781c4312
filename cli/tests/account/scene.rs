//! An account with a chat in it, and the command in a shell of somebody who has signed in.

use crate::stand_in::{ACCOUNT, Function, REGION, Role, StandIn, function_arn};
use channel_flow_emulator::{MessagingService, Settings};
use serde_json::{Value, json};
use std::process::{Command, Output, Stdio};

/// An app instance with an admin, somebody else and a channel, and a function that was deployed as `cargo lambda deploy` does.
pub(crate) struct Scene {
    pub(crate) service: MessagingService,
    pub(crate) account: StandIn,
    pub(crate) app_instance: String,
    pub(crate) admin: String,
    pub(crate) nobody: String,
    pub(crate) channel: String,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::new()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let service = MessagingService::start_with(settings.region(REGION).any_credentials(true)).await.unwrap();
        let call = async |operation: &str, input: Value, answer: &str| {
            let answered = service.call(operation, input).await.unwrap();
            answered[answer].as_str().unwrap_or_default().to_owned()
        };
        let app_instance = call("CreateAppInstance", json!({ "Name": "demo" }), "AppInstanceArn").await;
        let user = |id: &str| json!({ "AppInstanceArn": app_instance, "AppInstanceUserId": id, "Name": id });
        let admin = call("CreateAppInstanceUser", user("admin"), "AppInstanceUserArn").await;
        let nobody = call("CreateAppInstanceUser", user("nobody"), "AppInstanceUserArn").await;
        let appointed = json!({ "AppInstanceArn": app_instance, "AppInstanceAdminArn": admin });
        call("CreateAppInstanceAdmin", appointed, "").await;
        let channel = json!({ "AppInstanceArn": app_instance, "Name": "general", "ChimeBearer": admin });
        let channel = call("CreateChannel", channel, "ChannelArn").await;
        let account = StandIn::start().await;
        account.change(|deployment| {
            deployment.functions.insert("filter".to_owned(), deployed("filter"));
            deployment.roles.insert("filter-role".to_owned(), Role::default());
        });
        Self { service, account, app_instance, admin, nobody, channel }
    }

    /// What a shell has in which somebody has signed in.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-channel-flow"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("AWS_") || text.to_ascii_lowercase().ends_with("_proxy") {
                command.env_remove(&name);
            }
        }
        let of_account = format!("http://{}", self.account.address);
        command
            .args(["channel-flow"])
            .args(args)
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", REGION)
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", self.service.endpoint_url())
            .env("AWS_ENDPOINT_URL_LAMBDA", &of_account)
            .env("AWS_ENDPOINT_URL_IAM", &of_account)
            .env("AWS_ENDPOINT_URL_DYNAMODB", &of_account)
            .stdin(Stdio::null());
        command
    }

    pub(crate) async fn run(&self, args: &[&str]) -> Output {
        output_of(self.command(args)).await
    }

    /// `apply` of the function, with more arguments.
    pub(crate) async fn apply(&self, more: &[&str]) -> Output {
        self.run(&[&["apply", "filter", "--app-instance", &self.app_instance], more].concat()).await
    }

    pub(crate) async fn destroy(&self, more: &[&str]) -> Output {
        self.run(&[&["destroy", "filter", "--app-instance", &self.app_instance], more].concat()).await
    }

    pub(crate) async fn call(&self, operation: &str, input: Value) -> Value {
        self.service.call(operation, input).await.unwrap()
    }

    pub(crate) async fn flows(&self) -> Vec<Value> {
        let flows = self.call("ListChannelFlows", json!({ "AppInstanceArn": self.app_instance })).await;
        flows["ChannelFlows"].as_array().unwrap().clone()
    }

    pub(crate) async fn flow_of_channel(&self) -> Value {
        let channel = json!({ "ChannelArn": self.channel, "ChimeBearer": self.admin });
        self.call("DescribeChannel", channel).await["Channel"]["ChannelFlowArn"].clone()
    }

    pub(crate) fn changes(&self) -> Vec<String> {
        self.account.change(|deployment| std::mem::take(&mut deployment.changes))
    }
}

/// In a thread, so that the servers go on.
pub(crate) async fn output_of(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// A function right after `cargo lambda deploy`.
pub(crate) fn deployed(name: &str) -> Function {
    let configuration = json!({
        "FunctionName": name, "FunctionArn": function_arn(name), "Runtime": "provided.al2023",
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/filter-role"), "Handler": "bootstrap", "Timeout": 30,
        "MemorySize": 128, "CodeSha256": "same", "State": "Active", "LastUpdateStatus": "Successful",
        "PackageType": "Zip", "Architectures": ["x86_64"],
    });
    Function { configuration, reserved_concurrency: None, statements: Vec::new(), event_invoke_config: None }
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[track_caller]
pub(crate) fn succeeds(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(output), stderr(output));
}

#[track_caller]
pub(crate) fn fails(output: &Output, status: i32, words: &[&str]) {
    assert_eq!(output.status.code(), Some(status), "{}{}", stdout(output), stderr(output));
    for word in words {
        assert!(stderr(output).contains(word), "{word}: {}", stderr(output));
    }
}

pub(crate) fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}{}", stdout(output), stderr(output)))
}

/// The plan, a line a word.
pub(crate) fn plan(output: &Output) -> Vec<(String, String)> {
    let word = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let json = json_of(output);
    json["plan"].as_array().unwrap().iter().map(|item| (word(item, "action"), word(item, "kind"))).collect()
}

pub(crate) fn words(plan: &[(&str, &str)]) -> Vec<(String, String)> {
    plan.iter().map(|(action, kind)| ((*action).to_owned(), (*kind).to_owned())).collect()
}
