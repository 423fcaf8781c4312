//! A function's binary, and the variables that its process gets.

use crate::arn::ACCOUNT;
use crate::ids;
use crate::lambda::function_settings::FunctionSettings;
use crate::model::credentials::Credentials;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tokio::process::Command;

/// A binary that runs as a function.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) settings: FunctionSettings,
    pub(crate) region: String,
    pub(crate) endpoint_url: String,
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
            .env("AWS_REGION", &self.region)
            .env("AWS_DEFAULT_REGION", &self.region)
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
            .env("AWS_SESSION_TOKEN", credentials.session_token())
            .env("AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING", &self.endpoint_url)
            .env("_HANDLER", "bootstrap")
            .env("LAMBDA_TASK_ROOT", task_root)
            .env("LAMBDA_RUNTIME_DIR", "/var/runtime")
            .env("LANG", "en_US.UTF-8")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin")
            .env("TZ", ":UTC");
        if self.settings.is_shared() {
            command
                .env("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances")
                .env("AWS_LAMBDA_MAX_CONCURRENCY", self.settings.concurrency_of_environment.to_string());
        }
        command.envs(&self.settings.env);
        command
    }
}
