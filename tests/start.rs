//! A function that cannot start says what to do.

use std::process::{Command, Output};

fn troublemaker(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_troublemaker"));
    command.env_clear().envs(variables.iter().copied()).output().expect("it runs")
}

const LAMBDA: [(&str, &str); 4] = [
    // Nothing listens there; the function ends before it would ask.
    ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9"),
    ("AWS_LAMBDA_FUNCTION_NAME", "f"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
];

fn message(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn outside_of_lambda_it_says_how_to_run_it() {
    let message = message(&troublemaker(&[]));
    assert!(message.contains("AWS_LAMBDA_RUNTIME_API is not set"), "{message}");
    assert!(message.contains("cargo channel-flow send"), "{message}");
    assert!(!message.contains("panicked"), "{message}");
}

#[test]
fn without_a_region_it_names_the_variable() {
    let variables = [&LAMBDA[..], &[("AWS_EC2_METADATA_DISABLED", "true")]].concat();
    let message = message(&troublemaker(&variables));
    assert!(message.contains("set AWS_REGION"), "{message}");
}

#[test]
fn a_bundle_of_certificates_that_is_not_there_is_named() {
    let variables = [&LAMBDA[..], &[("SSL_CERT_FILE", "/no/such/bundle.pem")]].concat();
    let message = message(&troublemaker(&variables));
    assert!(message.contains("/no/such/bundle.pem, which SSL_CERT_FILE names"), "{message}");
}

#[test]
fn a_variable_of_the_framework_that_makes_no_sense_is_named() {
    let region = [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")];
    for (variable, must_be) in [
        ("CHANNEL_FLOW_FALLBACK_ACTION", "ABORT or CONTINUE"),
        ("CHANNEL_FLOW_MAY_ASK_STATUS", "true, false"),
        ("CHANNEL_FLOW_METRICS", "emf or off"),
        ("CHANNEL_FLOW_DRY_RUN", "true or false"),
    ] {
        let message = message(&troublemaker(&[&LAMBDA[..], &region, &[(variable, "perhaps")]].concat()));
        assert!(message.contains(variable) && message.contains(must_be), "{message}");
    }
}
