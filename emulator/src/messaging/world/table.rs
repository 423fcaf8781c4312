//! Resources of one kind, by key, with every change noted.

use crate::messaging::world::batch::{Batch, Change};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

/// Resources of one kind, in the order of their keys.
pub(crate) struct Table<T> {
    table: &'static str,
    items: BTreeMap<String, T>,
}

impl<T: Serialize + DeserializeOwned> Table<T> {
    /// Kept in `table` of the store.
    pub(crate) fn new(table: &'static str) -> Self {
        Self { table, items: BTreeMap::new() }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.items.get(key)
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        self.items.contains_key(key)
    }

    /// All of them, in the order of their keys.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&String, &T)> {
        self.items.iter()
    }

    /// Those whose key begins with `prefix`, in the order of their keys.
    pub(crate) fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a String, &'a T)> {
        let from = self.items.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// The keys that begin with `prefix`.
    pub(crate) fn keys_under(&self, prefix: &str) -> Vec<String> {
        self.under(prefix).map(|(key, _)| key.clone()).collect()
    }

    /// Puts a new one, or another one in its place.
    pub(crate) fn put(&mut self, batch: &mut Batch, key: String, value: T) {
        self.note(batch, &key, Some(&value));
        self.items.insert(key, value);
    }

    /// Changes one, if it is there.
    pub(crate) fn change<R>(&mut self, batch: &mut Batch, key: &str, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let changed = change(self.items.get_mut(key)?);
        self.note(batch, key, self.items.get(key));
        Some(changed)
    }

    /// For changes that are stored in another table.
    pub(crate) fn get_unnoted(&mut self, key: &str) -> Option<&mut T> {
        self.items.get_mut(key)
    }

    pub(crate) fn remove(&mut self, batch: &mut Batch, key: &str) -> Option<T> {
        let removed = self.items.remove(key)?;
        self.note(batch, key, None);
        Some(removed)
    }

    /// Loads an entry of the data file; `false` if it cannot be read.
    pub(crate) fn load(&mut self, key: &str, value: &[u8]) -> bool {
        let read = serde_json::from_slice(value).map(|value| self.items.insert(key.to_owned(), value));
        read.is_ok()
    }

    fn note(&self, batch: &mut Batch, key: &str, value: Option<&T>) {
        if batch.is_durable() {
            let value = value.map(|value| serde_json::to_vec(value).expect("resources have nothing that JSON has not"));
            batch.changes.push(Change { table: self.table, key: key.to_owned(), value });
        }
    }
}

/// Without the resources, which hold names and metadata.
impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("table", &self.table).field("items", &self.items.len()).finish()
    }
}
