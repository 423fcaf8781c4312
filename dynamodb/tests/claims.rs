//! Claims in DynamoDB.

mod support;

use channel_flow::testing;

#[tokio::test]
async fn claims_keep_the_contract() {
    testing::claims_contract(&support::store().await).await;
}
