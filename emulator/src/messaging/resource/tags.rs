//! Tags of a resource.

use std::collections::BTreeMap;

/// Tags, by key.
pub(crate) type Tags = BTreeMap<String, String>;
