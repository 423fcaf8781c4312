//! Metrics: one line of the embedded metric format for each event, in place of the log line that says the same.

use std::time::Duration;

use channel_flow_emulator::{Event, FunctionSettings, OutgoingMessage};
use channel_flow_tests::Stage;
use serde_json::Value;

const RULES: &str = env!("CARGO_BIN_EXE_rules");
const TROUBLEMAKER: &str = env!("CARGO_BIN_EXE_troublemaker");

async fn stage(binary: &str, settings: FunctionSettings) -> Stage {
    let settings = settings.env("CHANNEL_FLOW_METRICS", "emf").env("AWS_LAMBDA_LOG_FORMAT", "JSON");
    Stage::new(binary, settings).await
}

/// The lines of the format, without any other.
fn lines(stage: &Stage) -> Vec<Value> {
    let logs = stage.logs();
    let lines = logs.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.get("_aws").is_some()).collect()
}

/// The names of a line's metrics that are 1, without the times.
fn counted(line: &Value) -> Vec<&str> {
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().expect("metrics");
    let counts = metrics.iter().filter(|metric| metric["Unit"] == "Count");
    let mut names: Vec<_> = counts.map(|metric| metric["Name"].as_str().expect("a name")).collect();
    names.retain(|name| line[name] == 1);
    names.sort_unstable();
    names
}

#[tokio::test]
async fn an_event_is_one_line_with_all_that_the_log_says() {
    let stage = stage(RULES, FunctionSettings::new()).await;
    let delivered = stage.send("damn, see https://example.com").await;
    let delivered_again = stage.send("good morning").await;
    let mut lines = lines(&stage);
    // A shadow ran after the second callback.
    assert_eq!(lines.len(), 3, "{}", stage.logs());
    lines.pop();
    assert_eq!(
        counted(&lines[0]),
        ["Attempts", "ColdStart", "Deny", "Messages", "Reason.links", "Step.cursing.Update", "Step.links.Deny"]
    );
    assert_eq!(counted(&lines[1]), ["Attempts", "Messages", "NoChange"]);
    for (line, delivered) in lines.iter().zip([delivered, delivered_again]) {
        assert_eq!(line["MessageId"], delivered.message.unwrap().ids().message_id);
        assert_eq!(line["RequestId"], delivered.invocation.request_id());
        assert_eq!(line["Outcome"], "ACCEPTED");
        assert!(line["ProcessorTime"].is_number() && line["CallbackTime"].is_number());
        assert!(line["XRayTraceId"].as_str().unwrap().starts_with("Root="));
    }
    assert_eq!(stage.logs().matches("message settled").count(), 2, "{}", stage.logs());
    assert!(!stage.logs().contains("example.com"));
}

#[tokio::test]
async fn shadows_and_failed_work_after_the_callback_have_a_line_of_their_own() {
    let stage = stage(RULES, FunctionSettings::new()).await;
    stage.send("this is a long message").await;
    stage.send("work fails").await;
    let lines = lines(&stage);
    let counted: Vec<_> = lines.iter().map(counted).collect();
    assert_eq!(counted[1], ["Shadow.long.Deny"]);
    assert_eq!(counted[3], ["AfterCallbackFailed"]);
}

#[tokio::test]
async fn every_way_in_which_an_event_ends_is_counted() {
    let settings = FunctionSettings::new().timeout(Duration::from_secs(3)).env("RESERVE_MS", "2000");
    let stage = stage(TROUBLEMAKER, settings).await;
    stage.send("fail").await;
    stage.send("sleep").await;
    stage.function.deliver(&Event::raw("{}")).await;
    let event = stage.emulator.event(OutgoingMessage::new("good morning").unwrap());
    stage.emulator.service().register(&event).unwrap();
    stage.function.deliver(&event).await;
    stage.function.deliver(&event).await;
    let lines = lines(&stage);
    let counted: Vec<_> = lines.iter().map(counted).collect();
    for (line, expected) in [
        &["Attempts", "ColdStart", "Deny", "FallbackAction", "Messages"][..],
        &["Attempts", "Deny", "FallbackAction", "Messages", "Watchdog"],
        &["Failed"],
        &["Attempts", "ColdStart", "Messages", "NoChange"],
        &["Attempts", "DecidedBefore", "Messages", "NoChange"],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(counted[line], expected, "{line}");
    }
    assert_eq!(lines[2]["Error"], "Event");
}

#[tokio::test]
async fn the_log_line_stays_without_metrics() {
    let stage = Stage::new(RULES, FunctionSettings::new().env("CHANNEL_FLOW_METRICS", "off")).await;
    stage.send("good morning").await;
    assert!(lines(&stage).is_empty());
    assert!(stage.logs().contains("message settled") && stage.logs().contains("attempts=1"), "{}", stage.logs());
}
