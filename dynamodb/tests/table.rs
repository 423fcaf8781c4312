//! The table, and what the store says if something is wrong with it.

mod support;

use std::error::Error;

use channel_flow_dynamodb::create_table;

#[tokio::test]
async fn a_table_is_created_once() -> Result<(), Box<dyn Error>> {
    let client = support::client().await;
    let name = format!("test-{}", uuid::Uuid::new_v4());
    create_table(&client, &name).await?;
    create_table(&client, &name).await?;

    let described = client.describe_table().table_name(&name).send().await?;
    let table = described.table().expect("a table that is there is described");
    let indexes: Vec<_> = table.global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
    assert_eq!(indexes, ["queues"]);
    let lives = client.describe_time_to_live().table_name(&name).send().await?;
    let attribute = lives.time_to_live_description().and_then(|lives| lives.attribute_name());
    assert_eq!(attribute, Some("expires_at"));
    Ok(())
}
