//! Claims in memory.
