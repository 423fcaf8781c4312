//! A channel flow and its processors.

use crate::account::arn::{Arn, FunctionArn};
use crate::fallback_action::FallbackAction;
use std::collections::BTreeSet;
use std::fmt;

/// How many processors the API model lets a channel flow have.
const MAX_PROCESSORS: usize = 3;

/// A processor of a channel flow, whose invocation type is `ASYNC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Processor {
    pub(crate) name: String,
    pub(crate) function: FunctionArn,
    pub(crate) execution_order: i32,
    pub(crate) fallback_action: FallbackAction,
}

/// An existing channel flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelFlow {
    pub(crate) arn: Arn,
    pub(crate) name: String,
    pub(crate) processors: Vec<Processor>,
}

/// Why processors cannot be those of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProcessorsError {
    TooMany(usize),
    Order(i32),
    SameOrder(i32),
    SameName,
}

/// The execution orders of processors with these names. Those without an order get the free ones, from the first on.
pub(crate) fn execution_orders(processors: &[(&str, Option<i32>)]) -> Result<Vec<i32>, ProcessorsError> {
    let max = MAX_PROCESSORS as i32;
    if processors.len() > MAX_PROCESSORS {
        return Err(ProcessorsError::TooMany(processors.len()));
    }
    let mut taken = BTreeSet::new();
    for order in processors.iter().filter_map(|(_, order)| *order) {
        if !(1..=max).contains(&order) {
            return Err(ProcessorsError::Order(order));
        }
        if !taken.insert(order) {
            return Err(ProcessorsError::SameOrder(order));
        }
    }
    let mut names = BTreeSet::new();
    let mut orders = Vec::new();
    for (name, order) in processors {
        if !names.insert(name) {
            return Err(ProcessorsError::SameName);
        }
        let free = (1..=max).find(|order| !taken.contains(order)).unwrap_or(max);
        let order = order.unwrap_or(free);
        taken.insert(order);
        orders.push(order);
    }
    Ok(orders)
}

impl fmt::Display for ProcessorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany(given) => write!(f, "a channel flow has {MAX_PROCESSORS} processors at most, not {given}"),
            Self::Order(order) => write!(f, "an execution order is from 1 to {MAX_PROCESSORS}, not {order}"),
            Self::SameOrder(order) => write!(f, "two processors have the execution order {order}"),
            Self::SameName => f.write_str("two processors have the same name"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_filled_up() {
        let given = |orders: &[Option<i32>]| {
            let names: Vec<_> = (0..orders.len()).map(|position| position.to_string()).collect();
            let processors: Vec<_> = names.iter().map(String::as_str).zip(orders.iter().copied()).collect();
            let mut ordered: Vec<_> = names.iter().cloned().zip(execution_orders(&processors)?).collect();
            ordered.sort_by_key(|(_, order)| *order);
            Ok(ordered)
        };
        let names =
            |ordered: &[(&str, i32)]| ordered.iter().map(|(name, order)| ((*name).to_owned(), *order)).collect();
        assert_eq!(given(&[None, None, None]), Ok(names(&[("0", 1), ("1", 2), ("2", 3)])));
        assert_eq!(given(&[None, Some(1)]), Ok(names(&[("1", 1), ("0", 2)])));
        assert_eq!(given(&[Some(3)]), Ok(names(&[("0", 3)])));
        assert_eq!(given(&[Some(0)]), Err(ProcessorsError::Order(0)));
        assert_eq!(given(&[Some(2), Some(2)]), Err(ProcessorsError::SameOrder(2)));
        assert_eq!(given(&[None; 4]), Err(ProcessorsError::TooMany(4)));
        assert_eq!(execution_orders(&[("p", None), ("p", None)]), Err(ProcessorsError::SameName));
    }
}
