//! One operation of the API: the form of its requests, and the function that runs it.

use crate::messaging::api::call::Call;
use crate::messaging::wire::api_error::{ApiError, Exception};
use crate::messaging::wire::shape::{Member, Place};
use crate::net::query::query;
use axum::http::StatusCode;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// An operation of Chime SDK messaging or of Chime SDK identity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// With labels in braces, such as `/channels/{channelArn}/messages`.
    pub(crate) path: &'static str,
    /// The key and value in the query that tell operations of the same path apart.
    pub(crate) selector: Option<(&'static str, &'static str)>,
    /// The status of its answer.
    pub(crate) status: u16,
    pub(crate) input: &'static [Member],
    /// The exceptions of its model, beside those that every operation has.
    pub(crate) exceptions: &'static [Exception],
    /// Runs it.
    pub(crate) run: Run,
}

/// Runs an operation. The value becomes the body of the answer.
pub(crate) type Run = fn(&mut Call<'_>) -> Result<Value, ApiError>;

/// The keys that tell operations of the same path apart. No operation has a member of such a name.
const SELECTORS: [&str; 2] = ["operation", "scope"];

impl Operation {
    /// The status of its answer.
    pub(crate) fn success(&self) -> StatusCode {
        StatusCode::from_u16(self.status).expect("tables have valid statuses")
    }

    /// Whether it changes nothing.
    pub(crate) fn only_reads(&self) -> bool {
        self.method == "GET" || self.name == "SearchChannels"
    }

    /// The labels of the path and their values, if the request, whose path has these `segments`, is for this operation.
    pub(crate) fn matches(&self, request: &Parts, segments: &[&str]) -> Option<Vec<(&'static str, String)>> {
        if request.method.as_str() != self.method {
            return None;
        }
        let mut labels = Vec::new();
        let mut given = segments.iter();
        for expected in self.path.split('/') {
            let given = given.next()?;
            match expected.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
                Some(label) => labels.push((label, *given)),
                None if expected == *given => {}
                None => return None,
            }
        }
        if given.next().is_some() {
            return None;
        }
        // A selector of an operation that is not in the tables must not fall through to its path's plain operation.
        let selects = |key: &'static str| query(request, key).map(|value| (key, value));
        let given = SELECTORS.into_iter().find_map(selects);
        if given.as_ref().map(|(key, value)| (*key, value.as_str())) != self.selector {
            return None;
        }
        // Bytes that are not UTF-8 cannot be in an ARN, so a lossy reading fails its pattern.
        let decode = |given: &str| percent_decode_str(given).decode_utf8_lossy().into_owned();
        Some(labels.into_iter().map(|(label, given)| (label, decode(given))).collect())
    }

    /// What path, query and header say, by the names of the model.
    pub(crate) fn members_outside_the_body(
        &self,
        request: &Parts,
        labels: &[(&'static str, String)],
    ) -> Map<String, Value> {
        let mut members = Map::new();
        for member in self.input {
            let value = match member.place {
                Place::Body => None,
                Place::Path(label) => labels.iter().find(|(name, _)| *name == label).map(|(_, value)| value.clone()),
                Place::Query(key) => query(request, key),
                Place::Bearer => request
                    .headers
                    .get("x-amz-chime-bearer")
                    .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            };
            if let Some(value) = value {
                members.insert(member.name.to_owned(), member.shape.of_text(value));
            }
        }
        members
    }
}
