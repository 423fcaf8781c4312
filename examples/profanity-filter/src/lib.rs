//! A channel flow processor that keeps profanity out of a chat.
//!
//! [`ProfanityFilter`] is the whole function, which `main.rs` runs, or a [step](channel_flow::Step) of another one.
//!
//! Messages of people are censored, `What the **** is this?`, or denied; messages of bots pass. Environment
//! variables, all of them optional:
//!
//! | variable | | default |
//! | --- | --- | --- |
//! | `PROFANITY_ACTION` | `censor`: everyone sees the message without the words; `deny`: nobody sees it | `censor` |
//! | `PROFANITY_REPLACEMENT` | what each character of a word becomes: `*`, `-`, `_`, `.` or `~` | `*` |
//! | `PROFANITY_ALSO` | more words to find, with commas between them | |
//! | `PROFANITY_ALLOW` | words to let through, with commas between them | |

mod filter;
mod invalid_setting;
mod prose;
mod spelling;
mod words;

pub use self::filter::ProfanityFilter;
pub use self::invalid_setting::InvalidSetting;
