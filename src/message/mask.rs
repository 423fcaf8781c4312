//! The sign that covers words.

/// The sign that [`Message::mask_texts`](crate::Message::mask_texts) puts in place of each character; an asterisk unless
/// chosen.
///
/// It is one of `*`, `-`, `_`, `.` and `~`: these take one byte in every form of content, percent-encoded or JSON, so that
/// a mask never makes a message longer.
///
/// ```
/// use channel_flow::Mask;
///
/// assert_eq!(Mask::new('-').unwrap().sign(), "-");
/// assert_eq!(Mask::new('#'), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mask(&'static str);

impl Mask {
    /// Returns the mask with this sign, or `None` if the sign is not one of `*`, `-`, `_`, `.` and `~`.
    pub fn new(sign: char) -> Option<Self> {
        match sign {
            '*' => Some(Self("*")),
            '-' => Some(Self("-")),
            '_' => Some(Self("_")),
            '.' => Some(Self(".")),
            '~' => Some(Self("~")),
            _ => None,
        }
    }

    /// Returns the sign, a string of one character.
    pub fn sign(self) -> &'static str {
        self.0
    }
}

impl Default for Mask {
    fn default() -> Self {
        Self("*")
    }
}
