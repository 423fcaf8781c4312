//! Text that was decoded, with the way back to where it was read.

/// Decoded text, and for each of its bytes the position in the encoded text that the byte comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) starts: Vec<usize>,
}
