//! What happens if a store is away.

/// What happens to a message, or to the work for it, if the store gives no answer.
///
/// Each failure of a store is logged as a warning, for a metric filter and an alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IfStoreAway {
    /// The function goes on without the store. This is the default.
    #[default]
    GoOn,
    /// The function does nothing that the store would have to allow.
    HoldBack,
}
