//! Tests of the reviewer.
