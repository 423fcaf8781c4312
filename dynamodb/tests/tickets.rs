//! Tickets in DynamoDB.

mod support;

use channel_flow::testing;

#[tokio::test]
async fn tickets_keep_the_contract() {
    testing::tickets_contract(&support::store().await).await;
}
