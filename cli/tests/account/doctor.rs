//! `doctor`.

use crate::scene::{Scene, deployed, fails, json_of, stdout, succeeds, words};
use crate::stand_in::{self, Function, REGION, Role, function_arn};
use serde_json::{Value, json};
use std::process::Output;

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
        let status = json!(["user", "bot", "channel"].map(|kind| format!("{app}/{kind}/*")));
        role.inside.insert("status".to_owned(), allow("chime:GetChannelMessageStatus", status));
        for function in deployment.functions.values_mut() {
            function.configuration["Environment"] =
                json!({ "Variables": { "CHANNEL_FLOW_MAY_ASK_STATUS": "true", "SECRET": "hush" } });
        }
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
    fails(&scene.run(&["doctor", &flow, "--region", "eu-central-1"]).await, 2, &["omit --region"]);
    assert_eq!(scene.account.change(|deployment| deployment.changes.len()), 1);
}

#[tokio::test]
async fn right_after_cargo_lambda_deploy_the_doctor_has_much_to_say() {
    let scene = Scene::new().await;
    let output = scene.run(&["doctor", "filter", "--app-instance", &scene.app_instance]).await;
    assert_eq!(output.status.code(), Some(6));
    let text = stdout(&output);
    for words in [
        "error    permission",
        "error    role",
        "warning  event-age",
        "warning  on-failure",
        "warning  flow",
        "hint     status",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("→ aws lambda add-permission --function-name filter --region us-east-1"), "{text}");
    assert!(text.ends_with("2 errors, 3 warnings, 0 unknown, 1 hint.\n"), "{text}");
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
    let cases: [(Break, &[(&str, &str)]); 25] = [
        (|all| filter(all).statements.clear(), &[("permission", "error")]),
        (
            |all| filter(all).statements[0]["Principal"]["Service"] = json!("chime.amazonaws.com"),
            &[("permission", "warning")],
        ),
        (|all| filter(all).statements[0]["Condition"] = json!({}), &[("permission", "warning")]),
        (|all| all.refused = [("GetPolicy", (403, "AccessDeniedException"))].into(), &[("permission", "unknown")]),
        (|all| drop(role(all).inside.remove("callback")), &[("role", "error"), ("rescue-role", "error")]),
        (
            |all| role(all).boundary = Some("arn:aws:iam::123456789012:policy/b".to_owned()),
            &[
                ("role", "unknown"),
                ("on-failure-grant", "unknown"),
                ("rescue-role", "unknown"),
                ("status", "unknown"),
                ("rescue-status", "unknown"),
            ],
        ),
        (
            |all| all.refused = [("iam:GetRole", (403, "AccessDenied"))].into(),
            &[
                ("role", "unknown"),
                ("on-failure-grant", "unknown"),
                ("rescue-role", "unknown"),
                ("status", "unknown"),
                ("rescue-status", "unknown"),
            ],
        ),
        (|all| role(all).attached.clear(), &[("on-failure-grant", "error")]),
        (|all| filter(all).configuration["Timeout"] = json!(1), &[("timeout", "warning")]),
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
        (
            // The variable without the grant, which both have from one role.
            |all| drop(role(all).inside.remove("status")),
            &[("status", "error"), ("rescue-status", "error")],
        ),
        // The grant without the variable, and with one that makes no sense.
        (|all| drop(filter(all).configuration["Environment"].take()), &[("status", "hint")]),
        (
            |all| {
                let rescue = all.functions.get_mut("rescue").unwrap();
                rescue.configuration["Environment"]["Variables"]["CHANNEL_FLOW_MAY_ASK_STATUS"] = json!("yes");
            },
            &[("rescue-status", "error")],
        ),
        (
            |all| {
                filter(all).configuration["Environment"] =
                    json!({ "Error": { "ErrorCode": "AccessDeniedException", "Message": "no key" } });
            },
            &[("status", "unknown")],
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
        let is = |severity: &str| expected.iter().any(|(_, found)| *found == severity);
        let status = match (is("error"), is("warning") || is("unknown")) {
            (true, _) => 6,
            (false, true) => 5,
            (false, false) => 0,
        };
        assert_eq!(output.status.code(), Some(status), "case {number}");
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

#[tokio::test]
async fn a_function_that_holds_messages_needs_a_table_grants_and_a_sweep() {
    let (scene, flow) = well().await;
    let table = format!("arn:aws:dynamodb:{REGION}:{}:table/held", stand_in::ACCOUNT);
    let set_table = |function: &mut Function| {
        function.configuration["Environment"]["Variables"]["CHANNEL_FLOW_TABLE"] = json!("held");
    };
    scene.account.change(|deployment| set_table(deployment.functions.get_mut("filter").unwrap()));
    let found_with_nothing = found(&scene.run(&["doctor", &flow, "--json"]).await);
    let expected = [("table", "error"), ("table-grant", "error"), ("sweep", "warning")];
    assert_eq!(found_with_nothing, expected.map(|(check, severity)| (check.to_owned(), severity.to_owned())));

    scene.account.change(|deployment| {
        let indexes = json!([{ "IndexName": "queues", "IndexStatus": "ACTIVE" }]);
        let described = json!({
            "TableName": "held", "TableArn": table, "TableStatus": "ACTIVE", "GlobalSecondaryIndexes": indexes,
        });
        deployment.tables.insert("held".to_owned(), described);
        let role = deployment.roles.get_mut("filter-role").unwrap();
        role.inside.insert("table".to_owned(), allow("dynamodb:*", json!([table, format!("{table}/index/*")])));
        let mut sweep = deployed("sweep");
        sweep.configuration["Environment"] = json!({ "Variables": {} });
        set_table(&mut sweep);
        sweep.statements.push(json!({
            "Sid": "schedule", "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" },
            "Action": "lambda:InvokeFunction", "Resource": function_arn("sweep"),
        }));
        deployment.functions.insert("sweep".to_owned(), sweep);
    });
    assert_eq!(found(&scene.run(&["doctor", &flow, "--json"]).await), []);
}
