//! The processor with the real SDK, and a judge on this machine.

use aws_config::{Region, SdkConfig};
use aws_sdk_comprehend::config::Credentials;
use channel_flow::{PushNotification, Score, testing};
use serde_json::{Value, json};

use super::*;
use crate::judge::bedrock::Guardrail;
use crate::judge::client;
use crate::judge_service::{Answer, JudgeService, nowhere};

/// Long enough for an answer on a machine that is busy.
const PATIENT: Duration = Duration::from_secs(60);

async fn config(url: String, timeout: Duration) -> SdkConfig {
    client::config(timeout)
        .region(Region::new("eu-north-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
        .endpoint_url(url)
        .load()
        .await
}

async fn comprehend(service: &JudgeService, thresholds: &str) -> Toxicity {
    let config = config(service.url(), PATIENT).await;
    let judge = Judge::comprehend(&config, "eu-north-1".to_owned());
    Toxicity::new(judge, thresholds.parse().unwrap()).unwrap()
}

async fn bedrock(service: &JudgeService, thresholds: &str) -> Toxicity {
    let guardrail = Guardrail { id: "abc123".to_owned(), version: "1".to_owned() };
    let judge = Judge::bedrock(&config(service.url(), PATIENT).await, "eu-north-1".to_owned(), guardrail);
    Toxicity::new(judge, thresholds.parse().unwrap()).unwrap()
}

fn segments(body: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["LanguageCode"], "en");
    body["TextSegments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|segment| segment["Text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_highest_score_of_a_category_decides() {
    let answer = Answer::labels(&[&[("INSULT", 0.31), ("GRAPHIC", 0.02)], &[("INSULT", 0.93), ("NEW_CATEGORY", 0.5)]]);
    let service = JudgeService::start([answer]).unwrap();
    let toxicity = comprehend(&service, "INSULT=hold:0.6/deny:0.9").await;
    let push = PushNotification::builder().title("Alice").body("Hello%20you").build();
    let message = testing::message("Hello%20you").push_notification(push).build();

    let decision = toxicity.process(&message).await.unwrap();
    assert_eq!(decision, Decision::deny().because("INSULT"));
    let scores = decision.scores().unwrap().to_string();
    assert_eq!(scores, "GRAPHIC=0.02,INSULT=0.93,NEW_CATEGORY=0.5,TOXICITY=0.25");
    let [request] = &service.requests()[..] else { panic!("one request") };
    assert_eq!(request.operation, "POST / Comprehend_20171127.DetectToxicContent");
    // Decoded, and each text once.
    assert_eq!(segments(&request.body), ["Hello you", "Alice"]);
}

#[tokio::test]
async fn thresholds_allow_hold_and_deny() {
    let service =
        JudgeService::start([0.5, 0.7, 1.000_01].map(|score| Answer::labels(&[&[("INSULT", score)]]))).unwrap();
    let toxicity = comprehend(&service, "INSULT=hold:0.6/deny:0.9").await;
    let message = testing::message("Hello").build();
    let held = Decision::hold(toxicity.hold.clone()).because("INSULT");
    for expected in [Decision::no_change(), held, Decision::deny().because("INSULT")] {
        assert_eq!(toxicity.process(&message).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn what_a_lex_envelope_shows_is_judged() {
    let service = JudgeService::start([Answer::labels(&[])]).unwrap();
    let toxicity = comprehend(&service, "*=deny:0.9").await;
    let envelope = r#"{"Messages":[{"Content":"\u0048ello","ContentType":"PlainText"}]}"#;
    toxicity.process(&testing::message(envelope).build()).await.unwrap();
    assert_eq!(segments(&service.requests()[0].body)[0], "Hello");
}

#[tokio::test]
async fn a_bot_and_a_blank_message_are_not_judged() {
    let service = JudgeService::start([Answer::labels(&[])]).unwrap();
    for toxicity in [comprehend(&service, "*=deny:0").await, bedrock(&service, "*=deny:0").await] {
        for message in [testing::message("Hello").sender_bot("helper"), testing::message(" \n ")] {
            assert_eq!(toxicity.process(&message.build()).await.unwrap(), Decision::no_change());
        }
    }
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn a_text_beyond_one_request_takes_several() {
    let answers = [Answer::labels(&[&[("INSULT", 0.1)]]), Answer::labels(&[&[("INSULT", 0.95)]])];
    let service = JudgeService::start(answers).unwrap();
    let toxicity = comprehend(&service, "*=deny:0.9").await;
    let word = "ninelette ";
    let content = word.repeat(1_001);
    let decision = toxicity.process(&testing::message(&content).build()).await.unwrap();
    assert_eq!(decision, Decision::deny().because("INSULT"));

    let requests = service.requests();
    let sent: Vec<_> = requests.iter().map(|request| segments(&request.body)).collect();
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), [10, 1]);
    assert!(sent.iter().flatten().all(|segment| segment.len() <= 1_000 && segment.ends_with("ninelette")));
    assert_eq!(sent.concat().join(" "), content.trim_end());
}

#[tokio::test]
async fn a_guardrail_has_categories_of_its_own() {
    let filter = |name, confidence, detected| json!({ "type": name, "confidence": confidence, "filterStrength": "HIGH", "action": "NONE", "detected": detected });
    let assessment = json!({
            "contentPolicy": { "filters": [filter("INSULTS", "MEDIUM", true), filter("HATE", "NONE", false)] },
            "topicPolicy": { "topics": [
                { "name": "Investment Advice", "type": "DENY", "action": "BLOCKED" },
                { "name": "Medicine", "type": "DENY", "action": "NONE", "detected": false },
            ] },
            "wordPolicy": {
                "customWords": [{ "match": "secret", "action": "BLOCKED", "detected": true }],
                "managedWordLists": [{ "match": "secret", "type": "PROFANITY", "action": "BLOCKED", "detected": true }],
            },
            "sensitiveInformationPolicy": {
                "piiEntities": [{ "match": "secret", "type": "EMAIL", "action": "ANONYMIZED", "detected": true }],
                "regexes": [{ "name": "order number", "match": "secret", "regex": "x", "action": "BLOCKED" }],
            },
    });
    let service = JudgeService::start([Answer::guardrail("GUARDRAIL_INTERVENED", &assessment)]).unwrap();
    let toxicity = bedrock(&service, "INSULTS=deny:0.5").await;
    let decision = toxicity.process(&testing::message("Hello").build()).await.unwrap();
    assert_eq!(decision, Decision::deny().because("INSULTS"));
    let scores =
        "EMAIL=1,GUARDRAIL=1,HATE=0,INSULTS=0.6,Investment-Advice=1,Medicine=0,PROFANITY=1,WORD=1,order-number=1";
    assert_eq!(decision.scores().unwrap().to_string(), scores);
    assert_eq!(decision.scores().unwrap().get("INSULTS"), Score::new(0.6).ok());

    let [request] = &service.requests()[..] else { panic!("one request") };
    assert_eq!(request.operation, "POST /guardrail/abc123/version/1/apply");
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let expected = json!({ "source": "INPUT", "outputScope": "FULL", "content": [{ "text": { "text": "Hello" } }] });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn an_error_says_what_to_do_and_whether_to_try_again() {
    let pauses = |toxicity: &Toxicity, error: &JudgeError| -> Vec<_> {
        (1..).map_while(|attempt| toxicity.retry_after(error, attempt)).map(|pause| pause.as_millis()).collect()
    };
    for (answer, text, expected) in [
        (
            Answer::error(400, "ThrottlingException"),
            "Amazon Comprehend throttles requests: raise the quota for comprehend:DetectToxicContent in eu-north-1",
            &[100, 200, 400][..],
        ),
        (Answer::error(500, "InternalServerException"), "Amazon Comprehend is unavailable (500)", &[100]),
        (Answer::Http(503, None, "<html>busy</html>".to_owned()), "Amazon Comprehend is unavailable (503)", &[100]),
        (
            Answer::error(400, "AccessDeniedException"),
            "Amazon Comprehend refused the request (AccessDeniedException): grant comprehend:DetectToxicContent to the \
             role of the function",
            &[],
        ),
        (
            Answer::error(400, "UnknownOperationException"),
            "Amazon Comprehend refused the request (UnknownOperationException): eu-north-1 does not have this operation",
            &[],
        ),
        (
            Answer::error(400, "TextSizeLimitExceededException"),
            "Amazon Comprehend refused the request (TextSizeLimitExceededException)",
            &[],
        ),
        (Answer::Http(403, None, String::new()), "Amazon Comprehend refused the request (403)", &[]),
        (
            Answer::Http(200, None, "no JSON".to_owned()),
            "the request to Amazon Comprehend could not be made or its answer not be read",
            &[],
        ),
    ] {
        let service = JudgeService::start([answer]).unwrap();
        let toxicity = comprehend(&service, "*=deny:0.9").await;
        let error = toxicity.process(&testing::message("a rude word").build()).await.unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(pauses(&toxicity, &error), expected, "{text}");
        // The SDK does not repeat the request as well.
        assert_eq!(service.requests().len(), 1, "{text}");
    }

    let service = JudgeService::start([Answer::error(404, "ResourceNotFoundException")]).unwrap();
    let toxicity = bedrock(&service, "*=deny:0.9").await;
    let error = toxicity.process(&testing::message("a rude word").build()).await.unwrap_err();
    assert!(error.to_string().ends_with("check the guardrail's id, version and region"), "{error}");
}

#[tokio::test]
async fn a_judge_that_is_slow_or_away_is_an_error() {
    let service = JudgeService::start([Answer::Hang]).unwrap();
    let judge = Judge::comprehend(&config(service.url(), Duration::from_millis(200)).await, "eu-north-1".to_owned());
    let toxicity = Toxicity::new(judge, Thresholds::new()).unwrap();
    let message = testing::message("a rude word").build();
    let error = toxicity.process(&message).await.unwrap_err();
    assert_eq!(error.to_string(), "Amazon Comprehend did not answer in time");
    assert_eq!(toxicity.retry_after(&error, 1), Some(Duration::from_millis(100)));
    assert_eq!(toxicity.retry_after(&error, 2), None);

    let nowhere = config(nowhere(), PATIENT).await;
    let toxicity = Toxicity { judge: Judge::comprehend(&nowhere, "eu-north-1".to_owned()), ..toxicity };
    let error = toxicity.process(&message).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot reach Amazon Comprehend: check that eu-north-1 has it, and the network");
    assert!(std::error::Error::source(&error).is_some());
}

/// No panic, no lost time and no content in the logs, whatever the message.
#[test]
fn it_conforms() {
    let service = JudgeService::start([Answer::labels(&[&[("INSULT", 0.95)]])]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    testing::conformance(runtime.block_on(comprehend(&service, "*=deny:0.9")));
    let service = JudgeService::start([Answer::guardrail("NONE", &json!({}))]).unwrap();
    testing::conformance(runtime.block_on(bedrock(&service, "*=deny:0.9")));
}
