//! A function's binary, and the variables that its process gets.

use crate::arn::ACCOUNT;
use crate::ids;
use crate::lambda::function_settings::FunctionSettings;
use crate::model::credentials::Credentials;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tokio::process::Command;

/// The variable that names the table of a function.
const TABLE: &str = "CHANNEL_FLOW_TABLE";

/// A binary that runs as a function.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) settings: FunctionSettings,
    pub(crate) region: String,
    pub(crate) endpoint_url: String,
    pub(crate) table: Option<String>,
}

impl Program {
    pub(crate) fn name(&self) -> String {
        let stem = || self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        self.settings.name.clone().unwrap_or_else(stem)
    }

    pub(crate) fn function_arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, ACCOUNT, self.name())
    }

    /// The process with the variables that a Lambda function sees, and no others but those that
    /// the settings add or replace.
    pub(crate) fn command(&self, credentials: &Credentials, runtime_api: SocketAddr) -> Command {
        let task_root = self.path.parent().unwrap_or(Path::new("/"));
        let name = self.name();
        let date = ids::timestamp(SystemTime::now())[..10].replace('-', "/");
        let mut command = Command::new(&self.path);
        command
            .current_dir(task_root)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.settings.memory_mb.to_string())
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("{date}/[$LATEST]{}", &ids::message_id()[..32]))
            .env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", &self.endpoint_url)
            .env("_HANDLER", "bootstrap")
            .env("LAMBDA_TASK_ROOT", task_root)
            .env("LAMBDA_RUNTIME_DIR", "/var/runtime")
            .env("LANG", "en_US.UTF-8")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin")
            .env("TZ", ":UTC");
        if self.settings.has_credentials {
            command
                .env("AWS_REGION", &self.region)
                .env("AWS_DEFAULT_REGION", &self.region)
                .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
                .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
                .env("AWS_SESSION_TOKEN", credentials.session_token());
        }
        if self.settings.is_shared() {
            command
                .env("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances")
                .env("AWS_LAMBDA_MAX_CONCURRENCY", self.settings.concurrency_of_environment.to_string());
        }
        // A table that the settings name is one in an account, which the SDK finds by itself.
        if let Some(table) = self.table.as_ref().filter(|_| !self.settings.env.contains_key(OsStr::new(TABLE))) {
            command.env(TABLE, table).env("AWS_ENDPOINT_URL_DYNAMODB", &self.endpoint_url);
        }
        command.envs(&self.settings.env);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messaging::keys::Keys;

    fn variables(settings: FunctionSettings) -> Vec<(String, String)> {
        let program = Program {
            path: "/function".into(),
            settings,
            region: "us-east-1".to_owned(),
            endpoint_url: "http://127.0.0.1:1".to_owned(),
            table: Some("remembered".to_owned()),
        };
        let command = program.command(&Keys::default().issue(None), ([127, 0, 0, 1], 2).into());
        let text = |text: &OsStr| text.to_str().unwrap().to_owned();
        command.as_std().get_envs().map(|(name, value)| (text(name), text(value.unwrap()))).collect()
    }

    #[test]
    fn a_function_gets_the_table_unless_it_has_one() {
        let with = variables(FunctionSettings::new());
        assert!(with.contains(&(TABLE.to_owned(), "remembered".to_owned())), "{with:?}");
        assert!(with.contains(&("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), "http://127.0.0.1:1".to_owned())), "{with:?}");
        let own = variables(FunctionSettings::new().env(TABLE, "mine"));
        assert!(own.contains(&(TABLE.to_owned(), "mine".to_owned())), "{own:?}");
        assert!(own.iter().all(|(name, _)| name != "AWS_ENDPOINT_URL_DYNAMODB"), "{own:?}");
    }

    #[test]
    fn a_function_without_credentials_still_calls_back_here() {
        let names = |settings| variables(settings).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let with = names(FunctionSettings::new());
        let without = names(FunctionSettings::new().without_credentials());
        let left_out: Vec<_> = with.iter().filter(|name| !without.contains(name)).collect();
        let own = ["ACCESS_KEY_ID", "DEFAULT_REGION", "REGION", "SECRET_ACCESS_KEY", "SESSION_TOKEN"];
        assert_eq!(left_out, own.map(|name| format!("AWS_{name}")).iter().collect::<Vec<_>>());
    }
}
