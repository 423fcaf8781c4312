//! Tickets in DynamoDB.

mod support;

use std::time::{Duration, SystemTime};

use channel_flow::store::{Queue, TicketQuery, TicketStore};
use channel_flow::{Decision, FallbackAction, Hold, Ticket, testing};
use channel_flow_dynamodb::aws_sdk_dynamodb::types::AttributeValue;
use channel_flow_dynamodb::{DynamoDbStore, create_table};

#[tokio::test]
async fn tickets_keep_the_contract() {
    testing::tickets_contract(&support::store().await).await;
}

/// It is counted, so that nobody takes its message for decided, and does not keep the others from being listed.
#[tokio::test]
async fn a_ticket_that_cannot_be_read_is_counted() {
    let client = support::client().await;
    let table = format!("test-{}", uuid::Uuid::new_v4());
    create_table(&client, &table).await.unwrap();
    let store = DynamoDbStore::new(client.clone(), table.clone());
    let hold = Hold::new(Duration::from_secs(60)).unwrap();
    let decision = Decision::hold(hold.clone());
    for id in ["a", "b"] {
        let message = testing::message("Hi").callback_id(id).build();
        let ticket = Ticket::new(&message, &decision, &hold, FallbackAction::Abort, SystemTime::now());
        store.open(&ticket).await.unwrap();
    }
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let damage = client.update_item().table_name(&table).key("pk", text("ticket#a"));
    let damage = damage.update_expression("SET ticket = :none").expression_attribute_values(":none", text("{}"));
    damage.send().await.unwrap();
    let page = store.tickets(&TicketQuery::of(Queue::Open)).await.unwrap();
    assert_eq!((page.tickets.len(), page.unreadable), (1, 1));
    assert_eq!(page.tickets[0].id(), "b");
}
