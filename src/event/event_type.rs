//! The type of an event.

use crate::message::open_enum::open_enum;

open_enum! {
    /// The type of the event that brought a message. The type does not matter to the framework: if the event contains a
    /// message, the processor is asked.
    pub enum EventType {
        /// `CHANNEL_MESSAGE_EVENT`: the only type that the service documents for channel flows.
        ChannelMessageEvent = "CHANNEL_MESSAGE_EVENT",
    }
}
