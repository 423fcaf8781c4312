//! What the store says if DynamoDB does not do what it is asked.

mod support;

use std::error::Error;
use std::time::{Duration, SystemTime};

use channel_flow::store::{Claim, ClaimStore};
use channel_flow_dynamodb::{DynamoDbStore, StoreError, StoreErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_table_that_is_not_there() {
    let store = DynamoDbStore::new(support::client().await, "no-such-table");
    let error = claim(&store).await;
    assert_eq!(error.kind(), StoreErrorKind::TableMissing, "{error:?}");
    assert!(error.to_string().starts_with("there is no DynamoDB table no-such-table"), "{error}");
    assert!(error.to_string().contains("CHANNEL_FLOW_TABLE"), "{error}");
}

#[tokio::test]
async fn nobody_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = claim(&store_at(url)).await;
    assert_eq!(error.kind(), StoreErrorKind::Away, "{error:?}");
    assert!(error.source().is_some());
}

#[tokio::test]
async fn a_grant_is_missing() {
    let words = "User: arn:aws:sts::111122223333:assumed-role/flow is not authorized to perform: dynamodb:PutItem on resource: t";
    let error = claim(&store_at(refusing("AccessDeniedException", words).await)).await;
    assert_eq!(error.kind(), StoreErrorKind::GrantMissing);
    assert!(error.to_string().contains("lacks the grant dynamodb:PutItem for the table t"), "{error}");
    assert!(format!("{error:?}").contains(words), "{error:?}");
}

#[tokio::test]
async fn other_refusals_have_their_kind_and_quote_nothing() {
    let refusals = [
        ("UnrecognizedClientException", StoreErrorKind::Unauthorized, "AWS_SESSION_TOKEN"),
        ("ExpiredTokenException", StoreErrorKind::Unauthorized, "AWS_SESSION_TOKEN"),
        ("ValidationException", StoreErrorKind::Refused, "400 KB"),
        ("ProvisionedThroughputExceededException", StoreErrorKind::Throttled, "on demand"),
        ("ThrottlingException", StoreErrorKind::Throttled, "on demand"),
        ("InternalServerError", StoreErrorKind::Away, "did not answer"),
    ];
    for (code, kind, told) in refusals {
        let error = claim(&store_at(refusing(code, "the value 'what a person wrote' is not valid").await)).await;
        assert_eq!(error.kind(), kind, "{code}");
        assert!(error.to_string().contains(told), "{error}");
        let shown = format!("{error:?}");
        assert!(shown.contains(code) && !shown.contains("wrote"), "{shown}");
    }
}

#[tokio::test]
async fn the_table_must_be_named() {
    // This test does not set variables of its process, which has other tests.
    if std::env::var("CHANNEL_FLOW_TABLE").is_err() {
        let error = DynamoDbStore::from_environment().await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Configuration);
        assert!(error.to_string().starts_with("CHANNEL_FLOW_TABLE is not set"), "{error}");
    }
}

async fn claim(store: &DynamoDbStore) -> StoreError {
    let now = SystemTime::now();
    store.claim(&Claim::new("work#key", "claimant", now, now + Duration::from_secs(1))).await.unwrap_err()
}

fn store_at(url: String) -> DynamoDbStore {
    DynamoDbStore::new(support::client_for(url), "t")
}

/// Returns the URL of a server that refuses every request.
async fn refusing(code: &str, message: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"{message}"}}"#);
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !complete(&request) {
                    let mut part = [0; 4096];
                    match connection.read(&mut part).await {
                        Ok(0) | Err(_) => return,
                        Ok(read) => request.extend_from_slice(&part[..read]),
                    }
                }
                let _ = connection.write_all(answer.as_bytes()).await;
            });
        }
    });
    url
}

/// Whether the head of a request and the body that it announces are there.
fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}
