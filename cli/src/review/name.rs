//! The name of whoever decides.

use crate::args::By;
use crate::exit::Failure;
use channel_flow::ResolvedBy;
use std::env;

/// The name that was given, or the login name.
pub(super) fn of(by: &By) -> Result<ResolvedBy, Failure> {
    let name = by.by.clone().or_else(login);
    name.map(ResolvedBy::Person).ok_or_else(|| {
        Failure::unusable("your login name is not known: pass the name to record with the decision, with --by NAME")
    })
}

/// The login name, as the system's shells and tools set it.
pub(super) fn login() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].iter().find_map(|variable| env::var(variable).ok().filter(|name| !name.is_empty()))
}
