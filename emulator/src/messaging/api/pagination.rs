//! Lists in pages.

use crate::messaging::api::call::Call;
use crate::messaging::wire::api_error::ApiError;
use aws_smithy_types::base64;
use serde_json::{Value, json};

/// How many results a page has if the request does not say.
const MAX_RESULTS: usize = 50;

/// One page of a list.
pub(crate) struct Page {
    entries: Vec<Value>,
    next_token: Option<String>,
}

impl Page {
    /// The page as an answer: the list under `name`, and `NextToken` if there is more.
    pub(crate) fn answer(self, name: &str) -> Value {
        let mut answer = json!({ name: self.entries });
        if let Some(next_token) = self.next_token {
            answer["NextToken"] = next_token.into();
        }
        answer
    }

    /// The same, with the channel or app instance that it is a list of.
    pub(crate) fn answer_of(self, name: &str, owner: &str, arn: &str) -> Value {
        let mut answer = self.answer(name);
        answer[owner] = arn.into();
        answer
    }
}

impl Call<'_> {
    /// The page that the request asks for, of items in the order of their keys.
    ///
    /// A page begins after the last key of the one before, whatever came or went meanwhile.
    ///
    /// # Errors
    ///
    /// `NextToken` is not one of this operation.
    pub(crate) fn page<'k, T>(
        &self,
        items: impl Iterator<Item = (&'k String, T)>,
        show: impl Fn(&str, T) -> Value,
    ) -> Result<Page, ApiError> {
        let after = self.input.optional("NextToken").map(|token| self.key_of(token)).transpose()?;
        let size = self.input.integer("MaxResults").and_then(|most| usize::try_from(most).ok()).unwrap_or(MAX_RESULTS);
        let mut rest = items.skip_while(|(key, _)| after.as_ref().is_some_and(|after| *key <= after)).peekable();
        let mut entries = Vec::new();
        let mut last = None;
        while entries.len() < size
            && let Some((key, item)) = rest.next()
        {
            entries.push(show(key, item));
            last = Some(key);
        }
        let next_token = last.filter(|_| rest.peek().is_some()).map(|key| self.token_of(key));
        Ok(Page { entries, next_token })
    }

    /// The token of the page after `key`.
    fn token_of(&self, key: &str) -> String {
        base64::encode(format!("{} {key}", self.operation))
    }

    fn key_of(&self, token: &str) -> Result<String, ApiError> {
        let text = base64::decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let key = text.as_deref().and_then(|text| text.strip_prefix(self.operation)?.strip_prefix(' '));
        key.map(str::to_owned).ok_or_else(|| ApiError::bad_request("NextToken is not one that this operation gave out"))
    }
}
