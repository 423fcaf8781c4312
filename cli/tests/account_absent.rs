//! The account commands in a build without the AWS SDK's crates.

#![cfg(not(feature = "account"))]

use std::process::Command;

#[test]
fn they_are_listed_and_say_how_to_get_them() {
    for args in [
        &["apply", "filter", "--app-instance", "arn:aws:chime:us-east-1:123456789012:app-instance/a"][..],
        &["apply", "--help"],
        &["destroy", "--no-such-option"],
        &["doctor"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-channel-flow")).args(args).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("cargo install cargo-channel-flow --features account"), "{args:?}: {text}");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-channel-flow")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for command in ["apply", "destroy", "doctor"] {
        assert!(help.contains(&format!("  {command} ")), "{help}");
    }
}
