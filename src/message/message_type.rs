//! The type of a message.

use super::open_enum::open_enum;

open_enum! {
    /// The type of a message. Channel flows process `STANDARD` messages. The `CONTROL` variant exists because an event
    /// has the field.
    pub enum MessageType {
        /// `STANDARD`: a message that people write.
        Standard = "STANDARD",
        /// `CONTROL`: a message that clients send each other.
        Control = "CONTROL",
    }
}
