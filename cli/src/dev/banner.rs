//! What a person wants to know at the start.

use crate::args::Dev;
use crate::dev::demo::Demo;
use crate::text::{BAD, DIM, GOOD, printable, styled};
use std::fmt::Display;
use std::io::Write;

/// Shows it. `processor` says what the messages go through.
pub(super) fn show(args: &Dev, url: &str, region: &str, processor: &str, demo: &Demo) {
    let mut out = anstream::stdout().lock();
    let mut line = |name: &str, text: &dyn Display| {
        // Who closed standard output does not want to know.
        let _ = match name {
            "" => writeln!(out),
            name => writeln!(out, "{}  {text}", styled(DIM, format_args!("{name:<9}"))),
        };
    };
    line("page", &styled(GOOD, format_args!("{url}/")));
    line("endpoint", &url);
    line("processor", &printable(processor));
    let data = args.data.as_ref().map(|path| printable(&path.display().to_string()));
    line("data", &data.as_deref().unwrap_or("in memory; --data FILE keeps it"));
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
        // What the SDKs read, and what boto3 and the first command line do.
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
            "{} {address} is not a loopback address: every machine that reaches it can read and send messages; it has to \
             use this address, or a host name that --allow-host names",
            styled(BAD, "warning:")
        );
    }
}
