//! A DynamoDB API for functions, with one table: what functions remember together on a laptop.
//!
//! The crate `dynoxide-rs` does the work. Requests come to the service's own port, so that pages of other origins are refused
//! as everywhere else, and one URL is enough for everything.

mod operations;
mod schema;

use crate::ids::milliseconds;
use axum::http::StatusCode;
use dynoxide::Database;
use serde_json::{Value, json};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;
use tokio::sync::watch;

/// The table, in memory or in a file.
pub(crate) struct Table {
    name: String,
    database: Database,
    is_down: AtomicBool,
    written: watch::Sender<()>,
}

/// An answer of the API.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) json: String,
}

impl Table {
    /// Opens the table in the file beside the service's data file, or in memory. It is made if it is not there.
    pub(crate) fn open(name: &str, data: Option<&Path>) -> io::Result<Self> {
        let database = match data.map(file_beside) {
            None => Database::memory(),
            Some(file) => {
                let file = file.to_str().ok_or_else(|| io::Error::other("the name of the data file is not UTF-8"))?;
                Database::new(file)
            }
        };
        let database = database.map_err(io::Error::other)?;
        if database.get_table_metadata(name).map_err(io::Error::other)?.is_none() {
            schema::create(&database, name)?;
        }
        let (is_down, written) = (AtomicBool::new(false), watch::Sender::new(()));
        Ok(Self { name: name.to_owned(), database, is_down, written })
    }

    /// Its name: `CHANNEL_FLOW_TABLE`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Does an operation by its name. It blocks for as long as the file takes.
    pub(crate) fn run(&self, operation: &str, body: &str) -> Answer {
        if self.is_down.load(Ordering::Relaxed) {
            let json = json!({ "__type": "com.amazonaws.dynamodb.v20120810#ServiceUnavailable", "message": "the table is down, as was asked for" });
            return Answer { status: StatusCode::SERVICE_UNAVAILABLE, json: json.to_string() };
        }
        match operations::run(&self.database, operation, body) {
            None => {
                let json = json!({ "__type": "com.amazon.coral.service#UnknownOperationException" });
                Answer { status: StatusCode::BAD_REQUEST, json: json.to_string() }
            }
            Some(Ok(json)) => {
                if operations::writes(operation) {
                    self.written.send_replace(());
                }
                Answer { status: StatusCode::OK, json }
            }
            Some(Err(error)) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
                Answer { status, json: error.to_json() }
            }
        }
    }

    /// Answers every request with 503 until this is called again.
    pub(crate) fn set_down(&self, down: bool) {
        self.is_down.store(down, Ordering::Relaxed);
    }

    /// Changes with each write.
    pub(crate) fn written(&self) -> watch::Receiver<()> {
        self.written.subscribe()
    }

    /// Whether a ticket is due: an open one whose deadline has come, or one whose recorded decision has not been sent for a
    /// minute.
    pub(crate) fn is_ticket_due(&self, now: SystemTime) -> bool {
        let is_due = |queue: &str, until: SystemTime| {
            let until = u64::try_from(milliseconds(until)).unwrap_or(u64::MAX);
            let query = schema::query(&self.name, queue, until);
            let found = operations::run(&self.database, "Query", &query);
            let found = found.and_then(Result::ok).and_then(|json| serde_json::from_str::<Value>(&json).ok());
            found.is_some_and(|found| found["Count"].as_u64() > Some(0))
        };
        is_due("OPEN", now) || is_due("RESOLVED", now.checked_sub(schema::LEFT_ALONE).unwrap_or(now))
    }

    /// Deletes what has expired, as DynamoDB does within days.
    pub(crate) fn delete_expired(&self) {
        // What cannot be deleted now is deleted by the next call.
        let _ = self.database.sweep_ttl();
    }
}

/// The file of the table of a data file.
pub(crate) fn file_beside(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".table");
    name.into()
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
