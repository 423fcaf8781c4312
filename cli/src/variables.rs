//! Which environment variables the function gets.

use std::ffi::{OsStr, OsString};

/// The name of the table that the emulator has for functions.
pub(crate) const TABLE: &str = "channel-flow";

/// The variable that names the table of a function.
const TABLE_VARIABLE: &str = "CHANNEL_FLOW_TABLE";

/// Each of these, given by name, says whose credentials the function uses.
const CREDENTIALS: [&str; 5] = [
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Belongs to credentials that are named.
const PARTS_OF_CREDENTIALS: [&str; 5] = [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
];

/// Settings with which a callback would leave this machine, or could not be sent to it. They are off, whatever the user's
/// shell or profile says.
const OFF: [&str; 3] = ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"];

/// The variables of a function, and whose credentials are in them.
#[derive(Debug)]
pub(crate) struct Variables {
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// Whether the function uses the user's credentials, and none of the emulator's.
    pub(crate) own_credentials: bool,
}

impl Variables {
    /// Those of the shell and then those that are given by name. Of the shell's, those of AWS and Lambda stay out unless the
    /// user's own credentials are asked for: the function must not reach an account by mistake.
    pub(crate) fn new(given: Vec<(String, String)>, own_credentials: bool) -> Self {
        Self::of(std::env::vars_os(), given, own_credentials)
    }

    fn of(
        shell: impl Iterator<Item = (OsString, OsString)>,
        given: Vec<(String, String)>,
        own_credentials: bool,
    ) -> Self {
        let named = given.iter().any(|(name, _)| CREDENTIALS.contains(&name.as_str()));
        let own_credentials = own_credentials || named;
        let shell: Vec<_> = shell.collect();
        let has_table = shell.iter().any(|(name, _)| name == TABLE_VARIABLE)
            || given.iter().any(|(name, _)| name == TABLE_VARIABLE);
        let is_inherited = |name: &OsStr| match name.to_string_lossy() {
            name if !is_reserved(&name) => true,
            name => own_credentials && is_of_user(&name, named, has_table),
        };
        let mut variables: Vec<_> = shell.into_iter().filter(|(name, _)| is_inherited(name)).collect();
        reach_this_machine(&mut variables);
        if own_credentials {
            variables.extend(OFF.map(|name| (name.into(), "false".into())));
        }
        variables.extend(given.into_iter().map(|(name, value)| (name.into(), value.into())));
        Self { variables, own_credentials }
    }
}

/// The messaging service is on this machine, and no proxy can reach it.
fn reach_this_machine(variables: &mut Vec<(OsString, OsString)>) {
    for name in ["NO_PROXY", "no_proxy"] {
        let mut value = OsString::from("127.0.0.1");
        if let Some((_, own)) = variables.iter().find(|(key, _)| key == name).filter(|(_, own)| !own.is_empty()) {
            value.push(",");
            value.push(own);
        }
        variables.retain(|(key, _)| key != name);
        variables.push((name.into(), value));
    }
}

/// Whether a variable belongs to Lambda or AWS.
fn is_reserved(name: &str) -> bool {
    ["AWS_", "LAMBDA_", "_HANDLER", "_X_AMZN_"].iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a reserved variable of the shell belongs to the user's credentials, or to how AWS is reached with them.
fn is_of_user(name: &str, named: bool, has_table: bool) -> bool {
    let is_lambdas = !name.starts_with("AWS_") || name.starts_with("AWS_LAMBDA_") || name == "AWS_EXECUTION_ENV";
    // Credentials that are given by name take the place of all of the shell's.
    let is_replaced = named && (CREDENTIALS.contains(&name) || PARTS_OF_CREDENTIALS.contains(&name));
    // The emulator's table is at the emulator's endpoint.
    let is_emulators =
        name == "AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING" || (name == "AWS_ENDPOINT_URL_DYNAMODB" && !has_table);
    !(is_lambdas || is_replaced || is_emulators || OFF.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of the shell, those that are given, whether the user's own are asked for.
    fn of(shell: &[(&str, &str)], given: &[(&str, &str)], own: bool) -> (Vec<(String, String)>, bool) {
        let shell = shell.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let Variables { variables, own_credentials } = Variables::of(shell, given, own);
        let text = |text: OsString| text.into_string().unwrap();
        (variables.into_iter().map(|(name, value)| (text(name), text(value))).collect(), own_credentials)
    }

    fn names(shell: &[(&str, &str)], given: &[(&str, &str)], own: bool) -> Vec<String> {
        let machine = ["NO_PROXY", "no_proxy"];
        let names = of(shell, given, own).0.into_iter().map(|(name, _)| name);
        names.filter(|name| !machine.contains(&name.as_str()) && !OFF.contains(&name.as_str())).collect()
    }

    const SHELL: [(&str, &str); 13] = [
        ("AWS_PROFILE", "work"),
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_SESSION_TOKEN", "x"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_CONFIG_FILE", "/config"),
        ("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", "https://example.com"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://localhost:8000"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
        ("AWS_LAMBDA_RUNTIME_API", "x"),
        ("_HANDLER", "x"),
        ("LAMBDA_TASK_ROOT", "x"),
        ("LAWS_", "y"),
    ];

    #[test]
    fn what_is_awss_stays_here() {
        assert_eq!(names(&SHELL, &[("A", "b")], false), ["LAWS_", "A"]);
        let (variables, own) = of(&SHELL, &[("AWS_REGION", "us-east-1")], false);
        assert!(!own && variables.iter().all(|(name, _)| !OFF.contains(&name.as_str())), "{variables:?}");
    }

    #[test]
    fn the_users_credentials_come_along_if_asked_for() {
        let [profile, key, secret, token, region, config, ..] = SHELL.map(|(name, _)| name);
        assert_eq!(names(&SHELL, &[], true), [profile, key, secret, token, region, config, "LAWS_"]);
        let (variables, own) = of(&SHELL, &[], true);
        assert!(own);
        for name in OFF {
            assert!(variables.contains(&(name.to_owned(), "false".to_owned())), "{variables:?}");
        }
    }

    #[test]
    fn credentials_that_are_named_take_the_place_of_all_others() {
        for own in [false, true] {
            let with = names(&SHELL, &[("AWS_PROFILE", "mine")], own);
            assert_eq!(with, ["AWS_REGION", "AWS_CONFIG_FILE", "LAWS_", "AWS_PROFILE"]);
            assert!(of(&SHELL, &[("AWS_PROFILE", "mine")], own).1);
        }
    }

    #[test]
    fn an_endpoint_for_dynamodb_is_for_the_users_own_table() {
        let endpoint = "AWS_ENDPOINT_URL_DYNAMODB".to_owned();
        assert!(!names(&SHELL, &[], true).contains(&endpoint));
        assert!(names(&SHELL, &[("CHANNEL_FLOW_TABLE", "mine")], true).contains(&endpoint));
        assert!(!names(&SHELL, &[("CHANNEL_FLOW_TABLE", "mine")], false).contains(&endpoint));
    }

    #[test]
    fn no_proxy_stands_in_between() {
        let (seen, _) = of(&[("NO_PROXY", "example.com"), ("no_proxy", "")], &[], false);
        assert!(seen.contains(&("NO_PROXY".into(), "127.0.0.1,example.com".into())), "{seen:?}");
        assert!(seen.contains(&("no_proxy".into(), "127.0.0.1".into())), "{seen:?}");
        assert_eq!(seen.len(), 2);
    }
}
