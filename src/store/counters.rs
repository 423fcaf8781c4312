//! The trait for a store of counters.
