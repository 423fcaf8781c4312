//! The part of a message that is known even if its content cannot be read.

use super::ids::{CallbackIds, MissingIds};
use super::lenient_json::Fields;
use super::payload::Payload;
use super::provenance::Provenance;

/// All that it takes to answer for a message and to ask the service about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Header {
    pub(crate) ids: CallbackIds,
    pub(crate) provenance: Provenance,
}

impl Header {
    pub(super) fn read(payload: &Payload<'_>, channel_message: &Fields<'_>) -> Result<Self, MissingIds> {
        let ids = CallbackIds::read(payload, channel_message)?;
        Ok(Self { ids, provenance: Provenance::read(channel_message) })
    }
}
