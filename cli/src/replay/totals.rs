//! What all messages of a recording come to.

use super::sample::Sample;
use super::shadow::{Shadow, shadows};
use super::summary::Summary;
use super::tally::Tallies;
use super::threshold::{Category, categories};
use std::collections::BTreeMap;

/// How the messages ended, and what is measured by them.
pub(super) struct Totals {
    pub(super) summary: Summary,
    pub(super) tallies: Tallies,
    /// By name.
    pub(super) shadows: BTreeMap<String, Shadow>,
    pub(super) categories: Vec<Category>,
}

impl Totals {
    pub(super) fn new(summary: Summary, tallies: Tallies, samples: &[Sample]) -> Self {
        Self { summary, tallies, shadows: shadows(samples), categories: categories(samples) }
    }
}
