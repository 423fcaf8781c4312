//! Claims in the table.

use std::time::SystemTime;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use channel_flow::store::{Claim, ClaimOutcome, ClaimStore, Interrupted};

use crate::error::StoreError;
use crate::item::{
    EXPIRES_AT, Item, KEY, milliseconds, number, read_milliseconds, read_number, read_text, seconds, since_1970, text,
};
use crate::store::DynamoDbStore;

const CLAIMANT: &str = "claimant";
const INVOCATION: &str = "invocation";
/// When a claim in progress is interrupted, in milliseconds since 1970. Finished work has none.
const UNTIL: &str = "until";

/// Nothing is there, or DynamoDB has not yet deleted what is no longer kept.
const FREE: &str = "attribute_not_exists(pk) OR expires_at < :seconds";
/// A claim in progress whose time is over.
const OVER: &str = "#until < :now";
/// A claim in progress whose invocation runs again. Finished work has no invocation.
const SAME_INVOCATION: &str = "#invocation = :invocation";

impl ClaimStore for DynamoDbStore {
    type Error = StoreError;

    async fn claim(&self, claim: &Claim) -> Result<ClaimOutcome, StoreError> {
        let mut condition = FREE.to_owned();
        let mut request = self
            .client()
            .put_item()
            .table_name(self.table())
            .item(KEY, key(&claim.key))
            .item(CLAIMANT, text(&claim.claimant))
            .item(UNTIL, milliseconds(claim.until))
            .item(EXPIRES_AT, seconds(claim.keep_until))
            .expression_attribute_values(":seconds", full_seconds(claim.now))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(invocation) = &claim.invocation {
            request = request.item(INVOCATION, text(invocation));
        }
        if claim.interrupted == Interrupted::Repeat {
            condition = format!("{condition} OR {OVER}");
            request = request
                .expression_attribute_names("#until", UNTIL)
                .expression_attribute_values(":now", milliseconds(claim.now));
            if let Some(invocation) = &claim.invocation {
                condition = format!("{condition} OR {SAME_INVOCATION}");
                request = request
                    .expression_attribute_names("#invocation", INVOCATION)
                    .expression_attribute_values(":invocation", text(invocation));
            }
        }
        match request.condition_expression(condition).send().await {
            Ok(put) => Ok(ClaimOutcome::Claimed { repeated: put.attributes().is_some_and(|old| is_kept(old, claim)) }),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => match failed.item() {
                    Some(other) => Ok(outcome_beside(other, claim)),
                    None => Err(StoreError::unreadable(self.table(), KEY)),
                },
                _ => Err(self.failed("PutItem", error)),
            },
        }
    }

    async fn finish(&self, key: &str, keep_until: SystemTime) -> Result<(), StoreError> {
        let request = self
            .client()
            .put_item()
            .table_name(self.table())
            .item(KEY, self::key(key))
            .item(EXPIRES_AT, seconds(keep_until));
        request.send().await.map(drop).map_err(|error| self.failed("PutItem", error))
    }

    async fn release(&self, key: &str, claimant: &str) -> Result<(), StoreError> {
        let request = self
            .client()
            .delete_item()
            .table_name(self.table())
            .key(KEY, self::key(key))
            .condition_expression("#claimant = :claimant")
            .expression_attribute_names("#claimant", CLAIMANT)
            .expression_attribute_values(":claimant", text(claimant));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(self.failed("DeleteItem", error)),
            },
        }
    }
}

/// The outcome of a claim that was refused because of another item.
fn outcome_beside(other: &Item, claim: &Claim) -> ClaimOutcome {
    let Some(until) = read_milliseconds(other, UNTIL) else { return ClaimOutcome::Done };
    if read_text(other, CLAIMANT) == Some(&claim.claimant) {
        return ClaimOutcome::Claimed { repeated: false };
    }
    let again = claim.invocation.is_some() && read_text(other, INVOCATION) == claim.invocation.as_deref();
    if until < claim.now || again { ClaimOutcome::Interrupted } else { ClaimOutcome::InProgress }
}

fn is_kept(item: &Item, claim: &Claim) -> bool {
    read_number(item, EXPIRES_AT).is_some_and(|expires_at| expires_at >= since_1970(claim.now).as_secs())
}

/// The seconds since 1970 that are over: a claim is kept until its last second is.
fn full_seconds(time: SystemTime) -> AttributeValue {
    number(since_1970(time).as_secs())
}

fn key(key: &str) -> AttributeValue {
    text(format!("claim#{key}"))
}
