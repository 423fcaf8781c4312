//! The attributes of items.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The partition key of the table.
pub(crate) const KEY: &str = "pk";
/// When DynamoDB may delete the item, in seconds since 1970.
pub(crate) const EXPIRES_AT: &str = "expires_at";
/// The partition key of the index of tickets.
pub(crate) const QUEUE: &str = "queue";
/// The sort key of the index of tickets, in milliseconds since 1970.
pub(crate) const QUEUED_AT: &str = "queued_at";

pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A time as DynamoDB's time to live needs it. An item never lives shorter for the rounding.
pub(crate) fn seconds(time: SystemTime) -> AttributeValue {
    number(since_1970(time).as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX))
}

pub(crate) fn milliseconds(time: SystemTime) -> AttributeValue {
    number(since_1970(time).as_millis().try_into().unwrap_or(u64::MAX))
}

pub(crate) fn read_text<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}

pub(crate) fn read_number(item: &Item, attribute: &str) -> Option<u64> {
    item.get(attribute)?.as_n().ok()?.parse().ok()
}

pub(crate) fn read_milliseconds(item: &Item, attribute: &str) -> Option<SystemTime> {
    read_number(item, attribute).map(|milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds))
}

pub(crate) fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
