//! The trait for a store of claims to work that is done once.
