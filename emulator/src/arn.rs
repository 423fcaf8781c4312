//! ARNs: the app instance of a resource, and the ARN of a function's name.

/// The account of every ARN that this crate makes up.
pub const ACCOUNT: &str = "123456789012";

/// The app instance that an ARN belongs to: the ARN up to the kind of the resource in it.
pub(crate) fn app_instance_of(arn: &str) -> &str {
    let resource = arn.find(":app-instance/").map_or(0, |at| at + ":app-instance/".len());
    arn[resource..].find('/').map_or(arn, |end| &arn[..resource + end])
}

/// The ARN that a function's name stands for, in the emulator's region and account. An ARN stands for itself.
pub(crate) fn function_arn(name_or_arn: &str, region: &str) -> String {
    match name_or_arn.starts_with("arn:") {
        true => name_or_arn.to_owned(),
        false => format!("arn:aws:lambda:{region}:{}:function:{name_or_arn}", ACCOUNT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_arn_is_of() {
        let app_instance = "arn:aws:chime:us-east-1:123456789012:app-instance/a";
        for rest in ["", "/user/x", "/bot/y", "/channel/a:app-instance/b"] {
            assert_eq!(app_instance_of(&format!("{app_instance}{rest}")), app_instance);
        }
        assert!(app_instance_of("").is_empty());
    }
}
