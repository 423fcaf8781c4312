//! A channel flow processor that keeps profanity out of a chat. Copy this package to start your own.
//!
//! ```text
//! cargo run -p cargo-channel-flow -- send "What the hell is this?"
//! ```

use std::env;

use profanity_filter::ProfanityFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = ProfanityFilter::from_settings(|name| Some(env::var_os(name)?.to_string_lossy().into_owned()))?;
    Ok(channel_flow::run(filter).await?)
}
