//! Whose messages are counted together.

use crate::{Message, arn};

/// The longest key. The stores' limit is a little higher.
const LONGEST_KEY: usize = 1_000;

/// Whose messages are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CountBy {
    /// The messages of a sender, in all channels. This is the default.
    #[default]
    Sender,
    /// The messages in a channel, of all senders.
    Channel,
    /// The messages of a sender in a channel.
    SenderInChannel,
}

impl CountBy {
    /// Returns the key of the counter for a message, or `None` if the event does not name the sender that it takes.
    pub(crate) fn key(self, name: &str, slot_ms: u64, message: &Message) -> Option<String> {
        let (sender, channel) = (message.sender().arn(), message.channel_arn());
        if sender.is_empty() && self != Self::Channel {
            return None;
        }
        // The length of a slot is in the key: a number of a slot means something else if it changes.
        let key = match self {
            Self::Sender => format!("{name}#{slot_ms}#{sender}"),
            Self::Channel => format!("{name}#{slot_ms}#{channel}"),
            Self::SenderInChannel => {
                let sender = sender.strip_prefix(arn::app_instance(channel)).unwrap_or(sender);
                format!("{name}#{slot_ms}#{channel}#{sender}")
            }
        };
        Some(shortened(key))
    }
}

/// Shortens a key that no store takes. The ARNs that the service gives out are far shorter.
fn shortened(mut key: String) -> String {
    if key.len() > LONGEST_KEY {
        let hash = fnv_1a(key.as_bytes());
        key.truncate(key.floor_char_boundary(LONGEST_KEY - 33));
        key.push_str(&format!("#{hash:032x}"));
    }
    key
}

/// FNV-1a with 128 bits: the same in every environment and in every version of the crate.
fn fnv_1a(bytes: &[u8]) -> u128 {
    let step =
        |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    bytes.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::message;

    const CHANNEL: &str = "arn:aws:chime:us-east-1:111122223333:app-instance/a/channel/general";

    fn key(by: CountBy, sender: &str) -> Option<String> {
        let sender = format!(r#"{{ "Arn": "{sender}" }}"#);
        by.key("flood", 1_000, &message("Hi").channel_arn(CHANNEL).field("Sender", &sender).build())
    }

    #[test]
    fn a_key_is_of_a_sender_of_a_channel_or_of_both() {
        let alice = "arn:aws:chime:us-east-1:111122223333:app-instance/a/user/alice";
        let stranger = "arn:aws:chime:us-east-1:111122223333:app-instance/b/user/alice";
        assert_eq!(key(CountBy::Sender, alice), Some(format!("flood#1000#{alice}")));
        assert_eq!(key(CountBy::Channel, alice), Some(format!("flood#1000#{CHANNEL}")));
        assert_eq!(key(CountBy::SenderInChannel, alice), Some(format!("flood#1000#{CHANNEL}#/user/alice")));
        assert_eq!(key(CountBy::SenderInChannel, stranger), Some(format!("flood#1000#{CHANNEL}#{stranger}")));
    }

    #[test]
    fn without_a_sender_only_the_channel_is_counted() {
        assert_eq!(key(CountBy::Sender, ""), None);
        assert_eq!(key(CountBy::SenderInChannel, ""), None);
        assert!(key(CountBy::Channel, "").is_some());
    }

    #[test]
    fn a_key_that_no_store_takes_is_shortened() {
        let long = |last: &str| key(CountBy::Sender, &format!("{}{last}", "é".repeat(800))).unwrap();
        assert!(long("a").len() <= LONGEST_KEY && long("a") != long("b"), "{}", long("a"));
        assert_eq!(fnv_1a(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        // The vector of the authors for "a".
        assert_eq!(fnv_1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
