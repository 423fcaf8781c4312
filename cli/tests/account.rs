//! `apply`, `destroy` and `doctor`, built, against the emulator's messaging service and a stand-in for Lambda and IAM.

#![cfg(feature = "account")]

#[path = "account/stand_in.rs"]
mod stand_in;

use channel_flow_emulator::{MessagingService, Settings};
use serde_json::{Value, json};
use stand_in::{ACCOUNT, Function, REGION, Role, StandIn, function_arn};
use std::process::{Command, Output, Stdio};

const PRINCIPAL: &str = "messaging.chime.amazonaws.com";

/// An app instance with an admin, somebody else and a channel, and a function that was deployed as `cargo lambda deploy` does.
struct Scene {
    service: MessagingService,
    account: StandIn,
    app_instance: String,
    admin: String,
    nobody: String,
    channel: String,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Settings::new()).await
    }

    async fn with(settings: Settings) -> Self {
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
    fn command(&self, args: &[&str]) -> Command {
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
            .stdin(Stdio::null());
        command
    }

    async fn run(&self, args: &[&str]) -> Output {
        output_of(self.command(args)).await
    }

    /// `apply` of the function, with more arguments.
    async fn apply(&self, more: &[&str]) -> Output {
        self.run(&[&["apply", "filter", "--app-instance", &self.app_instance], more].concat()).await
    }

    async fn destroy(&self, more: &[&str]) -> Output {
        self.run(&[&["destroy", "filter", "--app-instance", &self.app_instance], more].concat()).await
    }

    async fn call(&self, operation: &str, input: Value) -> Value {
        self.service.call(operation, input).await.unwrap()
    }

    async fn flows(&self) -> Vec<Value> {
        let flows = self.call("ListChannelFlows", json!({ "AppInstanceArn": self.app_instance })).await;
        flows["ChannelFlows"].as_array().unwrap().clone()
    }

    async fn flow_of_channel(&self) -> Value {
        let channel = json!({ "ChannelArn": self.channel, "ChimeBearer": self.admin });
        self.call("DescribeChannel", channel).await["Channel"]["ChannelFlowArn"].clone()
    }

    fn changes(&self) -> Vec<String> {
        self.account.change(|deployment| std::mem::take(&mut deployment.changes))
    }
}

/// In a thread, so that the servers go on.
async fn output_of(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// A function right after `cargo lambda deploy`.
fn deployed(name: &str) -> Function {
    let configuration = json!({
        "FunctionName": name, "FunctionArn": function_arn(name), "Runtime": "provided.al2023",
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/filter-role"), "Handler": "bootstrap", "Timeout": 30,
        "MemorySize": 128, "CodeSha256": "same", "State": "Active", "LastUpdateStatus": "Successful",
        "PackageType": "Zip", "Architectures": ["x86_64"],
    });
    Function { configuration, reserved_concurrency: None, statements: Vec::new(), event_invoke_config: None }
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[track_caller]
fn succeeds(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(output), stderr(output));
}

#[track_caller]
fn fails(output: &Output, status: i32, words: &[&str]) {
    assert_eq!(output.status.code(), Some(status), "{}{}", stdout(output), stderr(output));
    for word in words {
        assert!(stderr(output).contains(word), "{word}: {}", stderr(output));
    }
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}{}", stdout(output), stderr(output)))
}

/// The plan, a line a word.
fn plan(output: &Output) -> Vec<(String, String)> {
    let word = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    let json = json_of(output);
    json["plan"].as_array().unwrap().iter().map(|item| (word(item, "action"), word(item, "kind"))).collect()
}

fn words(plan: &[(&str, &str)]) -> Vec<(String, String)> {
    plan.iter().map(|(action, kind)| ((*action).to_owned(), (*kind).to_owned())).collect()
}

#[tokio::test]
async fn from_a_function_to_a_flow_and_nothing_twice() {
    let scene = Scene::new().await;
    let args = ["--channel", &scene.channel, "--bearer", &scene.admin, "--tag", "team=chat", "--client-token", "t-1"];
    let yes = [&args[..], &["--yes"]].concat();

    let output = scene.apply(&[&args[..], &["--dry-run", "--json"]].concat()).await;
    succeeds(&output);
    assert_eq!(plan(&output), words(&[("add", "permission"), ("add", "channel-flow"), ("add", "channel")]));
    assert_eq!((scene.flows().await.len(), scene.changes().len(), json_of(&output)["done"].clone()), (0, 0, json!(0)));

    let output = scene.apply(&yes).await;
    succeeds(&output);
    let text = stdout(&output);
    assert!(text.contains("  + permission    arn:aws:lambda:us-east-1:123456789012:function:filter\n"), "{text}");
    assert!(text.contains("3 to add.\n"), "{text}");
    let [flow] = &scene.flows().await[..] else { panic!("{text}") };
    assert_eq!(flow["Name"], "filter");
    assert_eq!(
        flow["Processors"],
        json!([{
            "Name": "filter", "ExecutionOrder": 1, "FallbackAction": "ABORT",
            "Configuration": { "Lambda": { "ResourceArn": function_arn("filter"), "InvocationType": "ASYNC" } },
        }])
    );
    let flow_arn = flow["ChannelFlowArn"].as_str().unwrap();
    assert!(text.ends_with(&format!("cargo channel-flow doctor {flow_arn}\n")), "{text}");
    assert_eq!(scene.flow_of_channel().await, flow_arn);
    let tags = scene.call("ListTagsForResource", json!({ "ResourceARN": flow_arn })).await;
    assert_eq!(tags["Tags"], json!([{ "Key": "team", "Value": "chat" }]));
    let statements = scene.account.change(|deployment| deployment.functions["filter"].statements.clone());
    assert_eq!(statements.len(), 1);
    assert_eq!(statements[0]["Principal"]["Service"], PRINCIPAL);
    assert_eq!(statements[0]["Condition"]["StringEquals"]["AWS:SourceAccount"], ACCOUNT);
    assert_eq!(statements[0]["Condition"]["ArnLike"]["AWS:SourceArn"], format!("{}*", scene.app_instance));
    assert_eq!(scene.changes(), ["AddPermission filter"]);

    // Nothing is left to do, so that nobody is asked.
    let output = scene.apply(&[&args[..], &["--json"]].concat()).await;
    succeeds(&output);
    assert!(
        plan(&output).iter().all(|(action, _)| action == "same") && plan(&output).len() == 4,
        "{:?}",
        plan(&output)
    );
    assert_eq!(json_of(&output)["channel_flow_arn"], flow_arn);
    assert_eq!(scene.changes().len(), 0);
    assert!(stdout(&scene.apply(&yes).await).contains("Nothing to do."));
}

#[tokio::test]
async fn only_what_differs_is_changed() {
    let scene = Scene::new().await;
    succeeds(&scene.apply(&["--tag", "a=1", "--yes"]).await);
    let arn = scene.flows().await[0]["ChannelFlowArn"].as_str().unwrap().to_owned();

    let output = scene.apply(&["--fallback", "continue", "--tag", "a=2", "--tag", "b=1", "--yes", "--json"]).await;
    succeeds(&output);
    assert_eq!(plan(&output), words(&[("same", "permission"), ("change", "channel-flow"), ("change", "tags")]));
    assert_eq!(json_of(&output)["done"], 2);
    assert_eq!(scene.flows().await[0]["Processors"][0]["FallbackAction"], "CONTINUE");

    // By its ARN, a flow gets another name.
    let output =
        scene.run(&["apply", "filter", "--fallback", "continue", "--flow", &arn, "--name", "words", "--yes"]).await;
    succeeds(&output);
    assert!(stdout(&output).contains("name filter → words"), "{}", stdout(&output));
    assert_eq!(scene.flows().await[0]["Name"], "words");

    // A statement of ours that says something else is replaced.
    scene.changes();
    scene.account.change(|deployment| {
        let function = deployment.functions.get_mut("filter").unwrap();
        function.statements[0]["Principal"]["Service"] = json!("chime.amazonaws.com");
    });
    let same = ["apply", "filter", "--fallback", "continue", "--flow", &arn, "--yes", "--json"];
    assert_eq!(plan(&scene.run(&same).await), words(&[("change", "permission"), ("same", "channel-flow")]));
    assert_eq!(scene.changes(), ["RemovePermission filter", "AddPermission filter"]);

    // One of someone else's that says enough is enough.
    scene.account.change(|deployment| {
        let function = deployment.functions.get_mut("filter").unwrap();
        function.statements[0]["Sid"] = json!("of-a-template");
    });
    assert_eq!(plan(&scene.run(&same).await), words(&[("same", "permission"), ("same", "channel-flow")]));
    assert_eq!(scene.changes().len(), 0);
}

#[tokio::test]
async fn several_processors_and_a_channel_that_has_another_flow() {
    let scene = Scene::with(Settings::new().processors_of_a_flow(3)).await;
    scene.account.change(|deployment| deployment.functions.insert("links".to_owned(), deployed("links")));
    let channel = ["--channel", &scene.channel, "--bearer", &scene.admin, "--yes"];
    succeeds(&scene.apply(&channel).await);
    let several = ["--processor", "l=links,order=2,fallback=continue", "--processor", "w=filter", "--name", "both"];
    let app_instance = ["apply", "--app-instance", &scene.app_instance, "--json"];
    let output = scene.run(&[&app_instance[..], &several[..], &channel[..]].concat()).await;
    succeeds(&output);
    assert_eq!(
        plan(&output),
        words(&[("same", "permission"), ("add", "permission"), ("add", "channel-flow"), ("change", "channel")])
    );
    let both = scene.flows().await.into_iter().find(|flow| flow["Name"] == "both").unwrap();
    assert_eq!(scene.flow_of_channel().await, both["ChannelFlowArn"]);
    let processors = both["Processors"].as_array().unwrap();
    let processors: Vec<_> =
        processors.iter().map(|one| (one["Name"].as_str().unwrap(), one["FallbackAction"].as_str().unwrap())).collect();
    assert_eq!(processors, [("w", "ABORT"), ("l", "CONTINUE")]);

    // One that is gone takes its function's permission with it, and leaves the one that another flow needs.
    scene.changes();
    let output = scene.destroy(&["--name", "both", "--bearer", &scene.admin, "--yes", "--json"]).await;
    succeeds(&output);
    assert_eq!(
        plan(&output),
        words(&[("remove", "channel"), ("remove", "channel-flow"), ("same", "permission"), ("remove", "permission")])
    );
    assert_eq!((scene.flows().await.len(), scene.flow_of_channel().await), (1, Value::Null));
    assert_eq!(scene.changes(), ["RemovePermission links"]);
}

#[tokio::test]
async fn what_was_made_is_gone_and_nothing_twice() {
    let scene = Scene::new().await;
    succeeds(&scene.apply(&["--channel", &scene.channel, "--bearer", &scene.admin, "--yes"]).await);
    scene.changes();
    fails(&scene.destroy(&["--yes"]).await, 2, &["--bearer"]);
    fails(&scene.destroy(&["--bearer", &scene.admin]).await, 2, &["give --yes"]);
    assert_eq!((scene.flows().await.len(), scene.changes().len()), (1, 0));
    let output = scene.destroy(&["--bearer", &scene.admin, "--yes", "--json"]).await;
    succeeds(&output);
    assert_eq!(plan(&output), words(&[("remove", "channel"), ("remove", "channel-flow"), ("remove", "permission")]));
    assert_eq!((scene.flows().await.len(), scene.flow_of_channel().await), (0, Value::Null));
    assert_eq!(scene.changes(), ["RemovePermission filter"]);
    assert_eq!(json_of(&output)["channel_flow_arn"], Value::Null);
    let output = scene.destroy(&["--json"]).await;
    succeeds(&output);
    assert_eq!(plan(&output), []);
    // Without the function, too.
    scene.account.change(|deployment| deployment.functions.clear());
    succeeds(&scene.destroy(&[]).await);
}

#[tokio::test]
async fn nothing_is_changed_without_consent() {
    let scene = Scene::new().await;
    let output = scene.apply(&[]).await;
    fails(&output, 2, &["give --yes"]);
    assert!(stdout(&output).contains("2 to add."), "{}", stdout(&output));
    let output = scene.apply(&["--json"]).await;
    fails(&output, 2, &["give --yes"]);
    assert!(json_of(&output)["error"].as_str().unwrap().contains("--yes"));
    assert_eq!((scene.flows().await.len(), scene.changes().len()), (0, 0));
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let scene = Scene::new().await;
    let app = scene.app_instance.as_str();
    let apply = async |more: &[&str]| scene.run(&[&["apply", "--app-instance", app, "--yes"], more].concat()).await;
    fails(&apply(&["no-such-function"]).await, 1, &["Function not found", "cargo lambda deploy --region us-east-1"]);
    let elsewhere = function_arn("filter").replace(REGION, "eu-central-1");
    fails(&apply(&[&elsewhere]).await, 2, &["region eu-central-1", "deploy the function to us-east-1"]);
    let other = function_arn("filter").replace(ACCOUNT, "999999999999");
    fails(&apply(&[&other]).await, 2, &["account 999999999999"]);
    fails(&apply(&["filter", "--region", "eu-central-1"]).await, 2, &["--region"]);
    let two = apply(&["--processor", "a=filter", "--processor", "b=filter"]).await;
    fails(&two, 1, &["ResourceLimitExceededException", "Service Quotas", "1 of 2 changes were made"]);
    let not_there = apply(&["filter", "--flow", &format!("{app}/channel-flow/none")]).await;
    fails(&not_there, 1, &["there is no channel flow", "list-channel-flows"]);
    let nobody = apply(&["filter", "--channel", &scene.channel, "--bearer", &scene.nobody]).await;
    fails(&nobody, 1, &["ForbiddenException", "moderator of the channel", "1 of 2 changes were made"]);
    assert_eq!(scene.flows().await.len(), 1);
    let no_app = format!("arn:aws:chime:{REGION}:{ACCOUNT}:app-instance/none");
    let output = scene.run(&["apply", "filter", "--app-instance", &no_app, "--yes"]).await;
    fails(&output, 1, &["ListChannelFlows", "no such resource in us-east-1"]);
    let four: Vec<_> =
        ["a", "b", "c", "d"].iter().flat_map(|name| ["--processor".to_owned(), format!("{name}=filter")]).collect();
    let four: Vec<_> = four.iter().map(String::as_str).collect();
    fails(&apply(&four).await, 2, &["3 processors at most"]);
    assert_eq!(scene.flows().await.len(), 1);

    for (operation, status, exception, words) in [
        ("GetFunction", 403, "AccessDeniedException", "lambda:GetFunction"),
        ("GetFunction", 429, "TooManyRequestsException", "wait a minute"),
        ("GetFunction", 403, "ExpiredTokenException", "sign in again"),
        ("GetFunction", 403, "UnrecognizedClientException", "does not know these credentials"),
        ("GetPolicy", 500, "ServiceException", "later"),
    ] {
        scene.account.change(|deployment| deployment.refused = [(operation, (status, exception))].into());
        fails(&apply(&["filter"]).await, 1, &[operation, exception, words]);
    }
    scene.account.change(|deployment| deployment.refused.clear());
    for (status, exception, words) in [
        (429, "ThrottledClientException", "wait a minute"),
        (503, "ServiceUnavailableException", "run this again later"),
        (401, "UnauthorizedClientException", "chime:ListChannelFlows"),
    ] {
        scene.account.change(|deployment| deployment.refused = [("ListChannelFlows", (status, exception))].into());
        let mut command = scene.command(&["apply", "filter", "--app-instance", app, "--yes"]);
        command.env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", format!("http://{}", scene.account.address));
        fails(&output_of(command).await, 1, &["ListChannelFlows", exception, words]);
    }
}

#[tokio::test]
async fn without_credentials_region_or_service_it_says_so() {
    let scene = Scene::new().await;
    let args = ["apply", "filter", "--app-instance", &scene.app_instance, "--yes"];
    let mut command = scene.command(&args);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    fails(&output_of(command).await, 1, &["no AWS credentials", "AWS_PROFILE"]);
    let mut command = scene.command(&["doctor", "filter"]);
    command.env_remove("AWS_REGION");
    fails(&output_of(command).await, 2, &["no AWS region"]);
    // A port that nobody listens at.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = scene.command(&args);
    command.env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", format!("http://{free}"));
    fails(&output_of(command).await, 1, &["Amazon Chime SDK messaging cannot be reached", "us-east-1 is the region"]);
    let mut command = scene.command(&args);
    command.env("AWS_PROFILE", "no-such-profile");
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    fails(&output_of(command).await, 1, &["no AWS credentials"]);
}

/// A deployment in which nothing is wrong: what the template of this repository makes, in short.
async fn well() -> (Scene, String) {
    let scene = Scene::new().await;
    let app = scene.app_instance.clone();
    scene.account.change(|deployment| {
        deployment.functions.insert("rescue".to_owned(), deployed("rescue"));
        let filter = deployment.functions.get_mut("filter").unwrap();
        filter.event_invoke_config = Some(json!({
            "FunctionArn": function_arn("filter"), "MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 300,
            "DestinationConfig": { "OnFailure": { "Destination": function_arn("rescue") } },
        }));
        let role = deployment.roles.get_mut("filter-role").unwrap();
        let callback = json!([app, format!("{app}/*")]);
        role.inside.insert("callback".to_owned(), allow("chime:ChannelFlowCallback", callback));
        let arn = "arn:aws:iam::aws:policy/some-policy".to_owned();
        role.attached.insert(arn, allow("lambda:InvokeFunction", json!([function_arn("rescue")])));
    });
    succeeds(&scene.apply(&["--channel", &scene.channel, "--bearer", &scene.admin, "--yes"]).await);
    let flow = scene.flows().await[0]["ChannelFlowArn"].as_str().unwrap().to_owned();
    (scene, flow)
}

fn allow(action: &str, resources: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": resources }] })
}

/// The checks that found something, with how bad it is.
fn found(output: &Output) -> Vec<(String, String)> {
    let json = json_of(output);
    let findings = json["findings"].as_array().unwrap().iter();
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    findings
        .filter(|finding| finding["severity"] != "ok")
        .inspect(|finding| assert!(finding["remedy"].is_string(), "{finding}"))
        .map(|finding| (word(finding, "check"), word(finding, "severity")))
        .collect()
}

#[tokio::test]
async fn a_deployment_that_is_well() {
    let (scene, flow) = well().await;
    for patient in ["filter", &function_arn("filter"), &flow] {
        let output = scene.run(&["doctor", patient]).await;
        succeeds(&output);
        assert!(stdout(&output).ends_with("Nothing is wrong.\n"), "{}", stdout(&output));
        assert_eq!(found(&scene.run(&["doctor", patient, "--json"]).await), []);
    }
    fails(&scene.run(&["doctor", "no-such-function"]).await, 1, &["Function not found"]);
    fails(&scene.run(&["doctor", &format!("{flow}x")]).await, 1, &["there is no channel flow"]);
    assert_eq!(scene.account.change(|deployment| deployment.changes.len()), 1);
}

#[tokio::test]
async fn right_after_cargo_lambda_deploy_the_doctor_has_much_to_say() {
    let scene = Scene::new().await;
    let output = scene.run(&["doctor", "filter", "--app-instance", &scene.app_instance]).await;
    assert_eq!(output.status.code(), Some(6));
    let text = stdout(&output);
    for words in ["error    permission", "error    role", "warning  event-age", "warning  on-failure", "warning  flow"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("→ aws lambda add-permission --function-name filter --region us-east-1"), "{text}");
    assert!(text.ends_with("2 errors, 3 warnings, 0 unknown.\n"), "{text}");
}

/// What a broken function, role or account looks like from outside.
#[tokio::test]
async fn each_way_to_break_a_deployment_is_found() {
    type Break = fn(&mut stand_in::Deployment);
    fn filter(deployment: &mut stand_in::Deployment) -> &mut Function {
        deployment.functions.get_mut("filter").unwrap()
    }
    fn role(deployment: &mut stand_in::Deployment) -> &mut Role {
        deployment.roles.get_mut("filter-role").unwrap()
    }
    let cases: [(Break, &[(&str, &str)]); 21] = [
        (|all| filter(all).statements.clear(), &[("permission", "error")]),
        (
            |all| filter(all).statements[0]["Principal"]["Service"] = json!("chime.amazonaws.com"),
            &[("permission", "warning")],
        ),
        (|all| filter(all).statements[0]["Condition"] = json!({}), &[("permission", "warning")]),
        (|all| all.refused = [("GetPolicy", (403, "AccessDeniedException"))].into(), &[("permission", "unknown")]),
        (|all| role(all).inside.clear(), &[("role", "error"), ("rescue-role", "error")]),
        (
            |all| role(all).boundary = Some("arn:aws:iam::123456789012:policy/b".to_owned()),
            &[("role", "unknown"), ("on-failure-grant", "unknown"), ("rescue-role", "unknown")],
        ),
        (
            |all| all.refused = [("iam:GetRole", (403, "AccessDenied"))].into(),
            &[("role", "unknown"), ("on-failure-grant", "unknown"), ("rescue-role", "unknown")],
        ),
        (|all| role(all).attached.clear(), &[("on-failure-grant", "error")]),
        (|all| filter(all).configuration["Timeout"] = json!(2), &[("timeout", "warning")]),
        (|all| filter(all).configuration["Runtime"] = json!("provided.al2"), &[("runtime", "warning")]),
        (|all| filter(all).configuration["State"] = json!("Failed"), &[("state", "error")]),
        (|all| filter(all).configuration["State"] = json!("Pending"), &[("state", "warning")]),
        (|all| filter(all).configuration["CodeSha256"] = json!("other"), &[("rescue", "warning")]),
        (|all| filter(all).reserved_concurrency = Some(0), &[("concurrency", "error")]),
        (
            |all| filter(all).event_invoke_config.as_mut().unwrap()["MaximumRetryAttempts"] = json!(0),
            &[("retries", "warning")],
        ),
        (
            |all| filter(all).event_invoke_config.as_mut().unwrap()["MaximumEventAgeInSeconds"] = json!(21600),
            &[("event-age", "warning")],
        ),
        (|all| filter(all).event_invoke_config = None, &[("event-age", "warning"), ("on-failure", "warning")]),
        (
            |all| all.refused = [("GetFunctionEventInvokeConfig", (403, "AccessDeniedException"))].into(),
            &[("retries", "unknown"), ("event-age", "unknown"), ("on-failure", "unknown")],
        ),
        (
            // A dead-letter queue that nobody empties, and that the role may not write to.
            |all| {
                filter(all).configuration["DeadLetterConfig"] =
                    json!({ "TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead" });
            },
            &[("on-failure-grant", "error"), ("rescue", "warning")],
        ),
        (
            // One that the rescue empties.
            |all| {
                let queue = "arn:aws:sqs:us-east-1:123456789012:dead";
                filter(all).configuration["DeadLetterConfig"] = json!({ "TargetArn": queue });
                all.consumers.insert(queue.to_owned(), vec!["rescue".to_owned()]);
                role(all).inside.insert("queue".to_owned(), allow("sqs:SendMessage", json!(queue)));
            },
            &[],
        ),
        (|all| drop(all.functions.remove("filter")), &[("function", "error")]),
    ];
    let (scene, flow) = well().await;
    let whole = scene.account.change(|deployment| {
        let role = &deployment.roles["filter-role"];
        (deployment.functions.clone(), role.inside.clone(), role.attached.clone())
    });
    for (number, (break_it, expected)) in cases.into_iter().enumerate() {
        scene.account.change(|deployment| {
            let (functions, inside, attached) = whole.clone();
            *deployment = stand_in::Deployment { functions, ..Default::default() };
            deployment.roles.insert("filter-role".to_owned(), Role { inside, attached, boundary: None });
            break_it(deployment);
        });
        let output = scene.run(&["doctor", &flow, "--json"]).await;
        assert_eq!(found(&output), words(expected), "case {number}");
        let worst = if expected.iter().any(|(_, severity)| *severity == "error") { 6 } else { 5 };
        assert_eq!(output.status.code(), Some(if expected.is_empty() { 0 } else { worst }), "case {number}");
    }
}

#[tokio::test]
async fn a_flow_that_is_not_as_it_should_be() {
    let (scene, flow) = well().await;
    let channel = json!({ "ChannelArn": scene.channel, "ChannelFlowArn": flow, "ChimeBearer": scene.admin });
    scene.call("DisassociateChannelFlow", channel).await;
    succeeds(&scene.apply(&["--fallback", "continue", "--yes"]).await);
    let output = scene.run(&["doctor", &flow, "--json"]).await;
    assert_eq!(found(&output), words(&[("channels", "warning"), ("fallback", "warning")]));
    assert_eq!(output.status.code(), Some(5));
    // From the function's side: it is in no flow of another app instance, and not in its account.
    let other = format!("arn:aws:chime:{REGION}:999999999999:app-instance/a");
    let output = scene.run(&["doctor", "filter", "--app-instance", &other, "--json"]).await;
    let found = found(&output);
    assert!(found.contains(&("region-and-account".to_owned(), "error".to_owned())), "{found:?}");
    assert!(found.contains(&("permission".to_owned(), "error".to_owned())), "{found:?}");
}
