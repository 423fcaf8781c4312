//! Claims in DynamoDB.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use channel_flow::{Occasion, Once, OnceOutcome, testing};
use channel_flow_dynamodb::{DynamoDbStore, aws_sdk_dynamodb, create_table};

#[tokio::test]
async fn claims_keep_the_contract() {
    testing::claims_contract(&support::store().await).await;
}

#[tokio::test]
async fn a_piece_of_work_costs_two_writes_and_a_duplicate_one() {
    let requests = Requests::default();
    let client = support::client().await;
    let client = Client::from_conf(client.config().to_builder().interceptor(requests.clone()).build());
    let table = format!("test-{}", uuid::Uuid::new_v4());
    create_table(&client, &table).await.unwrap();
    let once = Once::new(DynamoDbStore::new(client, table));
    let message = testing::message("/help").build();
    requests.taken();

    let done = once.run(Occasion::of(&message, "help"), |_| async { Ok::<_, String>("helped") }).await.unwrap();
    assert_eq!((done, requests.taken()), (OnceOutcome::Done("helped"), 2));
    let again = once.run(Occasion::of(&message, "help"), |_| async { Ok::<_, String>("helped") }).await.unwrap();
    assert_eq!((again, requests.taken()), (OnceOutcome::DoneBefore, 1));
    let failed = once.run(Occasion::of(&message, "other"), |_| async { Err::<(), _>("no") }).await;
    assert_eq!((failed.is_err(), requests.taken()), (true, 2));
}

/// Counts the requests that a client sends.
#[derive(Clone, Debug, Default)]
struct Requests(Arc<AtomicU32>);

impl Requests {
    /// Returns how many there were since the last call.
    fn taken(&self) -> u32 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Intercept for Requests {
    fn name(&self) -> &'static str {
        "requests"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
