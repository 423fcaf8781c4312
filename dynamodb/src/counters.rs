//! Counters in the table: one item a counter, and one request a method.

mod leftovers;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use channel_flow::store::{Addition, Counter, CounterStore, Mark};

pub(crate) use self::leftovers::Leftovers;
use crate::error::StoreError;
use crate::item::{EXPIRES_AT, Item, KEY, milliseconds, number, read_milliseconds, read_number, seconds, text};
use crate::store::DynamoDbStore;

/// The ids of how many additions an item has room for. An id has one place, and each place has the last id that came to it.
const PLACES: u64 = 8;

/// How many slots that are over an item may have before they are removed by a request for that alone.
const MOST_OVER: usize = 64;

/// The first letter of the attribute of a slot. The number of the slot follows, in hexadecimal.
const SLOT: char = 's';
/// The first letters of the attribute of a mark, with the time until which it is in force. Its name follows.
const MARK: &str = "mark:";
/// The first letters of the attribute with the id of a mark's owner. The mark's name follows.
const OWNER: &str = "owner:";

impl CounterStore for DynamoDbStore {
    type Error = StoreError;

    async fn add(&self, addition: &Addition<'_>) -> Result<Counter, StoreError> {
        let id = fnv_1a(addition.id);
        let mut request = self
            .client()
            .update_item()
            .table_name(self.table())
            .key(KEY, key(addition.key))
            .condition_expression("attribute_not_exists(#id) OR #id <> :id")
            .expression_attribute_names("#id", format!("i{}", id % PLACES))
            .expression_attribute_values(":id", number(id))
            .expression_attribute_values(":expires_at", seconds(addition.keep_until))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let mut adds = Vec::new();
        for (index, (slot, count)) in addition.slots.iter().enumerate() {
            adds.push(format!("#s{index} :s{index}"));
            request = request
                .expression_attribute_names(format!("#s{index}"), slot_attribute(*slot))
                .expression_attribute_values(format!(":s{index}"), number(*count));
        }
        let mut update = format!("SET {EXPIRES_AT} = :expires_at, #id = :id ADD {}", adds.join(", "));
        let over = self.leftovers().take(addition.key, addition.first_slot);
        if !over.is_empty() {
            let names = (0..over.len()).map(|index| format!("#o{index}"));
            update.push_str(&format!(" REMOVE {}", names.clone().collect::<Vec<_>>().join(", ")));
            for (name, slot) in names.zip(over) {
                request = request.expression_attribute_names(name, slot_attribute(slot));
            }
        }
        let item = match request.update_expression(update).send().await {
            Ok(updated) => updated.attributes,
            Err(error) => match error.as_service_error() {
                // The same id came before: this request, if its answer was lost.
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => failed.item().cloned(),
                _ => return Err(self.failed("UpdateItem", error)),
            },
        };
        let item = item.ok_or_else(|| StoreError::unreadable(self.table(), KEY))?;
        let (counter, over) = self.read_counter(&item, addition.first_slot)?;
        self.tidy(addition.key, over).await;
        Ok(counter)
    }

    async fn counter(&self, key: &str) -> Result<Counter, StoreError> {
        let request = self.client().get_item().table_name(self.table()).key(KEY, self::key(key)).consistent_read(true);
        let got = request.send().await.map_err(|error| self.failed("GetItem", error))?;
        match got.item() {
            Some(item) => Ok(self.read_counter(item, 0)?.0),
            None => Ok(Counter::default()),
        }
    }

    async fn mark(&self, mark: &Mark<'_>) -> Result<bool, StoreError> {
        let request = self
            .client()
            .update_item()
            .table_name(self.table())
            .key(KEY, key(mark.key))
            .condition_expression("attribute_not_exists(#mark) OR #mark <= :now OR #owner = :owner")
            .update_expression(format!("SET {EXPIRES_AT} = :expires_at, #mark = :until, #owner = :owner"))
            .expression_attribute_names("#mark", format!("{MARK}{}", mark.name))
            .expression_attribute_names("#owner", format!("{OWNER}{}", mark.name))
            .expression_attribute_values(":now", milliseconds(mark.at))
            .expression_attribute_values(":until", milliseconds(mark.until))
            .expression_attribute_values(":owner", text(mark.id))
            .expression_attribute_values(":expires_at", seconds(mark.keep_until));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(self.failed("UpdateItem", error)),
            },
        }
    }
}

impl DynamoDbStore {
    /// Reads a counter, and the slots of it that are over.
    fn read_counter(&self, item: &Item, first_slot: u64) -> Result<(Counter, Vec<u64>), StoreError> {
        let (mut slots, mut over, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for attribute in item.keys() {
            let unreadable = || StoreError::unreadable(self.table(), attribute);
            if let Some(name) = attribute.strip_prefix(MARK) {
                marks.push((name.to_owned(), read_milliseconds(item, attribute).ok_or_else(unreadable)?));
            } else if let Some(slot) = attribute.strip_prefix(SLOT) {
                let slot = u64::from_str_radix(slot, 16).map_err(|_| unreadable())?;
                slots.push((slot, read_number(item, attribute).ok_or_else(unreadable)?));
                if slot < first_slot {
                    over.push(slot);
                }
            }
        }
        Ok((Counter::new(slots, marks), over))
    }

    /// Sees to it that slots which are over leave: with the next addition, or now if there are many.
    ///
    /// An environment that writes to a counter again removes what it saw. Only the messages of a sender that come to a new
    /// environment each time leave more and more behind.
    async fn tidy(&self, key: &str, over: Vec<u64>) {
        if over.len() <= MOST_OVER {
            self.leftovers().remember(key, over);
            return;
        }
        let names: Vec<_> = (0..over.len()).map(|index| format!("#o{index}")).collect();
        let mut request = self
            .client()
            .update_item()
            .table_name(self.table())
            .key(KEY, self::key(key))
            .update_expression(format!("REMOVE {}", names.join(", ")));
        for (name, slot) in names.into_iter().zip(over) {
            request = request.expression_attribute_names(name, slot_attribute(slot));
        }
        // If this fails, the next addition finds them again.
        let _ = request.send().await;
    }
}

fn key(key: &str) -> AttributeValue {
    text(format!("counter#{key}"))
}

fn slot_attribute(slot: u64) -> String {
    format!("{SLOT}{slot:x}")
}

/// FNV-1a with 64 bits: the same in every environment and in every version of the crate.
fn fnv_1a(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the authors.
    #[test]
    fn an_id_has_the_same_number_everywhere() {
        assert_eq!(fnv_1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_1a("foobar"), 0x8594_4171_f739_67e8);
    }
}
