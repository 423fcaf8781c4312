//! Scores: how sure a judge is of each category.

use crate::json::Members;
use crate::model::code::is_code;
use std::collections::BTreeMap;

/// A number for each category, such as `INSULT`.
pub type Scores = BTreeMap<String, f64>;

/// The numbers of a JSON object whose names are codes. Everything else in it is left out.
pub(crate) fn read(json: Option<&str>) -> Scores {
    let Some(members) = json.and_then(|json| Members::read(json.as_bytes())) else { return Scores::new() };
    let score = |(category, score): (&str, &str)| Some((category.to_owned(), serde_json::from_str(score).ok()?));
    members.iter().filter(|(category, _)| is_code(category)).filter_map(score).collect()
}
