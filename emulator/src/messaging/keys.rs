//! Which credentials were given out, and what their holders may do.

use crate::arn::app_instance_of;
use crate::model::credentials::Credentials;
use crate::model::grant::Grant;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The access keys that the service knows.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    issued: HashMap<String, Issued>,
    /// The grants that the roles of functions do not have, by the ARN of the app instance.
    revoked: HashSet<(String, Grant)>,
}

#[derive(Debug)]
struct Issued {
    credentials: Credentials,
    /// The name of the function whose role this is.
    function: Option<Arc<str>>,
}

impl Keys {
    /// Fresh credentials, of the role of a function if one is named.
    pub(crate) fn issue(&mut self, function: Option<Arc<str>>) -> Credentials {
        let credentials = Credentials::fresh();
        let issued = Issued { credentials: credentials.clone(), function };
        self.issued.insert(credentials.access_key_id().to_owned(), issued);
        credentials
    }

    /// The credentials with this access key.
    pub(crate) fn credentials(&self, access_key_id: &str) -> Option<&Credentials> {
        self.issued.get(access_key_id).map(|issued| &issued.credentials)
    }

    /// The function whose role these credentials are.
    pub(crate) fn function_of(&self, access_key_id: &str) -> Option<Arc<str>> {
        self.issued.get(access_key_id)?.function.clone()
    }

    /// Gives or takes a grant of the roles of functions.
    pub(crate) fn set_granted(&mut self, app_instance_arn: &str, grant: Grant, granted: bool) {
        let key = (app_instance_arn.to_owned(), grant);
        if granted {
            self.revoked.remove(&key);
        } else {
            self.revoked.insert(key);
        }
    }

    /// Whether the holder of this key may do this in a channel. Grants are for the roles of functions: others may do
    /// everything.
    pub(crate) fn is_granted(&self, access_key_id: &str, channel_arn: &str, grant: Grant) -> bool {
        let revoked = || self.revoked.contains(&(app_instance_of(channel_arn).to_owned(), grant));
        self.revoked.is_empty() || self.function_of(access_key_id).is_none() || !revoked()
    }
}
