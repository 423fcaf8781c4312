//! The names of the steps, which are the reasons of their decisions too.

pub(crate) const PROFANITY: &str = "profanity";
pub(crate) const PERSONAL_DATA: &str = "personal-data";
pub(crate) const LINKS: &str = "links";
