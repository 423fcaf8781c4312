use super::*;
use std::time::Duration;

fn put(table: &Table, pk: &str, queue: &str, queued_at: SystemTime) {
    let item = json!({
        "TableName": table.name(),
        "Item": {
            "pk": { "S": pk },
            "queue": { "S": queue },
            "queued_at": { "N": milliseconds(queued_at).to_string() },
        },
    });
    let Answer { status, json } = table.run("PutItem", &item.to_string());
    assert_eq!(status, StatusCode::OK, "{json}");
}

#[test]
fn a_ticket_is_due_at_its_deadline_and_a_minute_after_a_decision_that_was_not_sent() {
    let table = Table::open("memory", None).unwrap();
    let now = SystemTime::now();
    let second = Duration::from_secs(1);
    put(&table, "ticket#1", "OPEN", now + second);
    put(&table, "ticket#2", "CLOSED", now - 100 * second);
    assert!(!table.is_ticket_due(now));
    assert!(table.is_ticket_due(now + second));
    put(&table, "ticket#1", "RESOLVED", now);
    assert!(!table.is_ticket_due(now + 59 * second));
    assert!(table.is_ticket_due(now + 60 * second));
}

#[test]
fn an_operation_that_is_not_done_says_why() {
    let table = Table::open("memory", None).unwrap();
    let error = |operation, body: &str| {
        let Answer { status, json } = table.run(operation, body);
        let error: Value = serde_json::from_str(&json).unwrap();
        (status.as_u16(), error["__type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned())
    };
    assert_eq!(error("Fly", "{}"), (400, "UnknownOperationException".to_owned()));
    assert_eq!(error("GetItem", "{"), (400, "SerializationException".to_owned()));
    let get = r#"{"TableName":"none","Key":{"pk":{"S":"a"}}}"#;
    assert_eq!(error("GetItem", get), (400, "ResourceNotFoundException".to_owned()));
    let again = r#"{"TableName":"memory","Item":{"pk":{"S":"a"}},"ConditionExpression":"attribute_not_exists(pk)"}"#;
    assert_eq!(table.run("PutItem", again).status, StatusCode::OK);
    assert_eq!(error("PutItem", again), (400, "ConditionalCheckFailedException".to_owned()));
    table.set_down(true);
    assert_eq!(error("PutItem", again), (503, "ServiceUnavailable".to_owned()));
}

#[test]
fn only_writes_are_told() {
    let table = Table::open("memory", None).unwrap();
    let mut written = table.written();
    table.run("GetItem", r#"{"TableName":"memory","Key":{"pk":{"S":"a"}}}"#);
    assert!(!written.has_changed().unwrap());
    put(&table, "a", "OPEN", SystemTime::now());
    assert!(written.has_changed().unwrap());
    written.mark_unchanged();
    table.run("PutItem", r#"{"TableName":"none","Item":{"pk":{"S":"a"}}}"#);
    assert!(!written.has_changed().unwrap(), "nothing was written");
}

#[test]
fn a_table_in_a_file_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("chat.redb");
    let table = Table::open("memory", Some(&data)).unwrap();
    put(&table, "ticket#1", "OPEN", SystemTime::UNIX_EPOCH);
    drop(table);
    assert!(file_beside(&data).ends_with("chat.redb.table"));
    assert!(Table::open("memory", Some(&data)).unwrap().is_ticket_due(SystemTime::now()));
}
