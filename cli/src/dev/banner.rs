//! The banner that `dev` prints at the start.

use crate::args::Dev;
use crate::text::{BAD, DIM, GOOD, printable, styled};
use crate::variables::TABLE;
use channel_flow_emulator::DemoArns;
use std::fmt::Display;
use std::io::Write;

/// Prints it. `processor` describes the processor of the messages.
pub(super) fn show(args: &Dev, url: &str, region: &str, processor: &str, demo: &DemoArns) {
    let mut out = anstream::stdout().lock();
    let mut line = |name: &str, text: &dyn Display| {
        // A closed standard output is no error.
        let _ = match name {
            "" => writeln!(out),
            name => writeln!(out, "{}  {text}", styled(DIM, format_args!("{name:<9}"))),
        };
    };
    line("page", &styled(GOOD, format_args!("{url}/")));
    line("endpoint", &url);
    line("processor", &printable(processor));
    let data = args.data.as_ref().map(|path| printable(&path.display().to_string()));
    line("table", &format_args!("{TABLE}, for functions, at the endpoint"));
    line("data", &data.as_deref().unwrap_or("in memory; --data FILE keeps it across restarts"));
    line("", &"");
    line("channel", &demo.channel);
    line("Alice", &demo.alice);
    line("Bob", &demo.bob);
    line("Helper", &demo.bot);
    line("flow", &demo.channel_flow);
    line("", &"");
    for (name, value) in [
        ("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", url),
        ("AWS_ENDPOINT_URL_CHIME_SDK_IDENTITY", url),
        ("AWS_ENDPOINT_URL_DYNAMODB", url),
        // The SDKs read the first; boto3 and version 1 of the AWS CLI read the second.
        ("AWS_REGION", region),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ] {
        let _ = writeln!(out, "export {name}={value}");
    }
    let _ = writeln!(out, "\nCtrl-C stops everything.\n");
    drop(out);
    if !args.address.is_loopback() {
        let address = args.address;
        let _ = writeln!(
            anstream::stderr(),
            "{} {address} is not a loopback address: every machine that can reach it can read and send messages; \
             clients must use this address, or a host name given with --allow-host",
            styled(BAD, "warning:")
        );
    }
}
