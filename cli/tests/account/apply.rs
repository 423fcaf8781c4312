//! `apply` and `destroy`.

use crate::scene::{Scene, deployed, fails, json_of, output_of, plan, stdout, succeeds, words};
use crate::stand_in::{ACCOUNT, REGION, function_arn};
use channel_flow_emulator::Settings;
use serde_json::{Value, json};

const PRINCIPAL: &str = "messaging.chime.amazonaws.com";

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
    fails(&scene.destroy(&["--bearer", &scene.admin]).await, 2, &["pass --yes"]);
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
    fails(&output, 2, &["pass --yes"]);
    assert!(stdout(&output).contains("2 to add."), "{}", stdout(&output));
    let output = scene.apply(&["--json"]).await;
    fails(&output, 2, &["pass --yes"]);
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
