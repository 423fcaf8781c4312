//! The data file.

use crate::messaging::world::batch::Change;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use std::fmt;
use std::io;
use std::path::Path;

/// Everything, in one table: by the world's own table and the key in it.
const ENTRIES: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("entries");
/// The mark of this file format.
const ABOUT: TableDefinition<'_, &str, &str> = TableDefinition::new("about");
const FORMAT: &str = "format";
/// Another number for each change that an earlier version could not read, or would read wrongly.
const THIS_FORMAT: &str = "channel-flow-emulator 1";

/// The size of the file's cache. All is in memory anyway.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// The file, open. No other process can open it meanwhile.
#[derive(Debug)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    /// Opens or makes the file, and hands every entry to `load`: table, key, value; in the order of tables and keys.
    pub(crate) fn open(path: &Path, load: impl FnMut(&str, &str, &[u8]) -> bool) -> io::Result<Self> {
        let database =
            Builder::new().set_cache_size(CACHE_BYTES).create(path).map_err(|error| not_open(path, error))?;
        let store = Self { database };
        store.check_format(path)?;
        store.load(path, load)?;
        Ok(store)
    }

    /// Makes the changes safe, all or none.
    pub(crate) fn commit(&self, changes: &[Change]) -> io::Result<()> {
        let transaction = self.database.begin_write().map_err(io::Error::other)?;
        {
            let mut entries = transaction.open_table(ENTRIES).map_err(io::Error::other)?;
            for Change { table, key, value } in changes {
                let key = (*table, key.as_str());
                match value {
                    Some(value) => entries.insert(key, value.as_slice()).map_err(io::Error::other)?,
                    None => entries.remove(key).map_err(io::Error::other)?,
                };
            }
        }
        // Returns once the file system says that all of it is on the disk.
        transaction.commit().map_err(io::Error::other)
    }

    fn check_format(&self, path: &Path) -> io::Result<()> {
        let transaction = self.database.begin_write().map_err(io::Error::other)?;
        // A new file has no tables at all; one that has tables and no format was made by something else.
        let new = transaction.list_tables().map_err(io::Error::other)?.next().is_none();
        {
            let mut about = transaction.open_table(ABOUT).map_err(|_| foreign(path))?;
            let format = about.get(FORMAT).map_err(io::Error::other)?.map(|format| format.value().to_owned());
            match format {
                None if new => drop(about.insert(FORMAT, THIS_FORMAT).map_err(io::Error::other)?),
                None => return Err(foreign(path)),
                Some(format) if format != THIS_FORMAT => return Err(other_version(path)),
                Some(_) => {}
            }
            transaction.open_table(ENTRIES).map_err(|_| other_version(path))?;
        }
        transaction.commit().map_err(io::Error::other)
    }

    fn load(&self, path: &Path, mut load: impl FnMut(&str, &str, &[u8]) -> bool) -> io::Result<()> {
        let transaction = self.database.begin_read().map_err(io::Error::other)?;
        let entries = transaction.open_table(ENTRIES).map_err(io::Error::other)?;
        for entry in entries.iter().map_err(io::Error::other)? {
            let (key, value) = entry.map_err(io::Error::other)?;
            let (table, key) = key.value();
            if !load(table, key, value.value()) {
                return Err(other_version(path));
            }
        }
        Ok(())
    }
}

fn not_open(path: &Path, error: DatabaseError) -> io::Error {
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            problem(io::ErrorKind::ResourceBusy, path, "is in use by another emulator")
        }
        DatabaseError::UpgradeRequired(_) => other_version(path),
        DatabaseError::Storage(redb::StorageError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
            foreign(path)
        }
        DatabaseError::Storage(redb::StorageError::Io(error)) => {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        }
        error => problem(io::ErrorKind::InvalidData, path, error),
    }
}

fn foreign(path: &Path) -> io::Error {
    problem(io::ErrorKind::InvalidData, path, "was not made by this emulator; it is left as it is")
}

fn other_version(path: &Path) -> io::Error {
    problem(io::ErrorKind::InvalidData, path, "was made by another version of this emulator; it is left as it is")
}

fn problem(kind: io::ErrorKind, path: &Path, problem: impl fmt::Display) -> io::Error {
    io::Error::new(kind, format!("{} {problem}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    /// A file that is gone when the test is over.
    struct File(PathBuf);

    impl File {
        fn new() -> Self {
            Self(std::env::temp_dir().join(format!("channel-flow-store-{}", crate::ids::uuid())))
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn change(table: &'static str, key: &str, value: Option<&str>) -> Change {
        Change { table, key: key.to_owned(), value: value.map(|value| value.as_bytes().to_vec()) }
    }

    fn entries(path: &Path) -> Vec<(String, String, String)> {
        let mut read = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Store::open(path, |table, key, value| {
            read.push((table.to_owned(), key.to_owned(), text(value)));
            true
        })
        .unwrap();
        read
    }

    #[test]
    fn what_was_committed_is_there_when_the_file_is_opened_again() {
        let file = File::new();
        let store = Store::open(&file.0, |_, _, _| panic!("a new file has nothing")).unwrap();
        store.commit(&[change("b", "1", Some("x")), change("a", "2", Some("y")), change("a", "1", Some("z"))]).unwrap();
        store.commit(&[change("a", "2", None), change("b", "1", Some("w"))]).unwrap();
        drop(store);
        let entry = |table: &str, key: &str, value: &str| (table.to_owned(), key.to_owned(), value.to_owned());
        assert_eq!(entries(&file.0), [entry("a", "1", "z"), entry("b", "1", "w")]);
    }

    #[test]
    fn one_process_has_it_at_a_time() {
        let file = File::new();
        let store = Store::open(&file.0, |_, _, _| true).unwrap();
        let error = Store::open(&file.0, |_, _, _| true).unwrap_err();
        assert!(error.to_string().contains("in use"), "{error}");
        drop(store);
        Store::open(&file.0, |_, _, _| true).unwrap();
    }

    #[test]
    fn a_file_of_something_else_is_left_alone() {
        let file = File::new();
        fs::write(&file.0, "a letter\n".repeat(1000)).unwrap();
        let error = Store::open(&file.0, |_, _, _| true).unwrap_err();
        assert!(error.to_string().contains("was not made by this emulator"), "{error}");
        assert_eq!(fs::read_to_string(&file.0).unwrap(), "a letter\n".repeat(1000));

        let other = File::new();
        const OTHERS: TableDefinition<'_, &str, &str> = TableDefinition::new("others");
        let database = Database::create(&other.0).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(OTHERS).unwrap().insert("a", "b").unwrap();
        transaction.commit().unwrap();
        drop(database);
        let error = Store::open(&other.0, |_, _, _| true).unwrap_err();
        assert!(error.to_string().contains("was not made by this emulator"), "{error}");
    }

    #[test]
    fn a_file_of_another_version_is_left_alone() {
        let file = File::new();
        Store::open(&file.0, |_, _, _| true).unwrap().commit(&[change("a", "1", Some("x"))]).unwrap();
        let error = Store::open(&file.0, |_, _, _| false).unwrap_err();
        assert!(error.to_string().contains("another version"), "{error}");

        let database = Database::create(&file.0).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(ABOUT).unwrap().insert(FORMAT, "channel-flow-emulator 2").unwrap();
        transaction.commit().unwrap();
        drop(database);
        let error = Store::open(&file.0, |_, _, _| true).unwrap_err();
        assert!(error.to_string().contains("another version"), "{error}");
    }
}
