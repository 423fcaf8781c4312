//! A DynamoDB API for the tests: the server that `CHANNEL_FLOW_TEST_DYNAMODB` names, or one in this process.

#![allow(dead_code, reason = "each test target uses a part of this module")]

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use channel_flow_dynamodb::{DynamoDbStore, aws_sdk_dynamodb, create_table};
use dynoxide::Database;
use tokio::net::TcpListener;

/// The URL of a DynamoDB API, such as that of moto's server.
const URL: &str = "CHANNEL_FLOW_TEST_DYNAMODB";

/// Returns a store in a table of its own.
pub(crate) async fn store() -> DynamoDbStore {
    let client = client().await;
    let table = format!("test-{}", uuid::Uuid::new_v4());
    create_table(&client, &table).await.unwrap();
    DynamoDbStore::new(client, table)
}

/// Returns a client for a DynamoDB API without tables of this test.
pub(crate) async fn client() -> Client {
    match std::env::var(URL) {
        Ok(url) => client_for(url),
        Err(_) => {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(dynoxide::server::serve_on(listener, Database::memory().unwrap()));
            client_for(url)
        }
    }
}

/// Returns a client for the API at `url`.
pub(crate) fn client_for(url: String) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "tests"))
        .endpoint_url(url)
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}
