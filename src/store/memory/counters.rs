//! Counters in memory.
