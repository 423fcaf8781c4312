//! Which of the user's environment variables the function sees.

use std::ffi::{OsStr, OsString};

/// The name of the table that the emulator has for functions.
pub(crate) const TABLE: &str = "channel-flow";

/// All but those that belong to Lambda and AWS: the function has its own region, credentials and endpoint, and must not
/// reach a real account with the user's.
pub(crate) fn inherited() -> Vec<(OsString, OsString)> {
    of(std::env::vars_os())
}

fn of(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let mut variables: Vec<_> = variables.filter(|(name, _)| !is_reserved(name)).collect();
    // The messaging service is on this machine, and no proxy can reach it.
    for name in ["NO_PROXY", "no_proxy"] {
        let mut value = OsString::from("127.0.0.1");
        if let Some((_, own)) = variables.iter().find(|(key, _)| key == name).filter(|(_, own)| !own.is_empty()) {
            value.push(",");
            value.push(own);
        }
        variables.retain(|(key, _)| key != name);
        variables.push((name.into(), value));
    }
    variables
}

fn is_reserved(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["AWS_", "LAMBDA_", "_HANDLER", "_X_AMZN_"].iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_text(variables: &[(&str, &str)]) -> Vec<(String, String)> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let text = |text: OsString| text.into_string().unwrap();
        of(variables).into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn what_is_awss_stays_here() {
        let seen =
            of_text(&[("AWS_PROFILE", "work"), ("AWS_SECRET_ACCESS_KEY", "x"), ("_HANDLER", "x"), ("LAWS_", "y")]);
        let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["LAWS_", "NO_PROXY", "no_proxy"]);
    }

    #[test]
    fn no_proxy_stands_in_between() {
        let seen = of_text(&[("NO_PROXY", "example.com"), ("no_proxy", "")]);
        assert!(seen.contains(&("NO_PROXY".into(), "127.0.0.1,example.com".into())), "{seen:?}");
        assert!(seen.contains(&("no_proxy".into(), "127.0.0.1".into())), "{seen:?}");
        assert_eq!(seen.len(), 2);
    }
}
